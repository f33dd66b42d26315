// What an operator is: its attributes with their defaults, and one function that gives shapes, weights and cost.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <span>

#include "nascent/graph/node.hpp"

NASCENT_SDK_BEGIN

enum class AttributeKind { integer, number, text, integers, numbers };

// The declaration of one attribute. Lists without a value are filled with `fallback` to the length the operator needs.
struct AttributeInfo {
  std::string_view name;
  AttributeKind kind = AttributeKind::integer;
  enum class Presence { optional, required } presence = Presence::optional;
  double fallback = 0;
  double lo = -9007199254740992.0, hi = 9007199254740992.0;  // inclusive; of each element of a list
  std::string_view choices{};                                // text: "a|b|c", the first is the default
};

enum class WeightRole { learnable, statistic };  // a statistic (running mean) is saved but not learnt

struct WeightInfo {
  std::string name;  // "<weight group>.weight", "<weight group>.bias", "<weight group>.running_mean", ...
  Shape shape;
  WeightRole role = WeightRole::learnable;
  bool operator==(const WeightInfo&) const = default;
};

// Checked access to the attributes of a node: the value, or the operator's default.
class AttributeReader {
 public:
  AttributeReader(const Attributes& values, std::span<const AttributeInfo> infos) : values_(values), infos_(infos) {}

  // Every attribute is known, has the declared kind and lies within its bounds; throws Error otherwise.
  void validate() const;

  [[nodiscard]] bool has(std::string_view name) const { return values_.contains(std::string(name)); }
  [[nodiscard]] std::int64_t integer(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const { return integer(name) != 0; }
  [[nodiscard]] double number(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name) const;
  // Exactly n values.
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view name, std::size_t n) const;
  // As many as given; empty when absent.
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view name) const;

 private:
  [[nodiscard]] const AttributeInfo& info(std::string_view name) const;
  [[nodiscard]] const Attribute* find(std::string_view name) const;
  [[noreturn]] void reject_unknown(std::string_view name) const;

  const Attributes& values_;
  std::span<const AttributeInfo> infos_;
};

struct OperatorCall {
  const Node& node;
  std::span<const Shape> inputs;
  AttributeReader attributes;
};

struct OperatorResult {
  std::vector<Shape> outputs;
  std::vector<WeightInfo> weights = {};  // names without their group
  std::int64_t multiply_adds = 0;        // one row, forward
  std::int64_t other_flops = 0;          // bias, normalisation, activation, pooling: one per elementary step
};

inline constexpr std::size_t kAnyInputs = std::numeric_limits<std::size_t>::max();

struct Operator {
  std::string_view name;
  std::size_t inputs_min = 1, inputs_max = 1;
  enum class InputOrder { matters, commutes } input_order = InputOrder::matters;
  enum class Weights { none, named } weights = Weights::none;
  std::span<const AttributeInfo> attributes{};
  OperatorResult (*evaluate)(const OperatorCall&) = nullptr;  // throws Error without the node's name
};

namespace detail {

inline std::string quoted(std::string_view text) { return std::string("'").append(text).append("'"); }

inline std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  std::replace(std::begin(text), std::end(text), ',', '.');  // whatever the locale says
  return text;
}

inline bool is_choice(std::string_view choices, std::string_view value) {
  for (;;) {
    const std::size_t bar = choices.find('|');
    if (choices.substr(0, bar) == value) return true;
    if (bar == std::string_view::npos) return false;
    choices.remove_prefix(bar + 1);
  }
}

inline void check_bounds(const AttributeInfo& info, double value) {
  if (value >= info.lo && value <= info.hi) return;
  const std::string shown = std::isfinite(value) ? number_text(value) : "not finite";
  reject("attribute '" + std::string(info.name) + "' is " + shown + "; it must lie in [" + number_text(info.lo) + ", " +
         number_text(info.hi) + "]");
}

inline std::string_view kind_name(AttributeKind kind) {
  switch (kind) {
    case AttributeKind::integer:
      return "an integer";
    case AttributeKind::number:
      return "a number";
    case AttributeKind::text:
      return "text";
    case AttributeKind::integers:
      return "a list of integers";
    case AttributeKind::numbers:
      return "a list of numbers";
  }
  return "";
}

inline void check_attribute(const AttributeInfo& info, const Attribute& value) {
  const auto* integer = std::get_if<std::int64_t>(&value);
  const auto* number = std::get_if<double>(&value);
  const auto* text = std::get_if<std::string>(&value);
  const auto* integers = std::get_if<std::vector<std::int64_t>>(&value);
  const auto* numbers = std::get_if<std::vector<double>>(&value);
  if (info.kind == AttributeKind::integer && integer != nullptr) {
    check_bounds(info, static_cast<double>(*integer));
  } else if (info.kind == AttributeKind::number && (number != nullptr || integer != nullptr)) {
    check_bounds(info, number != nullptr ? *number : static_cast<double>(*integer));
  } else if (info.kind == AttributeKind::text && text != nullptr) {
    if (!is_choice(info.choices, *text))
      reject("attribute '" + std::string(info.name) + "' is '" + *text + "'; it must be one of " +
             std::string(info.choices));
  } else if (info.kind == AttributeKind::integers && integers != nullptr) {
    for (const std::int64_t element : *integers) check_bounds(info, static_cast<double>(element));
  } else if (info.kind == AttributeKind::numbers && numbers != nullptr) {
    for (const double element : *numbers) check_bounds(info, element);
  } else {
    reject("attribute '" + std::string(info.name) + "' must be " + std::string(kind_name(info.kind)));
  }
}

}  // namespace detail

inline const AttributeInfo& AttributeReader::info(std::string_view name) const {
  for (const AttributeInfo& info : infos_)
    if (info.name == name) return info;
  throw Error(NAS_E_INTERNAL, "the operator table declares no attribute " + detail::quoted(name));
}

inline const Attribute* AttributeReader::find(std::string_view name) const {
  const auto it = values_.find(std::string(name));
  return it == values_.end() ? nullptr : &it->second;
}

inline void AttributeReader::reject_unknown(std::string_view name) const {
  std::string names;
  for (const AttributeInfo& info : infos_) names += (names.empty() ? "" : ", ") + std::string(info.name);
  detail::reject("unknown attribute " + detail::quoted(name) + "; " +
                 (names.empty() ? "the operator has none" : "known are " + names));
}

inline void AttributeReader::validate() const {
  for (const auto& [name, value] : values_) {
    const auto known = std::find_if(infos_.begin(), infos_.end(),
                                    [&wanted = name](const AttributeInfo& i) { return i.name == wanted; });
    if (known == infos_.end()) reject_unknown(name);
    detail::check_attribute(*known, value);
  }
  for (const AttributeInfo& info : infos_)
    if (info.presence == AttributeInfo::Presence::required && !has(info.name))
      detail::reject("attribute " + detail::quoted(info.name) + " is missing; it must be " +
                     std::string(detail::kind_name(info.kind)));
}

inline std::int64_t AttributeReader::integer(std::string_view name) const {
  const Attribute* value = find(name);
  return value != nullptr ? std::get<std::int64_t>(*value) : static_cast<std::int64_t>(info(name).fallback);
}

inline double AttributeReader::number(std::string_view name) const {
  const Attribute* value = find(name);
  if (value == nullptr) return info(name).fallback;
  const auto* whole = std::get_if<std::int64_t>(value);
  return whole != nullptr ? static_cast<double>(*whole) : std::get<double>(*value);
}

inline std::string AttributeReader::text(std::string_view name) const {
  if (const Attribute* value = find(name)) return std::get<std::string>(*value);
  const std::string_view choices = info(name).choices;
  return std::string(choices.substr(0, choices.find('|')));
}

inline std::vector<std::int64_t> AttributeReader::integers(std::string_view name, std::size_t n) const {
  const Attribute* value = find(name);
  if (value == nullptr) return std::vector<std::int64_t>(n, static_cast<std::int64_t>(info(name).fallback));
  const auto& list = std::get<std::vector<std::int64_t>>(*value);
  if (list.size() != n)
    detail::reject("attribute " + detail::quoted(name) + " has " + std::to_string(list.size()) + " values; " +
                   std::to_string(n) + " are needed here");
  return list;
}

inline std::vector<std::int64_t> AttributeReader::integers(std::string_view name) const {
  const Attribute* value = find(name);
  return value != nullptr ? std::get<std::vector<std::int64_t>>(*value) : std::vector<std::int64_t>{};
}

NASCENT_SDK_END
