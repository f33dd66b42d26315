// Little-endian bytes: an appending writer, and a reader that trusts no length.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/error.hpp"

namespace nascent::libtorch {

static_assert(std::endian::native == std::endian::little, "model files are little-endian");

class ByteWriter {
 public:
  template <class T>
  void number(T value) {
    raw(&value, sizeof value);
  }
  template <class T>
  void numbers(std::span<const T> values) {
    number(static_cast<std::uint64_t>(values.size()));
    raw(values.data(), values.size_bytes());
  }
  void text(std::string_view value) {
    number(static_cast<std::uint64_t>(value.size()));
    raw(value.data(), value.size());
  }
  void raw(const void* data, std::size_t n) { bytes_.append(static_cast<const char*>(data), n); }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Throws Error(NAS_E_INVALID) where the bytes end too early.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  template <class T>
  T number() {
    T value{};
    std::memcpy(&value, take(1, sizeof value).data(), sizeof value);
    return value;
  }
  template <class T>
  std::vector<T> numbers() {
    return numbers<T>(number<std::uint64_t>());
  }
  template <class T>
  std::vector<T> numbers(std::uint64_t n) {
    const std::string_view bytes = take(n, sizeof(T));
    std::vector<T> values(bytes.size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  std::string text() { return std::string(take(number<std::uint64_t>(), 1)); }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view take(std::uint64_t n, std::size_t size) {
    if (n > rest_.size() / size) {
      throw Error(NAS_E_INVALID, "the content says " + std::to_string(n) + " elements of " + std::to_string(size) +
                                     " bytes follow, but " + std::to_string(rest_.size()) + " bytes are left");
    }
    const std::string_view taken = rest_.substr(0, n * size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest_;
};

}  // namespace nascent::libtorch
