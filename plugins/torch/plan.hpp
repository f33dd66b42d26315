// An architecture compiled to a list of LibTorch calls.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nascent/graph.hpp"
#include "nascent/rng.hpp"
#include "weights.hpp"

namespace nascent::libtorch {

enum class Phase { training, inference };
// exact: LibTorch's own operators, what an exported model computes, to the bit. fast: channels-last, operators fused.
enum class Path { exact, fast };

class Team;

// How to run a plan once.
struct Pass {
  Phase phase = Phase::inference;
  Path path = Path::exact;
  at::ScalarType compute = at::kFloat;  // of convolutions and products; kBFloat16 for mixed precision
  std::uint64_t seed = 0;               // of dropout masks
  const Team* team = nullptr;           // the inputs are a part of a batch that these processes share; training only
  std::int64_t first_row = 0;           // of the inputs in that batch
};

// What one step sees: its inputs, its weights, where its outputs go.
class Call {
 public:
  Call(const std::vector<std::uint32_t>& in, const std::vector<std::uint32_t>& out, const std::vector<std::size_t>& weights,
       std::vector<at::Tensor>& slots, const Weights& all, const Pass& how, std::uint64_t& draws)
      : pass(how), in_(in), out_(out), weights_(weights), slots_(slots), all_(all), draws_(draws) {}

  const Pass& pass;
  [[nodiscard]] std::size_t inputs() const { return in_.size(); }
  [[nodiscard]] const at::Tensor& in(std::size_t i) const { return slots_[in_[i]]; }
  // Input or weight in the element type of convolutions and products.
  [[nodiscard]] at::Tensor compute_in(std::size_t i) const { return in(i).to(pass.compute); }
  [[nodiscard]] at::Tensor compute_weight(std::size_t i) const { return weight(i).to(pass.compute); }
  // Input in float32, for operators that lose too much, or are missing, in bfloat16.
  [[nodiscard]] at::Tensor float_in(std::size_t i) const { return in(i).to(at::kFloat); }
  [[nodiscard]] const at::Tensor& weight(std::size_t i) const { return all_[weights_[i]]; }
  [[nodiscard]] bool training() const { return pass.phase == Phase::training; }
  void out(at::Tensor value, std::size_t i = 0) const { slots_[out_[i]] = std::move(value); }
  // A seed for this step: a function of the pass's seed and how many were drawn in this pass before.
  [[nodiscard]] std::uint64_t draw_seed() const { return derive_seed(pass.seed, draws_++); }

 private:
  const std::vector<std::uint32_t>&in_, &out_;
  const std::vector<std::size_t>& weights_;
  std::vector<at::Tensor>& slots_;
  const Weights& all_;
  std::uint64_t& draws_;
};

using Kernel = std::function<void(const Call&)>;

// What a kernel is made from: the node, its attributes with defaults, its shapes (without the batch), its weights' names.
struct Lowering {
  const Node& node;
  AttributeReader attributes;
  std::vector<Shape> inputs, outputs;
  std::vector<WeightInfo> weights;
};

// The kernel of a node, or nothing when the operator is of another family. See plan_layers.cpp and its neighbours.
std::optional<Kernel> layer_kernel(const Lowering& node);
std::optional<Kernel> shape_kernel(const Lowering& node);
std::optional<Kernel> sequence_kernel(const Lowering& node);
// BatchNormalization and what follows it, in one step: input 0 is normalised; for add_relu input 1 is added to it.
enum class NormTail { none, relu, add_relu };
Kernel batch_norm_kernel(const Lowering& batch_norm, NormTail tail);

// An executable architecture. Holds no weights: one plan serves any Weights made for the same graph. Immutable; any
// number of threads may run it.
class Plan {
 public:
  // Throws Error: what infer() throws, or NAS_E_UNSUPPORTED naming a node that cannot be run.
  explicit Plan(const Graph& graph);

  // inputs: one tensor per Input node in graph order, [n, shape...]; returns one float32 tensor per output of the graph.
  // Intermediate results are freed as soon as nothing needs them.
  [[nodiscard]] std::vector<at::Tensor> run(const std::vector<at::Tensor>& inputs, const Weights& weights, const Pass& pass) const;

  [[nodiscard]] const GraphSummary& summary() const { return summary_; }
  [[nodiscard]] const std::vector<Shape>& input_shapes() const { return input_shapes_; }
  [[nodiscard]] const std::vector<std::string>& input_names() const { return input_names_; }
  // Multiply-adds of one row that gain from bfloat16: two-dimensional convolutions.
  [[nodiscard]] std::int64_t convolution_multiply_adds() const { return convolution_multiply_adds_; }

 private:
  struct Step {
    Kernel kernel;
    std::vector<std::uint32_t> in, out;    // slots
    std::vector<std::size_t> weights;      // positions in Weights
    std::vector<std::uint32_t> last_used;  // slots to free afterwards
  };
  [[nodiscard]] Lowering lower(const Graph& graph, std::size_t node) const;
  [[nodiscard]] std::vector<std::size_t> weight_positions(const Lowering& lowering) const;
  void find_last_uses();

  GraphSummary summary_;
  std::vector<Step> steps_;
  std::vector<std::uint32_t> input_slots_, output_slots_;
  std::vector<Shape> input_shapes_;
  std::vector<std::string> input_names_;
  std::size_t n_slots_ = 0;
  std::int64_t convolution_multiply_adds_ = 0;
};

}  // namespace nascent::libtorch
