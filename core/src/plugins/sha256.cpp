#include "plugins/sha256.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace nascent::core {

std::string sha256(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int n = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &n, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned int i = 0; i < n; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

Result<std::string> read_bytes(const std::filesystem::path& file) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(file, code))
    return fail(ErrorKind::invalid_input,
                fmt::format("{}: {}", file.string(), code ? code.message() : "is not a regular file"));
  std::ifstream in(file, std::ios::binary);
  std::string bytes(static_cast<std::size_t>(std::filesystem::file_size(file, code)), '\0');
  if (!in || code || !in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())))
    return fail(ErrorKind::system, fmt::format("{}: cannot be read: {}", file.string(), std::strerror(errno)));
  return bytes;
}

}  // namespace nascent::core
