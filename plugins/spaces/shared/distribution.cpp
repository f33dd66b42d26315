#include "distribution.hpp"

#include <algorithm>
#include <tuple>

namespace nascent::spaces {
namespace {

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

}  // namespace

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

const std::vector<std::string>& distributions() {
  static const std::vector<std::string> names{"uniform", "log_uniform", "int_uniform", "int_log_uniform", "normal", "choice", "ordinal"};
  return names;
}

Parameter read_distribution(const Options& table, const std::string& name, const std::vector<std::string>& more) {
  const std::vector<std::string> keys = table.keys();
  std::vector<std::string> found;
  for (const std::string& d : distributions()) {
    if (has_key(keys, d)) found.push_back(d);
  }
  if (found.empty())
    throw InvalidOption(table.pointer(),
                        "parameter '" + name + "' has no distribution; give one of " + joined(distributions()));
  if (found.size() > 1)
    throw InvalidOption(table.pointer(found[1]),
                        "parameter '" + name + "' is both " + found[0] + " and " + found[1] + "; leave one out");
  Parameter p;
  p.name = name;
  std::vector<std::string> known{found[0]};
  known.insert(known.end(), more.begin(), more.end());
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

}  // namespace nascent::spaces
