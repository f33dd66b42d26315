#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "config/option_value.hpp"
#include "nascent/core/nearest.hpp"

namespace nascent::core::config {
namespace {

const std::vector<std::string>& distribution_names() {
  static const std::vector<std::string> names{"uniform", "log_uniform", "int_uniform", "int_log_uniform",
                                              "normal",  "choice",      "ordinal"};
  return names;
}

// The elements of a list; one value counts as a list of one.
std::span<const ConfigValue> elements_of(const ConfigValue& value) {
  if (const ConfigValue::Array* elements = value.array()) return *elements;
  return {&value, 1};
}

bool is_one_of(const std::string& key, std::initializer_list<std::string_view> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

class DistributionReader {
 public:
  DistributionReader(const ConfigValue& value, const OptionInfo& option, const std::string& path,
                     const std::filesystem::path& directory, Diagnostics& diagnostics)
      : value_(value), option_(option), path_(path), directory_(directory), diagnostics_(diagnostics) {}

  std::optional<Parameter> read() {
    const std::size_t before = diagnostics_.size();
    const ConfigMember* named = the_distribution();
    if (named == nullptr) return std::nullopt;
    if (!option_.searchable) {
      complain(value_.where, fmt::format("{} cannot be searched; write one value: {}", path_, rule_of(option_)));
      return std::nullopt;
    }
    parameter_.name = path_;
    const std::string& name = named->key;
    if (is_one_of(name, {"choice", "ordinal"}))
      read_choices(*named);
    else if (name == "normal")
      read_normal(*named);
    else
      read_uniform(*named);
    check_extra_keys(name);
    return diagnostics_.size() == before ? std::optional(parameter_) : std::nullopt;
  }

 private:
  void complain(const SourceLocation& where, std::string message) { diagnostics_.add(where, std::move(message)); }
  std::string inner(std::string_view key) const { return path_ + "." + std::string(key); }
  [[nodiscard]] bool is_integer() const { return option_.type == NAS_O_INT; }
  [[nodiscard]] bool is_number() const { return is_one_of_types({NAS_O_INT, NAS_O_FLOAT, NAS_O_SECONDS}); }
  [[nodiscard]] bool is_one_of_types(std::initializer_list<std::uint32_t> types) const {
    return std::find(types.begin(), types.end(), option_.type) != types.end();
  }

  // The one member that names the distribution.
  const ConfigMember* the_distribution() {
    const ConfigMember* found = nullptr;
    for (const ConfigMember& member : *value_.table()) {
      if (std::find(distribution_names().begin(), distribution_names().end(), member.key) == distribution_names().end())
        continue;
      if (found != nullptr) {
        complain(member.where, fmt::format("{} is both {} and {}; leave one out", path_, found->key, member.key));
        return nullptr;
      }
      found = &member;
    }
    if (found != nullptr) return found;
    // Nearest to the first key, which is most often the misspelt one.
    const std::string first = value_.table()->empty() ? "" : value_.table()->front().key;
    const std::string rule = option_.searchable ? rule_of(option_) + ", or a distribution" : rule_of(option_);
    complain(value_.where, fmt::format("{} is {}; it has to be {}{}", path_, shown(value_), rule,
                                       option_.searchable ? "; " + way_out(first, distribution_names()) : ""));
    return nullptr;
  }

  void check_extra_keys(const std::string& name) {
    std::vector<std::string> valid{name};
    if (name == "normal") valid.insert(valid.end(), {"min", "max"});
    if (is_one_of(name, {"choice", "ordinal"})) valid.emplace_back("weights");
    for (const ConfigMember& member : *value_.table()) {
      if (std::find(valid.begin(), valid.end(), member.key) == valid.end())
        complain(member.where,
                 fmt::format("unknown key {} beside {}; {}", toml_text(member.key), name, way_out(member.key, valid)));
    }
  }

  // A number of the option's own type, within the option's bounds.
  std::optional<double> bound(const ConfigValue& value, std::string_view key) {
    const auto v = read_option(value, option_, inner(key), directory_, diagnostics_);
    if (!v) return std::nullopt;
    const auto* whole = std::get_if<std::int64_t>(&*v);
    return whole != nullptr ? static_cast<double>(*whole) : std::get<double>(*v);
  }

  // Two elements of an array.
  const ConfigValue::Array* pair(const ConfigMember& member, std::string_view what) {
    const ConfigValue::Array* two = member.value.array();
    if (two != nullptr && two->size() == 2) return two;
    complain(member.value.where,
             fmt::format("{} is {}; it has to be {}", inner(member.key), shown(member.value), what));
    return nullptr;
  }

  void read_uniform(const ConfigMember& member) {
    const bool whole = member.key.starts_with("int_"), log = member.key.ends_with("log_uniform");
    if (!is_number() || whole != is_integer()) return wrong_kind(member);
    const ConfigValue::Array* ends = pair(member, "[lowest, highest]");
    if (ends == nullptr) return;
    const auto lo = bound((*ends)[0], member.key), hi = bound((*ends)[1], member.key);
    if (!lo || !hi) return;
    parameter_.kind = whole ? ParameterKind::integer : ParameterKind::real;
    parameter_.scale = log ? Scale::log : Scale::linear;
    parameter_.lo = *lo;
    parameter_.hi = *hi;
    check_ends(member.value, member.key);
    if (log && *lo <= 0)
      complain(member.value.where, fmt::format("{} is {}; a logarithmic range has to begin above 0", inner(member.key),
                                               shown(member.value)));
  }

  void check_ends(const ConfigValue& value, const std::string& key) {
    constexpr double whole_max = 0x1p53;  // nas_param counts in doubles
    if (!(parameter_.lo < parameter_.hi))
      complain(value.where, fmt::format("{} is {}; the lowest value comes first and lies below the highest", inner(key),
                                        shown(value)));
    if (is_integer() && (std::abs(parameter_.lo) > whole_max || std::abs(parameter_.hi) > whole_max))
      complain(value.where,
               fmt::format("{} is {}; whole numbers that are searched are at most 2^53", inner(key), shown(value)));
  }

  void read_normal(const ConfigMember& member) {
    if (!is_number()) return wrong_kind(member);
    const ConfigValue::Array* two = pair(member, "[mean, standard deviation]");
    if (two == nullptr) return;
    ValueReader reader{diagnostics_};
    const auto mean = reader.number((*two)[0], inner("normal"), Range{});
    const auto sd = reader.number((*two)[1], inner("normal"), positive);
    if (!mean || !sd) return;
    // Bounds that neither the file nor the option gives: where next to nothing of the mass is left (6e-5).
    constexpr double sds = 4;
    parameter_.kind = is_integer() ? ParameterKind::integer : ParameterKind::real;
    parameter_.normal = NormalPrior{*mean, *sd};
    parameter_.lo = std::max(option_.lo, *mean - sds * *sd);
    parameter_.hi = std::min(option_.hi, *mean + sds * *sd);
    for (const auto& [key, end] : {std::pair{"min", &parameter_.lo}, std::pair{"max", &parameter_.hi}}) {
      const ConfigValue* given = find(*value_.table(), key);
      if (given == nullptr) continue;
      const auto v = bound(*given, key);
      if (!v) return;
      *end = *v;
    }
    if (is_integer()) {
      parameter_.lo = std::ceil(parameter_.lo);
      parameter_.hi = std::floor(parameter_.hi);
    }
    if (!(parameter_.lo < parameter_.hi) || *mean < parameter_.lo || *mean > parameter_.hi) {
      complain(member.value.where, fmt::format("{} has the mean {}, which has to lie within the range {} to {}; change "
                                               "the mean, min or max",
                                               inner("normal"), *mean, parameter_.lo, parameter_.hi));
      return;
    }
    check_ends(member.value, "normal");
  }

  void read_choices(const ConfigMember& member) {
    if (!is_one_of_types({NAS_O_BOOL, NAS_O_INT, NAS_O_FLOAT, NAS_O_STR, NAS_O_CHOICE, NAS_O_PATH, NAS_O_SECONDS}))
      return wrong_kind(member);
    const std::span<const ConfigValue> values = elements_of(member.value);
    if (values.empty()) {
      complain(member.value.where, fmt::format("{} is {}; it has to be a list of at least one value", inner(member.key),
                                               shown(member.value)));
      return;
    }
    parameter_.kind = member.key == "ordinal" ? ParameterKind::ordinal : ParameterKind::categorical;
    const bool is_list = member.value.array() != nullptr;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const ConfigValue& element = values[i];
      const std::string at = is_list ? fmt::format("{}.{}", inner(member.key), i) : inner(member.key);
      const auto v = read_option(element, option_, at, directory_, diagnostics_);
      if (!v) continue;
      const ChoiceValue choice = choice_of(*v);
      if (std::find(parameter_.choices.begin(), parameter_.choices.end(), choice) != parameter_.choices.end())
        complain(element.where, fmt::format("{} is {}, which the list already has; leave one out", at, shown(element)));
      parameter_.choices.push_back(choice);
    }
    read_weights(values.size());
  }

  static ChoiceValue choice_of(const OptionValue& value) {
    if (const auto* v = std::get_if<bool>(&value)) return *v;
    if (const auto* v = std::get_if<std::int64_t>(&value)) return *v;
    if (const auto* v = std::get_if<double>(&value)) return *v;
    return std::get<std::string>(value);
  }

  void read_weights(std::size_t n) {
    const ConfigValue* given = find(*value_.table(), "weights");
    if (given == nullptr) return;
    const std::span<const ConfigValue> values = elements_of(*given);
    if (values.size() != n) {
      complain(given->where, fmt::format("{} is {}; it has to be a list of {} numbers, one for each choice",
                                         inner("weights"), shown(*given), n));
      return;
    }
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const auto w =
          ValueReader{diagnostics_}.number(values[i], fmt::format("{}.{}", inner("weights"), i), Range{0, infinity});
      parameter_.weights.push_back(w.value_or(1));
      sum += parameter_.weights.back();
    }
    if (!(sum > 0) || std::isinf(sum))
      complain(given->where, fmt::format("{} sums to {}; the sum has to be above 0 and finite", inner("weights"), sum));
  }

  void wrong_kind(const ConfigMember& member) {
    std::string fitting = "one list; lists are not searched";
    if (is_integer())
      fitting = "int_uniform, int_log_uniform, normal, choice or ordinal";
    else if (is_number())
      fitting = "uniform, log_uniform, normal, choice or ordinal";
    else if (is_one_of_types({NAS_O_BOOL, NAS_O_STR, NAS_O_CHOICE, NAS_O_PATH}))
      fitting = "choice or ordinal";
    complain(member.where,
             fmt::format("{} is {}, so {} does not fit; write {}", path_, rule_of(option_), member.key, fitting));
  }

  const ConfigValue& value_;
  const OptionInfo& option_;
  const std::string& path_;
  const std::filesystem::path& directory_;
  Diagnostics& diagnostics_;
  Parameter parameter_;
};

}  // namespace

bool looks_like_distribution(const ConfigValue& value) { return value.table() != nullptr; }

std::optional<Parameter> read_distribution(const ConfigValue& value, const OptionInfo& option, const std::string& path,
                                           const std::filesystem::path& directory, Diagnostics& diagnostics) {
  return DistributionReader(value, option, path, directory, diagnostics).read();
}

}  // namespace nascent::core::config
