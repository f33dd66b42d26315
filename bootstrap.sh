#!/usr/bin/env bash
# Sets up a Debian 12 machine for nascent and builds it.
#
#   ./bootstrap.sh build    install what a build needs, configure, build
#   ./bootstrap.sh demo     the same, then search for a Fashion-MNIST classifier on all cores (about five minutes)
#   ./bootstrap.sh test     the same with everything the tests use, then run the whole test suite
#   ./bootstrap.sh install [PREFIX]   the same as build, then install to PREFIX (default /usr/local)
#
# Packages come from the machine's own Debian sources, through sudo when not root. Nothing else is downloaded.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Sources that use a precompiled header are cacheable only so (ccache's manual, "Precompiled headers").
export CCACHE_SLOPPINESS="${CCACHE_SLOPPINESS:-pch_defines,time_macros,include_file_mtime,include_file_ctime}"

build_packages=(
  build-essential cmake ninja-build ccache pkg-config
  libtorch-dev libgloo-dev libopenblas0-pthread
  libboost-dev libtomlplusplus-dev libspdlog-dev libfmt-dev libcli11-dev nlohmann-json3-dev libexpected-dev libeigen3-dev
  libnlopt-cxx-dev libsoci-dev libsqlite3-dev libpq-dev zlib1g-dev libssl-dev libxxhash-dev
)
demo_packages=(dataset-fashion-mnist)
test_packages=(
  libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev dataset-fashion-mnist
  clang-14 libc++-14-dev libc++abi-14-dev libclang-rt-14-dev lld-14
  g++-mingw-w64-x86-64 abigail-tools binutils graphviz sqlite3 postgresql slurm-wlm munge iproute2
  python3-torch python3-numpy
)

die() { echo "bootstrap.sh: $*" >&2; exit 1; }

install_packages() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "apt-get is not here; this script sets up Debian 12. Install by hand: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "neither root nor sudo; ask an administrator to install: ${missing[*]}"
    as_root=(sudo)
  fi
  echo "installing ${#missing[@]} packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build_tree <preset> [cmake options...] [-- build options...]
build_tree() {
  local preset=$1 options=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  [ $# -eq 0 ] || shift
  cmake --preset "$preset" "${options[@]}" >"build-$preset.log" 2>&1 || { cat "build-$preset.log"; die "configuring preset '$preset' failed"; }
  rm -f "build-$preset.log"
  local started=$SECONDS
  cmake --build "build/$preset" -j "$(nproc)" "$@"
  echo "built preset=$preset elapsed_s=$((SECONDS - started))"
}

run_demo() {
  "build/release/bin/nascent" run docs/examples/fashion-mnist.toml
}

run_tests() {
  local started=$SECONDS
  ctest --test-dir build/release --output-on-failure -j "$(nproc)"
  echo "tested preset=release elapsed_s=$((SECONDS - started))"
}

# Once more under AddressSanitizer and UndefinedBehaviorSanitizer, what uses LibTorch included (its own code is as Debian built
# it); and what parses people's files, fed by libFuzzer.
run_sanitized_tests() {
  build_tree asan -DNASCENT_BUILD_FUZZ=ON \
    "-DNASCENT_TEST_FILTER=^(unit|contract|bad_plugins|property|golden|end_to_end|support|fakes|abi|fuzz)"
  local started=$SECONDS
  ctest --test-dir build/asan --output-on-failure -j "$(nproc)"
  echo "tested preset=asan elapsed_s=$((SECONDS - started))"
}

case "${1:-}" in
  build)
    install_packages "${build_packages[@]}"
    build_tree release -DNASCENT_BUILD_TESTS=OFF
    ;;
  demo)
    install_packages "${build_packages[@]}" "${demo_packages[@]}"
    build_tree release -DNASCENT_BUILD_TESTS=OFF
    run_demo
    ;;
  install)
    install_packages "${build_packages[@]}"
    build_tree release -DNASCENT_BUILD_TESTS=OFF -DCMAKE_INSTALL_PREFIX="${2:-/usr/local}"
    cmake --install build/release
    ;;
  test)
    install_packages "${build_packages[@]}" "${test_packages[@]}"
    build_tree release -DNASCENT_BUILD_TESTS=ON
    run_tests
    run_sanitized_tests
    ;;
  *)
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    [ $# -eq 0 ] && exit 0
    die "unknown command '$1'; use build, demo, test or install"
    ;;
esac
