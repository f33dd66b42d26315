// A graph across the ABI: a self-contained nas_graph out, and a distrustful reading of one in.
#pragma once

#include <memory>

#include "nascent/graph/builder.hpp"

NASCENT_SDK_BEGIN

inline constexpr std::uint32_t kGraphIrVersion = 1;

namespace detail {

inline constexpr std::uint32_t kEdgesMax = 1U << 24;

// Owns every array of the nas_graph inside it.
struct AbiGraph {
  Graph graph;
  nas_graph table{};
  std::vector<nas_str> op, name, weight_group;
  std::vector<std::uint32_t> input_first{0}, attr_first{0};
  std::vector<nas_edge> inputs, outputs;
  std::vector<nas_named_value> attributes;

  explicit AbiGraph(Graph from) : graph(std::move(from)) {
    for (const Node& node : graph.nodes()) {
      op.push_back(str(node.op));
      name.push_back(str(node.name));
      weight_group.push_back(str(node.weight_group));
      for (const Edge& edge : node.inputs) inputs.push_back({edge.node.value, edge.output});
      for (const auto& [key, value] : node.attributes) attributes.push_back({str(key), borrowed(value)});
      input_first.push_back(static_cast<std::uint32_t>(inputs.size()));
      attr_first.push_back(static_cast<std::uint32_t>(attributes.size()));
    }
    for (const Edge& edge : graph.outputs()) outputs.push_back({edge.node.value, edge.output});
    table.size = sizeof table;
    table.ir_version = kGraphIrVersion;
    table.n_nodes = static_cast<std::uint32_t>(op.size());
    table.n_outputs = static_cast<std::uint32_t>(outputs.size());
    table.op = op.data();
    table.name = name.data();
    table.weight_group = weight_group.data();
    table.input_first = input_first.data();
    table.inputs = inputs.data();
    table.attr_first = attr_first.data();
    table.attrs = attributes.data();
    table.outputs = outputs.data();
    table.owner = this;
    table.release = [](void* owner) noexcept { delete static_cast<AbiGraph*>(owner); };
  }
  AbiGraph(const AbiGraph&) = delete;
  AbiGraph& operator=(const AbiGraph&) = delete;

 private:
  static nas_value borrowed(const Attribute& attribute) {
    nas_value value{};
    if (const auto* integer = std::get_if<std::int64_t>(&attribute)) {
      value.type = NAS_T_INT;
      value.u.i = *integer;
    } else if (const auto* number = std::get_if<double>(&attribute)) {
      value.type = NAS_T_FLOAT;
      value.u.f = *number;
    } else if (const auto* text = std::get_if<std::string>(&attribute)) {
      value.type = NAS_T_STR;
      value.n = static_cast<std::uint32_t>(text->size());
      value.u.s = text->data();
    } else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&attribute)) {
      value.type = NAS_T_INTS;
      value.n = static_cast<std::uint32_t>(integers->size());
      value.u.is = integers->data();
    } else {
      const auto& numbers = std::get<std::vector<double>>(attribute);
      value.type = NAS_T_FLOATS;
      value.n = static_cast<std::uint32_t>(numbers.size());
      value.u.fs = numbers.data();
    }
    return value;
  }
};

inline void need_array(const void* array, std::uint64_t n, std::string_view what) {
  if (n > 0 && array == nullptr)
    reject(std::string(what) + " is null; it must have " + std::to_string(n) + " elements");
}

inline std::string owned(nas_str text, const std::string& who) {
  if (text.n > kNameSizeMax) reject(who + " has " + std::to_string(text.n) + " bytes; at most 200 are allowed");
  need_array(text.p, text.n, who);
  return std::string(view(text));
}

// Offsets into one flat array: start at 0, never fall, stay within the limit.
inline void check_offsets(const std::uint32_t* first, std::uint32_t n_nodes, std::string_view what) {
  if (first[0] != 0) reject("graph: " + std::string(what) + "[0] is " + std::to_string(first[0]) + "; it must be 0");
  for (std::uint32_t i = 0; i < n_nodes; ++i)
    if (first[i + 1] < first[i] || first[i + 1] > kEdgesMax)
      reject("graph: " + std::string(what) + "[" + std::to_string(i + 1) + "] is " + std::to_string(first[i + 1]) +
             " after " + std::to_string(first[i]) + "; offsets must not fall and not exceed 2^24");
}

inline Attribute owned(const nas_value& value, const std::string& who) {
  if (value.n > kEdgesMax) reject(who + " has " + std::to_string(value.n) + " elements; at most 2^24 are allowed");
  switch (value.type) {
    case NAS_T_BOOL:
    case NAS_T_INT:
      return value.u.i;
    case NAS_T_FLOAT:
      return value.u.f;
    case NAS_T_STR:
      need_array(value.u.s, value.n, who);
      return std::string(view({value.u.s, value.n}));
    case NAS_T_INTS:
      need_array(value.u.is, value.n, who);
      return std::vector<std::int64_t>(value.u.is, value.u.is + value.n);
    case NAS_T_FLOATS:
      need_array(value.u.fs, value.n, who);
      return std::vector<double>(value.u.fs, value.u.fs + value.n);
    default:
      reject(who + " has value type " + std::to_string(value.type) +
             "; attributes are numbers, text or lists of numbers");
  }
}

}  // namespace detail

inline Graph Graph::from_abi(const nas_graph& table) {
  if (table.size < offsetof(nas_graph, release) + sizeof table.release)
    detail::reject("graph: size is " + std::to_string(table.size) + "; the struct has " + std::to_string(sizeof table) +
                   " bytes");
  if (table.ir_version == 0 || table.ir_version > kGraphIrVersion)
    detail::reject("graph: ir_version is " + std::to_string(table.ir_version) + "; this build reads up to " +
                   std::to_string(kGraphIrVersion));
  if (table.n_nodes == 0 || table.n_nodes > detail::kNodesMax)
    detail::reject("graph: it has " + std::to_string(table.n_nodes) + " nodes; 1 to 2^20 are allowed");
  if (table.n_outputs == 0 || table.n_outputs > detail::kEdgesMax)
    detail::reject("graph: it has " + std::to_string(table.n_outputs) + " outputs; 1 to 2^24 are allowed");
  detail::need_array(table.op, table.n_nodes, "graph: op");
  detail::need_array(table.name, table.n_nodes, "graph: name");
  detail::need_array(table.weight_group, table.n_nodes, "graph: weight_group");
  detail::need_array(table.input_first, table.n_nodes + 1, "graph: input_first");
  detail::need_array(table.attr_first, table.n_nodes + 1, "graph: attr_first");
  detail::check_offsets(table.input_first, table.n_nodes, "input_first");
  detail::check_offsets(table.attr_first, table.n_nodes, "attr_first");
  detail::need_array(table.inputs, table.input_first[table.n_nodes], "graph: inputs");
  detail::need_array(table.attrs, table.attr_first[table.n_nodes], "graph: attrs");
  detail::need_array(table.outputs, table.n_outputs, "graph: outputs");

  Graph graph;
  for (std::uint32_t i = 0; i < table.n_nodes; ++i) {
    const std::string who = "graph: node " + std::to_string(i);
    std::vector<Edge> inputs;
    for (std::uint32_t k = table.input_first[i]; k < table.input_first[i + 1]; ++k)
      inputs.emplace_back(NodeId{table.inputs[k].node}, table.inputs[k].output);
    Attributes attributes;
    for (std::uint32_t k = table.attr_first[i]; k < table.attr_first[i + 1]; ++k) {
      std::string key = detail::owned(table.attrs[k].name, who + ": the name of an attribute");
      Attribute value = detail::owned(table.attrs[k].value, who + ": attribute " + detail::shown(key));
      if (!attributes.emplace(key, std::move(value)).second)
        detail::reject(who + ": attribute " + detail::shown(key) + " is given twice");
    }
    std::string name = detail::owned(table.name[i], who + ": name");
    if (name.empty()) detail::reject(who + ": name is empty; every node needs one");
    graph.add(detail::owned(table.op[i], who + ": op"), std::move(inputs), std::move(attributes), std::move(name),
              detail::owned(table.weight_group[i], who + ": weight_group"));
  }
  for (std::uint32_t k = 0; k < table.n_outputs; ++k)
    graph.output({NodeId{table.outputs[k].node}, table.outputs[k].output});
  return graph;
}

inline nas_graph* Graph::to_abi() const { return &std::make_unique<detail::AbiGraph>(*this).release()->table; }

NASCENT_SDK_END
