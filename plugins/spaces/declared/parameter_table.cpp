#include "parameter_table.hpp"

#include <algorithm>

#include "shared/distribution.hpp"

namespace nascent::declared {
namespace {

using spaces::check_keys;
using spaces::choice_value;
using spaces::has_key;
using spaces::list_of;
using spaces::number;

constexpr std::size_t kGroupsMax = 4096;

// Index of a choice, or the number itself.
double value_for(const Parameter& parent, const ChoiceValue& value, const std::string& pointer) {
  if (!parent.is_choice()) {
    if (const auto n = number(value)) return *n;
    throw InvalidOption(pointer, "parameter '" + parent.name + "' is a number; compare it with a number, not with '" +
                                     to_text(value) + "'");
  }
  for (std::size_t k = 0; k < parent.choices.size(); ++k) {
    const auto a = number(parent.choices[k]), b = number(value);
    if (parent.choices[k] == value || (a && b && *a == *b)) return static_cast<double>(k);
  }
  throw InvalidOption(pointer, "parameter '" + parent.name + "' has no choice '" + to_text(value) + "'");
}

// One `when` table: the alternatives under which it holds. All of its comparisons have to hold; `in` gives several
// ways.
std::vector<std::vector<Condition>> read_when(const Options& when, const std::vector<Parameter>& all,
                                              const std::string& name) {
  check_keys(when, {"parameter", "equals", "in", "above", "below"}, "when of parameter '" + name + "'");
  const std::string parent_name = when.text("parameter");
  const auto parent = std::find_if(all.begin(), all.end(), [&](const Parameter& p) { return p.name == parent_name; });
  if (parent == all.end())
    throw InvalidOption(when.pointer("parameter"),
                        "parameter '" + name + "' depends on '" + parent_name + "', which is not declared");
  std::vector<Condition> always;
  for (const auto& [key, op] : {std::pair{"above", NAS_OP_GT}, std::pair{"below", NAS_OP_LT}}) {
    if (!when.has(key)) continue;
    const ChoiceValue bound = choice_value(*when.find(key), when.pointer(key));
    always.push_back({0, parent_name, op, value_for(*parent, bound, when.pointer(key))});
  }
  const std::vector<std::string> keys = when.keys();
  std::vector<std::vector<Condition>> ways;
  for (const char* key : {"equals", "in"}) {
    if (!has_key(keys, key)) continue;
    if (!ways.empty())
      throw InvalidOption(when.pointer(key), "when of parameter '" + name + "' has both equals and in; leave one out");
    for (const ChoiceValue& v : list_of(when, key)) {
      ways.push_back(always);
      ways.back().push_back({0, parent_name, NAS_OP_EQ, value_for(*parent, v, when.pointer(key))});
    }
    if (ways.empty())
      throw InvalidOption(when.pointer(key),
                          std::string(key) + " is empty; parameter '" + name + "' would never be active");
  }
  if (ways.empty() && always.empty())
    throw InvalidOption(when.pointer("parameter"),
                        "when of parameter '" + name + "' compares with nothing; add equals, in, above or below");
  if (ways.empty()) ways.push_back(always);
  return ways;
}

// `when` is a table, or a list of tables that all have to hold.
void read_conditions(const Options& table, const std::vector<Parameter>& all, Parameter& p) {
  if (!has_key(table.keys(), "when")) return;
  const Options when = table.table("when");
  std::vector<Options> tables;
  if (has_key(when.keys(), "0")) {
    for (const std::string& key : when.keys()) tables.push_back(when.table(key));
  } else {
    tables.push_back(when);
  }
  std::vector<std::vector<Condition>> groups{{}};
  for (const Options& one : tables) {
    std::vector<std::vector<Condition>> product;
    for (const auto& way : read_when(one, all, p.name)) {
      for (auto group : groups) {
        group.insert(group.end(), way.begin(), way.end());
        product.push_back(std::move(group));
      }
      if (product.size() > kGroupsMax)
        throw InvalidOption(table.pointer("when"), "the conditions of parameter '" + p.name + "' have more than " +
                                                       std::to_string(kGroupsMax) + " combinations");
    }
    groups = std::move(product);
  }
  for (std::uint32_t g = 0; g < groups.size(); ++g) {
    for (Condition& c : groups[g]) {
      c.group = g;
      p.conditions.push_back(std::move(c));
    }
  }
}

// Moves every parameter behind its parents, keeping the order otherwise.
std::vector<Parameter> parents_first(std::vector<Parameter> parameters, const Options& table) {
  std::vector<Parameter> sorted;
  const auto is_placed = [&](const std::string& name) {
    return std::any_of(sorted.begin(), sorted.end(), [&](const Parameter& p) { return p.name == name; });
  };
  while (!parameters.empty()) {
    const auto next = std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& p) {
      return std::all_of(p.conditions.begin(), p.conditions.end(),
                         [&](const Condition& c) { return is_placed(c.parent); });
    });
    if (next == parameters.end()) {
      throw InvalidOption(
          table.pointer(parameters.front().name),
          "the conditions of parameter '" + parameters.front().name + "' lead back to itself; break the circle");
    }
    sorted.push_back(std::move(*next));
    parameters.erase(next);
  }
  return sorted;
}

}  // namespace

std::vector<Parameter> read_parameters(const Options& table) {
  std::vector<Parameter> parameters;
  if (table.keys().empty()) throw InvalidOption(table.pointer(), "parameters is empty; declare at least one");
  for (const std::string& name : table.keys()) {
    parameters.push_back(spaces::read_distribution(table.table(name), name, {"when"}));
    try {
      static_cast<void>(
          SpaceDeclaration({parameters.back()}));  // range, weights and prior, one by one, to name the entry
    } catch (const Error& e) {
      throw InvalidOption(table.pointer(name), e.what());
    }
  }
  for (Parameter& p : parameters) read_conditions(table.table(p.name), parameters, p);
  return parents_first(std::move(parameters), table);
}

}  // namespace nascent::declared
