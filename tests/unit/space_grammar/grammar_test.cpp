#include "grammar.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/space_instance.hpp"
#include "support/toml_options.hpp"

namespace nascent::grammar {
namespace {

Grammar make(std::string_view toml, Shape input = {3, 16, 16}) {
  const core::OptionTable options = test::options_from_toml<Grammar>(toml);
  const nas_config config = options.view();
  return {Options(&config), test::image_data(std::move(input), 10)};
}

std::string refusal(std::string_view toml, const std::string& option) {
  try {
    make(toml);
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), NAS_E_INVALID);
    EXPECT_EQ(e.option(), option);
    return e.what();
  }
  return "accepted";
}

std::vector<std::string> ops_of(const Graph& g) {
  std::vector<std::string> ops;
  for (const Node& n : g.nodes()) ops.push_back(n.op);
  return ops;
}

Graph only(const Grammar& space) { return *test::build(space, test::draw(space.declaration(), 0)); }

using Ops = std::vector<std::string>;

constexpr std::string_view kHierarchy = R"(
[variables]
width = { ordinal = [4, 8] }

[rules]
network  = ["stem", { repeat = "stage", times = [1, 2] }, "GlobalAveragePool"]
stem     = [{ op = "Conv", out_channels = "$width", kernel_shape = 3, pads = "same", bias = 0 }, "norm"]
stage    = [{ op = "MaxPool", kernel_shape = 2, strides = 2 }, { repeat = "block", times = [1, 3] }]
block    = { choice = ["plain", "residual"], weights = [1, 3] }
plain    = ["conv", "norm", "act"]
residual = { merge = "Add", branches = [["plain", "conv", "norm"], "identity"] }
conv     = { op = "Conv", out_channels = "input*2", kernel_shape = { choice = [1, 3] }, pads = "same", bias = 0 }
norm     = "BatchNormalization"
act      = { choice = ["Relu", "Gelu", { op = "LeakyRelu", alpha = { uniform = [0.01, 0.3] } }] }
)";

TEST(Grammar, a_sequence_is_a_network_with_a_head) {
  const Grammar space = make(R"(rules.network = [{ op = "Conv", out_channels = 4, kernel_shape = 3 }, "Relu", "GlobalMaxPool"])");
  EXPECT_EQ(space.declaration().size(), 0U);
  const Graph g = only(space);
  EXPECT_EQ(ops_of(g), (Ops{"Input", "Conv", "Relu", "GlobalMaxPool", "Flatten", "Gemm"}));
  EXPECT_EQ(infer(g).parameters, 4 * 3 * 9 + 4 + 4 * 10 + 10);
}

TEST(Grammar, variables_are_named_by_the_way_to_them) {
  const Grammar space = make(kHierarchy);
  const auto names = test::names_of(space.declaration());
  EXPECT_EQ(names[0], "width");
  for (const char* name : {"count", "stage0.count", "stage0.block0.choice", "stage0.block0.plain.conv.kernel_shape",
                           "stage0.block0.plain.act.choice", "stage0.block0.plain.act.LeakyRelu.alpha",
                           "stage1.block2.residual.branch0.conv.kernel_shape", "stage1.block2.residual.branch0.plain.conv.kernel_shape"}) {
    EXPECT_NE(std::ranges::find(names, name), names.end()) << name;
  }
  EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size());
}

TEST(Grammar, what_is_not_chosen_is_inactive) {
  const Grammar space = make(kHierarchy);
  const SpaceView view(space.declaration().view());
  Point p = test::draw(space.declaration(), 3);
  test::set(space.declaration(), p, "count", 1);
  EXPECT_EQ(p.active[view.find("stage1.count")], 0);
  test::set(space.declaration(), p, "stage0.block0.choice", 0);
  EXPECT_EQ(p.active[view.find("stage0.block0.residual.branch0.conv.kernel_shape")], 0);
  EXPECT_EQ(p.active[view.find("stage0.block0.plain.conv.kernel_shape")], 1);
}

TEST(Grammar, every_draw_of_a_hierarchy_is_a_network_and_most_differ) {
  const Grammar space = make(kHierarchy);
  std::set<std::string> hashes;
  for (std::uint64_t t = 0; t < 60; ++t) {
    const Graph g = *test::build(space, test::draw(space.declaration(), t));
    ASSERT_EQ(infer(g).shapes[g.outputs()[0].node.value][0], (Shape{10})) << t;
    hashes.insert(canonical_hash(g));
  }
  EXPECT_GT(hashes.size(), 50U);
}

TEST(Grammar, numbers_follow_the_input_and_the_variables) {
  const Grammar space = make(R"(
variables.width = { ordinal = [6, 12] }
rules.network = [{ op = "Conv", out_channels = "$width*2", kernel_shape = 1 }, { op = "Conv", out_channels = "input", group = "input", kernel_shape = 3, pads = "same", strides = 2 },
                 { op = "Conv", out_channels = "input / 4", kernel_shape = 1 }]
)");
  Point p = test::draw(space.declaration(), 0);
  test::set(space.declaration(), p, "width", 1);
  Graph g = *test::build(space, p);
  EXPECT_EQ(g.shape(NodeId{1}), (Shape{24, 16, 16}));
  EXPECT_EQ(g.shape(NodeId{2}), (Shape{24, 8, 8}));
  EXPECT_EQ(g.shape(NodeId{3}), (Shape{6, 8, 8}));
}

TEST(Grammar, a_merge_projects_what_does_not_fit_the_first_branch) {
  EXPECT_EQ(refusal(R"(rules.network = { merge = "Add", branches = ["Relu", "Tanh", "identity"] })", "/rules/network/branches"),
            "operator Add takes 2 inputs; branches has 3");
  const Grammar sum = make(R"(rules.network = { merge = "Sum", branches = [{ op = "Conv", out_channels = 8, kernel_shape = 3, pads = "same", strides = 2 }, "identity", { op = "MaxPool", kernel_shape = 2, strides = 2 }] })");
  Graph g = only(sum);
  EXPECT_EQ(ops_of(g), (Ops{"Input", "Conv", "MaxPool", "Conv", "Conv", "Sum", "Flatten", "Gemm"}));
  EXPECT_EQ(g.shape(NodeId{5}), (Shape{8, 8, 8}));
}

TEST(Grammar, a_shared_part_has_one_set_of_choices_and_weights) {
  const Grammar space = make(R"(
[rules]
network = [{ repeat = { shared = "mixer" }, times = 3 }, "Tanh", { shared = "mixer" }]
mixer = [{ op = "Conv", out_channels = "input", kernel_shape = { choice = [1, 3] }, pads = "same", bias = 0 }, "Relu"]
)");
  EXPECT_EQ(test::names_of(space.declaration()), (std::vector<std::string>{"mixer.kernel_shape"}));
  Point p = test::draw(space.declaration(), 0);
  test::set(space.declaration(), p, "mixer.kernel_shape", 1);
  const Graph g = *test::build(space, p);
  EXPECT_EQ(std::ranges::count(g.nodes(), "Conv", &Node::op), 4);
  EXPECT_EQ(infer(g).parameters, 3 * 3 * 9 + 3 * 256 * 10 + 10);
}

TEST(Grammar, recursion_ends_at_depth_max) {
  constexpr std::string_view rules = R"(
rules.network = { choice = ["leaf", ["network", "Relu", "network"]] }
rules.leaf = { op = "Conv", out_channels = "input", kernel_shape = 3, pads = "same" }
)";
  const Grammar space = make("depth_max = 4\n" + std::string(rules));
  std::int64_t most = 0;
  for (std::uint64_t t = 0; t < 200; ++t) {
    const Graph g = *test::build(space, test::draw(space.declaration(), t));
    most = std::max<std::int64_t>(most, std::ranges::count(g.nodes(), "Conv", &Node::op));
  }
  EXPECT_EQ(most, 4) << "three rules `network` within each other, and the leaves";
  EXPECT_EQ(refusal("depth_max = 64\n" + std::string(rules), "/rules"),
            "the grammar unfolds into more than 20000 parts; lower depth_max, or the times of repeats within each other");
  EXPECT_EQ(refusal("rules.network = [\"Relu\", \"network\"]", "/start"),
            "rule 'network' leads back to itself whatever is chosen; give it an alternative that ends");
  EXPECT_EQ(refusal("depth_max = 1\nrules.network = \"a\"\nrules.a = \"Relu\"", "/start"),
            "rule 'network' does not end within depth_max; raise depth_max, or shorten the rules");
}

TEST(Grammar, optional_parts_and_other_outputs) {
  const Grammar space = make(R"(rules.network = [{ optional = "Relu", probability = 0.25 }, { op = "LSTM", hidden_size = 5, output = 1 }])");
  SpaceView view(space.declaration().view());
  EXPECT_EQ(test::names_of(space.declaration()), (std::vector<std::string>{"present"}));
  const Grammar rows = make(R"(rules.network = [{ optional = "Relu", probability = 0.25 }, { op = "LSTM", hidden_size = 5, output = 1 }])", {7, 3});
  Point p = test::draw(rows.declaration(), 0);
  test::set(rows.declaration(), p, "present", 1);
  Graph g = *test::build(rows, p);
  EXPECT_EQ(ops_of(g), (Ops{"Input", "Relu", "LSTM", "Gemm"}));
  test::set(rows.declaration(), p, "present", 0);
  EXPECT_EQ(ops_of(*test::build(rows, p)), (Ops{"Input", "LSTM", "Gemm"}));
}

TEST(Grammar, shapes_that_do_not_fit_are_no_architecture) {
  const Grammar space = make(R"(rules.network = { op = "Conv", out_channels = 4, kernel_shape = 17 })");
  EXPECT_THROW(only(space), Error);
}

TEST(Grammar, mistakes_name_their_place) {
  EXPECT_NE(refusal(R"(rules.network = ["Relu", "cnov"])", "/rules/network/1").find("there is no rule and no operator 'cnov'; rules are network"), std::string::npos);
  EXPECT_EQ(refusal(R"(rules.network = { op = "Conv", kernel_shape = 3 })", "/rules/network"), "operator Conv needs out_channels, an integer");
  EXPECT_NE(refusal(R"(rules.network = { op = "Conv", channels = 3 })", "/rules/network/channels").find("operator Conv has no attribute 'channels'; known are out_channels"), std::string::npos);
  EXPECT_EQ(refusal(R"(rules.network = { repeat = "Relu", times = [3, 1] })", "/rules/network/times"), "times has to be a whole number, or [lowest, highest], up to 64");
  EXPECT_EQ(refusal(R"(rules.network = { repeat = "Relu", time = 3 })", "/rules/network/time"), "unknown key 'time' in a repeat; known are repeat, times");
  EXPECT_EQ(refusal(R"(rules.network = { op = "Gemm", units = "$width" })", "/rules/network/units"), "there is no variable 'width'; declare it in space.variables");
  EXPECT_NE(refusal(R"(rules.network = { op = "Gemm", units = "wide" })", "/rules/network/units").find("units is 'wide'; it has to be a number"), std::string::npos);
  EXPECT_EQ(refusal(R"(rules.network = { op = "Gemm", units = { uniform = [1, 2] } })", "/rules/network/units"), "units has to be an integer; its distribution gives something else");
  EXPECT_EQ(refusal(R"(rules.network = { op = "Add" })", "/rules/network/op"), "operator Add takes several inputs; write { merge = \"Add\", branches = [...] }");
  EXPECT_EQ(refusal(R"(rules.net = "Relu")", "/start"), "there is no rule 'network' to start with; rules are net");
  EXPECT_EQ(refusal(R"(rules.network = { choice = ["Relu", "Tanh"], weights = [1] })", "/rules/network/weights"),
            "weights has to hold one number for each of the 2 choices, none below 0 and one above");
  EXPECT_EQ(refusal("rules.network = { }", "/rules/network"), "it is empty; \"identity\" stands for nothing");
  EXPECT_EQ(refusal("rules.network = 3", "/rules/network"), "a rule is text (the name of a rule or operator), a list or a table");
}

}  // namespace
}  // namespace nascent::grammar
