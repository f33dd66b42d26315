#include "disk_usage.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

namespace nascent::core {

namespace fs = std::filesystem;

std::uint64_t disk_bytes(const fs::path& folder) {
  constexpr std::uint64_t block = 512;  // of st_blocks, whatever the file system's own is
  std::uint64_t sum = 0;
  std::error_code error;
  // A file that goes while it is looked at ends nothing.
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    struct stat status {};
    if (lstat(entry->path().c_str(), &status) == 0) sum += static_cast<std::uint64_t>(status.st_blocks) * block;
  }
  return sum;
}

std::optional<std::uint64_t> disk_bytes_free(const fs::path& folder) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  return error ? std::nullopt : std::optional<std::uint64_t>(space.available);
}

std::string over_disk_limit(std::uint64_t bytes, std::uint64_t max) {
  return fmt::format("its folder grew to {} bytes; workers.disk_bytes_max is {}", bytes, max);
}

}  // namespace nascent::core
