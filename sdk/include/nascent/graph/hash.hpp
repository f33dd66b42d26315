// A name for an architecture: equal for isomorphic graphs, different (up to chance) for others.
//
// Method. Live nodes get a label (operator, attributes that differ from their defaults). Colours are refined as by
// Weisfeiler and Leman (1968): a node's colour absorbs those of its inputs (in order; as a multiset where the operator
// commutes), of its readers, and of the nodes it shares weights with, until the number of colours stops growing. Nodes
// that still share a colour are told apart one at a time, keeping the smallest serialisation of all choices
// (individualisation-refinement: McKay, "Practical graph isomorphism", 1981); automorphisms found on the way prune
// choices that are mirror images. The serialisation is hashed to 128 bits (not cryptographic).
//
// Limits. Equality is structural: x+x and 2*x differ, so do Identity(x) and x. Graphs whose symmetry needs more than
// kCanonicalWorkMax (none met in practice: several strongly regular graphs side by side) fall back to the colours
// alone, which may confuse graphs that Weisfeiler-Leman cannot tell apart; isomorphic graphs at that very limit may
// differ.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <set>

#include "nascent/graph/infer.hpp"

NASCENT_SDK_BEGIN

inline constexpr std::size_t kCanonicalWorkMax = 200'000;  // refinements x nodes; well below a second

namespace detail {

// Absorbs 64-bit words; two lanes with different constants. The finaliser is Stafford's variant 13 of MurmurHash3's.
class WordHash {
 public:
  static std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31U);
  }
  WordHash& add(std::uint64_t word) {
    a_ = mix(a_ ^ mix(word + 0x9e3779b97f4a7c15ULL));
    b_ = mix(b_ + std::rotl(word, 29) * 0xd6e8feb86659fd93ULL + 0xa0761d6478bd642fULL);
    return *this;
  }
  WordHash& add(std::string_view text) {
    add(text.size());
    for (std::size_t i = 0; i < text.size(); i += 8) {
      std::uint64_t word = 0;
      for (std::size_t k = i; k < std::min(i + 8, text.size()); ++k)
        word = word << 8U | static_cast<unsigned char>(text[k]);
      add(word);
    }
    return *this;
  }
  [[nodiscard]] std::uint64_t value() const { return mix(a_ + b_); }
  [[nodiscard]] std::string hex() const {
    std::string text;
    for (const std::uint64_t lane : {mix(a_ ^ std::rotl(b_, 17)), mix(b_ + 0x9e3779b97f4a7c15ULL * a_)})
      for (int shift = 60; shift >= 0; shift -= 4)
        text += "0123456789abcdef"[lane >> static_cast<unsigned>(shift) & 15U];
    return text;
  }

 private:
  std::uint64_t a_ = 0x243f6a8885a308d3ULL, b_ = 0x13198a2e03707344ULL;
};

inline void add_attribute(WordHash& hash, const Attribute& value, AttributeKind kind) {
  const auto number = [&](double v) { hash.add(std::bit_cast<std::uint64_t>(v == 0 ? 0.0 : v)); };
  if (const auto* text = std::get_if<std::string>(&value)) hash.add(*text);
  if (const auto* real = std::get_if<double>(&value)) number(*real);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    if (kind == AttributeKind::number)
      number(static_cast<double>(*whole));
    else
      hash.add(static_cast<std::uint64_t>(*whole));
  }
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) {
    hash.add(list->size());
    for (const std::int64_t v : *list) hash.add(static_cast<std::uint64_t>(v));
  }
  if (const auto* list = std::get_if<std::vector<double>>(&value)) {
    hash.add(list->size());
    for (const double v : *list) number(v);
  }
}

// The value says what its absence would say.
inline bool is_default(const Attribute& value, const AttributeInfo& info) {
  if (info.presence == AttributeInfo::Presence::required) return false;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole) == info.fallback;
  if (const auto* real = std::get_if<double>(&value)) return *real == info.fallback;
  if (const auto* text = std::get_if<std::string>(&value))
    return *text == info.choices.substr(0, info.choices.find('|'));
  const auto* list = std::get_if<std::vector<std::int64_t>>(&value);
  return list != nullptr && std::all_of(list->begin(), list->end(),
                                        [&](std::int64_t v) { return static_cast<double>(v) == info.fallback; });
}

inline std::uint64_t label(const Node& node, const Operator* op) {
  WordHash hash;
  hash.add(node.op);
  for (const auto& [name, value] : node.attributes) {
    AttributeKind kind = AttributeKind::integer;
    bool implied = false;
    for (const AttributeInfo& info : op != nullptr ? op->attributes : std::span<const AttributeInfo>{})
      if (info.name == name) {
        kind = info.kind;
        implied = is_default(value, info);
      }
    if (implied) continue;
    hash.add(name).add(kind == AttributeKind::number ? 1 : value.index());  // 1: the index of double
    add_attribute(hash, value, kind);
  }
  return hash.value();
}

// The live part of a graph as integers, and the search for its smallest serialisation.
class Canonical {
 public:
  // work_max: refinements x nodes after which colours alone must do.
  explicit Canonical(const Graph& graph, std::size_t work_max = kCanonicalWorkMax);
  // Hex digits.
  std::string hash();

 private:
  using Colors = std::vector<std::uint64_t>;  // [node]
  using Words = std::vector<std::uint64_t>;
  struct Vertex {
    std::uint64_t label = 0;
    bool commutes = false;
    std::vector<std::pair<std::size_t, std::uint64_t>> inputs;   // vertex, output
    std::vector<std::pair<std::size_t, std::uint64_t>> readers;  // vertex, slot and output
    std::vector<std::size_t> sharing;                            // its weight group, when not alone

    // Exchanging two such vertices of one colour changes nothing.
    [[nodiscard]] bool twin_of(const Vertex& other) const {
      return label == other.label && inputs == other.inputs && readers == other.readers && sharing.empty() &&
             other.sharing.empty();
    }
  };
  struct Leaf {
    std::vector<std::size_t> path, rank;  // individualised vertices; [vertex] its place in the canonical order
    Words words;
  };

  void refine(Colors& colors) const;
  [[nodiscard]] static std::size_t count(Colors colors);
  [[nodiscard]] std::vector<std::size_t> target_cell(const Colors& colors) const;
  [[nodiscard]] Leaf serialise(const Colors& colors, const std::vector<std::size_t>& path) const;
  std::size_t search(Colors colors, std::vector<std::size_t>& path);
  std::size_t close(Leaf leaf);
  [[nodiscard]] bool mirrored(std::size_t v, const std::vector<std::size_t>& tried,
                              const std::vector<std::size_t>& path) const;

  std::vector<Vertex> vertices_;
  std::vector<std::pair<std::size_t, std::uint64_t>> outputs_;
  std::vector<std::vector<std::size_t>> automorphisms_;
  Leaf first_, best_;
  std::size_t steps_ = 0, steps_max_ = 0;
};

inline Canonical::Canonical(const Graph& graph, std::size_t work_max) {
  const std::vector<bool> live = live_nodes(graph);
  const std::vector<Node>& nodes = graph.nodes();
  std::vector<std::size_t> vertex_of(nodes.size());
  std::map<std::string, std::vector<std::size_t>> groups;
  std::size_t n_inputs = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) n_inputs += live[i] && nodes[i].op == "Input" ? 1U : 0U;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!live[i]) continue;
    const Node& node = nodes[i];
    const Operator* op = find_operator(node.op);
    const std::size_t v = vertex_of[i] = vertices_.size();
    Vertex vertex;
    vertex.label = label(node, op);
    // Data is bound to several inputs by their names; a single input needs none.
    if (node.op == "Input" && n_inputs > 1) vertex.label = WordHash().add(vertex.label).add(node.name).value();
    vertex.commutes = op != nullptr && op->input_order == Operator::InputOrder::commutes;
    for (std::size_t slot = 0; slot < node.inputs.size(); ++slot) {
      const std::size_t from = vertex_of[node.inputs[slot].node.value];
      const std::uint64_t output = node.inputs[slot].output;
      vertex.inputs.emplace_back(from, output);
      vertices_[from].readers.emplace_back(v, (vertex.commutes ? 0 : slot + 1) << 32U | output);
    }
    vertices_.push_back(std::move(vertex));
    if (op == nullptr || op->weights == Operator::Weights::named) groups[node.group()].push_back(v);
  }
  for (const auto& [name, members] : groups)
    if (members.size() > 1)
      for (const std::size_t v : members) vertices_[v].sharing = members;
  for (const Edge& edge : graph.outputs()) outputs_.emplace_back(vertex_of[edge.node.value], edge.output);
  steps_max_ = work_max / std::max<std::size_t>(vertices_.size(), 1);
}

inline std::size_t Canonical::count(Colors colors) {
  std::sort(colors.begin(), colors.end());
  return static_cast<std::size_t>(std::unique(colors.begin(), colors.end()) - colors.begin());
}

// One round: along the edges, against them, across weight groups. A round that splits no colour is the last.
inline void Canonical::refine(Colors& colors) const {
  std::vector<std::uint64_t> around;
  const auto absorb = [&](Colors& of, std::size_t v, bool ordered) {
    if (!ordered) std::sort(around.begin(), around.end());
    WordHash hash;
    hash.add(of[v]).add(around.size());
    for (const std::uint64_t word : around) hash.add(word);
    of[v] = hash.value();
    around.clear();
  };
  for (std::size_t before = count(colors);;) {
    for (std::size_t v = 0; v < vertices_.size(); ++v) {
      for (const auto& [from, output] : vertices_[v].inputs)
        around.push_back(WordHash().add(colors[from]).add(output).value());
      absorb(colors, v, !vertices_[v].commutes);
    }
    for (std::size_t v = vertices_.size(); v-- > 0;) {
      for (const auto& [to, slot] : vertices_[v].readers)
        around.push_back(WordHash().add(colors[to]).add(slot).value());
      absorb(colors, v, false);
    }
    Colors next = colors;
    for (std::size_t v = 0; v < vertices_.size(); ++v) {
      for (const std::size_t other : vertices_[v].sharing) around.push_back(colors[other]);
      absorb(next, v, false);
    }
    colors = std::move(next);
    const std::size_t now = count(colors);
    if (now <= before) return;
    before = now;
  }
}

// The smallest set of nodes that share a colour (of the smallest colour among equals); empty when all differ.
inline std::vector<std::size_t> Canonical::target_cell(const Colors& colors) const {
  std::map<std::uint64_t, std::vector<std::size_t>> cells;
  for (std::size_t v = 0; v < colors.size(); ++v) cells[colors[v]].push_back(v);
  std::vector<std::size_t> best;
  for (auto& [color, members] : cells)
    if (members.size() > 1 && (best.empty() || members.size() < best.size())) best = std::move(members);
  return best;
}

// The graph written down in the order of its (distinct) colours.
inline Canonical::Leaf Canonical::serialise(const Colors& colors, const std::vector<std::size_t>& path) const {
  const std::size_t n = vertices_.size();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return colors[a] < colors[b]; });
  Leaf leaf{path, std::vector<std::size_t>(n), {n}};
  for (std::size_t r = 0; r < n; ++r) leaf.rank[order[r]] = r;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> inputs;
  for (const std::size_t v : order) {
    const Vertex& vertex = vertices_[v];
    leaf.words.insert(leaf.words.end(), {vertex.label, vertex.inputs.size()});
    inputs.clear();
    for (const auto& [from, output] : vertex.inputs) inputs.emplace_back(leaf.rank[from], output);
    if (vertex.commutes) std::sort(inputs.begin(), inputs.end());
    for (const auto& [from, output] : inputs) leaf.words.insert(leaf.words.end(), {from, output});
    std::size_t group = leaf.rank[v];
    for (const std::size_t other : vertex.sharing) group = std::min(group, leaf.rank[other]);
    leaf.words.push_back(group);
  }
  for (const auto& [v, output] : outputs_) leaf.words.insert(leaf.words.end(), {leaf.rank[v], output});
  return leaf;
}

// Is v the twin of a vertex already tried, or its image under automorphisms that leave the path in place?
inline bool Canonical::mirrored(std::size_t v, const std::vector<std::size_t>& tried,
                                const std::vector<std::size_t>& path) const {
  if (std::any_of(tried.begin(), tried.end(), [&](std::size_t t) { return vertices_[v].twin_of(vertices_[t]); }))
    return true;
  std::set<std::size_t> orbit{v};
  std::vector<std::size_t> open{v};
  std::vector<const std::vector<std::size_t>*> fixing;
  for (const auto& map : automorphisms_)
    if (std::all_of(path.begin(), path.end(), [&](std::size_t p) { return map[p] == p; })) fixing.push_back(&map);
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    for (const auto* map : fixing)
      if (orbit.insert((*map)[at]).second) open.push_back((*map)[at]);
  }
  return std::any_of(tried.begin(), tried.end(), [&](std::size_t t) { return orbit.contains(t); });
}

// Compares a leaf with the first and the best one. Returns the depth to go back to: where the paths part when an
// automorphism was found, else this leaf's own depth.
inline std::size_t Canonical::close(Leaf leaf) {
  if (first_.words.empty()) {
    first_ = best_ = std::move(leaf);
    return first_.path.size();
  }
  for (const Leaf* known : {&first_, &best_}) {
    if (known->words != leaf.words) continue;
    std::vector<std::size_t> at(leaf.rank.size()), map(leaf.rank.size());
    for (std::size_t v = 0; v < at.size(); ++v) at[leaf.rank[v]] = v;
    for (std::size_t v = 0; v < map.size(); ++v) map[v] = at[known->rank[v]];
    automorphisms_.push_back(std::move(map));
    const auto parting = std::mismatch(known->path.begin(), known->path.end(), leaf.path.begin(), leaf.path.end());
    return static_cast<std::size_t>(parting.first - known->path.begin());
  }
  const std::size_t depth = leaf.path.size();
  if (leaf.words < best_.words) best_ = std::move(leaf);
  return depth;
}

// Explores below `path`; returns the depth to go back to.
inline std::size_t Canonical::search(Colors colors, std::vector<std::size_t>& path) {
  if (++steps_ > steps_max_) return 0;
  refine(colors);
  const std::vector<std::size_t> cell = target_cell(colors);
  const std::size_t depth = path.size();
  if (cell.empty()) return close(serialise(colors, path));
  std::vector<std::size_t> tried;
  for (const std::size_t v : cell) {
    if (!tried.empty() && mirrored(v, tried, path)) continue;
    Colors chosen = colors;
    chosen[v] = WordHash().add(chosen[v]).add("chosen").value();
    path.push_back(v);
    const std::size_t back = search(std::move(chosen), path);
    path.pop_back();
    if (steps_ > steps_max_) return 0;
    if (back < depth) return back;
    tried.push_back(v);
  }
  return depth;
}

inline std::string Canonical::hash() {
  Colors colors;
  for (const Vertex& vertex : vertices_) colors.push_back(vertex.label);
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    std::uint64_t& color = colors[outputs_[k].first];
    color = WordHash().add(color).add("output").add(k).add(outputs_[k].second).value();
  }
  std::vector<std::size_t> path;
  search(colors, path);
  WordHash hash;
  if (steps_ <= steps_max_) {
    for (const std::uint64_t word : best_.words) hash.add(word);
    return hash.hex();
  }
  refine(colors);
  std::sort(colors.begin(), colors.end());
  for (const std::uint64_t color : colors) hash.add(color);
  return hash.add("colours only").hex();
}

}  // namespace detail

// 32 hex digits. Node names, node order, the order of commutative inputs, dead nodes and attributes that repeat a
// default do not matter; operators, other attributes, wiring, the order of outputs, which nodes share weights, and the
// names of the inputs where there are several, do. Works on graphs that infer() would refuse.
inline std::string canonical_hash(const Graph& graph) { return detail::Canonical(graph).hash(); }

NASCENT_SDK_END
