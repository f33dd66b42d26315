#include "gp/subtrees.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "nascent/rng.hpp"

namespace nascent::gp {
namespace {

std::uint64_t label_of(std::string_view text) {
  std::uint64_t label = 0;
  for (const char c : text) label = derive_seed(label, static_cast<unsigned char>(c));
  return label;
}

}  // namespace

Subtrees subtrees_of(const Graph& graph, std::size_t depth) {
  const std::vector<bool> live = live_nodes(graph);
  std::vector<std::uint64_t> labels(live.size());
  for (std::size_t i = 0; i < live.size(); ++i) labels[i] = label_of(graph.nodes()[i].op);
  std::map<std::uint64_t, double> counts;
  for (std::size_t height = 0;; ++height) {
    for (std::size_t i = 0; i < live.size(); ++i) counts[labels[i]] += live[i] ? 1 : 0;
    if (height == depth) break;
    std::vector<std::uint64_t> next(live.size());
    for (std::size_t i = 0; i < live.size(); ++i) {
      std::vector<std::uint64_t> inputs;
      for (const Edge& edge : graph.nodes()[i].inputs) inputs.push_back(labels[edge.node.value]);
      std::sort(inputs.begin(), inputs.end());
      next[i] = derive_seed(labels[i], height + 1);
      for (const std::uint64_t input : inputs) next[i] = derive_seed(next[i], input);
    }
    labels = std::move(next);
  }
  Subtrees found;
  for (const auto& [label, count] : counts) {
    if (count == 0) continue;
    found.counts.emplace_back(label, count);
    found.norm += count * count;
  }
  return found;
}

double similarity(const Subtrees& a, const Subtrees& b) {
  if (a.counts.empty() || b.counts.empty()) return a.counts.empty() && b.counts.empty() ? 1 : 0;
  double dot = 0;
  for (auto one = a.counts.begin(), other = b.counts.begin(); one != a.counts.end() && other != b.counts.end();) {
    if (one->first == other->first) {
      dot += one->second * other->second;
      ++one;
      ++other;
    } else if (one->first < other->first) {
      ++one;
    } else {
      ++other;
    }
  }
  return dot / std::sqrt(a.norm * b.norm);
}

}  // namespace nascent::gp
