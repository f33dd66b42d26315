// Messages between a search and the process of an isolated component: numbers and arrays as this machine has them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace nascent::core::isolation {

// First byte of a message to the component's process.
enum class Call : char { create = 'c', ask = 'a', tell = 't', tell_reports = 'r', decide = 'd', poll = 'p', admits = 'm', explore = 'e', build = 'b' };

class Packer {
 public:
  template <class T>
    requires std::is_trivially_copyable_v<T>
  Packer& put(const T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Packer& put_text(std::string_view text) {
    put(static_cast<std::uint64_t>(text.size()));
    bytes_.append(text);
    return *this;
  }
  // `n` elements; null counts as none.
  template <class T>
  Packer& put_array(const T* values, std::size_t n) {
    const std::size_t present = values == nullptr ? 0 : n;
    put(static_cast<std::uint64_t>(present));
    if (present > 0) bytes_.append(reinterpret_cast<const char*>(values), present * sizeof(T));
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// What does not fit gives zeros and empty arrays, and good() says so.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

  template <class T>
    requires std::is_trivially_copyable_v<T>
  T get() {
    T value{};
    if (take(sizeof value)) std::memcpy(&value, taken_.data(), sizeof value);
    return value;
  }
  std::string get_text() {
    const auto n = get<std::uint64_t>();
    return take(n) ? std::string(taken_) : std::string();
  }
  template <class T>
  std::vector<T> get_array() {
    const auto n = get<std::uint64_t>();
    std::vector<T> values;
    if (n > rest_.size() / sizeof(T) || !take(n * sizeof(T))) {
      good_ = false;
      return values;
    }
    values.resize(n);
    if (n > 0) std::memcpy(values.data(), taken_.data(), taken_.size());
    return values;
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  bool take(std::uint64_t n) {
    good_ = good_ && n <= rest_.size();
    if (!good_) return false;
    taken_ = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return true;
  }

  std::string_view rest_, taken_;
  bool good_ = true;
};

}  // namespace nascent::core::isolation
