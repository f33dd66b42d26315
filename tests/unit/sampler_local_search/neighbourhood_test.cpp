#include "local-search/neighbourhood.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nascent/space_builder.hpp"

namespace nascent::local_search {
namespace {

Point at(std::vector<double> x, std::vector<std::uint8_t> active) {
  Point p(x.size());
  p.x = std::move(x);
  p.active = std::move(active);
  return p;
}

std::vector<Move> moves(const SpaceDeclaration& space, const Point& from, double step) {
  return moves_from(SpaceView(space.view()), from.row(), step, 1);
}

TEST(Neighbourhood, a_choice_may_become_every_other_one_of_positive_weight) {
  SpaceBuilder s;
  s.choice("c", {"a", "b", "never", "d"}, {1, 2, 0, 1});
  EXPECT_THAT(moves(s.declaration(), at({1}, {1}), 0.5), testing::UnorderedElementsAre(Move{0, 0}, Move{0, 3}));
}

TEST(Neighbourhood, a_number_moves_by_a_share_of_its_prior_and_stops_at_the_edge) {
  SpaceBuilder s;
  s.real("x", 0, 10);
  const SpaceDeclaration space = s.declaration();
  const auto inside = moves(space, at({4}, {1}), 0.25);
  ASSERT_EQ(inside.size(), 2U);
  EXPECT_NEAR(inside[0].value, 6.5, 1e-12);
  EXPECT_NEAR(inside[1].value, 1.5, 1e-12);
  const auto near_edge = moves(space, at({9}, {1}), 0.25);
  EXPECT_NEAR(near_edge.at(0).value, 10, 1e-9);
  EXPECT_EQ(moves(space, at({0}, {1}), 0.25).size(), 1U) << "nothing below the lowest value";
}

TEST(Neighbourhood, levels_move_at_least_to_the_next_one) {
  SpaceBuilder s;
  s.integer("n", 1, 5);
  const SpaceDeclaration space = s.declaration();
  EXPECT_THAT(moves(space, at({3}, {1}), 0.01), testing::UnorderedElementsAre(Move{0, 2}, Move{0, 4}));
  EXPECT_THAT(moves(space, at({3}, {1}), 0.4), testing::UnorderedElementsAre(Move{0, 1}, Move{0, 5}));
  EXPECT_THAT(moves(space, at({5}, {1}), 0.01), testing::ElementsAre(Move{0, 4}));
}

TEST(Neighbourhood, inactive_parameters_do_not_move) {
  SpaceBuilder s;
  s.choice("a", {"0", "1"});
  s.choice("b", {"0", "1"});
  EXPECT_THAT(moves(s.declaration(), at({0, 0}, {1, 0}), 0.5), testing::ElementsAre(Move{0, 1}));
}

TEST(Neighbourhood, of_very_many_choices_some_are_tried_the_same_every_time) {
  SpaceBuilder s;
  std::vector<std::string> many;
  for (int i = 0; i < 1000; ++i) many.push_back(std::to_string(i));
  s.choice("c", many);
  const SpaceDeclaration space = s.declaration();
  const auto some = moves(space, at({5}, {1}), 0.5);
  EXPECT_GE(some.size(), 63U);  // 64 different ones, of which one may be where it is
  EXPECT_LE(some.size(), 64U);
  EXPECT_EQ(some, moves(space, at({5}, {1}), 0.5));
}

TEST(Neighbourhood, a_move_between_two_configurations_is_their_only_difference) {
  const Point from = at({0, 2, 7}, {1, 1, 0});
  EXPECT_EQ(move_between(from.row(), at({0, 3, 7}, {1, 1, 0}).row()), (Move{1, 3}));
  EXPECT_EQ(move_between(from.row(), at({1, 3, 7}, {1, 1, 0}).row()), std::nullopt) << "two";
  EXPECT_EQ(move_between(from.row(), from.row()), std::nullopt) << "none";
  EXPECT_EQ(move_between(from.row(), at({1, 2, 4}, {1, 1, 1}).row()), (Move{0, 1})) << "what a move activates is free";
}

}  // namespace
}  // namespace nascent::local_search
