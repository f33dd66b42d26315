// Kernels on sequences [n, length, features]: embeddings, recurrent layers, attention.
#include <cmath>
#include <limits>

#include "plan.hpp"

namespace nascent::libtorch {
namespace {

Kernel embedding() {
  return [](const Call& call) { call.out(at::embedding(call.weight(0), call.in(0).to(at::kLong))); };
}

// In float32: LibTorch's recurrent layers have no bfloat16 form on the CPU.
Kernel recurrent(const Lowering& node) {
  const bool lstm = node.node.op == "LSTM", bias = node.attributes.flag("bias");
  const std::string direction = node.attributes.text("direction");
  const bool both = direction == "bidirectional", reverse = direction == "reverse";
  const std::int64_t hidden = node.attributes.integer("hidden_size"), directions = both ? 2 : 1;
  const std::size_t n_weights = node.weights.size();
  return [=](const Call& call) {
    at::Tensor x = call.float_in(0);
    if (reverse) x = x.flip({1});
    std::vector<at::Tensor> parameters;
    for (std::size_t i = 0; i < n_weights; ++i) parameters.push_back(call.weight(i));
    const at::Tensor zero = at::zeros({directions, x.size(0), hidden}, x.options());
    const auto state = [&](const at::Tensor& h) { return h.transpose(0, 1).reshape({x.size(0), directions * hidden}); };
    at::Tensor y;
    if (lstm) {
      auto [sequence, h, c] = at::lstm(x, {zero, zero}, parameters, bias, 1, 0.0, call.training(), both, true);
      y = sequence;
      call.out(state(h), 1);
      call.out(state(c), 2);
    } else {
      auto [sequence, h] = at::gru(x, zero, parameters, bias, 1, 0.0, call.training(), both, true);
      y = sequence;
      call.out(state(h), 1);
    }
    call.out(reverse ? y.flip({1}) : y);
  };
}

// Vaswani et al., "Attention Is All You Need" (2017), section 3.2.2.
Kernel attention(const Lowering& node) {
  const std::int64_t heads = node.attributes.integer("num_heads"), width = node.inputs[0][1];
  const bool causal = node.attributes.flag("causal"), bias = node.attributes.flag("bias");
  const bool self = node.inputs.size() == 1;
  const double scale = 1 / std::sqrt(static_cast<double>(width / heads));
  return [=](const Call& call) {
    const auto project = [&](const at::Tensor& x, std::size_t which) {
      const c10::optional<at::Tensor> b = bias ? c10::optional<at::Tensor>(call.compute_weight(4 + which)) : c10::nullopt;
      return at::linear(x, call.compute_weight(which), b);
    };
    const auto split_heads = [&](const at::Tensor& x) {  // [n, length, width] -> [n, heads, length, width / heads]
      return x.reshape({x.size(0), x.size(1), heads, width / heads}).transpose(1, 2);
    };
    const at::Tensor q = split_heads(project(call.compute_in(0), 0)) * scale;
    const at::Tensor k = split_heads(project(call.compute_in(self ? 0 : 1), 1));
    const at::Tensor v = split_heads(project(call.compute_in(self ? 0 : 2), 2));
    at::Tensor scores = at::matmul(q, k.transpose(-2, -1)).to(at::kFloat);
    if (causal) {
      const at::Tensor future = at::ones({scores.size(-2), scores.size(-1)}, scores.options().dtype(at::kBool)).triu(1);
      scores = scores.masked_fill(future, -std::numeric_limits<double>::infinity());
    }
    const at::Tensor mixed = at::matmul(at::softmax(scores, -1).to(call.pass.compute), v);
    call.out(project(mixed.transpose(1, 2).reshape({q.size(0), q.size(2), width}), 3));
  };
}

}  // namespace

std::optional<Kernel> sequence_kernel(const Lowering& node) {
  const std::string& op = node.node.op;
  if (op == "Embedding") return embedding();
  if (op == "GRU" || op == "LSTM") return recurrent(node);
  if (op == "MultiHeadAttention") return attention(node);
  return std::nullopt;
}

}  // namespace nascent::libtorch
