#include "rules.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "shared/distribution.hpp"

namespace nascent::grammar {
namespace {

using spaces::check_keys;
using spaces::has_key;

constexpr std::size_t kDepthMax = 64;  // of brackets within one rule

bool is_rule_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

const Operator& operator_of(const std::string& name, const std::string& pointer) {
  if (const Operator* found = find_operator(name); found != nullptr && name != "Input") return *found;
  std::string known;
  for (const Operator* op : operators()) {
    if (op->name != "Input") known += (known.empty() ? "" : ", ") + std::string(op->name);
  }
  throw InvalidOption(pointer, "there is no operator '" + name + "'; known are " + known);
}

const AttributeInfo& attribute_of(const Operator& op, const std::string& name, const std::string& pointer) {
  std::string known;
  for (const AttributeInfo& info : op.attributes) {
    if (info.name == name) return info;
    known += (known.empty() ? "" : ", ") + std::string(info.name);
  }
  throw InvalidOption(pointer, "operator " + std::string(op.name) + " has no attribute '" + name + "'; " +
                                   (known.empty() ? "it has none" : "known are " + known));
}

std::optional<Formula> formula_of(std::string_view text) {
  Formula formula;
  const std::size_t sign = text.find_first_of("*/");
  std::string_view name = text.substr(0, sign);
  while (name.ends_with(' ')) name.remove_suffix(1);
  if (name.starts_with('$') && name.size() > 1) {
    formula.variable = name.substr(1);
  } else if (name != "input") {
    return std::nullopt;
  }
  if (sign == std::string_view::npos) return formula;
  std::string_view rest = text.substr(sign + 1);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  std::int64_t factor = 0;
  const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), factor);
  if (read.ec != std::errc{} || read.ptr != rest.data() + rest.size() || factor < 1) return std::nullopt;
  (text[sign] == '*' ? formula.times : formula.divided_by) = factor;
  return formula;
}

class Reader {
 public:
  Reader(const Options& rules, const std::map<std::string, Parameter>& variables)
      : names_(rules.keys()), variables_(variables) {}

  Expression read(const Options& table, const std::string& key, std::size_t depth = 0) const {
    if (depth > kDepthMax) throw InvalidOption(table.pointer(key), "brackets go deeper than " + std::to_string(kDepthMax) + "; name a part as a rule of its own");
    if (const nas_value* value = table.find(key); value != nullptr && value->type != NAS_T_NULL) {
      if (value->type != NAS_T_STR) throw InvalidOption(table.pointer(key), "a rule is text (the name of a rule or operator), a list or a table");
      return named(table.text(key), table.pointer(key));
    }
    const Options inner = table.table(key);
    const std::vector<std::string> keys = inner.keys();
    if (keys.empty()) throw InvalidOption(table.pointer(key), "it is empty; \"identity\" stands for nothing");
    Expression e;
    e.pointer = table.pointer(key);
    if (has_key(keys, "0")) {
      e.kind = Expression::Kind::sequence;
      e.parts = list(inner, depth);
      return e;
    }
    static const std::vector<std::string> kinds{"choice", "repeat", "optional", "merge", "op", "shared"};
    const auto kind = std::ranges::find_if(kinds, [&](const std::string& k) { return has_key(keys, k); });
    if (kind == kinds.end()) throw InvalidOption(e.pointer, "it says nothing that is known; give one of " + spaces::joined(kinds));
    if (*kind == "choice") return choice(std::move(e), inner, depth);
    if (*kind == "repeat") return repeat(std::move(e), inner, depth);
    if (*kind == "optional") return optional(std::move(e), inner, depth);
    if (*kind == "merge") return merge(std::move(e), inner, depth);
    if (*kind == "op") return op(std::move(e), inner);
    check_keys(inner, {"shared"}, "a shared part");
    e.kind = Expression::Kind::shared;
    e.name = inner.text("shared");
    if (!has_key(names_, e.name)) throw InvalidOption(inner.pointer("shared"), "there is no rule '" + e.name + "' to share");
    return e;
  }

 private:
  using Kind = Expression::Kind;

  Expression named(const std::string& name, const std::string& pointer) const {
    Expression e;
    e.pointer = pointer;
    e.name = name;
    if (has_key(names_, name)) {
      e.kind = Kind::reference;
    } else if (name == "identity") {
      e.kind = Kind::identity;
    } else if (find_operator(name) != nullptr) {
      e.kind = Kind::op;
      check_required(operator_of(name, pointer), e);
    } else {
      throw InvalidOption(pointer, "there is no rule and no operator '" + name + "'; rules are " + spaces::joined(names_));
    }
    return e;
  }

  std::vector<Expression> list(const Options& elements, std::size_t depth) const {
    std::vector<Expression> parts;
    for (std::size_t i = 0; has_key(elements.keys(), std::to_string(i)); ++i) parts.push_back(read(elements, std::to_string(i), depth + 1));
    return parts;
  }

  // Of a key whose value has to be a list of parts.
  std::vector<Expression> parts_of(const Options& table, const std::string& key, std::size_t depth) const {
    std::vector<Expression> parts = list(table.table(key), depth);
    if (parts.empty()) throw InvalidOption(table.pointer(key), key + " has to be a list with at least one part");
    return parts;
  }

  Expression choice(Expression e, const Options& table, std::size_t depth) const {
    check_keys(table, {"choice", "weights"}, "a choice");
    e.kind = Kind::choice;
    e.parts = parts_of(table, "choice", depth);
    e.weights = spaces::numbers_of(table, "weights");
    double sum = 0;
    for (const double w : e.weights) sum += w >= 0 ? w : NAN;
    if (!e.weights.empty() && (e.weights.size() != e.parts.size() || !(sum > 0)))
      throw InvalidOption(table.pointer("weights"), "weights has to hold one number for each of the " + std::to_string(e.parts.size()) +
                                                        " choices, none below 0 and one above");
    return e;
  }

  Expression repeat(Expression e, const Options& table, std::size_t depth) const {
    constexpr std::int64_t kTimesMax = 64;
    check_keys(table, {"repeat", "times"}, "a repeat");
    e.kind = Kind::repeat;
    e.parts.push_back(read(table, "repeat", depth + 1));
    const std::vector<std::int64_t> times = table.integers("times");
    if (times.empty() || times.size() > 2 || times.front() < 0 || times.front() > times.back() || times.back() < 1 || times.back() > kTimesMax)
      throw InvalidOption(table.pointer("times"), "times has to be a whole number, or [lowest, highest], up to " + std::to_string(kTimesMax));
    e.lo = times.front();
    e.hi = times.back();
    return e;
  }

  Expression optional(Expression e, const Options& table, std::size_t depth) const {
    check_keys(table, {"optional", "probability"}, "an optional part");
    e.kind = Kind::optional;
    e.parts.push_back(read(table, "optional", depth + 1));
    if (table.has("probability")) e.probability = table.real("probability");
    if (!(e.probability > 0 && e.probability < 1))
      throw InvalidOption(table.pointer("probability"), "probability is " + to_text(ChoiceValue(e.probability)) + "; it has to be between 0 and 1");
    return e;
  }

  Expression merge(Expression e, const Options& table, std::size_t depth) const {
    static const std::vector<std::string> aligned{"Add", "Sum", "Mul", "Sub"};
    check_keys(table, {"merge", "branches", "align", "axis"}, "a merge");
    e.kind = Kind::merge;
    e.name = table.text("merge");
    const Operator& op = operator_of(e.name, table.pointer("merge"));
    e.parts = parts_of(table, "branches", depth);
    if (e.parts.size() < op.inputs_min || e.parts.size() > op.inputs_max) {
      throw InvalidOption(table.pointer("branches"), "operator " + e.name + " takes " + std::to_string(op.inputs_min) +
                                                         (op.inputs_max == op.inputs_min ? "" : op.inputs_max == kAnyInputs ? " or more" : " to " + std::to_string(op.inputs_max)) +
                                                         " inputs; branches has " + std::to_string(e.parts.size()));
    }
    const bool can_align = has_key(aligned, e.name);
    e.aligns = table.has("align") ? table.flag("align") : can_align;
    if (e.aligns && !can_align) throw InvalidOption(table.pointer("align"), "align is for " + spaces::joined(aligned));
    if (e.name == "Concat") {
      e.attributes.push_back({"axis", table.pointer("axis"), Attribute(table.has("axis") ? table.integer("axis") : std::int64_t{1}), {}, {}});
    } else if (table.has("axis")) {
      throw InvalidOption(table.pointer("axis"), "axis is for Concat");
    }
    check_required(op, e);
    return e;
  }

  Expression op(Expression e, const Options& table) const {
    e.kind = Kind::op;
    e.name = table.text("op");
    const Operator& op = operator_of(e.name, table.pointer("op"));
    if (op.inputs_min > 1) throw InvalidOption(table.pointer("op"), "operator " + e.name + " takes several inputs; write { merge = \"" + e.name + "\", branches = [...] }");
    for (const std::string& key : table.keys()) {
      if (key == "op") continue;
      if (key == "output") {
        e.output = static_cast<std::uint32_t>(std::clamp<std::int64_t>(table.integer("output"), 0, 1000));
        continue;
      }
      e.attributes.push_back(attribute(attribute_of(op, key, table.pointer(key)), table, key));
    }
    check_required(op, e);
    return e;
  }

  AttributeRule attribute(const AttributeInfo& info, const Options& table, const std::string& key) const {
    AttributeRule rule{key, table.pointer(key), {}, {}, {}};
    const bool is_list = info.kind == AttributeKind::integers || info.kind == AttributeKind::numbers;
    const bool is_whole = info.kind == AttributeKind::integer || info.kind == AttributeKind::integers;
    const nas_value* value = table.find(key);
    if (value != nullptr && value->type == NAS_T_STR) {
      const std::string text = table.text(key);
      rule.formula = is_whole ? formula_of(text) : std::nullopt;
      if (rule.formula && !rule.formula->variable.empty() && !variables_.contains(rule.formula->variable))
        throw InvalidOption(rule.pointer, "there is no variable '" + rule.formula->variable + "'; declare it in space.variables");
      const bool is_same = key == "pads" && text == "same";
      if (!rule.formula && is_whole && !is_same) {
        throw InvalidOption(rule.pointer, key + " is '" + text + "'; it has to be a number, a distribution, \"input\" (its channels) or \"$variable\", "
                                                                 "these also with *n or /n" + (key == "pads" ? ", or \"same\"" : ""));
      }
      if (!rule.formula) rule.constant = text;
    } else if (value != nullptr && (value->type == NAS_T_INTS || value->type == NAS_T_FLOATS)) {
      if (is_list && is_whole) rule.constant = table.integers(key);
      else if (is_list) rule.constant = table.reals(key);
    } else if (value != nullptr) {
      if (is_whole) rule.constant = table.integer(key);
      else if (info.kind != AttributeKind::text) rule.constant = table.real(key);
    } else if (!table.table(key).keys().empty()) {
      rule.distribution = spaces::read_distribution(table.table(key), key);
      check_fits(info, *rule.distribution, rule.pointer);
    }
    if (!rule.constant && !rule.distribution && !rule.formula)
      throw InvalidOption(rule.pointer, key + " has to be " + std::string(detail::kind_name(info.kind)) + ", or a distribution of such values");
    return rule;
  }

  // A choice between texts for a text, between whole numbers for whole numbers.
  static void check_fits(const AttributeInfo& info, const Parameter& p, const std::string& pointer) {
    const bool is_whole = info.kind == AttributeKind::integer || info.kind == AttributeKind::integers;
    const bool is_text = info.kind == AttributeKind::text;
    bool fits = p.is_choice() || (!is_text && (!is_whole || p.kind == ParameterKind::integer));
    for (const ChoiceValue& v : p.choices) {
      const bool text = std::holds_alternative<std::string>(v), whole = std::holds_alternative<std::int64_t>(v);
      fits = fits && (is_text ? text : is_whole ? whole : spaces::number(v).has_value());
    }
    if (!fits) throw InvalidOption(pointer, p.name + " has to be " + std::string(detail::kind_name(info.kind)) + "; its distribution gives something else");
    try {
      static_cast<void>(SpaceDeclaration({p}));
    } catch (const Error& e) {
      throw InvalidOption(pointer, e.what());
    }
  }

  static void check_required(const Operator& op, const Expression& e) {
    for (const AttributeInfo& info : op.attributes) {
      const bool given = std::ranges::find(e.attributes, info.name, &AttributeRule::name) != e.attributes.end();
      if (info.presence == AttributeInfo::Presence::required && !given)
        throw InvalidOption(e.pointer, "operator " + std::string(op.name) + " needs " + std::string(info.name) + ", " + std::string(detail::kind_name(info.kind)));
    }
  }

  std::vector<std::string> names_;
  const std::map<std::string, Parameter>& variables_;
};

}  // namespace

Rules read_rules(const Options& rules, const Options& variables) {
  Rules all;
  for (const std::string& name : variables.keys()) {
    Parameter p = spaces::read_distribution(variables.table(name), name);
    const bool whole = p.is_choice() ? std::ranges::all_of(p.choices, [](const ChoiceValue& v) { return std::holds_alternative<std::int64_t>(v); })
                                     : p.kind == ParameterKind::integer;
    if (!whole) throw InvalidOption(variables.pointer(name), "variable '" + name + "' has to be a whole number");
    all.variables.emplace(name, std::move(p));
  }
  if (rules.keys().empty()) throw InvalidOption(rules.pointer(), "there are no rules; write them in [space.rules]");
  const Reader reader(rules, all.variables);
  for (const std::string& name : rules.keys()) {
    if (!is_rule_name(name)) throw InvalidOption(rules.pointer(name), "'" + name + "' is no name for a rule; letters, digits, _ and - are allowed");
    all.rules.emplace(name, reader.read(rules, name));
  }
  return all;
}

}  // namespace nascent::grammar
