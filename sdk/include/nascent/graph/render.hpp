// Architectures for people: a table of nodes, and Graphviz.
#pragma once

#include <array>
#include <optional>

#include "nascent/graph/infer.hpp"

NASCENT_SDK_BEGIN

namespace detail {

// 11689512 -> "11,689,512"; for counts, which are not negative.
inline std::string grouped(std::int64_t n) {
  const std::string digits = std::to_string(n);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

inline std::string attribute_text(const Attribute& value) {
  const auto list = [](const auto& values, auto show) {
    std::string text = "[";
    for (const auto& v : values) text += (text.size() > 1 ? "," : "") + show(v);
    return text + "]";
  };
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) return number_text(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value))
    return list(*integers, [](std::int64_t v) { return std::to_string(v); });
  return list(std::get<std::vector<double>>(value), [](double v) { return number_text(v); });
}

inline std::string attributes_text(const Node& node) {
  std::string text;
  for (const auto& [name, value] : node.attributes)
    text += (text.empty() ? "" : " ") + name + "=" + attribute_text(value);
  return text;
}

inline std::string edge_text(const Graph& graph, Edge edge) {
  const std::string& name = graph.node(edge.node).name;
  return edge.output == 0 ? name : name + ":" + std::to_string(edge.output);
}

inline std::string shapes_text(const std::vector<Shape>& shapes) {
  std::string text;
  for (const Shape& shape : shapes) text += (text.empty() ? "" : ", ") + to_text(shape);
  return text;
}

// What infer() says, or its complaint: a broken graph can be shown too.
inline std::optional<GraphSummary> try_infer(const Graph& graph, std::string& complaint) {
  try {
    return infer(graph);
  } catch (const Error& error) {
    complaint = error.what();
    return std::nullopt;
  }
}

// Text inside a quoted dot string; control characters become spaces.
inline std::string dot_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 32 ? ' ' : c;
  }
  return out;
}

}  // namespace detail

// One line a node: name, operator and inputs, attributes, output shapes, parameters; then the totals. A dead node is
// marked "unused"; of an invalid graph the reason is given instead of shapes.
inline std::string to_text(const Graph& graph) {
  std::string complaint;
  const std::optional<GraphSummary> summary = detail::try_infer(graph, complaint);
  constexpr std::size_t kColumns = 6, kParameters = 4;
  std::vector<std::array<std::string, kColumns>> rows;
  std::array<std::size_t, kColumns> width{};
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    std::string call = node.op + "(";
    for (const Edge& edge : node.inputs) call += (call.ends_with('(') ? "" : ", ") + detail::edge_text(graph, edge);
    auto& row = rows.emplace_back(
        std::array<std::string, kColumns>{node.name, call + ")", detail::attributes_text(node), "", "", ""});
    if (summary) {
      row[3] = detail::shapes_text(summary->shapes[i]);
      if (summary->node_parameters[i] > 0) row[kParameters] = detail::grouped(summary->node_parameters[i]);
      if (!summary->live[i]) row[kParameters] = "unused";
    }
    if (!node.weight_group.empty() && node.weight_group != node.name)
      row[kColumns - 1] = "weights of " + node.weight_group;
    for (std::size_t c = 0; c < kColumns; ++c) width[c] = std::max(width[c], row[c].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < kColumns; ++c) {
      const std::string space(width[c] - row[c].size(), ' ');
      if (width[c] > 0) line += (c == kParameters ? space + row[c] : row[c] + space) + "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  text += "output:";
  for (const Edge& edge : graph.outputs()) text += " " + detail::edge_text(graph, edge);
  if (!summary) return text + "\ninvalid: " + complaint + "\n";
  return text + "\nparameters=" + detail::grouped(summary->parameters) + " flops=" + detail::grouped(summary->flops) +
         " multiply_adds=" + detail::grouped(summary->multiply_adds) +
         " weight_bytes=" + detail::grouped(summary->weight_bytes) + "\n";
}

// A Graphviz digraph: boxes are nodes, edges carry shapes; dead nodes are dashed.
inline std::string to_dot(const Graph& graph) {
  std::string complaint;
  const std::optional<GraphSummary> summary = detail::try_infer(graph, complaint);
  std::string dot =
      "digraph architecture {\n  node [shape=box, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", "
      "fontsize=10];\n";
  if (!summary) dot += "  label=\"invalid: " + detail::dot_escaped(complaint) + "\";\n";
  const auto shape_label = [&](Edge edge) -> std::string {
    if (!summary) return "";
    return " [label=\"" + to_text(summary->shapes[edge.node.value][edge.output]) + "\"]";
  };
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    std::string label = detail::dot_escaped(node.name) + "\\n" + detail::dot_escaped(node.op);
    if (!node.attributes.empty()) label += "\\n" + detail::dot_escaped(detail::attributes_text(node));
    if (summary && summary->node_parameters[i] > 0)
      label += "\\n" + detail::grouped(summary->node_parameters[i]) + " parameters";
    dot += "  n" + std::to_string(i) + " [label=\"" + label + "\"" +
           (summary && !summary->live[i] ? ", style=dashed" : "") + "];\n";
    for (const Edge& edge : node.inputs)
      dot += "  n" + std::to_string(edge.node.value) + " -> n" + std::to_string(i) + shape_label(edge) + ";\n";
  }
  for (std::size_t k = 0; k < graph.outputs().size(); ++k) {
    const std::string name = "output" + std::to_string(k);
    dot += "  " + name + " [shape=plaintext, label=\"" +
           (graph.outputs().size() == 1 ? "output" : "output " + std::to_string(k)) + "\"];\n";
    dot +=
        "  n" + std::to_string(graph.outputs()[k].node.value) + " -> " + name + shape_label(graph.outputs()[k]) + ";\n";
  }
  return dot + "}\n";
}

NASCENT_SDK_END
