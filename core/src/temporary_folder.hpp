// A folder of one's own among the temporary files.
#pragma once

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "nascent/core/result.hpp"

namespace nascent::core {

// Ends, with what is in it, with this object.
class TemporaryFolder {
 public:
  // "<TMPDIR>/nascent-<purpose>-" and six characters that make it new. ErrorKind::system.
  static Result<TemporaryFolder> create(std::string_view purpose) {
    std::error_code code;
    // mkdtemp(3) puts other characters in place of the six X.
    std::string path = (std::filesystem::temp_directory_path(code) / ("nascent-" + std::string(purpose) + "-XXXXXX")).string();
    if (code || mkdtemp(path.data()) == nullptr) {
      return fail(ErrorKind::system, "no temporary folder: " + path + ": " + (code ? code.message() : std::strerror(errno)) +
                                         "; name a folder that can be written to in TMPDIR");
    }
    return TemporaryFolder(std::move(path));
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace nascent::core
