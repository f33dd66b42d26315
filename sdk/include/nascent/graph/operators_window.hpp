// Operators that slide a window: convolutions and pooling, over one, two or three spatial axes.
#pragma once

#include <algorithm>

#include "nascent/graph/operator.hpp"

NASCENT_SDK_BEGIN
namespace ops {

using Presence = AttributeInfo::Presence;
inline constexpr double kExtentMax = 1 << 20;      // of kernels, strides, dilations, pads
inline constexpr double kWidthMax = 2147483647.0;  // of channels, units, vocabularies

inline constexpr AttributeInfo kKernel{"kernel_shape", AttributeKind::integers, Presence::required, 0, 1, kExtentMax};
inline constexpr AttributeInfo kStrides{"strides", AttributeKind::integers, Presence::optional, 1, 1, kExtentMax};
inline constexpr AttributeInfo kDilations{"dilations", AttributeKind::integers, Presence::optional, 1, 1, kExtentMax};
inline constexpr AttributeInfo kPads{"pads", AttributeKind::integers, Presence::optional, 0, 0, kExtentMax};
inline constexpr AttributeInfo kOutChannels{"out_channels", AttributeKind::integer, Presence::required, 0, 1,
                                            kWidthMax};
inline constexpr AttributeInfo kGroup{"group", AttributeKind::integer, Presence::optional, 1, 1, kWidthMax};
inline constexpr AttributeInfo kBias{"bias", AttributeKind::integer, Presence::optional, 1, 0, 1};
inline constexpr AttributeInfo kOutputPadding{"output_padding", AttributeKind::integers, Presence::optional, 0, 0,
                                              kExtentMax};
inline constexpr AttributeInfo kCountIncludePad{
    "count_include_pad", AttributeKind::integer, Presence::optional, 0, 0, 1};

inline constexpr AttributeInfo kConvAttributes[] = {kOutChannels, kKernel, kStrides, kPads, kDilations, kGroup, kBias};
inline constexpr AttributeInfo kConvTransposeAttributes[] = {kOutChannels, kKernel, kStrides,       kPads,
                                                             kDilations,   kGroup,  kOutputPadding, kBias};
inline constexpr AttributeInfo kMaxPoolAttributes[] = {kKernel, kStrides, kPads, kDilations};
inline constexpr AttributeInfo kAveragePoolAttributes[] = {kKernel, kStrides, kPads, kCountIncludePad};

// The spatial axes of [channels, axis 1, ..]: at least `axes_min`, at most 3.
inline std::size_t spatial_axes(const Shape& input) {
  if (input.size() < 2 || input.size() > 4)
    detail::reject("its input is " + to_text(input) + "; it needs channels and 1 to 3 spatial axes");
  return input.size() - 1;
}

inline Shape spatial(const Shape& input) { return {input.begin() + 1, input.end()}; }

struct Window {
  std::vector<std::int64_t> kernel, strides, dilations;
  std::vector<std::int64_t> pads;  // [begin of each axis, end of each axis]

  // Extents of the windows along each spatial axis.
  [[nodiscard]] Shape extents(const Shape& input) const {
    const std::size_t axes = kernel.size();
    Shape out(axes);
    for (std::size_t i = 0; i < axes; ++i) {
      const std::int64_t span = dilations[i] * (kernel[i] - 1) + 1;
      const std::int64_t room = input[i + 1] + pads[i] + pads[axes + i];
      if (span > room) reject_size(input);
      out[i] = (room - span) / strides[i] + 1;
    }
    return out;
  }

 private:
  [[noreturn]] void reject_size(const Shape& input) const {
    const auto differs = [](const std::vector<std::int64_t>& values, std::int64_t from) {
      return std::any_of(values.begin(), values.end(), [from](std::int64_t v) { return v != from; });
    };
    std::string why = "kernel " + to_text(kernel);
    if (differs(dilations, 1)) why += " with dilation " + to_text(dilations);
    why += " is larger than its " + to_text(spatial(input)) + " input";
    if (differs(pads, 0)) why += " padded by " + to_text(pads);
    detail::reject(why + "; use a smaller kernel, more padding or fewer strides before it");
  }
};

inline Window window(const OperatorCall& call, std::size_t axes, bool dilated = true) {
  return {call.attributes.integers("kernel_shape", axes), call.attributes.integers("strides", axes),
          dilated ? call.attributes.integers("dilations", axes) : std::vector<std::int64_t>(axes, 1),
          call.attributes.integers("pads", 2 * axes)};
}

inline Shape with_channels(std::int64_t channels, Shape extents) {
  extents.insert(extents.begin(), channels);
  return extents;
}

inline void check_groups(std::int64_t channels, std::int64_t group, std::string_view what) {
  if (channels % group != 0)
    detail::reject("group is " + std::to_string(group) + " but " + std::string(what) + " are " +
                   std::to_string(channels) + "; the group must divide them");
}

// weight [out_channels, channels / group, kernel..], bias [out_channels]
inline OperatorResult conv(const OperatorCall& call) {
  const Shape& in = call.inputs[0];
  const Window win = window(call, spatial_axes(in));
  const std::int64_t out_channels = call.attributes.integer("out_channels"), group = call.attributes.integer("group");
  check_groups(in[0], group, "the input channels");
  check_groups(out_channels, group, "the output channels");
  const Shape out = with_channels(out_channels, win.extents(in));
  const Shape per_output = with_channels(in[0] / group, win.kernel);
  OperatorResult result{{out}, {{"weight", with_channels(out_channels, per_output)}}};
  result.multiply_adds = detail::multiply(elements(out), elements(per_output));
  if (call.attributes.flag("bias")) {
    result.weights.push_back({"bias", {out_channels}});
    result.other_flops = elements(out);
  }
  return result;
}

// weight [channels, out_channels / group, kernel..], bias [out_channels]
inline OperatorResult conv_transpose(const OperatorCall& call) {
  const Shape& in = call.inputs[0];
  const std::size_t axes = spatial_axes(in);
  const Window win = window(call, axes);
  const auto extra = call.attributes.integers("output_padding", axes);
  const std::int64_t out_channels = call.attributes.integer("out_channels"), group = call.attributes.integer("group");
  check_groups(in[0], group, "the input channels");
  check_groups(out_channels, group, "the output channels");
  Shape out{out_channels};
  for (std::size_t i = 0; i < axes; ++i) {
    if (extra[i] >= win.strides[i] && extra[i] >= win.dilations[i])
      detail::reject("output_padding is " + std::to_string(extra[i]) +
                     "; it must be smaller than the stride or the dilation");
    const std::int64_t full =
        detail::multiply(in[i + 1] - 1, win.strides[i]) + win.dilations[i] * (win.kernel[i] - 1) + 1;
    out.push_back(full + extra[i] - win.pads[i] - win.pads[axes + i]);
    if (out.back() < 1) detail::reject("pads " + to_text(win.pads) + " leave nothing of the output; use less padding");
  }
  const Shape per_input = with_channels(out_channels / group, win.kernel);
  OperatorResult result{{out}, {{"weight", with_channels(in[0], per_input)}}};
  result.multiply_adds = detail::multiply(elements(in), elements(per_input));
  if (call.attributes.flag("bias")) {
    result.weights.push_back({"bias", {out_channels}});
    result.other_flops = elements(out);
  }
  return result;
}

inline OperatorResult pool(const OperatorCall& call, bool dilated) {
  const Shape& in = call.inputs[0];
  const std::size_t axes = spatial_axes(in);
  const Window win = window(call, axes, dilated);
  for (std::size_t i = 0; i < 2 * axes; ++i)
    if (win.pads[i] > win.dilations[i % axes] * (win.kernel[i % axes] - 1))
      detail::reject("pads " + to_text(win.pads) + " are not smaller than kernel " + to_text(win.kernel) +
                     "; a window would hold padding only");
  const Shape out = with_channels(in[0], win.extents(in));
  return {{out}, {}, 0, detail::multiply(elements(out), elements(win.kernel))};
}
inline OperatorResult max_pool(const OperatorCall& call) { return pool(call, true); }
inline OperatorResult average_pool(const OperatorCall& call) { return pool(call, false); }

// [channels, extents..] -> [channels, 1..]
inline OperatorResult global_pool(const OperatorCall& call) {
  const Shape& in = call.inputs[0];
  return {{with_channels(in[0], Shape(spatial_axes(in), 1))}, {}, 0, elements(in)};
}

inline constexpr Operator kWindowOperators[] = {
    {.name = "Conv", .weights = Operator::Weights::named, .attributes = kConvAttributes, .evaluate = conv},
    {.name = "ConvTranspose",
     .weights = Operator::Weights::named,
     .attributes = kConvTransposeAttributes,
     .evaluate = conv_transpose},
    {.name = "MaxPool", .attributes = kMaxPoolAttributes, .evaluate = max_pool},
    {.name = "AveragePool", .attributes = kAveragePoolAttributes, .evaluate = average_pool},
    {.name = "GlobalAveragePool", .evaluate = global_pool},
    {.name = "GlobalMaxPool", .evaluate = global_pool},
};

}  // namespace ops
NASCENT_SDK_END
