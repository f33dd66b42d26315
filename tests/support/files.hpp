// Files for tests: a folder that goes away, bytes and gzip written to it.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace nascent::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    // mkdtemp(3) puts other characters in place of the six X.
    std::string pattern = (std::filesystem::temp_directory_path() / "nascent-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& root() const { return path_; }
  [[nodiscard]] std::string path(const std::string& name = {}) const { return (path_ / name).string(); }
  // Returns the path.
  std::string write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace nascent::test
