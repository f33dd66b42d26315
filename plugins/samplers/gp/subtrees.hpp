// Architectures as counts of their subtrees: the Weisfeiler-Lehman kernel.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "nascent/graph.hpp"

namespace nascent::gp {

// How often each subtree pattern occurs: label and count, by rising label; the count's squares sum to `norm`. Patterns
// of different heights have different labels. Empty for a configuration without architecture.
struct Subtrees {
  std::vector<std::pair<std::uint64_t, double>> counts;
  double norm = 0;
};

// Of the nodes that reach an output: a node's pattern of height 0 is its operator, of height h its own and its inputs'
// patterns of height h - 1, the inputs in any order; heights 0 to `depth`. Sources: Shervashidze, Schweitzer, van
// Leeuwen, Mehlhorn, Borgwardt, "Weisfeiler-Lehman Graph Kernels" (JMLR 12, 2011), section 3; on architectures Ru, Wan,
// Dong, Osborne, "Interpretable Neural Architecture Search via Bayesian Optimisation with Weisfeiler-Lehman Kernels"
// (ICLR 2021).
Subtrees subtrees_of(const Graph& graph, std::size_t depth);

// Cosine of the counts, in [0, 1]: 1 for equal counts, 0 for none in common. Two configurations without architecture
// are equal.
double similarity(const Subtrees& a, const Subtrees& b);

}  // namespace nascent::gp
