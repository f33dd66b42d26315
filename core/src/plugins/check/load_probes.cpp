#ifndef BOOST_DLL_USE_STD_FS
#define BOOST_DLL_USE_STD_FS
#endif
#include "plugins/check/load_probes.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <boost/dll/shared_library.hpp>
#include <cfenv>
#include <chrono>
#include <clocale>
#include <cstdio>
#include <cstring>
#include <fstream>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "plugins/check/checklist.hpp"
#include "plugins/elf_file.hpp"
#include "plugins/handshake.hpp"
#include "plugins/library.hpp"
#include "plugins/sha256.hpp"
#include "temporary_folder.hpp"

extern char** environ;

namespace nascent::core {
namespace {

namespace fs = std::filesystem;
const auto load_mode = static_cast<boost::dll::load_mode::type>(RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

// Everything loading must leave as it is.
struct ProcessState {
  std::vector<std::string> environment;
  std::string locale, folder;
  std::array<void*, 65> signal_handlers{};
  std::size_t threads = 0;
  int rounding = 0;
  unsigned vector_mode = 0;  // MXCSR: flush to zero, denormals are zero, rounding, masks

  static ProcessState now() {
    ProcessState s;
    for (char** e = environ; *e != nullptr; ++e) s.environment.emplace_back(*e);
    s.locale = std::setlocale(LC_ALL, nullptr);
    std::error_code code;
    s.folder = fs::current_path(code).string();
    for (int n = 1; n < 65; ++n) {
      struct sigaction action {};
      if (::sigaction(n, nullptr, &action) == 0)
        s.signal_handlers[static_cast<std::size_t>(n)] = reinterpret_cast<void*>(action.sa_handler);
    }
    for (const auto& entry : fs::directory_iterator("/proc/self/task", code)) s.threads += entry.path().empty() ? 0 : 1;
    s.rounding = std::fegetround();
#if defined(__SSE2__)
    s.vector_mode = _mm_getcsr() & 0xFFC0U;
#endif
    return s;
  }
};

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1048576.0;
}

// What is written to standard output and error meanwhile.
class CapturedOutput {
 public:
  CapturedOutput() : file_(::memfd_create("output", MFD_CLOEXEC)) {
    std::fflush(nullptr);
    for (const int fd : {1, 2}) saved_[static_cast<std::size_t>(fd)] = ::dup(fd);
    for (const int fd : {1, 2}) ::dup2(file_, fd);
  }
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;
  ~CapturedOutput() { ::close(file_); }
  std::string end() {
    std::fflush(nullptr);
    for (const int fd : {1, 2}) {
      ::dup2(saved_[static_cast<std::size_t>(fd)], fd);
      ::close(saved_[static_cast<std::size_t>(fd)]);
    }
    std::string text(200, '\0');
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::pread(file_, text.data(), text.size(), 0))));
    return text;
  }

 private:
  int file_;
  std::array<int, 3> saved_{};
};

const nas_plugin* entry_of(boost::dll::shared_library& library, const fs::path& path) {
  library.load(path, load_mode);
  return library.get<const nas_plugin*() noexcept>("nascent_plugin_v1")();
}

}  // namespace

std::vector<CheckFinding> probe_needs(const fs::path& path) {
  Checklist list("file");
  list.property("needed_libraries", 16);
  const auto bytes = read_bytes(path);
  const auto file = bytes ? read_elf(*bytes) : Result<ElfFile>(tl::unexpect, bytes.error());
  if (!file) {
    list.fails(file.error().message);
    return list.take();
  }
  for (const std::string& name : file->needed) {
    bool found = false;
    for (std::string folder : file->run_path) {
      for (const char* origin : {"$ORIGIN", "${ORIGIN}"}) {
        if (const std::size_t at = folder.find(origin); at != std::string::npos)
          folder.replace(at, std::strlen(origin), fs::absolute(path).parent_path().string());
      }
      std::error_code code;
      found = found || fs::exists(fs::path(folder) / name, code);
    }
    if (!found && ::dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL) == nullptr)
      list.fails(fmt::format("needs {}, which is not found; install it, or give the plugin an RPATH to it", name));
  }
  return list.take();
}

std::vector<CheckFinding> probe_load(const fs::path& path) {
  Checklist list("load");
  list.property("loads", 16);
  const ProcessState before = ProcessState::now();
  const double mib = resident_mib();
  const auto start = std::chrono::steady_clock::now();
  CapturedOutput output;
  static auto* library = new boost::dll::shared_library;  // never unloaded
  std::string error;
  const nas_plugin* plugin = nullptr;
  try {
    plugin = entry_of(*library, path);
  } catch (const std::exception& e) {
    error = e.what();
  }
  const double elapsed_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  const std::string printed = output.end();
  const ProcessState after = ProcessState::now();
  if (!list.that(error.empty(), error)) return list.take();
  list.that(plugin != nullptr, "nascent_plugin_v1() returned null");
  auto findings = list.take();
  findings.back().message = fmt::format("{:.1f} ms, {:.1f} MiB", elapsed_ms, resident_mib() - mib);

  Checklist guest("load");
  const auto unchanged = [&](const char* name, bool same, const std::string& message) {
    guest.property(name, 16);
    guest.that(same, message);
  };
  unchanged("starts_no_thread", before.threads == after.threads,
            fmt::format("{} threads were started", after.threads - before.threads));
  unchanged("prints_nothing", printed.empty(), fmt::format("printed \"{}\"", printed));
  unchanged("keeps_the_environment", before.environment == after.environment, "environment variables were changed");
  unchanged("keeps_the_locale", before.locale == after.locale,
            fmt::format("the locale changed from {} to {}", before.locale, after.locale));
  unchanged("keeps_signal_handlers", before.signal_handlers == after.signal_handlers,
            "a signal handler was installed or removed");
  unchanged("keeps_the_floating_point_mode",
            before.rounding == after.rounding && before.vector_mode == after.vector_mode,
            "rounding or flush-to-zero was changed; link without -ffast-math");
  unchanged("keeps_the_working_folder", before.folder == after.folder, "the working folder was changed");
  for (CheckFinding& f : guest.take()) findings.push_back(std::move(f));
  return findings;
}

std::vector<CheckFinding> probe_twice(const fs::path& path) {
  Checklist list("load");
  list.property("loads_beside_a_copy_of_itself", 16);
  const auto folder = TemporaryFolder::create("copy");
  if (!folder) {
    list.skip(folder.error().message);
    return list.take();
  }
  const fs::path copy = folder->path() / path.filename();
  std::error_code code;
  fs::copy_file(path, copy, code);
  static auto* first = new boost::dll::shared_library;
  static auto* second = new boost::dll::shared_library;
  try {
    const nas_plugin* one = entry_of(*first, path);
    const nas_plugin* two = entry_of(*second, copy);
    list.that(one != two, "both copies use one description: a symbol of the first was bound by the second");
    list.that(handshake(one).empty() == handshake(two).empty(), "one of the copies is refused");
  } catch (const std::exception& e) {
    list.skip(fmt::format("the copy cannot be loaded from another folder: {}", e.what()));
  }
  return list.take();
}

std::vector<CheckFinding> probe_descriptor(const fs::path& path) {
  Checklist list("descriptor");
  boost::dll::shared_library library;
  const nas_plugin* plugin = nullptr;
  list.property("handshake");
  try {
    plugin = entry_of(library, path);
  } catch (const std::exception& e) {
    list.fails(e.what());
    return list.take();
  }
  std::vector<CheckFinding> findings = list.take();
  const std::vector<Violation> broken = handshake(plugin);
  if (!broken.empty()) findings.clear();
  for (const Violation& v : broken)
    findings.push_back({"descriptor.handshake", CheckOutcome::failed, v.rule, v.what + "; " + v.way_out});
  if (!broken.empty() || plugin->init == nullptr) return findings;

  Checklist init("descriptor");
  init.property("init_takes_a_host_of_a_newer_minor", 2);
  struct Newer {
    nas_host host;
    std::array<std::uint64_t, 8> tail{};
  };
  static Newer newer{core::host(), {}};
  newer.host.size = sizeof newer;
  newer.host.abi_minor += 1;
  nas_error error{};
  init.that(plugin->init(&newer.host, &error) == NAS_OK,
            fmt::format("init fails: {}", std::string(error.message, strnlen(error.message, sizeof error.message))));
  for (CheckFinding& f : init.take()) findings.push_back(std::move(f));
  return findings;
}

}  // namespace nascent::core
