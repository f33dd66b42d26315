// The rules that names, options and metrics keep, whether a library or its manifest tells of them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plugins/handshake.hpp"

namespace nascent::core {
namespace {

bool only(std::string_view text, std::string_view extra) {
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || extra.find(c) != std::string_view::npos;
  });
}
bool starts_with_letter(std::string_view text) { return !text.empty() && text[0] >= 'a' && text[0] <= 'z'; }

// The numbers in a default, for the test against lo and hi.
std::vector<double> numbers(const OptionValue& value) {
  if (const auto* i = std::get_if<std::int64_t>(&value)) return {static_cast<double>(*i)};
  if (const auto* d = std::get_if<double>(&value)) return {*d};
  if (const auto* is = std::get_if<std::vector<std::int64_t>>(&value)) return {is->begin(), is->end()};
  if (const auto* ds = std::get_if<std::vector<double>>(&value)) return *ds;
  return {};
}

bool fits(const OptionValue& value, std::uint32_t type) {
  using Ints = std::vector<std::int64_t>;
  using Floats = std::vector<double>;
  if (std::holds_alternative<std::monostate>(value)) return true;
  switch (type) {
    case NAS_O_BOOL:
      return std::holds_alternative<bool>(value);
    case NAS_O_INT:
      return std::holds_alternative<std::int64_t>(value);
    case NAS_O_FLOAT:
      return std::holds_alternative<double>(value) || std::holds_alternative<std::int64_t>(value);
    case NAS_O_SECONDS:
      return !std::holds_alternative<bool>(value) && !std::holds_alternative<Ints>(value) &&
             !std::holds_alternative<Floats>(value);
    case NAS_O_STR:
    case NAS_O_CHOICE:
    case NAS_O_PATH:
    case NAS_O_STRS:  // an element a line
      return std::holds_alternative<std::string>(value);
    case NAS_O_INTS:
      return std::holds_alternative<Ints>(value);
    case NAS_O_FLOATS:
      return std::holds_alternative<Floats>(value) || std::holds_alternative<Ints>(value);
    default:
      return false;  // tables have no default
  }
}

}  // namespace

void check_names(const ComponentInfo& c, const std::string& where, std::vector<Violation>& found) {
  if (!starts_with_letter(c.id) || c.id.find('.') == std::string::npos || c.id.back() == '.' || !only(c.id, "._-"))
    found.push_back({14, fmt::format("{}: the id \"{}\" is not in reverse-DNS form", where, c.id),
                     "use lower-case letters, digits, '-', '_' and '.', as in \"com.example.sampler.greedy\""});
  if (!starts_with_letter(c.alias) || !only(c.alias, "_-"))
    found.push_back({14, fmt::format("{}: the alias \"{}\" is not usable in TOML", where, c.alias),
                     "use a letter followed by lower-case letters, digits, '-' and '_'"});
  if (c.kind.empty()) found.push_back({14, where + ": the kind is empty", "use one of NAS_KIND_*"});
}

void check_option(const OptionInfo& o, const std::string& where, std::vector<Violation>& found) {
  const std::string at = fmt::format("{}: option \"{}\"", where, o.name);
  const auto broken = [&](const std::string& what, const char* way_out) { found.push_back({13, at + what, way_out}); };
  if (!starts_with_letter(o.name) || !only(o.name, "_")) broken(" is not a snake_case name", "rename it");
  if (o.help.find('\n') != std::string::npos) broken(" has a help text of several lines", "make it one line");
  if (o.type > NAS_O_TABLE) return broken(fmt::format(" has the unknown type {}", o.type), "use one of NAS_O_*");
  if (std::isnan(o.lo) || std::isnan(o.hi) || o.lo > o.hi)
    return broken(fmt::format(" has the bounds {} to {}", o.lo, o.hi), "set lo <= hi; infinite means no bound");
  if ((o.type == NAS_O_CHOICE) != !o.choices.empty())
    return broken(fmt::format(" is of type {} and has {} choices", option_type_name(o.type), o.choices.size()),
                  "a choice, and only a choice, lists its choices");
  if (!fits(o.dflt, o.type))
    return broken(fmt::format(" has a default that is no {}", option_type_name(o.type)),
                  "give a default of the option's type");
  if (o.required && !std::holds_alternative<std::monostate>(o.dflt))
    broken(" is required and has a default", "keep one of the two");
  for (const double x : numbers(o.dflt)) {
    if (!(x >= o.lo && x <= o.hi))
      broken(fmt::format(" has the default {}, outside {} to {}", x, o.lo, o.hi), "choose a default within the bounds");
  }
  const auto* text = std::get_if<std::string>(&o.dflt);
  if (o.type == NAS_O_CHOICE && text != nullptr && std::ranges::find(o.choices, *text) == o.choices.end())
    broken(fmt::format(" has the default \"{}\", which is none of its choices", *text), "choose one of them");
}

bool is_metric_name(std::string_view name) {
  return starts_with_letter(name) && name.size() <= kMetricNameSizeMax && only(name, "_");
}

void check_metric(const MetricInfo& m, const std::string& where, std::vector<Violation>& found) {
  const std::string at = fmt::format("{}: metric \"{}\"", where, m.name);
  if (!is_metric_name(m.name))
    found.push_back({13, at + " is not a snake_case name", fmt::format("use [a-z][a-z0-9_]*, at most {} letters", kMetricNameSizeMax)});
  if (m.direction > NAS_MAXIMIZE)
    found.push_back({13, fmt::format("{} has the unknown direction {}", at, m.direction), "use one of NAS_DIRECTION_NONE, NAS_MINIMIZE and NAS_MAXIMIZE"});
}

}  // namespace nascent::core
