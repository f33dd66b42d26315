#include "weights.hpp"

#include <cmath>
#include <cstring>
#include <set>

#include "dlpack.hpp"
#include "nascent/rng.hpp"

namespace nascent::libtorch {
namespace {

constexpr std::int64_t kAlignment = 16;  // floats: one cache line

std::int64_t aligned(std::int64_t n) { return (n + kAlignment - 1) / kAlignment * kAlignment; }

void fill_normal(const at::Tensor& tensor, double deviation, Rng rng) {
  auto* values = tensor.data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = static_cast<float>(deviation * rng.normal());
}

void fill_uniform(const at::Tensor& tensor, double bound, Rng rng) {
  auto* values = tensor.data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = static_cast<float>(rng.uniform(-bound, bound));
}

// Nodes whose values reach an output through nothing but changes of shape.
std::set<std::string> last_layers(const Graph& graph) {
  std::set<std::string> groups;
  std::vector<Edge> open = graph.outputs();
  while (!open.empty()) {
    const Node& node = graph.node(open.back().node);
    open.pop_back();
    const bool moves = node.op == "Identity" || node.op == "Flatten" || node.op == "Reshape" || node.op == "Dropout";
    if (moves) open.insert(open.end(), node.inputs.begin(), node.inputs.end());
    groups.insert(node.group());
  }
  return groups;
}

void initialise_entry(const at::Tensor& tensor, const std::string& suffix, const Node& node, bool last, const Rng& rng) {
  if (suffix == "running_var") return void(tensor.fill_(1));
  const bool norm = node.op.ends_with("Normalization");
  if (norm) return void(tensor.fill_(suffix == "weight" ? 1 : 0));
  if (node.op == "GRU" || node.op == "LSTM") {
    const double hidden = static_cast<double>(attributes_of(node).integer("hidden_size"));
    return fill_uniform(tensor, 1 / std::sqrt(hidden), rng);
  }
  if (tensor.dim() < 2) return;  // biases begin at zero
  const auto rows = static_cast<double>(tensor.size(0));
  const double fan_in = static_cast<double>(tensor.numel()) / rows;
  if (node.op == "Embedding") return fill_normal(tensor, 1, rng);
  if (node.op == "MultiHeadAttention") return fill_uniform(tensor, std::sqrt(6 / (rows + fan_in)), rng);
  fill_normal(tensor, std::sqrt((last ? 1 : 2) / fan_in), rng);
}

}  // namespace

Weights::Weights(const std::vector<WeightInfo>& infos, at::Device device) {
  std::int64_t n[2] = {0, 0};  // by role
  for (const WeightInfo& info : infos) {
    std::int64_t& total = n[info.role == WeightRole::statistic ? 1 : 0];
    entries_.push_back({info, total, {}});
    total += aligned(elements(info.shape));
  }
  const auto options = at::TensorOptions(at::kFloat).device(device);
  parameters_ = at::zeros({n[0]}, options);
  statistics_ = at::zeros({n[1]}, options);
  for (Entry& entry : entries_) {
    const at::Tensor& buffer = entry.info.role == WeightRole::statistic ? statistics_ : parameters_;
    entry.tensor = buffer.narrow(0, entry.offset, elements(entry.info.shape)).view(entry.info.shape).detach();
  }
}

std::size_t Weights::index_of(const std::string& name) const {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].info.name == name) return i;
  }
  throw Error(NAS_E_INTERNAL, "the architecture has no weight named '" + name + "'");
}

Weights Weights::clone() const { return to(parameters_.device()); }

Weights Weights::to(at::Device device) const {
  std::vector<WeightInfo> infos;
  for (const Entry& entry : entries_) infos.push_back(entry.info);
  Weights other(infos, device);
  other.copy_from(*this);
  return other;
}

void Weights::copy_from(const Weights& other) {
  at::NoGradGuard no_grad;
  parameters_.copy_(other.parameters_);
  statistics_.copy_(other.statistics_);
}

at::Tensor Weights::attach_gradients() {
  at::Tensor gradients = at::zeros_like(parameters_);
  for (Entry& entry : entries_) {
    if (entry.info.role == WeightRole::statistic) continue;
    entry.tensor.set_requires_grad(true);
    entry.tensor.mutable_grad() =
        gradients.narrow(0, entry.offset, elements(entry.info.shape)).view(entry.info.shape).detach();
  }
  return gradients;
}

void initialise(Weights& weights, const Graph& graph, std::uint64_t seed) {
  const std::set<std::string> last = last_layers(graph);
  std::set<std::string> done;
  for (const Node& node : graph.nodes()) {
    const std::string prefix = node.group() + ".";
    if (!done.insert(prefix).second) continue;
    for (std::size_t i = 0; i < weights.entries().size(); ++i) {
      const Weights::Entry& entry = weights.entries()[i];
      if (!entry.info.name.starts_with(prefix)) continue;
      const std::string suffix = entry.info.name.substr(prefix.size());
      if (suffix.find('.') != std::string::npos) continue;  // of a group whose name continues ours
      initialise_entry(entry.tensor.detach(), suffix, node, last.contains(node.group()), Rng(seed, i));
    }
  }
}

std::size_t take_weights(Weights& weights, std::span<const nas_named_tensor> from) {
  std::size_t copied = 0;
  for (const nas_named_tensor& named : from) {
    for (const Weights::Entry& entry : weights.entries()) {
      if (entry.info.name != view(named.name)) continue;
      nas_tensor borrowed = *named.tensor;
      borrowed.deleter = nullptr;  // the caller keeps it
      const at::Tensor values = from_dlpack(Tensor(&borrowed));
      if (values.sizes() != at::IntArrayRef(entry.info.shape)) continue;
      entry.tensor.detach().copy_(values);
      ++copied;
    }
  }
  return copied;
}

}  // namespace nascent::libtorch
