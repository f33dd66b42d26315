// The values an architecture graph is made of: shapes, attributes, edges and nodes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "nascent/error.hpp"

NASCENT_SDK_BEGIN

// A tensor's extents without the batch dimension: [channels, height, width], [length, features], [features].
using Shape = std::vector<std::int64_t>;
using Attribute = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>>;
using Attributes = std::map<std::string, Attribute>;

// Position of a node in its graph; only valid for the graph that returned it.
struct NodeId {
  std::uint32_t value = 0;
  bool operator==(const NodeId&) const = default;
};

// Output `output` of a node. A NodeId converts to its output 0.
struct Edge {
  NodeId node;
  std::uint32_t output = 0;

  Edge() = default;
  Edge(NodeId from, std::uint32_t index = 0) : node(from), output(index) {}  // implicit on purpose
  bool operator==(const Edge&) const = default;
};

// One operator. Its learnable tensors are no edges: they are named "<weight group>.<tensor>" (see weights()).
struct Node {
  std::string op;            // ONNX operator name
  std::string name;          // unique in the graph
  std::string weight_group;  // "" = the node's own name; nodes of one group share their weights
  std::vector<Edge> inputs;
  Attributes attributes;

  [[nodiscard]] const std::string& group() const { return weight_group.empty() ? name : weight_group; }
  bool operator==(const Node&) const = default;
};

// "64x28x28"; a scalar is "1".
inline std::string to_text(const Shape& shape) {
  if (shape.empty()) return "1";
  std::string text = std::to_string(shape.front());
  for (std::size_t i = 1; i < shape.size(); ++i) {
    text += 'x';
    text += std::to_string(shape[i]);
  }
  return text;
}

namespace detail {

[[noreturn]] inline void reject(const std::string& why) { throw Error(NAS_E_INVALID, why); }

// Exact arithmetic on non-negative counts: refuses what does not fit 63 bits, so that hostile sizes never wrap.
inline std::int64_t multiply(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) reject("the sizes are too large to count (more than 2^63)");
  return product;
}
inline std::int64_t add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) reject("the sizes are too large to count (more than 2^63)");
  return sum;
}

// Number of elements of shape[from .. to).
inline std::int64_t product(const Shape& shape, std::size_t from, std::size_t to) {
  std::int64_t n = 1;
  for (std::size_t i = from; i < to; ++i) n = multiply(n, shape[i]);
  return n;
}

}  // namespace detail

// Number of elements of one row.
inline std::int64_t elements(const Shape& shape) { return detail::product(shape, 0, shape.size()); }

NASCENT_SDK_END
