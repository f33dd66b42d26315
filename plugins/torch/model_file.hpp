// The model file "nascent": architecture, normalisation, named weights and class names in one Bundle; no LibTorch needed.
//
// Entries: "kind" = "model"; "graph" (see model_file.cpp); "class_names" one text, a line each; "normalisation.<k>.mean",
// ".scale" for input k (empty: used as it is) and "target.mean", "target.scale" (empty for classification) as tensors;
// "weight.<name>" for every weight of the architecture.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bundle.hpp"
#include "nascent/graph.hpp"

namespace nascent::libtorch {

// (x - mean) * scale, element-wise; both empty for no change. See Normalisation for which axis they run along.
struct Standardisation {
  std::vector<float> mean, scale;
  bool operator==(const Standardisation&) const = default;
};

struct ModelFile {
  Graph graph;
  std::vector<Standardisation> inputs;                      // one per Input node
  Standardisation target;                                   // outputs are y / scale + mean; empty for classification
  std::vector<std::string> class_names;
  std::vector<std::pair<std::string, FloatArray>> weights;  // in the order of infer(graph).weights

  [[nodiscard]] std::string serialise() const;
  // Throws Error(NAS_E_INVALID) with what is wrong; afterwards the architecture is valid and every weight is there with
  // the right shape and finite normalisation.
  static ModelFile parse(std::string_view bytes);
};

// Throws Error naming the path.
ModelFile read_model_file(const std::string& path);

// Length of the standardisation of an input of that shape: channels; features for [length, features] and [features].
std::int64_t standardised_width(const Shape& shape);

// The graph alone, as it stands in the file.
std::string encode_graph(const Graph& graph);
Graph decode_graph(std::string_view bytes);

}  // namespace nascent::libtorch
