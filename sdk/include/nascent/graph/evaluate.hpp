// The operator table, and the one place that applies it to a node.
#pragma once

#include <algorithm>

#include "nascent/graph/operators_sequence.hpp"

NASCENT_SDK_BEGIN

inline constexpr std::size_t kRankMax = 7;                           // axes of a tensor, without the batch
inline constexpr std::int64_t kElementsMax = std::int64_t{1} << 40;  // of one row of one tensor

// Every operator, in the order of the reference page.
inline std::vector<const Operator*> operators() {
  std::vector<const Operator*> all;
  for (const Operator& op : ops::kShapeOperators) all.push_back(&op);
  for (const Operator& op : ops::kWindowOperators) all.push_back(&op);
  for (const Operator& op : ops::kLayerOperators) all.push_back(&op);
  for (const Operator& op : ops::kSequenceOperators) all.push_back(&op);
  return all;
}

// The operator of that ONNX name, or nullptr.
inline const Operator* find_operator(std::string_view name) {
  const auto in = [name](std::span<const Operator> table) -> const Operator* {
    const auto it = std::find_if(table.begin(), table.end(), [name](const Operator& op) { return op.name == name; });
    return it == table.end() ? nullptr : &*it;
  };
  for (const auto& table :
       {std::span<const Operator>(ops::kLayerOperators), std::span<const Operator>(ops::kWindowOperators),
        std::span<const Operator>(ops::kShapeOperators), std::span<const Operator>(ops::kSequenceOperators)})
    if (const Operator* op = in(table)) return op;
  return nullptr;
}

// "node 'conv3' (Conv)"
inline std::string place(const Node& node) { return "node '" + node.name + "' (" + node.op + ")"; }

namespace detail {

inline void check_input_count(const Operator& op, std::size_t n) {
  if (n >= op.inputs_min && n <= op.inputs_max) return;
  std::string needed = std::to_string(op.inputs_min);
  if (op.inputs_max == kAnyInputs)
    needed = "at least " + needed;
  else if (op.inputs_max != op.inputs_min)
    needed += " to " + std::to_string(op.inputs_max);
  reject("it has " + std::to_string(n) + (n == 1 ? " input" : " inputs") + "; it needs " + needed);
}

inline void check_shape(const Shape& shape) {
  if (shape.size() > kRankMax)
    reject("a tensor of " + std::to_string(shape.size()) + " axes; at most " + std::to_string(kRankMax) +
           " are allowed");
  for (const std::int64_t extent : shape)
    if (extent < 1) reject("a tensor of shape " + to_text(shape) + "; every extent must be positive");
  if (elements(shape) > kElementsMax)
    reject("a tensor of shape " + to_text(shape) + "; one row may have at most 2^40 elements");
}

}  // namespace detail

// Shapes, weights (full names) and cost of one node. Throws Error(NAS_E_INVALID) naming the node, the value, the rule
// and the way out; NAS_E_UNSUPPORTED when the operator is unknown.
inline OperatorResult evaluate(const Node& node, std::span<const Shape> inputs) {
  const Operator* op = find_operator(node.op);
  if (op == nullptr)
    throw Error(NAS_E_UNSUPPORTED,
                place(node) + ": unknown operator; the reference page of the architecture graph lists them");
  try {
    detail::check_input_count(*op, inputs.size());
    const AttributeReader attributes(node.attributes, op->attributes);
    attributes.validate();
    OperatorResult result = op->evaluate({node, inputs, attributes});
    for (const Shape& shape : result.outputs) detail::check_shape(shape);
    for (WeightInfo& weight : result.weights) {
      elements(weight.shape);  // refuses what cannot be counted
      weight.name = node.group() + "." + weight.name;
    }
    return result;
  } catch (const Error& error) {
    throw Error(error.status(), place(node) + ": " + error.what());
  }
}

// The named tensors of a node, in the order in which they are documented; empty for an operator without weights.
inline std::vector<WeightInfo> weights(const Node& node, std::span<const Shape> inputs) {
  return evaluate(node, inputs).weights;
}

// The attributes of a node with the operator's defaults behind them, for those who execute or export it. The node must
// outlive the reader.
inline AttributeReader attributes_of(const Node& node) {
  const Operator* op = find_operator(node.op);
  if (op == nullptr) throw Error(NAS_E_UNSUPPORTED, place(node) + ": unknown operator");
  return {node.attributes, op->attributes};
}

NASCENT_SDK_END
