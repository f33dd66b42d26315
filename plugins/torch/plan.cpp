#include "plan.hpp"

#include <algorithm>

namespace nascent::libtorch {
namespace {

// Which node reads what, to find chains that run as one step.
class Readers {
 public:
  Readers(const Graph& graph, const std::vector<bool>& live) : readers_(graph.nodes().size()), is_output_(readers_.size()) {
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      if (!live[i]) continue;
      for (const Edge& edge : graph.nodes()[i].inputs) readers_[edge.node.value].push_back(i);
    }
    for (const Edge& edge : graph.outputs()) is_output_[edge.node.value] = true;
  }
  // The node's only reader, when there is exactly one and nobody outside sees the node.
  [[nodiscard]] std::optional<std::size_t> only_reader(std::size_t node) const {
    if (is_output_[node] || readers_[node].size() != 1) return std::nullopt;
    return readers_[node][0];
  }

 private:
  std::vector<std::vector<std::size_t>> readers_;
  std::vector<bool> is_output_;
};

// What becomes of a node: nothing (another step does its work), or a step that may begin with a normalisation and ends
// with the value of `result`.
struct Fate {
  bool is_step = true;
  std::optional<std::size_t> norm;
  std::size_t result = 0;
};

// BatchNormalization -> Relu, and BatchNormalization -> Add -> Relu (run where the Add stands: the other summand is ready).
std::vector<Fate> find_chains(const Graph& graph, const GraphSummary& summary) {
  const std::vector<Node>& nodes = graph.nodes();
  const Readers readers(graph, summary.live);
  std::vector<Fate> fates(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) fates[i].result = i;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].op != "BatchNormalization" || !summary.live[i]) continue;
    const std::optional<std::size_t> next = readers.only_reader(i);
    if (!next) continue;
    if (nodes[*next].op == "Relu") {
      fates[i] = {true, i, *next};
      fates[*next].is_step = false;
    } else if (nodes[*next].op == "Add" && !fates[*next].norm) {
      const std::optional<std::size_t> relu = readers.only_reader(*next);
      if (!relu || nodes[*relu].op != "Relu" || summary.shapes[*next] != summary.shapes[i]) continue;
      fates[i].is_step = fates[*relu].is_step = false;
      fates[*next] = {true, i, *relu};
    }
  }
  return fates;
}

Kernel kernel_of(const Lowering& lowering) {
  std::optional<Kernel> kernel = layer_kernel(lowering);
  if (!kernel) kernel = shape_kernel(lowering);
  if (!kernel) kernel = sequence_kernel(lowering);
  if (!kernel) throw Error(NAS_E_UNSUPPORTED, place(lowering.node) + ": the torch plugins cannot run this operator");
  return std::move(*kernel);
}

// Channels-last, also in the strides where one channel would leave them ambiguous: operators choose their layout by them.
at::Tensor channels_last(const at::Tensor& x) {
  const std::int64_t channels = x.size(1), width = x.size(3), plane = x.size(2) * width;
  return x.contiguous(at::MemoryFormat::ChannelsLast).as_strided(x.sizes(), {channels * plane, 1, channels * width, channels});
}

}  // namespace

Plan::Plan(const Graph& graph) : summary_(infer(graph)) {
  const std::vector<Node>& nodes = graph.nodes();
  std::vector<std::uint32_t> first_slot(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    first_slot[i] = static_cast<std::uint32_t>(n_slots_);
    n_slots_ += summary_.shapes[i].size();
  }
  const auto slot = [&](const Edge& edge) { return first_slot[edge.node.value] + edge.output; };
  const std::vector<Fate> fates = find_chains(graph, summary_);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].op == "Input") {
      input_slots_.push_back(first_slot[i]);
      input_shapes_.push_back(summary_.shapes[i][0]);
      input_names_.push_back(nodes[i].name);
    }
    if (nodes[i].op == "Input" || !summary_.live[i] || !fates[i].is_step) continue;
    const Lowering lowering = lower(graph, fates[i].norm.value_or(i));
    Step step;
    for (const Edge& edge : lowering.node.inputs) step.in.push_back(slot(edge));
    step.weights = weight_positions(lowering);
    if (!fates[i].norm) {
      step.kernel = kernel_of(lowering);
    } else if (fates[i].norm == i) {
      step.kernel = batch_norm_kernel(lowering, NormTail::relu);
    } else {
      const bool first = nodes[i].inputs[0].node.value == *fates[i].norm;
      step.in.push_back(slot(nodes[i].inputs[first ? 1 : 0]));
      step.kernel = batch_norm_kernel(lowering, NormTail::add_relu);
    }
    const std::size_t result = fates[i].result;
    for (std::uint32_t k = 0; k < summary_.shapes[result].size(); ++k) step.out.push_back(first_slot[result] + k);
    if (lowering.node.op == "Conv" && lowering.inputs[0].size() == 3) {
      convolution_multiply_adds_ += evaluate(lowering.node, lowering.inputs).multiply_adds;
    }
    steps_.push_back(std::move(step));
  }
  for (const Edge& edge : graph.outputs()) output_slots_.push_back(slot(edge));
  find_last_uses();
}

Lowering Plan::lower(const Graph& graph, std::size_t i) const {
  const Node& node = graph.nodes()[i];
  Lowering lowering{node, attributes_of(node), {}, summary_.shapes[i], {}};
  for (const Edge& edge : node.inputs) lowering.inputs.push_back(summary_.shapes[edge.node.value][edge.output]);
  lowering.weights = weights(node, lowering.inputs);
  return lowering;
}

std::vector<std::size_t> Plan::weight_positions(const Lowering& lowering) const {
  std::vector<std::size_t> positions;
  for (const WeightInfo& weight : lowering.weights) {
    const auto at = std::find(summary_.weights.begin(), summary_.weights.end(), weight);
    positions.push_back(static_cast<std::size_t>(at - summary_.weights.begin()));
  }
  return positions;
}

void Plan::find_last_uses() {
  std::vector<bool> needed(n_slots_);
  for (const std::uint32_t slot : output_slots_) needed[slot] = true;
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    for (const std::vector<std::uint32_t>* slots : {&step->in, &step->out}) {
      for (const std::uint32_t slot : *slots) {
        if (!needed[slot]) step->last_used.push_back(slot);
        needed[slot] = true;
      }
    }
  }
}

std::vector<at::Tensor> Plan::run(const std::vector<at::Tensor>& inputs, const Weights& weights, const Pass& pass) const {
  std::vector<at::Tensor> slots(n_slots_);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool image = inputs[i].dim() == 4 && pass.path == Path::fast;
    slots[input_slots_[i]] = image ? channels_last(inputs[i]) : inputs[i];
  }
  std::uint64_t draws = 0;
  for (const Step& step : steps_) {
    step.kernel(Call(step.in, step.out, step.weights, slots, weights, pass, draws));
    for (const std::uint32_t slot : step.last_used) slots[slot].reset();
  }
  std::vector<at::Tensor> outputs;
  for (const std::uint32_t slot : output_slots_) outputs.push_back(slots[slot].to(at::kFloat));
  return outputs;
}

}  // namespace nascent::libtorch
