#include "gp/encoder.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "nascent/space.hpp"
#include "support/config.hpp"
#include "support/spaces.hpp"

namespace nascent::gp {
namespace {

TEST(Encoder, numbers_stand_where_they_stand_in_their_prior_and_inactive_ones_nowhere) {
  const SpaceDeclaration space = test::mixed_space();
  const SpaceView view(space.view());
  const Encoder encoder(view, Architectures(), Settings());
  // rate, share, stepped, count, width, depth, leaf; then kind and flag.
  EXPECT_EQ(encoder.layout().conditional, (std::vector<std::uint8_t>{0, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(encoder.layout().categoricals, 2U);
  Point plain(9), deep(9);
  plain.x = {std::sqrt(1e-4 * 1e-1), 0.2, 0.5, 10, 1, 0, 0, 0, 0};
  plain.active = {1, 1, 1, 1, 1, 1, 0, 0, 0};
  deep.x = {1e-1, 1, 1, 100, 2, 1, 3, 1, 0.25};
  deep.active = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  const Inputs in = encoder(std::array{plain, deep});
  EXPECT_NEAR(in.x(0, 0), 0.5, 1e-12) << "the middle of a logarithmic scale";
  EXPECT_NEAR(in.x(0, 2), 0.5, 1e-12) << "the middle of five steps";
  EXPECT_NEAR(in.x(0, 4), 0.5, 1e-12) << "the middle of three";
  EXPECT_NEAR(in.x(1, 0), 1, 1e-12);
  EXPECT_NEAR(in.x(1, 4), 5.0 / 6, 1e-12) << "the middle of the last third";
  EXPECT_TRUE(std::isnan(in.x(0, 5)) && std::isnan(in.x(0, 6)));
  EXPECT_NEAR(in.x(1, 5), 0.5, 1e-12);
  EXPECT_NEAR(in.x(1, 6), 0.25, 1e-12);
  EXPECT_EQ(in.x.row(0).tail(2), (Eigen::RowVector2d(0, -1)));
  EXPECT_EQ(in.x.row(1).tail(2), (Eigen::RowVector2d(1, 1)));
  EXPECT_TRUE(in.graphs.empty());
}

TEST(Encoder, parameters_of_one_possible_value_have_no_column) {
  SpaceBuilder s;
  s.choice("only", {"a"});
  s.choice("weighted", {"a", "b"}, {0, 1});
  s.real("point", 2, 2);
  s.real("free", 0, 1);
  const SpaceDeclaration space = s.declaration();
  EXPECT_EQ(Encoder(SpaceView(space.view()), Architectures(), Settings()).layout().size(), 1U);
}

// A chain of `length` activations; none of length 3.
class Chain : public Space {
 public:
  static constexpr About about{"test.space.chain", "chain", "1.0.0", "Chain"};

  Chain(const Options&, const SpaceSetup&) {
    SpaceBuilder s;
    length_ = s.integer("length", 0, 3);
    declaration_ = s.declaration();
  }
  [[nodiscard]] const SpaceDeclaration& declaration() const override { return declaration_; }
  [[nodiscard]] std::optional<Graph> build(const Values& at) const override {
    if (at[length_] == 3) throw Error(NAS_E_INVALID, "too long");
    Graph graph;
    NodeId last = graph.input("x", {8});
    for (std::int64_t i = 0; i < at[length_]; ++i) last = graph.add("Relu", {last});
    graph.output(last);
    return graph;
  }

 private:
  Integer length_;
  SpaceDeclaration declaration_;
};

TEST(Encoder, architectures_are_counted_where_wanted) {
  const test::Config config;
  Chain space(config.options(), {Host(), false, {}, 0, 0});
  const Architectures architectures({&SpaceKind::table<Chain>, &space});
  const SpaceView view(space.declaration().view());
  Settings with;
  with.graph = GraphKernel::with;
  std::vector<Point> points(2, Point(1));
  points[0].x = {2};
  points[1].x = {3};
  points[0].active = points[1].active = {1};
  const Inputs in = Encoder(view, architectures, with)(points);
  ASSERT_EQ(in.graphs.size(), 2U);
  EXPECT_EQ(in.graphs[0]->counts.size(), 2U + 3 + 3) << "heights 0, 1 and 2 of input, Relu, Relu";
  EXPECT_TRUE(in.graphs[1]->counts.empty()) << "no architecture";
  EXPECT_TRUE(Encoder(view, architectures, Settings())(points).graphs.empty());
  EXPECT_TRUE(Encoder(view, Architectures(), with)(points).graphs.empty()) << "a space without architectures";
}

}  // namespace
}  // namespace nascent::gp
