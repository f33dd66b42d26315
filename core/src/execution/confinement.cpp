#include "confinement.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "file_descriptor.hpp"

namespace nascent::core {
namespace {

namespace fs = std::filesystem;

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

constexpr std::uint64_t kToFiles = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;
constexpr std::uint64_t kToFolders = LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                     LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM |
                                     LANDLOCK_ACCESS_FS_REFER;

// Devices that programs write to without storing anything, accelerators among them.
constexpr const char* kDevices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx",
                                    "/dev/pts",  "/dev/shm",  "/dev/kfd",  "/dev/dri"};

long landlock_version() {
  return syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

// What this kernel knows of the rights above: moving files between folders came with its version 2, truncating with 3.
std::uint64_t known_rights(long version) {
  std::uint64_t rights = kToFiles | kToFolders;
  if (version < 2) rights &= ~std::uint64_t{LANDLOCK_ACCESS_FS_REFER};
  if (version < 3) rights &= ~std::uint64_t{LANDLOCK_ACCESS_FS_TRUNCATE};
  return rights;
}

tl::unexpected<Error> refused_by_system(const std::string& what) {
  return fail(ErrorKind::system, fmt::format("workers.confine: {}: {}; write confine = false to go without", what, std::strerror(errno)));
}

class Ruleset {
 public:
  static Result<Ruleset> create(long version) {
    landlock_ruleset_attr attributes{};
    attributes.handled_access_fs = known_rights(version);
    const long fd = syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes.handled_access_fs, 0);
    if (fd < 0) return refused_by_system("the kernel refuses its rules");
    return Ruleset(FileDescriptor(static_cast<int>(fd)), attributes.handled_access_fs);
  }
  // A path that does not exist is passed over.
  Result<void> allow(const fs::path& path) {
    const FileDescriptor at(open(path.c_str(), O_PATH | O_CLOEXEC));
    struct stat status {};
    if (at.get() < 0 || fstat(at.get(), &status) != 0) return {};
    landlock_path_beneath_attr rule{};
    rule.allowed_access = S_ISDIR(status.st_mode) ? rights_ : rights_ & kToFiles;
    rule.parent_fd = at.get();
    if (syscall(SYS_landlock_add_rule, fd_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) return refused_by_system(path.string());
    return {};
  }
  Result<void> enforce() {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused_by_system("no_new_privs");
    if (syscall(SYS_landlock_restrict_self, fd_.get(), 0) != 0) return refused_by_system("the kernel refuses its rules");
    return {};
  }

 private:
  Ruleset(FileDescriptor fd, std::uint64_t rights) : fd_(std::move(fd)), rights_(rights) {}
  FileDescriptor fd_;
  std::uint64_t rights_;
};

std::vector<fs::path> all_of(const Writable& writable) {
  std::vector<fs::path> all(std::begin(kDevices), std::end(kDevices));
  std::error_code error;
  for (fs::directory_iterator device("/dev", error), end; !error && device != end; device.increment(error)) {
    if (device->path().filename().string().starts_with("nvidia")) all.push_back(device->path());
  }
  all.push_back(writable.artifacts);
  all.push_back(writable.temporary);
  if (writable.store.find("://") == std::string::npos) {
    for (const char* suffix : {"", "-wal", "-shm"}) all.push_back(writable.store + suffix);
  }
  all.insert(all.end(), writable.others.begin(), writable.others.end());
  return all;
}

}  // namespace

std::string confinement_missing() {
  if (landlock_version() >= 1) return {};
  return errno == ENOSYS ? "this kernel is older than Linux 5.13, or built without Landlock" : "Landlock is switched off on this machine";
}

Result<void> confine(const Writable& writable) {
  clear_temporary(writable.temporary);
  setenv("TMPDIR", writable.temporary.c_str(), 1);
  const long version = landlock_version();
  if (version < 1) return {};
  auto ruleset = Ruleset::create(version);
  if (!ruleset) return tl::unexpected<Error>(ruleset.error());
  for (const fs::path& path : all_of(writable)) {
    if (path.empty()) continue;
    if (auto allowed = ruleset->allow(path); !allowed) return allowed;
  }
  return ruleset->enforce();
}

void clear_temporary(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    fs::remove_all(entry->path(), ignored);
  }
  fs::create_directories(folder, error);
}

}  // namespace nascent::core
