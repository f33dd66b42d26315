#include "derivation.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace nascent::grammar {
namespace {

using Kind = Expression::Kind;

constexpr std::size_t kPartsMax = 20000;
constexpr std::int64_t kNever = std::numeric_limits<std::int32_t>::max();

// How many rules within each other a derivation takes at least, by rule.
class Depths {
 public:
  explicit Depths(const Rules& rules) : rules_(rules) {
    for (const auto& [name, _] : rules.rules) least_[name] = kNever;
    for (bool changed = true; changed;) {
      changed = false;
      for (const auto& [name, expression] : rules.rules) {
        const std::int64_t depth = std::min(kNever, of(expression) + 1);
        changed = changed || depth < least_[name];
        least_[name] = std::min(least_[name], depth);
      }
    }
  }
  [[nodiscard]] std::int64_t of(const Expression& e) const {
    if (e.kind == Kind::reference || e.kind == Kind::shared) return least_.at(e.name);
    if (e.parts.empty() || e.kind == Kind::optional || (e.kind == Kind::repeat && e.lo == 0)) return 0;
    std::int64_t least = kNever, most = 0;
    for (const Expression& part : e.parts) {
      least = std::min(least, of(part));
      most = std::max(most, of(part));
    }
    return e.kind == Kind::choice ? least : most;
  }

 private:
  const Rules& rules_;
  std::map<std::string, std::int64_t> least_;
};

class Deriving {
 public:
  Deriving(const Rules& rules, SpaceBuilder& s) : rules_(rules), depths_(rules), s_(s) {
    for (const auto& [name, parameter] : rules.variables) variables_[name] = s_.parameter(parameter);
  }

  std::shared_ptr<const Derived> rule(const std::string& name, const std::string& pointer, std::int64_t depth) {
    const Expression& right = rules_.rules.at(name);
    if (depths_.of(right) + 1 > depth) {
      const bool never = depths_.of(right) >= kNever;
      throw InvalidOption(pointer, "rule '" + name + "' " +
                                       (never ? "leads back to itself whatever is chosen; give it an alternative that ends"
                                              : "does not end within depth_max; raise depth_max, or shorten the rules"));
    }
    return expression(right, depth - 1);
  }

 private:
  using Part = std::shared_ptr<const Derived>;

  Part expression(const Expression& e, std::int64_t depth) {
    if (++n_parts_ > kPartsMax) {
      throw InvalidOption("/rules", "the grammar unfolds into more than " + std::to_string(kPartsMax) +
                                        " parts; lower depth_max, or the times of repeats within each other");
    }
    auto derived = std::make_shared<Derived>();
    derived->of = &e;
    switch (e.kind) {
      case Kind::identity: break;
      case Kind::reference: return nested(e.name, [&] { return rule(e.name, e.pointer, depth); });
      case Kind::shared: return shared(e, depth);
      case Kind::op: operation(e, *derived); break;
      case Kind::choice: choose(e, depth, *derived); break;
      case Kind::repeat: repeat(e, depth, *derived); break;
      case Kind::optional: option(e, depth, *derived); break;
      case Kind::merge:
        operation(e, *derived);
        for (std::size_t i = 0; i < e.parts.size(); ++i) derived->parts.push_back(branch(e.parts[i], i, depth));
        break;
      case Kind::sequence:
        for (const Expression& part : e.parts) derived->parts.push_back(expression(part, depth));
    }
    return derived;
  }

  // A part with a name of its own among those of the same place: "block", "block_2", ...
  template <class Body>
  Part nested(const std::string& name, Body&& body) {
    const std::string unique = unique_name(name);
    const std::string outer = std::exchange(prefix_, prefix_ + unique + ".");
    Part part = s_.nested(unique, [&](SpaceBuilder&) { return body(); });
    prefix_ = outer;
    return part;
  }
  std::string unique_name(const std::string& name) {
    const int count = ++named_[prefix_ + name];
    return count == 1 ? name : name + "_" + std::to_string(count);
  }
  Part branch(const Expression& e, std::size_t i, std::int64_t depth) {
    if (e.kind == Kind::reference) return expression(e, depth);
    return nested("branch" + std::to_string(i), [&] { return expression(e, depth); });
  }

  void choose(const Expression& e, std::int64_t depth, Derived& derived) {
    std::vector<std::string> names;
    std::vector<double> weights;
    std::vector<const Expression*> offered;
    for (std::size_t i = 0; i < e.parts.size(); ++i) {
      if (depths_.of(e.parts[i]) > depth) continue;
      const std::string& name = e.parts[i].name;
      const bool is_new = !name.empty() && std::ranges::find(names, name) == names.end();
      names.push_back(is_new ? name : "alternative" + std::to_string(i));
      if (!e.weights.empty()) weights.push_back(e.weights[i]);
      offered.push_back(&e.parts[i]);
    }
    if (offered.size() == 1) {
      derived.parts.push_back(expression(*offered[0], depth));
      return;
    }
    if (std::ranges::all_of(weights, [](double w) { return w == 0; })) weights.clear();  // what was likely does not end here
    const auto variable = s_.choice(unique_name("choice"), names, weights);
    derived.variable = variable.index;
    for (std::size_t i = 0; i < offered.size(); ++i) {
      derived.parts.push_back(s_.when({variable.index, NAS_OP_EQ, static_cast<double>(i)}, [&](SpaceBuilder&) {
        return offered[i]->kind == Kind::reference ? expression(*offered[i], depth) : nested(names[i], [&] { return expression(*offered[i], depth); });
      }));
    }
  }

  void repeat(const Expression& e, std::int64_t depth, Derived& derived) {
    const Expression& body = e.parts[0];
    const std::int64_t hi = depths_.of(body) > depth ? e.lo : e.hi;
    if (e.lo != hi) derived.variable = s_.integer(unique_name("count"), e.lo, hi).index;
    const std::string name = body.name.empty() ? "part" : body.name;
    for (std::int64_t i = 0; i < hi; ++i) {
      const auto copy = [&] {
        return nested(name + std::to_string(i), [&] { return body.kind == Kind::reference ? rule(body.name, body.pointer, depth) : expression(body, depth); });
      };
      const bool always = i < e.lo;
      derived.parts.push_back(always ? copy() : s_.when(above(Integer{*derived.variable}, i), [&](SpaceBuilder&) { return copy(); }));
    }
  }

  void option(const Expression& e, std::int64_t depth, Derived& derived) {
    if (depths_.of(e.parts[0]) > depth) return;
    const std::vector<bool> values{false, true};
    const auto present = s_.choice<bool>(unique_name("present"), values, {1 - e.probability, e.probability});
    derived.variable = present.index;
    derived.parts.push_back(s_.when({present.index, NAS_OP_EQ, 1}, [&](SpaceBuilder&) { return expression(e.parts[0], depth); }));
  }

  void operation(const Expression& e, Derived& derived) {
    for (const AttributeRule& rule : e.attributes) {
      AttributeSource source{&rule};
      if (rule.distribution) {
        Parameter p = *rule.distribution;
        p.name = unique_name(rule.name);
        source.variable = s_.parameter(std::move(p));
      } else if (rule.formula && !rule.formula->variable.empty()) {
        source.variable = variables_.at(rule.formula->variable);
      }
      derived.attributes.push_back(source);
    }
    if (!module_.empty()) derived.weight_group = module_ + "." + std::to_string(++n_in_module_[module_]);
  }

  // Derived once, with variables that are always active, and with weight groups.
  Part shared(const Expression& e, std::int64_t depth) {
    const auto known = modules_.find(e.name);
    if (known != modules_.end()) return known->second;
    const std::string outer_prefix = std::exchange(prefix_, e.name + ".");
    const std::string outer_module = std::exchange(module_, "shared." + e.name);
    Part part = s_.shared(e.name, [&](SpaceBuilder&) { return rule(e.name, e.pointer, depth); });
    prefix_ = outer_prefix;
    module_ = outer_module;
    return modules_[e.name] = part;
  }

  const Rules& rules_;
  Depths depths_;
  SpaceBuilder& s_;
  std::map<std::string, std::size_t> variables_;
  std::map<std::string, Part> modules_;
  std::map<std::string, int> named_, n_in_module_;
  std::string prefix_, module_;
  std::size_t n_parts_ = 0;
};

}  // namespace

std::shared_ptr<const Derived> derive(const Rules& rules, const std::string& start, std::int64_t depth_max, SpaceBuilder& s) {
  return Deriving(rules, s).rule(start, "/start", depth_max);
}

}  // namespace nascent::grammar
