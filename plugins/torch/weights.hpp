// The named tensors of an architecture, in two contiguous float32 buffers: what is learnt, and running statistics.
#pragma once

#include <ATen/ATen.h>

#include <span>
#include <string>
#include <vector>

#include "nascent/abi.h"
#include "nascent/graph.hpp"

namespace nascent::libtorch {

// One buffer for all parameters lets an optimiser step, a norm or an average be a single pass over memory. Entries
// begin at multiples of 64 bytes; the gaps hold zeros. Copies share the buffers; clone() does not.
class Weights {
 public:
  struct Entry {
    WeightInfo info;
    std::int64_t offset = 0;  // into parameters() or statistics(), by role
    at::Tensor tensor;        // a view of shape info.shape
  };

  Weights() = default;
  // All zero.
  explicit Weights(const std::vector<WeightInfo>& infos, at::Device device = at::kCPU);

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] const at::Tensor& operator[](std::size_t i) const { return entries_[i].tensor; }
  // Position of a name; throws Error(NAS_E_INTERNAL) when there is none.
  [[nodiscard]] std::size_t index_of(const std::string& name) const;
  [[nodiscard]] const at::Tensor& parameters() const { return parameters_; }  // [n]
  [[nodiscard]] const at::Tensor& statistics() const { return statistics_; }  // [m]

  [[nodiscard]] Weights clone() const;
  [[nodiscard]] Weights to(at::Device device) const;
  void copy_from(const Weights& other);

  // Makes the learnable entries leaves of autograd whose gradients lie in the returned buffer, laid out as parameters().
  // Zero it before every backward pass.
  at::Tensor attach_gradients();

 private:
  std::vector<Entry> entries_;
  at::Tensor parameters_, statistics_;
};

// He et al. 2015 for layers followed by a rectifier, 1/sqrt(fan in) for the layers that end the graph, uniform within
// 1/sqrt(hidden) for recurrent layers, Glorot for attention; norms begin as the identity. A function of the seed alone.
void initialise(Weights& weights, const Graph& graph, std::uint64_t seed);

// Copies the tensors whose name and shape agree; the others stay. Returns how many were copied.
std::size_t take_weights(Weights& weights, std::span<const nas_named_tensor> from);

}  // namespace nascent::libtorch
