// Operators that move, cut, join or repeat elements and compute nothing.
#pragma once

#include "nascent/graph/operators_layer.hpp"

NASCENT_SDK_BEGIN
namespace ops {

inline constexpr AttributeInfo kAxis{"axis", AttributeKind::integer, Presence::required, 0, -64, 64};
inline constexpr AttributeInfo kAxes{"axes", AttributeKind::integers, Presence::required, 0, -64, 64};
inline constexpr double kIndexMax = 9007199254740992.0;

inline constexpr AttributeInfo kInputAttributes[] = {
    {"shape", AttributeKind::integers, Presence::required, 0, 1, kWidthMax},
    {"dtype", AttributeKind::text, Presence::optional, 0, 0, 0, "float32|int64"}};
inline constexpr AttributeInfo kConcatAttributes[] = {kAxis};
inline constexpr AttributeInfo kSplitAttributes[] = {
    kAxis,
    {"num_outputs", AttributeKind::integer, Presence::optional, 0, 1, 4096},
    {"split", AttributeKind::integers, Presence::optional, 0, 1, kWidthMax}};
inline constexpr AttributeInfo kSliceAttributes[] = {
    kAxes,
    {"starts", AttributeKind::integers, Presence::required, 0, -kIndexMax, kIndexMax},
    {"ends", AttributeKind::integers, Presence::required, 0, -kIndexMax, kIndexMax},
    {"steps", AttributeKind::integers, Presence::optional, 1, 1, kWidthMax}};
inline constexpr AttributeInfo kReshapeAttributes[] = {
    {"shape", AttributeKind::integers, Presence::required, 0, -1, kWidthMax}};
inline constexpr AttributeInfo kTransposeAttributes[] = {
    {"perm", AttributeKind::integers, Presence::required, 0, 0, 64}};
inline constexpr AttributeInfo kReduceAttributes[] = {
    kAxes, {"keepdims", AttributeKind::integer, Presence::optional, 1, 0, 1}};
inline constexpr AttributeInfo kPadAttributes[] = {
    {"pads", AttributeKind::integers, Presence::required, 0, 0, kExtentMax},
    {"mode", AttributeKind::text, Presence::optional, 0, 0, 0, "constant|reflect|edge"},
    {"value", AttributeKind::number, Presence::optional, 0, -1e30, 1e30}};
inline constexpr AttributeInfo kResizeAttributes[] = {
    {"scales", AttributeKind::integers, Presence::required, 0, 1, 1024}};
inline constexpr AttributeInfo kShuffleAttributes[] = {
    {"groups", AttributeKind::integer, Presence::required, 0, 1, kWidthMax}};

inline OperatorResult input(const OperatorCall& call) { return {{call.attributes.integers("shape")}}; }

inline OperatorResult concat(const OperatorCall& call) {
  Shape out = call.inputs[0];
  const std::size_t axis = row_axis(call.attributes.integer("axis"), out);
  for (const Shape& in : call.inputs.subspan(1)) {
    bool fits = in.size() == out.size();
    for (std::size_t i = 0; fits && i < in.size(); ++i) fits = i == axis || in[i] == out[i];
    if (!fits)
      detail::reject("inputs of shapes " + to_text(call.inputs[0]) + " and " + to_text(in) +
                     " do not join; they may differ only along the joined axis");
    out[axis] = detail::add(out[axis], in[axis]);
  }
  return {{out}};
}

// `split` lists the extents; or `num_outputs` equal parts.
inline OperatorResult split(const OperatorCall& call) {
  const Shape& in = call.inputs[0];
  const std::size_t axis = row_axis(call.attributes.integer("axis"), in);
  std::vector<std::int64_t> extents = call.attributes.integers("split");
  if (extents.empty()) {
    const std::int64_t n = call.attributes.integer("num_outputs");
    if (n < 1) detail::reject("it needs 'split' or 'num_outputs'");
    if (in[axis] % n != 0)
      detail::reject("num_outputs is " + std::to_string(n) + " but the axis has extent " + std::to_string(in[axis]) +
                     "; it must divide it (or list the extents in 'split')");
    extents.assign(static_cast<std::size_t>(n), in[axis] / n);
  }
  std::int64_t total = 0;
  OperatorResult result;
  for (const std::int64_t extent : extents) {
    total = detail::add(total, extent);
    result.outputs.push_back(in);
    result.outputs.back()[axis] = extent;
  }
  if (total != in[axis])
    detail::reject("split " + to_text(extents) + " adds up to " + std::to_string(total) + " but the axis has extent " +
                   std::to_string(in[axis]));
  return result;
}

// ONNX rules: negative starts and ends count from the end, and are clamped.
inline OperatorResult slice(const OperatorCall& call) {
  Shape out = call.inputs[0];
  const auto axes = call.attributes.integers("axes");
  const auto starts = call.attributes.integers("starts", axes.size()),
             ends = call.attributes.integers("ends", axes.size());
  const auto steps = call.attributes.integers("steps", axes.size());
  std::vector<bool> seen(out.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = row_axis(axes[i], out, "axes");
    if (seen[axis]) detail::reject("axes names axis " + std::to_string(axes[i]) + " twice");
    seen[axis] = true;
    const std::int64_t extent = call.inputs[0][axis];
    const auto clamp = [extent](std::int64_t at) {
      return std::clamp<std::int64_t>(at < 0 ? at + extent : at, 0, extent);
    };
    const std::int64_t length = clamp(ends[i]) - clamp(starts[i]);
    if (length < 1)
      detail::reject("the slice from " + std::to_string(starts[i]) + " to " + std::to_string(ends[i]) +
                     " of an axis of extent " + std::to_string(extent) + " is empty");
    out[axis] = (length + steps[i] - 1) / steps[i];
  }
  return {{out}};
}

inline OperatorResult flatten(const OperatorCall& call) { return {{Shape{elements(call.inputs[0])}}}; }

// `shape` without the batch dimension; one extent may be -1.
inline OperatorResult reshape(const OperatorCall& call) {
  const Shape& in = call.inputs[0];
  Shape out = call.attributes.integers("shape");
  const std::int64_t total = elements(in);
  std::int64_t known = 1;
  std::size_t unknown = out.size(), n_unknown = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == 0) detail::reject("shape holds 0; extents are positive, or -1 once");
    if (out[i] == -1) {
      unknown = i;
      ++n_unknown;
    } else {
      known = detail::multiply(known, out[i]);
    }
  }
  if (n_unknown > 1) detail::reject("shape holds -1 more than once");
  if (n_unknown == 1 ? total % known != 0 : total != known)
    detail::reject("an input of " + to_text(in) + " (" + std::to_string(total) + " elements) does not reshape to " +
                   to_text(out));
  if (n_unknown == 1) out[unknown] = total / known;
  return {{out}};
}

// `perm` counts the batch as axis 0, which stays first.
inline OperatorResult transpose(const OperatorCall& call) {
  const Shape& in = call.inputs[0];
  const auto perm = call.attributes.integers("perm", in.size() + 1);
  auto sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i)
    if (sorted[i] != static_cast<std::int64_t>(i) || perm[0] != 0)
      detail::reject("perm must be 0 (the batch), then a permutation of 1 to " + std::to_string(in.size()));
  Shape out(in.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = in[static_cast<std::size_t>(perm[i + 1] - 1)];
  return {{out}};
}

inline OperatorResult reduce_mean(const OperatorCall& call) {
  const Shape& in = call.inputs[0];
  std::vector<bool> reduced(in.size());
  for (const std::int64_t axis : call.attributes.integers("axes")) reduced[row_axis(axis, in, "axes")] = true;
  Shape out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (!reduced[i])
      out.push_back(in[i]);
    else if (call.attributes.flag("keepdims"))
      out.push_back(1);
  }
  return {{out}, {}, 0, elements(in)};
}

// `pads`: begin of every axis, then end of every axis, the batch included (its pads are 0).
inline OperatorResult pad(const OperatorCall& call) {
  Shape out = call.inputs[0];
  const std::size_t rank = out.size() + 1;
  const auto pads = call.attributes.integers("pads", 2 * rank);
  if (pads[0] != 0 || pads[rank] != 0) detail::reject("pads of axis 0 (the batch) must be 0");
  const bool reflect = call.attributes.text("mode") == "reflect";
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t begin = pads[i + 1], end = pads[rank + i + 1];
    if (reflect && std::max(begin, end) >= out[i])
      detail::reject("it reflects " + std::to_string(std::max(begin, end)) + " elements of an axis of extent " +
                     std::to_string(out[i]) + "; pads must be smaller than the extent");
    out[i] += begin + end;
  }
  return {{out}};
}

// Nearest neighbour, whole factors: `scales` has one for each spatial axis.
inline OperatorResult resize(const OperatorCall& call) {
  Shape out = call.inputs[0];
  const std::size_t axes = spatial_axes(out);
  const auto scales = call.attributes.integers("scales", axes);
  for (std::size_t i = 0; i < axes; ++i) out[i + 1] = detail::multiply(out[i + 1], scales[i]);
  return {{out}};
}

inline OperatorResult channel_shuffle(const OperatorCall& call) {
  const Shape& in = call.inputs[0];
  spatial_axes(in);
  const std::int64_t groups = call.attributes.integer("groups");
  check_groups(in[0], groups, "the channels");
  return {{in}};
}

inline constexpr Operator kShapeOperators[] = {
    {.name = "Input", .inputs_min = 0, .inputs_max = 0, .attributes = kInputAttributes, .evaluate = input},
    {.name = "Concat", .inputs_max = kAnyInputs, .attributes = kConcatAttributes, .evaluate = concat},
    {.name = "Split", .attributes = kSplitAttributes, .evaluate = split},
    {.name = "Slice", .attributes = kSliceAttributes, .evaluate = slice},
    {.name = "Flatten", .evaluate = flatten},
    {.name = "Reshape", .attributes = kReshapeAttributes, .evaluate = reshape},
    {.name = "Transpose", .attributes = kTransposeAttributes, .evaluate = transpose},
    {.name = "ReduceMean", .attributes = kReduceAttributes, .evaluate = reduce_mean},
    {.name = "Pad", .attributes = kPadAttributes, .evaluate = pad},
    {.name = "Resize", .attributes = kResizeAttributes, .evaluate = resize},
    {.name = "ChannelShuffle", .attributes = kShuffleAttributes, .evaluate = channel_shuffle},
};

}  // namespace ops
NASCENT_SDK_END
