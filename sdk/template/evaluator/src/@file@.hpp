// Longest way through an architecture, in operators: known before any training.
#pragma once

#include <algorithm>
#include <nascent/evaluator.hpp>

class @Class@ : public nascent::Evaluator {
 public:
  static constexpr nascent::About about{"com.example.evaluator.@name@", "@name@", "0.1.0", "Depth of an architecture"};

  const std::vector<nascent::MetricDeclaration>& metrics() const override { return metrics_; }

  void evaluate(const nascent::Task&, const nascent::EvalRequest& request, const nascent::Emit& emit) override {
    if (request.graph == nullptr) throw nascent::Error(NAS_E_INVALID, "this space builds no architecture; \"@name@\" needs one");
    emit.metric("depth", depth(nascent::Graph::from_abi(*request.graph)));
  }

  static double depth(const nascent::Graph& graph) {
    std::vector<int> length;
    for (const nascent::Node& node : graph.nodes()) {
      int longest = 0;
      for (const nascent::Edge& input : node.inputs) longest = std::max(longest, length[input.node.value] + 1);
      length.push_back(longest);
    }
    return length.empty() ? 0 : *std::max_element(length.begin(), length.end());
  }

 private:
  std::vector<nascent::MetricDeclaration> metrics_{
      {"depth", "operators on the longest way", nascent::Direction::minimize, NAS_NEEDS_GRAPH}};
};
