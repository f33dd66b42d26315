// canonical_hash: equal exactly for isomorphic graphs, checked against an independent search and published counts.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "models.hpp"

namespace nascent {
namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t n) { return static_cast<std::size_t>(random() % n); }

const char* const kOps[] = {"Relu", "Gemm", "Add", "Sub", "Sum", "Mul"};

// Not necessarily valid: the hash must not depend on shapes. 1 input node, `n` others, 1 or 2 outputs.
Graph random_graph(Random& random, std::size_t n) {
  Graph g;
  g.input("x", {8});
  for (std::size_t i = 1; i <= n; ++i) {
    const std::string op = kOps[below(random, std::size(kOps))];
    std::vector<Edge> inputs;
    const std::size_t arity = op == "Sum" ? 1 + below(random, 3) : op == "Relu" || op == "Gemm" ? 1 : 2;
    for (std::size_t k = 0; k < arity; ++k) inputs.emplace_back(NodeId{static_cast<std::uint32_t>(below(random, i))});
    Attributes attributes;
    std::string group;
    if (op == "Gemm") {
      attributes["units"] = static_cast<std::int64_t>(8 + below(random, 2));
      if (below(random, 2) == 0) group = "g" + std::to_string(below(random, 3));
    }
    g.add(op, std::move(inputs), std::move(attributes), "n" + std::to_string(i), group);
  }
  g.output(NodeId{static_cast<std::uint32_t>(n)});
  if (below(random, 3) == 0) g.output(NodeId{static_cast<std::uint32_t>(below(random, n + 1))});
  return g;
}

bool commutes(const Node& node) { return node.op == "Add" || node.op == "Mul" || node.op == "Sum"; }

// The same architecture in another order, under other names, with other group names and shuffled commutative inputs.
Graph relabelled(const Graph& graph, Random& random) {
  const std::vector<Node>& nodes = graph.nodes();
  std::vector<std::uint32_t> place_of(nodes.size());
  std::vector<bool> done(nodes.size());
  std::map<std::string, std::string> groups;
  Graph out;
  for (std::size_t placed = 0; placed < nodes.size(); ++placed) {
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < nodes.size(); ++i)
      if (!done[i] &&
          std::all_of(nodes[i].inputs.begin(), nodes[i].inputs.end(), [&](Edge e) { return done[e.node.value]; }))
        ready.push_back(i);
    const std::size_t pick = ready[below(random, ready.size())];
    Node node = nodes[pick];
    for (Edge& edge : node.inputs) edge.node.value = place_of[edge.node.value];
    if (commutes(node)) std::shuffle(node.inputs.begin(), node.inputs.end(), random);
    std::string group = node.weight_group;
    if (!group.empty()) group = groups.emplace(group, "other" + std::to_string(random())).first->second;
    place_of[pick] = out.add(node.op, node.inputs, node.attributes, "m" + std::to_string(random()), group).value;
    done[pick] = true;
  }
  for (const Edge& edge : graph.outputs()) out.output({NodeId{place_of[edge.node.value]}, edge.output});
  return out;
}

// Rebuilds a graph after one random change of an operator, an attribute, a wire, a weight group or an output.
Graph edited(const Graph& graph, Random& random) {
  std::vector<Node> nodes = graph.nodes();
  std::vector<Edge> outputs = graph.outputs();
  const std::size_t at = 1 + below(random, nodes.size() - 1);
  Node& node = nodes[at];
  switch (below(random, 5)) {
    case 0:
      node.op = node.inputs.size() == 1 ? "Tanh" : "Sum";
      break;
    case 1:
      node.attributes["units"] = std::int64_t{9};
      break;
    case 2:
      node.inputs[below(random, node.inputs.size())] = NodeId{static_cast<std::uint32_t>(below(random, at))};
      break;
    case 3:
      node.weight_group = "g" + std::to_string(below(random, 4));
      break;
    default:
      outputs[0] = NodeId{static_cast<std::uint32_t>(below(random, nodes.size()))};
  }
  Graph out;
  for (const Node& n : nodes) out.add(n.op, n.inputs, n.attributes, n.name, n.weight_group);
  for (const Edge& edge : outputs) out.output(edge);
  return out;
}

// An independent decision of isomorphism by backtracking, straight from the definition; for small graphs.
class Isomorphism {
 public:
  Isomorphism(const Graph& a, const Graph& b) : a_(a), b_(b), live_a_(live_nodes(a)), live_b_(live_nodes(b)) {}
  bool exists() {
    if (std::count(live_a_.begin(), live_a_.end(), true) != std::count(live_b_.begin(), live_b_.end(), true))
      return false;
    image_.assign(a_.nodes().size(), 0);
    used_.assign(b_.nodes().size(), false);
    return extend(0);
  }

 private:
  bool extend(std::size_t i) {
    while (i < live_a_.size() && !live_a_[i]) ++i;
    if (i == live_a_.size()) return outputs_agree() && sharing_agrees();
    for (std::uint32_t j = 0; j < used_.size(); ++j) {
      if (used_[j] || !live_b_[j] || !agree(a_.nodes()[i], b_.nodes()[j])) continue;
      image_[i] = j;
      used_[j] = true;
      if (extend(i + 1)) return true;
      used_[j] = false;
    }
    return false;
  }
  [[nodiscard]] bool agree(const Node& a, const Node& b) const {
    if (a.op != b.op || a.attributes != b.attributes || a.inputs.size() != b.inputs.size()) return false;
    std::vector<std::uint32_t> from_a, from_b;
    for (const Edge& edge : a.inputs) from_a.push_back(image_[edge.node.value]);
    for (const Edge& edge : b.inputs) from_b.push_back(edge.node.value);
    if (commutes(a)) {
      std::sort(from_a.begin(), from_a.end());
      std::sort(from_b.begin(), from_b.end());
    }
    return from_a == from_b;
  }
  [[nodiscard]] bool outputs_agree() const {
    if (a_.outputs().size() != b_.outputs().size()) return false;
    for (std::size_t k = 0; k < a_.outputs().size(); ++k)
      if (image_[a_.outputs()[k].node.value] != b_.outputs()[k].node.value) return false;
    return true;
  }
  [[nodiscard]] bool sharing_agrees() const {
    for (std::size_t i = 0; i < live_a_.size(); ++i)
      for (std::size_t k = 0; k < i; ++k)
        if (live_a_[i] && live_a_[k] && a_.nodes()[i].op == "Gemm" && a_.nodes()[k].op == "Gemm" &&
            (a_.nodes()[i].group() == a_.nodes()[k].group()) !=
                (b_.nodes()[image_[i]].group() == b_.nodes()[image_[k]].group()))
          return false;
    return true;
  }

  const Graph &a_, &b_;
  std::vector<bool> live_a_, live_b_, used_;
  std::vector<std::uint32_t> image_;
};

TEST(CanonicalHash, is_32_hex_digits_and_stable_across_releases) {
  EXPECT_EQ(canonical_hash(models::lenet5()), "dbbcdaf6c795661478a2349bb1185524");
  EXPECT_EQ(canonical_hash(models::resnet18()), "e79a5d955c1379a4ea85148b86c4d16b");
}

TEST(CanonicalHash, relabelling_does_not_change_it) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    const Graph graph = random_graph(random, 4 + below(random, 30));
    EXPECT_EQ(canonical_hash(graph), canonical_hash(relabelled(graph, random))) << to_text(graph);
  }
}

TEST(CanonicalHash, is_equal_exactly_for_isomorphic_graphs) {
  Random random(2);
  int isomorphic = 0, different = 0;
  for (int round = 0; round < 3000; ++round) {
    const Graph graph = random_graph(random, 2 + below(random, 7));
    const Graph other = relabelled(edited(graph, random), random);
    const bool same = Isomorphism(graph, other).exists();
    EXPECT_EQ(canonical_hash(graph) == canonical_hash(other), same) << to_text(graph) << to_text(other);
    ++(same ? isomorphic : different);
  }
  EXPECT_GT(isomorphic, 300);  // the test means something in both directions
  EXPECT_GT(different, 300);
}

// OEIS A003087: unlabelled acyclic digraphs with n nodes.
TEST(CanonicalHash, counts_the_unlabelled_acyclic_digraphs) {
  const std::size_t expected[] = {1, 2, 6, 31, 302, 5984};
  for (std::uint32_t n = 1; n <= 6; ++n) {
    std::set<std::string> hashes;
    const std::uint32_t pairs = n * (n - 1) / 2;
    for (std::uint32_t mask = 0; mask < 1U << pairs; ++mask) {
      Graph g;
      std::vector<Edge> all;
      for (std::uint32_t to = 0, bit = 0; to < n; ++to) {
        std::vector<Edge> inputs;
        for (std::uint32_t from = 0; from < to; ++from, ++bit)
          if ((mask >> bit & 1U) != 0) inputs.emplace_back(NodeId{from});
        all.emplace_back(g.add("Sum", std::move(inputs)));
      }
      g.output(g.sum(all));
      hashes.insert(canonical_hash(g));
    }
    EXPECT_EQ(hashes.size(), expected[n - 1]) << n << " nodes";
  }
}

// `n` rectified sources, and one output that sums, for each undirected edge, the sum of its two ends.
Graph undirected(std::size_t n, const std::vector<std::pair<std::size_t, std::size_t>>& edges) {
  Graph g;
  const NodeId x = g.input("x", {8});
  std::vector<Edge> sources, sums;
  for (std::size_t i = 0; i < n; ++i) sources.emplace_back(g.activation(x, "relu"));
  for (const auto& [a, b] : edges) sums.emplace_back(g.add(sources[a], sources[b]));
  g.output(g.sum(sums));
  return g;
}

TEST(CanonicalHash, tells_apart_what_colour_refinement_cannot) {
  // One ring of 6 against two of 3: every node sees the same neighbourhood.
  std::vector<std::pair<std::size_t, std::size_t>> one, two;
  for (std::size_t i = 0; i < 6; ++i) {
    one.emplace_back(i, (i + 1) % 6);
    two.emplace_back(i, i / 3 * 3 + (i + 1) % 3);
  }
  EXPECT_NE(canonical_hash(undirected(6, one)), canonical_hash(undirected(6, two)));
  // The 4x4 rook's graph and Shrikhande's: both strongly regular (16, 6, 2, 2).
  std::vector<std::pair<std::size_t, std::size_t>> rook, shrikhande;
  for (std::size_t a = 0; a < 16; ++a)
    for (std::size_t b = 0; b < a; ++b) {
      const std::size_t dx = (a / 4 + 4 - b / 4) % 4, dy = (a % 4 + 4 - b % 4) % 4;
      if ((dx == 0) != (dy == 0)) rook.emplace_back(a, b);
      if ((dx == 0 && dy % 2 == 1) || (dy == 0 && dx % 2 == 1) || (dx == dy && dx % 2 == 1))
        shrikhande.emplace_back(a, b);
    }
  ASSERT_EQ(rook.size(), 48U);
  ASSERT_EQ(shrikhande.size(), 48U);
  const Graph a = undirected(16, rook), b = undirected(16, shrikhande);
  EXPECT_NE(canonical_hash(a), canonical_hash(b));
  Random random(3);
  EXPECT_EQ(canonical_hash(a), canonical_hash(relabelled(a, random)));
  EXPECT_EQ(canonical_hash(b), canonical_hash(relabelled(b, random)));
}

TEST(CanonicalHash, many_identical_branches_stay_cheap) {
  Graph g;
  const NodeId x = g.input("x", {8, 8, 8});
  std::vector<Edge> branches;
  for (int i = 0; i < 24; ++i) branches.emplace_back(g.activation(g.batch_norm(g.conv(x, 8, 3)), "relu"));
  g.output(g.sum(branches));
  Random random(4);
  EXPECT_EQ(canonical_hash(g), canonical_hash(relabelled(g, random)));
}

TEST(CanonicalHash, hundreds_of_twins_stay_cheap) {
  Graph g;
  const NodeId x = g.input("x", {8});
  std::vector<Edge> branches;
  for (int i = 0; i < 200; ++i) branches.emplace_back(g.linear(x, 8));
  g.output(g.sum(branches));
  Random random(5);
  EXPECT_EQ(canonical_hash(g), canonical_hash(relabelled(g, random)));
}

TEST(CanonicalHash, without_the_search_colours_still_agree_on_isomorphic_graphs) {
  Random random(6);
  std::set<std::string> hashes;
  for (int round = 0; round < 200; ++round) {
    const Graph graph = random_graph(random, 20);
    const std::string colours = detail::Canonical(graph, 0).hash();
    EXPECT_EQ(colours, detail::Canonical(relabelled(graph, random), 0).hash());
    EXPECT_NE(colours, canonical_hash(graph));
    hashes.insert(colours);
  }
  EXPECT_GT(hashes.size(), 150U);
}

TEST(CanonicalHash, one_module_used_twice_is_not_two_modules) {
  const auto build = [](const std::string& first, const std::string& second) {
    Graph g;
    const NodeId x = g.input("x", {8});
    const NodeId a = g.linear(x, 8, Bias::with, "a", first);
    g.output(g.linear(a, 8, Bias::with, "b", second));
    return canonical_hash(g);
  };
  EXPECT_EQ(build("", ""), build("p", "q"));
  EXPECT_EQ(build("p", "p"), build("q", "q"));
  EXPECT_EQ(build("p", "p"), build("", "a"));  // b uses the weights of the node a
  EXPECT_NE(build("p", "p"), build("p", "q"));
}

TEST(CanonicalHash, ignores_dead_nodes_and_spelled_out_defaults) {
  Graph plain, spelled;
  for (Graph* g : {&plain, &spelled}) g->input("x", {3, 8, 8});
  const std::vector<std::int64_t> ones{1, 1}, kernel{3, 3};
  plain.output(plain.add("Conv", {NodeId{0}}, {{"out_channels", std::int64_t{4}}, {"kernel_shape", kernel}}));
  spelled.global_average_pool(NodeId{0});
  spelled.output(spelled.add(
      "Conv", {NodeId{0}},
      {{"out_channels", std::int64_t{4}}, {"kernel_shape", kernel}, {"strides", ones}, {"group", std::int64_t{1}}}));
  EXPECT_EQ(canonical_hash(plain), canonical_hash(spelled));
}

TEST(CanonicalHash, several_inputs_keep_their_names) {
  const auto difference = [](const char* first, const char* second) {
    Graph g;
    const NodeId a = g.input("a", {3}), b = g.input("b", {3});
    const std::map<std::string, NodeId> by_name{{"a", a}, {"b", b}};
    g.output(g.add("Sub", {by_name.at(first), by_name.at(second)}));
    return canonical_hash(g);
  };
  EXPECT_NE(difference("a", "b"), difference("b", "a"));
}

TEST(CanonicalHash, the_order_of_outputs_and_of_ordered_inputs_matters) {
  const auto build = [](bool swap_outputs, bool swap_inputs) {
    Graph g;
    const NodeId x = g.input("x", {3});
    const NodeId a = g.activation(x, "relu"), b = g.activation(x, "tanh");
    const NodeId c = g.concat(swap_inputs ? std::vector<Edge>{b, a} : std::vector<Edge>{a, b});
    g.output(swap_outputs ? c : a);
    g.output(swap_outputs ? a : c);
    return canonical_hash(g);
  };
  EXPECT_NE(build(false, false), build(true, false));
  EXPECT_NE(build(false, false), build(false, true));
}

}  // namespace
}  // namespace nascent
