#include "surrogate/encoder.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "nascent/space.hpp"
#include "support/config.hpp"

namespace nascent::surrogate {
namespace {

// A layer, and beside it `branches` chains of two activations, all summed up; four of them are too many.
class Branches : public Space {
 public:
  static constexpr About about{"test.space.branches", "branches", "1.0.0", "Branches"};

  Branches(const Options&, const SpaceSetup&) {
    SpaceBuilder s;
    branches_ = s.integer("branches", 0, 4);
    declaration_ = s.declaration();
  }
  [[nodiscard]] const SpaceDeclaration& declaration() const override { return declaration_; }
  [[nodiscard]] std::optional<Graph> build(const Values& at) const override {
    if (at[branches_] == 4) throw Error(NAS_E_INVALID, "too many");
    Graph graph;
    const NodeId x = graph.input("x", {8});
    graph.add("Relu", {x}, {}, "unused");
    NodeId sum = graph.add("Gemm", {x}, {{"units", std::int64_t{8}}}, "layer");
    for (std::int64_t i = 0; i < at[branches_]; ++i) {
      const std::string name = "branch" + std::to_string(i);
      const NodeId first = graph.add("Relu", {x}, {}, name + "a");
      sum = graph.add("Add", {sum, graph.add("Sigmoid", {first}, {}, name + "b")}, {}, name + "sum");
    }
    graph.output(sum);
    return graph;
  }

 private:
  Integer branches_;
  SpaceDeclaration declaration_;
};

class EncoderOfArchitectures : public testing::Test {
 protected:
  std::vector<double> encode(double branches, GraphFeatures graph = GraphFeatures::with) {
    const test::Config config;
    Branches space(config.options(), {Host(), false, {}, 0, 0});
    const Encoder encoder(SpaceView(space.declaration().view()), Architectures({&SpaceKind::table<Branches>, &space}),
                          graph);
    std::vector<double> out(encoder.size());
    Point point(1);
    point.x = {branches};
    point.active = {1};
    encoder.encode(point.row(), out);
    return out;
  }
  static double count(const std::vector<double>& row, std::string_view op) {
    const auto all = operators();
    const auto found = std::ranges::find(all, op, &Operator::name);
    return row.at(1 + 6 + static_cast<std::size_t>(found - all.begin()));
  }
};

TEST_F(EncoderOfArchitectures, counts_paths_and_operators_of_what_reaches_an_output) {
  const auto row = encode(2);
  EXPECT_DOUBLE_EQ(row[1], std::log1p(8 * 8 + 8)) << "parameters";
  EXPECT_GT(row[2], encode(1)[2]) << "FLOPs";
  EXPECT_EQ(row[3], 8) << "input, layer and two branches of three";
  EXPECT_EQ(row[4], 3) << "shortest: layer or a late branch's sum, and the sums";
  EXPECT_EQ(row[5], 4) << "longest: through the first branch";
  EXPECT_DOUBLE_EQ(row[6], std::log(3)) << "paths";
  EXPECT_EQ(count(row, "Gemm"), 1);
  EXPECT_EQ(count(row, "Relu"), 2) << "without the one that leads nowhere";
  EXPECT_EQ(count(row, "Sigmoid"), 2);
  EXPECT_EQ(count(row, "Add"), 2);
  EXPECT_EQ(count(row, "Conv"), 0);
}

TEST_F(EncoderOfArchitectures, a_configuration_without_architecture_is_marked) {
  const auto row = encode(4);
  EXPECT_EQ(std::vector<double>(row.begin() + 1, row.end()), std::vector<double>(row.size() - 1, -1.0));
}

TEST_F(EncoderOfArchitectures, figures_are_left_out_where_they_are_not_wanted) {
  EXPECT_EQ(encode(2, GraphFeatures::without), (std::vector<double>{encode(2)[0]}));
}

TEST(Encoder, a_space_without_architectures_is_seen_by_its_parameters) {
  SpaceBuilder s;
  s.choice("c", {"a", "b"});
  const SpaceDeclaration space = s.declaration();
  EXPECT_EQ(Encoder(SpaceView(space.view()), Architectures(), GraphFeatures::with).size(), 1U);
}

}  // namespace
}  // namespace nascent::surrogate
