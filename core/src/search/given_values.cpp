#include "nascent/core/given_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "config/document.hpp"
#include "config/section.hpp"
#include "nascent/core/nearest.hpp"
#include "plugins/utf8.hpp"

namespace nascent::core {
namespace {

using nascent::Parameter;
using nascent::ParamView;
using nascent::SpaceView;

constexpr int kDrawsMax = 1000;

bool stands_for(const ConfigValue& value, const nascent::ChoiceValue& choice) {
  if (value.is_number() && !std::holds_alternative<std::string>(choice)) {
    if (const auto* i = std::get_if<std::int64_t>(&choice)) return value.number() == static_cast<double>(*i);
    if (const auto* d = std::get_if<double>(&choice)) return value.number() == *d;
    return false;
  }
  return (value.text() != nullptr ? *value.text() : to_toml(value)) == nascent::to_text(choice);
}

// Of those that the prior does not exclude.
std::string choices_text(const Parameter& p, const ConfigValue& value) {
  constexpr std::size_t kListed = 20;
  std::vector<std::string> names;
  for (std::size_t k = 0; k < p.choices.size(); ++k) {
    if (p.weights.empty() || p.weights[k] > 0) names.push_back(nascent::to_text(p.choices[k]));
  }
  std::string text = "one of ";
  for (std::size_t k = 0; k < std::min(names.size(), kListed); ++k) text += (k > 0 ? ", " : "") + names[k];
  if (names.size() > kListed) text += fmt::format(" and {} more", names.size() - kListed);
  const std::string near = value.text() == nullptr ? "" : nearest(*value.text(), names);
  return near.empty() ? text : fmt::format("{}; did you mean {}?", text, toml_text(near));
}

// "one of a, b", "a whole number from 1 to 8", "a number from 0 to 1 in steps of 0.25".
std::string rule_text(const Parameter& p, const ConfigValue& value) {
  if (p.is_choice()) return choices_text(p, value);
  const bool whole = p.kind == nascent::ParameterKind::integer;
  std::string text = fmt::format("a {} from {} to {}", whole ? "whole number" : "number", p.lo, p.hi);
  if (p.step > 0) text += fmt::format(" in steps of {}", p.step);
  return text;
}

// Values by parameter; tables are entered.
struct Given {
  std::vector<const ConfigValue*> values;  // [n_params], null where not given
  std::vector<SourceLocation> where;       // [n_params]
};

class Reader {
 public:
  Reader(const StudySpace& space, Diagnostics& diagnostics) : diagnostics_(diagnostics) {
    for (const Parameter& p : space.declaration().parameters()) names_.push_back(p.name);
    given_.values.resize(names_.size());
    given_.where.resize(names_.size());
  }
  void read(const ConfigValue::Table& table, const std::string& prefix = "") {
    for (const ConfigMember& member : table) {
      const std::string name = prefix + member.key;
      if (const auto* inner = member.value.table()) {
        read(*inner, name + ".");
        continue;
      }
      const auto at = static_cast<std::size_t>(std::ranges::find(names_, name) - names_.begin());
      if (at == names_.size()) {
        diagnostics_.add(member.where, fmt::format("unknown parameter {}; {}", toml_text(name), way_out(name, names_)));
      } else if (given_.values[at] != nullptr) {
        diagnostics_.add(member.where, fmt::format("{} is given twice; leave one out", name));
      } else {
        given_.values[at] = &member.value;
        given_.where[at] = member.where;
      }
    }
  }
  [[nodiscard]] const Given& given() const { return given_; }

 private:
  Diagnostics& diagnostics_;
  std::vector<std::string> names_;
  Given given_;
};

// Parameters in order, so that the parents of each come before it.
nascent::Point complete(SpaceView space, const std::vector<std::optional<double>>& values, nascent::Rng rng) {
  nascent::Point point(space.size());
  for (std::size_t i = 0; i < space.size(); ++i) {
    const double u = rng.uniform();
    point.active[i] = space.is_active(i, point.x, point.active) ? 1 : 0;
    if (point.active[i] == 0) continue;
    const double otherwise = space.param(i).dflt;
    point.x[i] = values[i] ? *values[i] : std::isnan(otherwise) ? space[i].quantile(u) : otherwise;
  }
  return point;
}

// "space.kind == deep or space.kind == wide".
std::string conditions_text(const StudySpace& space, std::size_t i) {
  const SpaceView view(space.view());
  constexpr std::array kSigns{"==", "!=", "<", ">"};
  std::string text;
  const nas_param& p = view.param(i);
  for (std::uint32_t c = 0; c < p.cond_count; ++c) {
    const nas_cond& cond = view.raw().conds[p.cond_first + c];
    const bool same_group = c > 0 && cond.group == view.raw().conds[p.cond_first + c - 1].group;
    if (c > 0) text += same_group ? " and " : " or ";
    text +=
        fmt::format("{} {} {}", view[cond.parent].name(), kSigns[cond.op], space.value_text(cond.parent, cond.value));
  }
  return text;
}

}  // namespace

std::optional<double> parameter_value(const StudySpace& space, std::size_t i, const ConfigValue& value) {
  const Parameter& p = space.declaration().parameters()[i];
  const ParamView view = SpaceView(space.view())[i];
  if (p.is_choice()) {
    const auto same = [&](const nascent::ChoiceValue& choice) { return stands_for(value, choice); };
    const auto at = static_cast<std::uint64_t>(std::ranges::find_if(p.choices, same) - p.choices.begin());
    return at < p.choices.size() && view.is_possible(at) ? std::optional(static_cast<double>(at)) : std::nullopt;
  }
  if (!value.is_number() || !view.contains(value.number())) return std::nullopt;
  return view.clamp(value.number());
}

Result<ConfigValue::Table> parse_values(std::span<const std::string> assignments) {
  const SourceLocation where{"enqueue", 0, 0};
  Diagnostics diagnostics;
  ConfigValue::Table table;
  for (const std::string& text : assignments) {
    const std::size_t equals = text.find('=');
    if (!is_utf8(text)) {
      diagnostics.add(where, fmt::format("{} is no UTF-8", toml_text(text_of(text))));
    } else if (equals == std::string::npos || equals == 0) {
      diagnostics.add(where, fmt::format("{} gives no value; write parameter=value", toml_text(text)));
    } else {
      const std::string value = text.substr(equals + 1);
      table.push_back(
          {text.substr(0, equals), where, config::parse_value(value, where).value_or(ConfigValue{value, where})});
    }
  }
  if (!diagnostics.empty()) return tl::unexpected(diagnostics.error());
  return table;
}

std::optional<Configuration> complete_configuration(const StudySpace& space, const ConfigValue::Table& given,
                                                    std::uint64_t seed, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.size();
  Reader reader(space, diagnostics);
  reader.read(given);
  const SpaceView view(space.view());
  std::vector<std::optional<double>> values(space.size());
  for (std::size_t i = 0; i < space.size(); ++i) {
    const ConfigValue* value = reader.given().values[i];
    if (value == nullptr) continue;
    values[i] = parameter_value(space, i, *value);
    const Parameter& p = space.declaration().parameters()[i];
    if (!values[i])
      diagnostics.add(reader.given().where[i],
                      fmt::format("{} is {}; it has to be {}", p.name, config::shown(*value), rule_text(p, *value)));
  }
  if (diagnostics.size() > before) return std::nullopt;

  nascent::Point point;
  std::size_t idle = 0;  // a parameter that is given and takes no part
  for (std::uint64_t draw = 0; draw < kDrawsMax; ++draw) {
    point = complete(view, values, nascent::Rng(seed, draw));
    idle = 0;
    while (idle < values.size() && (!values[idle] || point.active[idle] != 0)) ++idle;
    if (idle == values.size()) return Configuration{std::move(point.x), std::move(point.active)};
  }
  diagnostics.add(reader.given().where[idle],
                  fmt::format("{} takes no part in this configuration; it needs {}: give that too, or leave it out",
                              view[idle].name(), conditions_text(space, idle)));
  return std::nullopt;
}

Result<Configuration> complete_configuration(const StudySpace& space, const ConfigValue::Table& given,
                                             std::uint64_t seed) {
  Diagnostics diagnostics;
  auto configuration = complete_configuration(space, given, seed, diagnostics);
  if (!configuration) return tl::unexpected(diagnostics.error());
  return std::move(*configuration);
}

FittingConfiguration fitting_configuration(const StudySpace& space, const ConfigValue::Table& given,
                                           std::uint64_t seed) {
  const SpaceView view(space.view());
  std::vector<std::optional<double>> values(space.size());
  FittingConfiguration fitting;
  for (const ConfigMember& member : given) {
    const std::size_t i = view.find(member.key);
    if (i < values.size()) values[i] = parameter_value(space, i, member.value);
  }
  nascent::Point point = complete(view, values, nascent::Rng(seed));
  for (const ConfigMember& member : given) {
    const std::size_t i = view.find(member.key);
    const bool taken = i < values.size() && values[i] && point.active[i] != 0;
    (taken ? fitting.taken : fitting.left_out).push_back(member.key);
  }
  fitting.configuration = {std::move(point.x), std::move(point.active)};
  return fitting;
}

}  // namespace nascent::core
