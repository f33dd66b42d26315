#include "model_file.hpp"

#include <algorithm>
#include <cmath>

#include "bytes.hpp"

namespace nascent::libtorch {
namespace {

// Nodes: op, name, weight group (texts); u32 inputs, each u32 node, u32 output; u32 attributes, each name, u8 kind (the
// index in Attribute), value. Then u32 outputs, each u32 node, u32 output.
void write_edges(ByteWriter& out, const std::vector<Edge>& edges) {
  out.number(static_cast<std::uint32_t>(edges.size()));
  for (const Edge& edge : edges) {
    out.number(edge.node.value);
    out.number(edge.output);
  }
}

std::vector<Edge> read_edges(ByteReader& in) {
  std::vector<Edge> edges;
  for (auto n = in.number<std::uint32_t>(); n > 0; --n) {
    const auto node = in.number<std::uint32_t>();
    edges.emplace_back(NodeId{node}, in.number<std::uint32_t>());
  }
  return edges;
}

void write_attribute(ByteWriter& out, const Attribute& value) {
  out.number(static_cast<std::uint8_t>(value.index()));
  if (const auto* integer = std::get_if<std::int64_t>(&value)) out.number(*integer);
  if (const auto* number = std::get_if<double>(&value)) out.number(*number);
  if (const auto* text = std::get_if<std::string>(&value)) out.text(*text);
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value)) out.numbers(std::span(*integers));
  if (const auto* numbers = std::get_if<std::vector<double>>(&value)) out.numbers(std::span(*numbers));
}

Attribute read_attribute(ByteReader& in) {
  const auto kind = in.number<std::uint8_t>();
  switch (kind) {
    case 0: return in.number<std::int64_t>();
    case 1: return in.number<double>();
    case 2: return in.text();
    case 3: return in.numbers<std::int64_t>();
    case 4: return in.numbers<double>();
    default: throw Error(NAS_E_INVALID, "an attribute has kind " + std::to_string(kind) + "; 0 to 4 are known");
  }
}

FloatArray as_array(const std::vector<float>& values) { return {{static_cast<std::int64_t>(values.size())}, values}; }

void put_standardisation(Bundle& bundle, const std::string& name, const Standardisation& values) {
  bundle.put(name + ".mean", as_array(values.mean));
  bundle.put(name + ".scale", as_array(values.scale));
}

// width: how many numbers it has to have, unless it is empty.
Standardisation get_standardisation(const Bundle& bundle, const std::string& name, std::int64_t width) {
  Standardisation values{bundle.get<FloatArray>(name + ".mean").values, bundle.get<FloatArray>(name + ".scale").values};
  const auto finite = [](float x) { return std::isfinite(x); };
  const bool sizes_fit = values.mean.size() == values.scale.size() &&
                         (values.mean.empty() || static_cast<std::int64_t>(values.mean.size()) == width);
  if (!sizes_fit) throw Error(NAS_E_INVALID, "'" + name + "' has another number of values than the architecture's " + std::to_string(width));
  if (!std::all_of(values.mean.begin(), values.mean.end(), finite) || !std::all_of(values.scale.begin(), values.scale.end(), finite)) {
    throw Error(NAS_E_INVALID, "'" + name + "' holds a number that is not finite");
  }
  return values;
}

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (std::string line : lines) {
    std::replace(line.begin(), line.end(), '\n', ' ');
    text += line + '\n';
  }
  return text;
}

}  // namespace

std::string encode_graph(const Graph& graph) {
  ByteWriter out;
  out.number(static_cast<std::uint32_t>(graph.nodes().size()));
  for (const Node& node : graph.nodes()) {
    out.text(node.op);
    out.text(node.name);
    out.text(node.weight_group);
    write_edges(out, node.inputs);
    out.number(static_cast<std::uint32_t>(node.attributes.size()));
    for (const auto& [name, value] : node.attributes) {
      out.text(name);
      write_attribute(out, value);
    }
  }
  write_edges(out, graph.outputs());
  return out.bytes();
}

Graph decode_graph(std::string_view bytes) {
  ByteReader in(bytes);
  Graph graph;
  for (auto n = in.number<std::uint32_t>(); n > 0; --n) {
    std::string op = in.text(), name = in.text(), group = in.text();
    if (name.empty()) throw Error(NAS_E_INVALID, "a node has no name");
    std::vector<Edge> inputs = read_edges(in);
    Attributes attributes;
    for (auto k = in.number<std::uint32_t>(); k > 0; --k) {
      std::string key = in.text();
      attributes.insert_or_assign(std::move(key), read_attribute(in));
    }
    graph.add(std::move(op), std::move(inputs), std::move(attributes), std::move(name), std::move(group));
  }
  for (const Edge& edge : read_edges(in)) graph.output(edge);
  if (!in.at_end()) throw Error(NAS_E_INVALID, "bytes follow the graph");
  return graph;
}

std::int64_t standardised_width(const Shape& shape) { return shape.empty() ? 1 : shape.size() == 2 ? shape[1] : shape[0]; }

std::string ModelFile::serialise() const {
  Bundle bundle;
  bundle.put("kind", std::string("model"));
  bundle.put("graph", encode_graph(graph));
  bundle.put("class_names", join_lines(class_names));
  for (std::size_t k = 0; k < inputs.size(); ++k) put_standardisation(bundle, "normalisation." + std::to_string(k), inputs[k]);
  put_standardisation(bundle, "target", target);
  for (const auto& [name, array] : weights) bundle.put("weight." + name, array);
  return bundle.serialise();
}

ModelFile ModelFile::parse(std::string_view bytes) {
  const Bundle bundle = Bundle::parse(bytes);
  const auto& kind = bundle.get<std::string>("kind");
  if (kind != "model") throw Error(NAS_E_INVALID, "it holds a " + kind.substr(0, 40) + ", not a model");
  ModelFile file;
  file.graph = decode_graph(bundle.get<std::string>("graph"));
  const GraphSummary summary = infer(file.graph);
  for (std::size_t i = 0; i < file.graph.nodes().size(); ++i) {
    if (file.graph.nodes()[i].op != "Input") continue;
    const std::string name = "normalisation." + std::to_string(file.inputs.size());
    file.inputs.push_back(get_standardisation(bundle, name, standardised_width(summary.shapes[i][0])));
  }
  const Edge output = file.graph.outputs()[0];
  file.target = get_standardisation(bundle, "target", elements(summary.shapes[output.node.value][output.output]));
  file.class_names = split_lines(bundle.get<std::string>("class_names"));
  for (const WeightInfo& weight : summary.weights) {
    FloatArray array = bundle.get<FloatArray>("weight." + weight.name);
    if (array.shape != weight.shape) {
      throw Error(NAS_E_INVALID, "weight '" + weight.name + "' has shape " + to_text(array.shape) + "; the architecture needs " +
                                     to_text(weight.shape));
    }
    file.weights.emplace_back(weight.name, std::move(array));
  }
  return file;
}

ModelFile read_model_file(const std::string& path) {
  const std::string bytes = read_file(path);
  try {
    return ModelFile::parse(bytes);
  } catch (const Error& error) {
    throw Error(error.status(), path + ": " + error.what());
  }
}

}  // namespace nascent::libtorch
