#include "config/section.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/units.hpp"
#include "nascent/core/nearest.hpp"

namespace nascent::core::config {

std::string shown(const ConfigValue& value) {
  constexpr std::size_t shown_max = 60;
  std::string text = to_toml(value);
  if (text.size() <= shown_max) return text;
  std::size_t end = shown_max;
  while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

namespace {

std::string bound_text(double bound) {
  return bound == 0x1p63 ? fmt::format("{}", std::numeric_limits<std::int64_t>::max()) : fmt::format("{}", bound);
}

}  // namespace

std::string range_text(const Range& range) {
  const bool open = range.ends != Range::Ends::closed;
  const std::string lo = bound_text(range.lo), hi = bound_text(range.hi);
  if (std::isinf(range.lo) && std::isinf(range.hi)) return "";
  if (std::isinf(range.hi)) return fmt::format("{} {}", open ? "above" : "of at least", lo);
  const bool open_above = range.ends == Range::Ends::open;
  if (std::isinf(range.lo)) return fmt::format("{} {}", open_above ? "below" : "of at most", hi);
  return open ? fmt::format("above {} and {} {}", lo, open_above ? "below" : "at most", hi) : fmt::format("from {} to {}", lo, hi);
}

bool contains(const Range& range, double value) {
  const bool above = range.ends == Range::Ends::closed ? value >= range.lo : value > range.lo;
  return above && (range.ends == Range::Ends::open ? value < range.hi : value <= range.hi);
}

namespace {

std::string with_range(std::string_view what, const Range& range) {
  const std::string bounds = range_text(range);
  return bounds.empty() ? std::string(what) : fmt::format("{} {}", what, bounds);
}

}  // namespace

std::nullopt_t ValueReader::refuse(const ConfigValue& value, const std::string& path, const std::string& rule) {
  diagnostics.add(value.where, fmt::format("{} is {}; it has to be {}", path, shown(value), rule));
  return std::nullopt;
}

std::optional<bool> ValueReader::flag(const ConfigValue& value, const std::string& path) {
  if (const bool* v = std::get_if<bool>(&value.data)) return *v;
  return refuse(value, path, "true or false");
}

std::optional<std::int64_t> ValueReader::integer(const ConfigValue& value, const std::string& path,
                                                 const Range& range) {
  const auto* v = std::get_if<std::int64_t>(&value.data);
  if (v != nullptr && contains(range, static_cast<double>(*v))) return *v;
  return refuse(value, path, with_range("a whole number", range));
}

std::optional<double> ValueReader::number(const ConfigValue& value, const std::string& path, const Range& range) {
  if (value.is_number() && contains(range, value.number())) return value.number();
  return refuse(value, path, with_range("a number", range));
}

std::optional<double> ValueReader::seconds(const ConfigValue& value, const std::string& path, const Range& range) {
  std::optional<double> v;
  if (value.is_number()) v = value.number();
  if (const std::string* text = value.text()) v = parse_seconds(*text);
  if (!v) return refuse(value, path, std::string(seconds_syntax));
  if (contains(range, *v)) return v;
  return refuse(value, path, with_range("a time in seconds", range));
}

std::optional<std::uint64_t> ValueReader::bytes(const ConfigValue& value, const std::string& path) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.data); whole != nullptr && *whole >= 0)
    return static_cast<std::uint64_t>(*whole);
  if (const std::string* text = value.text()) {
    if (const auto v = parse_bytes(*text)) return v;
  }
  return refuse(value, path, std::string(bytes_syntax));
}

std::optional<std::string> ValueReader::text(const ConfigValue& value, const std::string& path) {
  const std::string* v = value.text();
  if (v == nullptr) return refuse(value, path, "text in quotes");
  if (v->find('\0') != std::string::npos) return refuse(value, path, "text without NUL characters");
  return *v;
}

std::optional<std::size_t> ValueReader::choice(const ConfigValue& value, const std::string& path,
                                               const std::vector<std::string>& names) {
  const std::string* v = value.text();
  const auto at = v == nullptr ? names.end() : std::find(names.begin(), names.end(), *v);
  if (at != names.end()) return static_cast<std::size_t>(at - names.begin());
  std::string rule = "one of ";
  for (std::size_t i = 0; i < names.size(); ++i) rule += (i > 0 ? ", " : "") + toml_text(names[i]);
  if (const std::string best = v == nullptr ? "" : nearest(*v, names); !best.empty())
    rule += "; did you mean " + toml_text(best) + "?";
  return refuse(value, path, rule);
}

std::optional<std::vector<std::string>> ValueReader::texts(const ConfigValue& value, const std::string& path) {
  const ConfigValue::Array* elements = value.array();
  std::vector<std::string> all;
  if (elements == nullptr) {
    if (value.text() == nullptr) return refuse(value, path, "a list of texts, as [\"...\"], or one text");
    const auto v = text(value, path);
    return v ? std::optional(std::vector{*v}) : std::nullopt;
  }
  bool valid = true;
  for (std::size_t i = 0; i < elements->size(); ++i) {
    const auto v = text((*elements)[i], fmt::format("{}.{}", path, i));
    valid = valid && v.has_value();
    all.push_back(v.value_or(""));
  }
  return valid ? std::optional(std::move(all)) : std::nullopt;
}

Section::Section(const ConfigValue* value, std::string path, Diagnostics& diagnostics)
    : path_(std::move(path)), diagnostics_(diagnostics) {
  if (value == nullptr) return;
  where_ = value->where;
  table_ = value->table();
  if (table_ == nullptr)
    diagnostics_.add(where_, fmt::format("{} is {}; it has to be a section: write [{}]", path_, shown(*value), path_));
}

const ConfigValue* Section::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  return table_ == nullptr ? nullptr : core::find(*table_, key);
}

bool Section::lacks(std::string_view key) {
  if (table_ == nullptr || find(key) != nullptr) return false;
  const auto is_near = [&](const ConfigMember& member) { return !nearest(member.key, {std::string(key)}).empty(); };
  return std::none_of(table_->begin(), table_->end(), is_near);
}

void Section::complain_at(std::string_view key, const std::string& message) {
  const ConfigValue* value = table_ == nullptr ? nullptr : core::find(*table_, key);
  diagnostics_.add(value == nullptr ? where_ : value->where, message);
}

void Section::finish() const {
  if (table_ == nullptr) return;
  for (const ConfigMember& member : *table_) {
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
    diagnostics_.add(member.where, fmt::format("unknown key {} in [{}]; {}", toml_text(member.key), path_,
                                               way_out(member.key, known_)));
  }
}

}  // namespace nascent::core::config
