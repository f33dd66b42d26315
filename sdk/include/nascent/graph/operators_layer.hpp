// Dense layers, normalisation, activations and element-wise arithmetic.
#pragma once

#include <algorithm>

#include "nascent/graph/operators_window.hpp"

NASCENT_SDK_BEGIN
namespace ops {

// ONNX counts the batch as axis 0. Returns the index into a shape without it; `axis` is given or counted from the end.
inline std::size_t row_axis(std::int64_t axis, const Shape& shape, std::string_view what = "axis") {
  const auto rank = static_cast<std::int64_t>(shape.size()) + 1;
  const std::int64_t positive = axis < 0 ? axis + rank : axis;
  if (positive < 1 || positive >= rank)
    detail::reject(std::string(what) + " is " + std::to_string(axis) + "; for a " + to_text(shape) +
                   " input it must lie in [1, " + std::to_string(rank - 1) + "] or [" + std::to_string(1 - rank) +
                   ", -1] (axis 0 is the batch)");
  return static_cast<std::size_t>(positive - 1);
}

inline constexpr AttributeInfo kUnits{"units", AttributeKind::integer, Presence::required, 0, 1, kWidthMax};
inline constexpr AttributeInfo kEpsilon{"epsilon", AttributeKind::number, Presence::optional, 1e-5, 0, 1};
inline constexpr AttributeInfo kMomentum{"momentum", AttributeKind::number, Presence::optional, 0.9, 0, 1};
inline constexpr AttributeInfo kNumGroups{"num_groups", AttributeKind::integer, Presence::required, 0, 1, kWidthMax};
inline constexpr AttributeInfo kLastAxis{"axis", AttributeKind::integer, Presence::optional, -1, -64, 64};

inline constexpr AttributeInfo kGemmAttributes[] = {kUnits, kBias};
inline constexpr AttributeInfo kBatchNormAttributes[] = {kEpsilon, kMomentum};
inline constexpr AttributeInfo kLayerNormAttributes[] = {kLastAxis, kEpsilon};
inline constexpr AttributeInfo kGroupNormAttributes[] = {kNumGroups, kEpsilon};
inline constexpr AttributeInfo kInstanceNormAttributes[] = {kEpsilon};
inline constexpr AttributeInfo kSoftmaxAttributes[] = {kLastAxis};
inline constexpr AttributeInfo kDropoutAttributes[] = {{"ratio", AttributeKind::number, Presence::optional, 0.5, 0, 1}};
inline constexpr AttributeInfo kLeakyReluAttributes[] = {
    {"alpha", AttributeKind::number, Presence::optional, 0.01, -1e9, 1e9}};
inline constexpr AttributeInfo kEluAttributes[] = {
    {"alpha", AttributeKind::number, Presence::optional, 1.0, -1e9, 1e9}};
inline constexpr AttributeInfo kHardSigmoidAttributes[] = {
    {"alpha", AttributeKind::number, Presence::optional, 0.2, -1e9, 1e9},
    {"beta", AttributeKind::number, Presence::optional, 0.5, -1e9, 1e9}};
inline constexpr AttributeInfo kGeluAttributes[] = {
    {"approximate", AttributeKind::text, Presence::optional, 0, 0, 0, "none|tanh"}};

inline void needs_axes(const Shape& in, std::size_t n, std::string_view what) {
  if (in.size() < n) detail::reject("its input is " + to_text(in) + "; it needs " + std::string(what));
}

// Over the last axis: [.., features] -> [.., units]. weight [units, features], bias [units]
inline OperatorResult gemm(const OperatorCall& call) {
  Shape out = call.inputs[0];
  needs_axes(out, 1, "at least one axis of features");
  const std::int64_t features = out.back(), units = call.attributes.integer("units");
  OperatorResult result{{}, {{"weight", {units, features}}}};
  result.multiply_adds = detail::multiply(elements(out), units);
  out.back() = units;
  if (call.attributes.flag("bias")) {
    result.weights.push_back({"bias", {units}});
    result.other_flops = elements(out);
  }
  result.outputs = {std::move(out)};
  return result;
}

// Normalises each channel (axis 1) by statistics of the batch; at inference by running ones: one scale and one shift.
inline OperatorResult batch_normalization(const OperatorCall& call) {
  const Shape& in = call.inputs[0];
  needs_axes(in, 1, "an axis of channels");
  const Shape channels{in[0]};
  return {{in},
          {{"weight", channels},
           {"bias", channels},
           {"running_mean", channels, WeightRole::statistic},
           {"running_var", channels, WeightRole::statistic}},
          0,
          detail::multiply(2, elements(in))};
}

// Mean, variance, normalise, scale, shift: five steps an element.
inline std::int64_t normalising_flops(const Shape& in) { return detail::multiply(5, elements(in)); }

// Over the axes from `axis` to the last.
inline OperatorResult layer_normalization(const OperatorCall& call) {
  const Shape& in = call.inputs[0];
  const std::size_t axis = row_axis(call.attributes.integer("axis"), in);
  const Shape normalised(in.begin() + static_cast<std::ptrdiff_t>(axis), in.end());
  return {{in}, {{"weight", normalised}, {"bias", normalised}}, 0, normalising_flops(in)};
}

inline OperatorResult channel_normalization(const Shape& in, std::int64_t groups) {
  if (in[0] % groups != 0)
    detail::reject("num_groups is " + std::to_string(groups) + " but the channels are " + std::to_string(in[0]) +
                   "; the groups must divide them");
  return {{in}, {{"weight", {in[0]}}, {"bias", {in[0]}}}, 0, normalising_flops(in)};
}
inline OperatorResult group_normalization(const OperatorCall& call) {
  needs_axes(call.inputs[0], 1, "an axis of channels");
  return channel_normalization(call.inputs[0], call.attributes.integer("num_groups"));
}
inline OperatorResult instance_normalization(const OperatorCall& call) {
  needs_axes(call.inputs[0], 2, "channels and at least one more axis");
  return channel_normalization(call.inputs[0], 1);
}

inline OperatorResult free_of_cost(const OperatorCall& call) { return {{call.inputs[0]}}; }
inline OperatorResult activation(const OperatorCall& call) {
  return {{call.inputs[0]}, {}, 0, elements(call.inputs[0])};
}

// Exponential, sum, quotient: three steps an element.
inline OperatorResult softmax(const OperatorCall& call) {
  row_axis(call.attributes.integer("axis"), call.inputs[0]);
  return {{call.inputs[0]}, {}, 0, detail::multiply(3, elements(call.inputs[0]))};
}

// Shapes of equal rank; extents are equal or 1 (so a 64x1x1 gate scales 64x7x7 features).
inline Shape broadcast(const Shape& a, const Shape& b) {
  bool fits = a.size() == b.size();
  Shape out = a;
  for (std::size_t i = 0; fits && i < a.size(); ++i) {
    fits = a[i] == b[i] || a[i] == 1 || b[i] == 1;
    out[i] = std::max(a[i], b[i]);
  }
  if (!fits)
    detail::reject("inputs of shapes " + to_text(a) + " and " + to_text(b) +
                   " do not fit; they need the same number of axes, each with equal extents or extent 1");
  return out;
}

inline OperatorResult arithmetic(const OperatorCall& call) {
  Shape out = call.inputs[0];
  for (const Shape& in : call.inputs.subspan(1)) out = broadcast(out, in);
  const auto steps = static_cast<std::int64_t>(call.inputs.size()) - 1;
  return {{out}, {}, 0, detail::multiply(steps, elements(out))};
}

// [.., m, k] x [.., k, n] -> [.., m, n]
inline OperatorResult mat_mul(const OperatorCall& call) {
  const Shape &a = call.inputs[0], &b = call.inputs[1];
  const std::size_t rank = a.size();
  if (rank < 2 || b.size() != rank || a[rank - 1] != b[rank - 2])
    detail::reject("inputs of shapes " + to_text(a) + " and " + to_text(b) +
                   " do not multiply; they need the same number of axes (at least 2), [.., m, k] and [.., k, n]");
  Shape out = broadcast({a.begin(), a.end() - 2}, {b.begin(), b.end() - 2});
  out.insert(out.end(), {a[rank - 2], b[rank - 1]});
  return {{out}, {}, detail::multiply(elements(out), a[rank - 1])};
}

inline constexpr auto kCommutes = Operator::InputOrder::commutes;
inline constexpr auto kNamed = Operator::Weights::named;

inline constexpr Operator kLayerOperators[] = {
    {.name = "Gemm", .weights = kNamed, .attributes = kGemmAttributes, .evaluate = gemm},
    {.name = "MatMul", .inputs_min = 2, .inputs_max = 2, .evaluate = mat_mul},
    {.name = "BatchNormalization",
     .weights = kNamed,
     .attributes = kBatchNormAttributes,
     .evaluate = batch_normalization},
    {.name = "LayerNormalization",
     .weights = kNamed,
     .attributes = kLayerNormAttributes,
     .evaluate = layer_normalization},
    {.name = "GroupNormalization",
     .weights = kNamed,
     .attributes = kGroupNormAttributes,
     .evaluate = group_normalization},
    {.name = "InstanceNormalization",
     .weights = kNamed,
     .attributes = kInstanceNormAttributes,
     .evaluate = instance_normalization},
    {.name = "Add", .inputs_min = 2, .inputs_max = 2, .input_order = kCommutes, .evaluate = arithmetic},
    {.name = "Sub", .inputs_min = 2, .inputs_max = 2, .evaluate = arithmetic},
    {.name = "Mul", .inputs_min = 2, .inputs_max = 2, .input_order = kCommutes, .evaluate = arithmetic},
    {.name = "Sum", .inputs_max = kAnyInputs, .input_order = kCommutes, .evaluate = arithmetic},
    {.name = "Relu", .evaluate = activation},
    {.name = "LeakyRelu", .attributes = kLeakyReluAttributes, .evaluate = activation},
    {.name = "Elu", .attributes = kEluAttributes, .evaluate = activation},
    {.name = "Selu", .evaluate = activation},
    {.name = "Gelu", .attributes = kGeluAttributes, .evaluate = activation},
    {.name = "Swish", .evaluate = activation},
    {.name = "HardSwish", .evaluate = activation},
    {.name = "Sigmoid", .evaluate = activation},
    {.name = "HardSigmoid", .attributes = kHardSigmoidAttributes, .evaluate = activation},
    {.name = "Tanh", .evaluate = activation},
    {.name = "Softplus", .evaluate = activation},
    {.name = "Mish", .evaluate = activation},
    {.name = "Softmax", .attributes = kSoftmaxAttributes, .evaluate = softmax},
    {.name = "Identity", .evaluate = free_of_cost},
    {.name = "Zero", .evaluate = free_of_cost},
    {.name = "Dropout", .attributes = kDropoutAttributes, .evaluate = free_of_cost},
};

}  // namespace ops
NASCENT_SDK_END
