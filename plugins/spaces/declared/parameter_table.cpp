#include "parameter_table.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace nascent::declared {
namespace {

const std::vector<std::string> kDistributions{"uniform", "log_uniform", "int_uniform", "int_log_uniform",
                                              "normal",  "choice",      "ordinal"};
constexpr std::size_t kGroupsMax = 4096;

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& w : words) all += (all.empty() ? "" : ", ") + w;
  return all;
}

bool has_key(const std::vector<std::string>& keys, const std::string& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

void check_keys(const Options& table, const std::vector<std::string>& known, const std::string& what) {
  for (const std::string& key : table.keys()) {
    if (!has_key(known, key))
      throw InvalidOption(table.pointer(key), "unknown key '" + key + "' in " + what + "; known are " + joined(known));
  }
}

ChoiceValue choice_value(const nas_value& v, const std::string& pointer) {
  switch (v.type) {
    case NAS_T_BOOL:
      return v.u.i != 0;
    case NAS_T_INT:
      return v.u.i;
    case NAS_T_FLOAT:
      return v.u.f;
    case NAS_T_STR:
      return std::string(v.u.s, v.n);
    default:
      throw InvalidOption(pointer, "a value has to be text, a number, true or false");
  }
}

// The elements of a list, however the host passes it: as one array of numbers or element by element. One value alone
// counts as a list of one.
std::vector<ChoiceValue> list_of(const Options& table, const std::string& name) {
  std::vector<ChoiceValue> values;
  if (const nas_value* v = table.find(name)) {
    if (v->type == NAS_T_INTS) {
      values.assign(v->u.is, v->u.is + v->n);
    } else if (v->type == NAS_T_FLOATS) {
      values.assign(v->u.fs, v->u.fs + v->n);
    } else {
      values.push_back(choice_value(*v, table.pointer(name)));
    }
    return values;
  }
  const Options elements = table.table(name);
  for (std::size_t i = 0;; ++i) {
    const std::string key = std::to_string(i);
    const nas_value* v = elements.find(key);
    if (v == nullptr) return values;
    values.push_back(choice_value(*v, elements.pointer(key)));
  }
}

std::optional<double> number(const ChoiceValue& value) {
  if (const auto* i = std::get_if<std::int64_t>(&value)) return static_cast<double>(*i);
  if (const auto* f = std::get_if<double>(&value)) return *f;
  return std::nullopt;
}

std::vector<double> numbers_of(const Options& table, const std::string& name) {
  std::vector<double> numbers;
  for (const ChoiceValue& v : list_of(table, name)) {
    const auto n = number(v);
    if (!n) throw InvalidOption(table.pointer(name), name + " has '" + to_text(v) + "'; numbers are needed");
    numbers.push_back(*n);
  }
  return numbers;
}

std::pair<double, double> pair_of(const Options& table, const std::string& name, const std::string& what) {
  const std::vector<double> numbers = numbers_of(table, name);
  if (numbers.size() != 2)
    throw InvalidOption(table.pointer(name),
                        name + " has " + std::to_string(numbers.size()) + " values; it has to be " + what);
  return {numbers[0], numbers[1]};
}

void read_normal(const Options& table, Parameter& p) {
  const auto [mean, sd] = pair_of(table, "normal", "[mean, standard deviation]");
  if (!(sd > 0))
    throw InvalidOption(table.pointer("normal"),
                        "the standard deviation is " + to_text(ChoiceValue(sd)) + "; it has to be above 0");
  constexpr double sds = 4;  // where min or max is not given: next to nothing of the mass (6e-5) lies beyond
  p.normal = NormalPrior{mean, sd};
  p.lo = table.has("min") ? table.real("min") : mean - sds * sd;
  p.hi = table.has("max") ? table.real("max") : mean + sds * sd;
}

void read_range(const Options& table, const std::string& distribution, Parameter& p) {
  p.kind = distribution.starts_with("int_") ? ParameterKind::integer : ParameterKind::real;
  p.scale = distribution.ends_with("log_uniform") ? Scale::log : Scale::linear;
  std::tie(p.lo, p.hi) = pair_of(table, distribution, "[lowest, highest]");
}

void read_choices(const Options& table, const std::string& distribution, Parameter& p) {
  p.kind = distribution == "ordinal" ? ParameterKind::ordinal : ParameterKind::categorical;
  p.choices = list_of(table, distribution);
  for (auto c = p.choices.begin(); c != p.choices.end(); ++c) {
    if (std::find(p.choices.begin(), c, *c) != c)
      throw InvalidOption(table.pointer(distribution),
                          distribution + " has '" + to_text(*c) + "' twice; leave one out");
  }
  p.weights = numbers_of(table, "weights");
}

Parameter read_distribution(const Options& table, const std::string& name) {
  const std::vector<std::string> keys = table.keys();
  std::vector<std::string> found;
  for (const std::string& d : kDistributions) {
    if (has_key(keys, d)) found.push_back(d);
  }
  if (found.empty())
    throw InvalidOption(table.pointer(),
                        "parameter '" + name + "' has no distribution; give one of " + joined(kDistributions));
  if (found.size() > 1)
    throw InvalidOption(table.pointer(found[1]),
                        "parameter '" + name + "' is both " + found[0] + " and " + found[1] + "; leave one out");
  Parameter p;
  p.name = name;
  std::vector<std::string> known{found[0], "when"};
  if (found[0] == "normal") {
    known.insert(known.end(), {"min", "max"});
    read_normal(table, p);
  } else if (found[0] == "choice" || found[0] == "ordinal") {
    known.emplace_back("weights");
    read_choices(table, found[0], p);
  } else {
    read_range(table, found[0], p);
  }
  check_keys(table, known, "parameter '" + name + "'");
  return p;
}

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
    parameters.push_back(read_distribution(table.table(name), name));
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
