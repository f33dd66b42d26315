// Shape inference and cost of a whole architecture: what is rejected here is never trained.
#pragma once

#include "nascent/graph/builder.hpp"

NASCENT_SDK_BEGIN

// Costs are those of one row (batch 1), forward, of the nodes that reach an output; shared weights count once.
struct GraphSummary {
  std::vector<std::vector<Shape>> shapes;     // [node][output]
  std::vector<std::int64_t> node_parameters;  // [node]; 0 for a node whose group was counted before
  std::vector<std::int64_t> node_flops;       // [node]
  std::vector<bool> live;                     // [node]: reaches an output
  std::vector<WeightInfo> weights;            // of live nodes, each name once, in node order
  std::int64_t parameters = 0;                // learnable numbers
  std::int64_t statistics = 0;                // running means and variances
  std::int64_t multiply_adds = 0;             // of convolutions, products, recurrent layers and attention
  std::int64_t flops = 0;                     // 2 * multiply_adds + bias, normalisation, activation, pooling steps
  std::int64_t weight_bytes = 0;              // parameters and statistics as float32
};

// Which nodes reach an output.
inline std::vector<bool> live_nodes(const Graph& graph) {
  std::vector<bool> live(graph.nodes().size());
  for (const Edge& edge : graph.outputs()) live[edge.node.value] = true;
  for (std::size_t i = live.size(); i-- > 0;)
    if (live[i])
      for (const Edge& edge : graph.nodes()[i].inputs) live[edge.node.value] = true;
  return live;
}

namespace detail {

// Integer inputs are token numbers: only an embedding, or what merely moves elements, may read them.
inline bool reads_tokens(std::string_view op) {
  constexpr std::string_view kOps[] = {"Embedding", "Identity", "Flatten", "Reshape",
                                       "Slice",     "Split",    "Concat",  "Transpose"};
  return std::find(std::begin(kOps), std::end(kOps), op) != std::end(kOps);
}

inline void check_sharing(const Node& node, const std::vector<WeightInfo>& own, const Node& first,
                          const std::vector<WeightInfo>& shared) {
  const std::string pair = place(node) + ": it shares weight group '" + node.group() + "' with " + place(first);
  if (own.size() != shared.size()) reject(pair + ", which has other tensors; sharing nodes need the same weights");
  for (std::size_t i = 0; i < own.size(); ++i)
    if (own[i] != shared[i])
      reject(pair + ", but needs '" + own[i].name + "' of " + to_text(own[i].shape) + " where the other has '" +
             shared[i].name + "' of " + to_text(shared[i].shape) + "; sharing nodes need the same weights");
}

}  // namespace detail

// Throws Error(NAS_E_INVALID) with the first fault: "node 'conv3' (Conv): kernel 7x7 is larger than its 5x5 input;
// ...".
inline GraphSummary infer(const Graph& graph) {
  const std::vector<Node>& nodes = graph.nodes();
  if (graph.outputs().empty()) detail::reject("the graph has no output; mark one with output()");
  GraphSummary summary;
  summary.live = live_nodes(graph);
  std::map<std::string, std::pair<std::size_t, std::vector<WeightInfo>>> groups;
  std::vector<bool> tokens(nodes.size());
  std::vector<Shape> inputs;
  // `reader` is null when the graph itself reads the edge as an output.
  const auto output_of = [&](Edge edge, const Node* reader) -> const Shape& {
    const auto& outputs = summary.shapes[edge.node.value];
    if (edge.output < outputs.size()) return outputs[edge.output];
    detail::reject((reader != nullptr ? place(*reader) : std::string("the graph")) + " reads output " +
                   std::to_string(edge.output) + " of " + place(nodes[edge.node.value]) + ", which has " +
                   std::to_string(outputs.size()));
  };
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    inputs.clear();
    for (const Edge& edge : node.inputs) {
      inputs.push_back(output_of(edge, &node));
      if (!tokens[edge.node.value]) continue;
      if (!detail::reads_tokens(node.op))
        detail::reject(place(node) + ": its input holds token numbers (int64); put an Embedding before it");
      tokens[i] = node.op != "Embedding";
    }
    OperatorResult result = evaluate(node, inputs);
    if (node.op == "Input") tokens[i] = attributes_of(node).text("dtype") == "int64";
    summary.shapes.push_back(std::move(result.outputs));
    std::int64_t parameters = 0;
    if (!result.weights.empty()) {
      const auto known = groups.find(node.group());
      if (known != groups.end()) {
        detail::check_sharing(node, result.weights, nodes[known->second.first], known->second.second);
      }
      const bool counted = known != groups.end() && summary.live[known->second.first];
      if (summary.live[i] && !counted) {
        for (const WeightInfo& weight : result.weights) {
          std::int64_t& total = weight.role == WeightRole::learnable ? parameters : summary.statistics;
          total = detail::add(total, elements(weight.shape));
          summary.weights.push_back(weight);
        }
      }
      if (!counted) groups[node.group()] = {i, std::move(result.weights)};
    }
    const std::int64_t flops = detail::add(detail::multiply(2, result.multiply_adds), result.other_flops);
    summary.node_parameters.push_back(parameters);
    summary.node_flops.push_back(flops);
    if (!summary.live[i]) continue;
    summary.parameters = detail::add(summary.parameters, parameters);
    summary.multiply_adds = detail::add(summary.multiply_adds, result.multiply_adds);
    summary.flops = detail::add(summary.flops, flops);
  }
  for (const Edge& edge : graph.outputs()) output_of(edge, nullptr);
  summary.weight_bytes = detail::multiply(4, detail::add(summary.parameters, summary.statistics));
  return summary;
}

NASCENT_SDK_END
