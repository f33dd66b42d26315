#include "wiring.hpp"

#include <algorithm>
#include <optional>

#include "operations.hpp"

namespace nascent::cell {

DenseCell::DenseCell(SpaceBuilder& s, std::int64_t nodes, const std::vector<std::string>& operations) {
  for (std::int64_t to = 1; to < nodes; ++to) {
    auto& edges = edges_.emplace_back();
    for (std::int64_t from = 0; from < to; ++from) {
      edges.push_back(s.choice("edge" + std::to_string(from) + "_" + std::to_string(to), operations));
    }
  }
}

Edge DenseCell::build(Graph& g, Edge in, const Values& values) const {
  std::vector<std::optional<Edge>> nodes{in};  // empty where nothing arrives
  for (const auto& edges : edges_) {
    std::vector<Edge> arriving;
    for (std::size_t from = 0; from < edges.size(); ++from) {
      const std::string operation = values[edges[from]];
      if (nodes[from] && operation != "none") arriving.push_back(operate(operation, g, *nodes[from]));
    }
    if (arriving.empty()) {
      nodes.emplace_back();
    } else {
      nodes.emplace_back(arriving.size() == 1 ? arriving[0] : Edge(g.sum(arriving)));
    }
  }
  if (nodes.back()) return *nodes.back();
  throw Error(NAS_E_INVALID, "no way leads through the cell: every path from its input to its output has an edge with 'none'");
}

PairCell::PairCell(SpaceBuilder& s, std::int64_t nodes, const std::vector<std::string>& operations) {
  for (std::int64_t n = 0; n < nodes; ++n) {
    s.nested("node" + std::to_string(n), [&](SpaceBuilder& inner) {
      Node node;
      std::vector<std::string> names;
      const auto earlier = static_cast<std::size_t>(n) + 2;
      for (std::size_t a = 0; a < earlier; ++a) {
        for (std::size_t b = a + 1; b < earlier; ++b) node.inputs.emplace_back(a, b);
      }
      for (const auto& [a, b] : node.inputs) names.push_back(std::to_string(a) + "+" + std::to_string(b));
      if (names.size() > 1) node.chosen = inner.choice("inputs", names);
      node.first = inner.choice("first", operations);
      node.second = inner.choice("second", operations);
      nodes_.push_back(std::move(node));
    });
  }
}

Edge PairCell::build(Graph& g, Edge before_last, Edge last, std::int64_t stride, const Values& values) const {
  std::vector<Edge> made{before_last, last};
  for (const Node& node : nodes_) {
    const std::size_t pair = node.inputs.size() > 1 ? static_cast<std::size_t>(values.row().x[node.chosen.index]) : 0;
    const auto [a, b] = node.inputs[pair];
    const auto along = [&](std::size_t from, Choice<std::string> operation) {
      return operate(values[operation], g, made[from], from < 2 ? stride : 1);
    };
    const Edge left = along(a, node.first), right = along(b, node.second);
    made.push_back(g.add(left, right));
  }
  made.erase(made.begin(), made.begin() + 2);
  return made.size() == 1 ? made[0] : Edge(g.concat(made));
}

}  // namespace nascent::cell
