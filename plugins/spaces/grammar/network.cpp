#include "network.hpp"

#include <algorithm>

namespace nascent::grammar {
namespace {

using Kind = Expression::Kind;

std::int64_t whole(const Values& values, std::size_t variable, const nas_param& param) {
  const double x = values.row().x[variable];
  return param.n_choices > 0 ? param.choices[static_cast<std::size_t>(x)].u.i : static_cast<std::int64_t>(x);
}

Attribute drawn(const Values& values, std::size_t variable, AttributeKind kind) {
  const nas_param& param = values.param(variable);
  const bool is_whole = kind == AttributeKind::integer || kind == AttributeKind::integers;
  if (is_whole) return whole(values, variable, param);
  const double x = values.row().x[variable];
  if (param.n_choices == 0) return x;
  const nas_value& v = param.choices[static_cast<std::size_t>(x)];
  if (v.type == NAS_T_STR) return std::string(v.u.s, v.n);
  return v.type == NAS_T_FLOAT ? v.u.f : static_cast<double>(v.u.i);
}

// Channels of a map; features where the operator works on the last axis.
std::int64_t width_of(const std::string& op, const Shape& in) {
  const bool last = op == "Gemm" || op == "Embedding" || op == "GRU" || op == "LSTM" || op == "MultiHeadAttention";
  return in.empty() ? 1 : last ? in.back() : in.front();
}

Attribute evaluated(const Formula& formula, std::int64_t base, const AttributeRule& rule) {
  const std::int64_t product = detail::multiply(base, formula.times);
  if (product % formula.divided_by != 0) {
    throw Error(NAS_E_INVALID, rule.name + " would be " + std::to_string(product) + " / " + std::to_string(formula.divided_by) + ", which is not whole");
  }
  return product / formula.divided_by;
}

// One number for a list is meant for each of its elements.
Attribute as_list(const std::string& name, const Attribute& value, std::size_t axes) {
  const bool windowed = name == "kernel_shape" || name == "strides" || name == "dilations" || name == "output_padding" || name == "pads";
  const std::size_t n = !windowed ? 1 : name == "pads" ? 2 * axes : axes;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::vector<std::int64_t>(n, *integer);
  if (const auto* number = std::get_if<double>(&value)) return std::vector<double>(n, *number);
  return value;
}

// Padding that keeps the extents, divided by the stride and rounded up; the odd one at the end.
Attribute same_pads(const Attributes& attributes, std::size_t axes) {
  const auto list = [&](const char* name) {
    const auto found = attributes.find(name);
    return found == attributes.end() ? std::vector<std::int64_t>(axes, 1) : std::get<std::vector<std::int64_t>>(found->second);
  };
  const auto kernel = list("kernel_shape"), dilations = list("dilations");
  std::vector<std::int64_t> pads(2 * axes);
  for (std::size_t i = 0; i < std::min({axes, kernel.size(), dilations.size()}); ++i) {
    const std::int64_t total = dilations[i] * (kernel[i] - 1);
    pads[i] = total / 2;
    pads[axes + i] = total - total / 2;
  }
  return pads;
}

Attribute value_of(const AttributeSource& source, AttributeKind kind, std::int64_t width, const Values& values) {
  const AttributeRule& rule = *source.rule;
  if (rule.distribution) return drawn(values, source.variable, kind);
  if (!rule.formula) return *rule.constant;
  return evaluated(*rule.formula, rule.formula->variable.empty() ? width : whole(values, source.variable, values.param(source.variable)), rule);
}

Attributes attributes_at(const Derived& part, Graph& g, Edge x, const Values& values) {
  const std::string& op = part.of->name;
  const Operator& about = *find_operator(op);
  const Shape in = g.shape(x);
  const std::size_t axes = in.empty() ? 0 : in.size() - 1;
  Attributes all;
  bool same = false;
  for (const AttributeSource& source : part.attributes) {
    const std::string& name = source.rule->name;
    const AttributeKind kind = std::ranges::find(about.attributes, name, &AttributeInfo::name)->kind;
    const Attribute value = value_of(source, kind, width_of(op, in), values);
    same = same || (name == "pads" && std::holds_alternative<std::string>(value));
    const bool is_list = kind == AttributeKind::integers || kind == AttributeKind::numbers;
    all.emplace(name, is_list ? as_list(name, value, axes) : value);
  }
  if (same) all["pads"] = same_pads(all, axes);
  return all;
}

// Brings x to the shape of the first branch: a 1x1 convolution, of a stride where the map is smaller by a whole factor; a linear
// layer on the last axis of what is no map.
Edge aligned(Graph& g, Edge x, const Shape& wanted, const std::string& group) {
  const Shape have = g.shape(x);
  if (have == wanted || have.size() != wanted.size()) return x;
  if (have.size() <= 2) return have.empty() ? x : Edge(g.linear(x, wanted.back(), Bias::without, "", group));
  const std::int64_t stride = (have[1] + wanted[1] - 1) / std::max<std::int64_t>(wanted[1], 1);
  return g.conv(x, wanted[0], 1, {.stride = std::max<std::int64_t>(stride, 1), .bias = Bias::without, .weight_group = group});
}

Edge merged(const Derived& part, Graph& g, Edge x, const Values& values) {
  std::vector<Edge> branches;
  for (const auto& branch : part.parts) branches.push_back(build(*branch, g, x, values));
  if (part.of->aligns) {
    const Shape wanted = g.shape(branches.front());
    for (std::size_t i = 1; i < branches.size(); ++i) {
      branches[i] = aligned(g, branches[i], wanted, part.weight_group.empty() ? "" : part.weight_group + "." + std::to_string(i));
    }
  }
  Attributes attributes = attributes_at(part, g, branches.front(), values);
  return g.add(part.of->name, std::move(branches), std::move(attributes));
}

}  // namespace

Edge build(const Derived& part, Graph& g, Edge x, const Values& values) {
  const auto chosen = [&] { return static_cast<std::size_t>(values.row().x[*part.variable]); };
  switch (part.of->kind) {
    case Kind::op: return {g.add(part.of->name, {x}, attributes_at(part, g, x, values), "", part.weight_group), part.of->output};
    case Kind::merge: return merged(part, g, x, values);
    case Kind::choice: return build(*part.parts[part.variable ? chosen() : 0], g, x, values);
    case Kind::optional: return part.variable && chosen() == 1 ? build(*part.parts[0], g, x, values) : x;
    default: break;
  }
  const std::size_t n = part.of->kind == Kind::repeat && part.variable ? chosen() : part.parts.size();
  for (std::size_t i = 0; i < n; ++i) x = build(*part.parts[i], g, x, values);
  return x;
}

}  // namespace nascent::grammar
