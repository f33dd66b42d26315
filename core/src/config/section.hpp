// One table of the study, read strictly: every key is asked for once, and what nobody asked for is a mistake.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nascent/core/config_value.hpp"
#include "nascent/core/diagnostics.hpp"

namespace nascent::core::config {

// Bounds of a number as a person reads them.
struct Range {
  double lo = -std::numeric_limits<double>::infinity();
  double hi = std::numeric_limits<double>::infinity();
  enum class Ends { closed, open, open_below } ends = Ends::closed;
};
inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr Range positive{0, infinity, Range::Ends::open};

// What has to be said about a wrong value, cut to a readable length: `"abc"`, `[1, 2]`.
std::string shown(const ConfigValue& value);

// "from 1 to 5", "of at least 1", "above 0 and below 1", "above 0 and at most 1"; "" without bounds.
std::string range_text(const Range& range);
bool contains(const Range& range, double value);

// The conversions every setting and option shares: a value or, when it has the wrong type or bounds, a complaint
// "<path> is <value>; it has to be <rule>" and nullopt.
struct ValueReader {
  Diagnostics& diagnostics;

  std::optional<bool> flag(const ConfigValue& value, const std::string& path);
  std::optional<std::int64_t> integer(const ConfigValue& value, const std::string& path, const Range& range);
  std::optional<double> number(const ConfigValue& value, const std::string& path, const Range& range);
  std::optional<double> seconds(const ConfigValue& value, const std::string& path, const Range& range);
  std::optional<std::uint64_t> bytes(const ConfigValue& value, const std::string& path);
  std::optional<std::string> text(const ConfigValue& value, const std::string& path);
  std::optional<std::size_t> choice(const ConfigValue& value, const std::string& path,
                                    const std::vector<std::string>& names);
  // One text counts as a list of one.
  std::optional<std::vector<std::string>> texts(const ConfigValue& value, const std::string& path);

  std::nullopt_t refuse(const ConfigValue& value, const std::string& path, const std::string& rule);
};

class Section {
 public:
  // `value` may be null (the section is absent) or no table (a complaint; then as if absent). `path`: "sampler".
  Section(const ConfigValue* value, std::string path, Diagnostics& diagnostics);
  // Every key must have been asked for by now.
  void finish() const;

  [[nodiscard]] bool present() const { return table_ != nullptr; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const SourceLocation& where() const { return where_; }
  [[nodiscard]] std::string path_of(std::string_view key) const { return path_ + "." + std::string(key); }

  const ConfigValue* find(std::string_view key);
  // Is the section there without `key`, and without anything near to it?
  bool lacks(std::string_view key);
  // Reads `key` with a function of ValueReader: get(&ValueReader::integer, "seed", Range{0, 10}); nullopt when absent.
  template <class T, class... Declared, class... Args>
  std::optional<T> get(std::optional<T> (ValueReader::*read)(const ConfigValue&, const std::string&, Declared...),
                       std::string_view key, const Args&... args) {
    const ConfigValue* value = find(key);
    if (value == nullptr) return std::nullopt;
    ValueReader reader{diagnostics_};
    return (reader.*read)(*value, path_of(key), args...);
  }
  // A mistake of the section as a whole, or of one key where that is present.
  void complain(const std::string& message) { diagnostics_.add(where_, message); }
  void complain_at(std::string_view key, const std::string& message);

 private:
  const ConfigValue::Table* table_ = nullptr;
  std::string path_;
  SourceLocation where_;
  Diagnostics& diagnostics_;
  std::vector<std::string> known_;
};

}  // namespace nascent::core::config
