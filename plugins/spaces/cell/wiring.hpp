// The two ways in which the nodes of a cell are joined, as random variables and as graphs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nascent/space.hpp"

namespace nascent::cell {

// An operation on every edge i -> j, i < j; a node is the sum of its edges. NAS-Bench-201.
class DenseCell {
 public:
  DenseCell(SpaceBuilder& s, std::int64_t nodes, const std::vector<std::string>& operations);
  // Throws Error(NAS_E_INVALID) where no way leads through the cell.
  [[nodiscard]] Edge build(Graph& g, Edge in, const Values& values) const;

 private:
  std::vector<std::vector<Choice<std::string>>> edges_;  // [node - 1][earlier node]
};

// Nodes that add what two operations make of two different earlier ones; the cell's two inputs come first, its output is all
// nodes side by side. DARTS.
class PairCell {
 public:
  PairCell(SpaceBuilder& s, std::int64_t nodes, const std::vector<std::string>& operations);
  // The inputs have as many channels as a node will have. Edges from them have the stride.
  [[nodiscard]] Edge build(Graph& g, Edge before_last, Edge last, std::int64_t stride, const Values& values) const;

 private:
  struct Node {
    std::vector<std::pair<std::size_t, std::size_t>> inputs;  // that can be chosen
    Choice<std::string> chosen;                               // one of them, where there are several
    Choice<std::string> first, second;
  };
  std::vector<Node> nodes_;
};

}  // namespace nascent::cell
