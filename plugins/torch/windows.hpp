// Windows of convolutions and pools, and the paddings LibTorch's operators do not know.
// Plans run them and TorchScript sources spell them out.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>

#include "plan.hpp"

namespace nascent::libtorch {

struct Window {
  std::vector<std::int64_t> kernel, strides, dilations;
  std::vector<std::int64_t> pads;  // [begin of each spatial axis, end of each], as ONNX has them

  Window(const Lowering& node, std::size_t axes) {
    const AttributeReader& read = node.attributes;
    kernel = read.integers("kernel_shape", axes);
    strides = read.integers("strides", axes);
    dilations = node.node.op == "AveragePool" ? std::vector<std::int64_t>(axes, 1) : read.integers("dilations", axes);
    pads = read.integers("pads", 2 * axes);
  }
  // LibTorch pads a pool by at most half its kernel, equally at both ends.
  [[nodiscard]] bool pool_pads_itself() const {
    for (std::size_t i = 0; i < axes(); ++i) {
      if (2 * pads[i] > kernel[i]) return false;
    }
    return symmetric();
  }
  [[nodiscard]] std::size_t axes() const { return kernel.size(); }
  [[nodiscard]] bool symmetric() const {
    return std::equal(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes()), pads.begin() + static_cast<std::ptrdiff_t>(axes()));
  }
  // Pads for LibTorch's operator: those of `begin`, or none where padded() puts them in place before.
  [[nodiscard]] std::vector<std::int64_t> begin_pads() const {
    if (!symmetric()) return std::vector<std::int64_t>(axes(), 0);
    return {pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes())};
  }
  // LibTorch's order: begin and end of the last axis first.
  [[nodiscard]] std::vector<std::int64_t> reversed_pads() const {
    std::vector<std::int64_t> out;
    for (std::size_t i = axes(); i-- > 0;) out.insert(out.end(), {pads[i], pads[axes() + i]});
    return out;
  }
  // x with different paddings at begin and end put in place; unchanged when they are equal.
  [[nodiscard]] at::Tensor padded(const at::Tensor& x, double value) const {
    return symmetric() ? x : at::constant_pad_nd(x, reversed_pads(), value);
  }
  // Whether a convolution of `channels` inputs runs as x[::strides] convolved with stride 1: the same sums.
  // Debian's LibTorch 1.13 needs it: oneDNN (2.6, still 3.12) writes past its memory in the weights' gradient of a strided 1x1
  // convolution of a channels-last image, below 8 channels with AVX2, below 16 with AVX-512.
  [[nodiscard]] bool thins_first(std::int64_t channels) const {
    const auto is_one = [](std::int64_t n) { return n == 1; };
    const std::vector<std::int64_t> begin = begin_pads();
    return channels < 16 && std::all_of(kernel.begin(), kernel.end(), is_one) && !std::all_of(strides.begin(), strides.end(), is_one) &&
           std::all_of(begin.begin(), begin.end(), [](std::int64_t pad) { return pad == 0; });
  }
  // x[::strides] along the spatial axes, a view.
  [[nodiscard]] at::Tensor thinned(at::Tensor x) const {
    for (std::size_t i = 0; i < axes(); ++i) {
      if (strides[i] > 1) x = x.slice(static_cast<std::int64_t>(i) + 2, 0, c10::nullopt, strides[i]);
    }
    return x;
  }
  // The output of a transposed convolution without padding, cut by the pads.
  [[nodiscard]] at::Tensor cropped(at::Tensor y) const {
    for (std::size_t i = 0; i < axes(); ++i) {
      const auto axis = static_cast<std::int64_t>(i) + 2;
      y = y.narrow(axis, pads[i], y.size(axis) - pads[i] - pads[axes() + i]);
    }
    return y;
  }
};

// Source positions of a padded axis: mirrored without repeating the border, or the border repeated.
inline std::vector<std::int64_t> pad_positions(std::int64_t extent, std::int64_t begin, std::int64_t end, bool reflect) {
  std::vector<std::int64_t> positions;
  for (std::int64_t i = -begin; i < extent + end; ++i) {
    const std::int64_t mirrored = i < 0 ? -i : i >= extent ? 2 * (extent - 1) - i : i;
    positions.push_back(reflect ? mirrored : std::clamp<std::int64_t>(i, 0, extent - 1));
  }
  return positions;
}

}  // namespace nascent::libtorch
