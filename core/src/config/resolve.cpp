#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nascent/options.hpp>

#include "config/component.hpp"
#include "config/option_value.hpp"
#include "config/settings.hpp"
#include "config/units.hpp"
#include "nascent/core/nearest.hpp"
#include "nascent/core/options.hpp"

namespace nascent::core {
namespace config {

Range range_of(const OptionInfo& option) { return {option.lo, option.hi}; }

std::string rule_of(const OptionInfo& option) {
  const std::string bounds = range_text(range_of(option));
  const auto bounded = [&](const char* what) { return bounds.empty() ? what : fmt::format("{} {}", what, bounds); };
  switch (option.type) {
    case NAS_O_BOOL:
      return "true or false";
    case NAS_O_INT:
      return bounded("a whole number");
    case NAS_O_FLOAT:
      return bounded("a number");
    case NAS_O_SECONDS:
      return bounded("a time in seconds");
    case NAS_O_INTS:
      return bounded("a list of whole numbers");
    case NAS_O_FLOATS:
      return bounded("a list of numbers");
    case NAS_O_STRS:
      return "a list of texts";
    case NAS_O_TABLE:
      return "a table or a list";
    case NAS_O_PATH:
      return "a path in quotes";
    case NAS_O_CHOICE:
      return fmt::format("one of {}", fmt::join(option.choices, ", "));
    default:
      return "text in quotes";
  }
}

namespace {

// A list of numbers; a single number counts as a list of one.
template <class T>
std::optional<OptionValue> read_numbers(const ConfigValue& value, const OptionInfo& option, const std::string& path,
                                        std::optional<T> (ValueReader::*read)(const ConfigValue&, const std::string&,
                                                                              const Range&),
                                        Diagnostics& diagnostics) {
  ValueReader reader{diagnostics};
  std::vector<T> all;
  const ConfigValue::Array* elements = value.array();
  if (elements == nullptr) {
    if (!value.is_number()) return reader.refuse(value, path, rule_of(option));
    const auto v = (reader.*read)(value, path, range_of(option));
    return v ? std::optional<OptionValue>(std::vector<T>{*v}) : std::nullopt;
  }
  bool valid = true;
  for (std::size_t i = 0; i < elements->size(); ++i) {
    const auto v = (reader.*read)((*elements)[i], fmt::format("{}.{}", path, i), range_of(option));
    valid = valid && v.has_value();
    all.push_back(v.value_or(T{}));
  }
  return valid ? std::optional<OptionValue>(std::move(all)) : std::nullopt;
}

template <class T>
std::optional<OptionValue> option_value(const std::optional<T>& v) {
  return v ? std::optional<OptionValue>(*v) : std::nullopt;
}

std::string absolute_text(const std::string& path, const std::filesystem::path& directory) {
  return path.empty() ? path : resolved_path(directory, path).string();
}

}  // namespace

std::optional<OptionValue> read_option(const ConfigValue& value, const OptionInfo& option, const std::string& path,
                                       const std::filesystem::path& directory, Diagnostics& diagnostics) {
  ValueReader reader{diagnostics};
  switch (option.type) {
    case NAS_O_BOOL:
      return option_value(reader.flag(value, path));
    case NAS_O_INT:
      return option_value(reader.integer(value, path, range_of(option)));
    case NAS_O_FLOAT:
      return option_value(reader.number(value, path, range_of(option)));
    case NAS_O_SECONDS:
      return option_value(reader.seconds(value, path, range_of(option)));
    case NAS_O_INTS:
      return read_numbers(value, option, path, &ValueReader::integer, diagnostics);
    case NAS_O_FLOATS:
      return read_numbers(value, option, path, &ValueReader::number, diagnostics);
    case NAS_O_CHOICE: {
      const auto index = reader.choice(value, path, option.choices);
      return index ? std::optional<OptionValue>(option.choices[*index]) : std::nullopt;
    }
    case NAS_O_PATH: {
      const auto text = reader.text(value, path);
      if (!text) return std::nullopt;
      if (text->empty()) return reader.refuse(value, path, "a path, which is never empty");
      return OptionValue(absolute_text(*text, directory));
    }
    default:
      return option_value(reader.text(value, path));
  }
}

namespace {

// Every scalar and array of numbers below a free-form table, under its JSON pointer.
void flatten(const ConfigValue& value, const std::string& pointer, OptionTable& to) {
  if (const auto* members = value.table()) {
    if (members->empty()) return to.append(pointer, std::monostate{});
    for (const ConfigMember& member : *members) flatten(member.value, pointer + pointer_step(member.key), to);
  } else if (const auto* elements = value.array()) {
    const auto is_whole = [](const ConfigValue& v) { return std::holds_alternative<std::int64_t>(v.data); };
    const auto is_number = [](const ConfigValue& v) { return v.is_number(); };
    if (std::all_of(elements->begin(), elements->end(), is_whole)) {
      std::vector<std::int64_t> numbers;
      for (const ConfigValue& v : *elements) numbers.push_back(std::get<std::int64_t>(v.data));
      to.append(pointer, std::move(numbers));
    } else if (std::all_of(elements->begin(), elements->end(), is_number)) {
      std::vector<double> numbers;
      for (const ConfigValue& v : *elements) numbers.push_back(v.number());
      to.append(pointer, std::move(numbers));
    } else {
      for (std::size_t i = 0; i < elements->size(); ++i) flatten((*elements)[i], pointer + "/" + std::to_string(i), to);
    }
  } else if (const auto* b = std::get_if<bool>(&value.data)) {
    to.append(pointer, *b);
  } else if (const auto* i = std::get_if<std::int64_t>(&value.data)) {
    to.append(pointer, *i);
  } else if (const auto* d = std::get_if<double>(&value.data)) {
    to.append(pointer, *d);
  } else {
    to.append(pointer, *value.text());
  }
}

ConfigValue config_value(const OptionValue& value, const SourceLocation& where) {
  return std::visit(
      [&](const auto& v) -> ConfigValue {
        using V = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<V, std::monostate>) {
          return {ConfigValue::Table{}, where};
        } else if constexpr (std::is_same_v<V, std::vector<std::int64_t>> || std::is_same_v<V, std::vector<double>>) {
          ConfigValue::Array elements;
          for (const auto x : v) elements.push_back({x, where});
          return {std::move(elements), where};
        } else {
          return {v, where};
        }
      },
      value);
}

// The default in the option's own type: an author may write 1 for 1.0 and "5min" for 300.
OptionValue default_of(const OptionInfo& option, const std::filesystem::path& directory) {
  const bool is_real = option.type == NAS_O_FLOAT || option.type == NAS_O_SECONDS;
  if (const auto* whole = std::get_if<std::int64_t>(&option.dflt); whole != nullptr && is_real)
    return static_cast<double>(*whole);
  if (const auto* wholes = std::get_if<std::vector<std::int64_t>>(&option.dflt);
      wholes != nullptr && option.type == NAS_O_FLOATS)
    return std::vector<double>(wholes->begin(), wholes->end());
  if (const auto* text = std::get_if<std::string>(&option.dflt)) {
    if (option.type == NAS_O_SECONDS) return parse_seconds(*text).value_or(0);
    if (option.type == NAS_O_PATH) return absolute_text(*text, directory);
  }
  return option.dflt;
}

// Every text in a path option's value or distribution, made absolute.
void make_absolute(ConfigValue& value, const std::filesystem::path& directory) {
  if (auto* text = std::get_if<std::string>(&value.data)) *text = absolute_text(*text, directory);
  if (auto* elements = value.array()) {
    for (ConfigValue& element : *elements) make_absolute(element, directory);
  }
  if (auto* members = value.table()) {
    for (ConfigMember& member : *members) make_absolute(member.value, directory);
  }
}

class ComponentResolver {
 public:
  ComponentResolver(const ComponentConfig& config, const ComponentInfo& component, Diagnostics& diagnostics,
                    Absence absence)
      : config_(config), component_(component), diagnostics_(diagnostics), absence_(absence) {}

  ResolvedComponent resolve() {
    result_.complete = config_;
    result_.complete.options.clear();
    for (const ConfigMember& member : config_.options) read(member);
    for (const OptionInfo& option : component_.options) {
      if (find(config_.options, option.name) == nullptr) fill(option);
    }
    return std::move(result_);
  }

 private:
  void read(const ConfigMember& member) {
    const auto option = std::find_if(component_.options.begin(), component_.options.end(),
                                     [&](const OptionInfo& o) { return o.name == member.key; });
    if (option == component_.options.end()) return unknown(member);
    const std::string path = config_.path + "." + member.key, pointer = pointer_step(member.key);
    if (option->type == NAS_O_TABLE) {
      if (member.value.table() == nullptr && member.value.array() == nullptr)
        ValueReader{diagnostics_}.refuse(member.value, path, rule_of(*option));
      else
        flatten(member.value, pointer, result_.options);
    } else if (looks_like_distribution(member.value)) {
      if (auto p = read_distribution(member.value, *option, path, config_.directory, diagnostics_))
        result_.lifted.push_back({std::move(*p), config_.path, pointer});
    } else if (option->type == NAS_O_STRS) {
      const auto texts = ValueReader{diagnostics_}.texts(member.value, path);
      for (std::size_t i = 0; texts && i < texts->size(); ++i)
        result_.options.set(pointer + "/" + std::to_string(i), (*texts)[i]);
    } else if (auto v = read_option(member.value, *option, path, config_.directory, diagnostics_)) {
      result_.options.set(pointer, std::move(*v));
    }
    result_.complete.options.push_back(member);
    if (option->type == NAS_O_PATH) make_absolute(result_.complete.options.back().value, config_.directory);
  }

  void unknown(const ConfigMember& member) {
    std::vector<std::string> names{"type"};
    for (const OptionInfo& option : component_.options) names.push_back(option.name);
    if (is_isolable(kind_of_path(config_.path))) names.insert(names.end(), {"isolation", "call_seconds_max"});
    misspelt_.push_back(nearest(member.key, names));
    const bool offers_none = component_.options.empty() && misspelt_.back().empty();
    const std::string rest = offers_none ? "it has no options" : way_out(member.key, names);
    diagnostics_.add(member.where,
                     fmt::format("unknown option {} of {}; {}", toml_text(member.key), component_name(config_), rest));
  }

  void fill(const OptionInfo& option) {
    if (!std::holds_alternative<std::monostate>(option.dflt)) {
      if (option.type == NAS_O_STRS) return fill_texts(option);
      OptionValue value = default_of(option, config_.directory);
      result_.complete.options.push_back({option.name, config_.where, config_value(value, config_.where)});
      result_.options.set(pointer_step(option.name), std::move(value));
    } else if (option.required && absence_ == Absence::is_a_mistake &&
               std::ranges::find(misspelt_, option.name) == misspelt_.end()) {
      diagnostics_.add(config_.where, fmt::format("{} needs the option {} ({}); give it {}", component_name(config_),
                                                  option.name, option.help, rule_of(option)));
    }
  }

  void fill_texts(const OptionInfo& option) {
    ConfigValue::Array elements;
    for (std::string& text : nascent::default_texts(std::get<std::string>(option.dflt))) {
      result_.options.set(pointer_step(option.name) + "/" + std::to_string(elements.size()), text);
      elements.push_back({std::move(text), config_.where});
    }
    result_.complete.options.push_back({option.name, config_.where, {std::move(elements), config_.where}});
  }

  const ComponentConfig& config_;
  const ComponentInfo& component_;
  Diagnostics& diagnostics_;
  Absence absence_;
  std::vector<std::string> misspelt_;  // options that unknown ones are near to
  ResolvedComponent result_;
};

}  // namespace
}  // namespace config

ResolvedComponent resolve_component(const ComponentConfig& config, const ComponentInfo& component,
                                    Diagnostics& diagnostics, Absence absence) {
  return config::ComponentResolver(config, component, diagnostics, absence).resolve();
}

}  // namespace nascent::core
