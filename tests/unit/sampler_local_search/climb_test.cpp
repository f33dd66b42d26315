#include "local-search/climb.hpp"

#include <gtest/gtest.h>

#include "nascent/space_builder.hpp"
#include "support/observations.hpp"

namespace nascent::local_search {
namespace {

using test::History;

// Three choices of two.
class ClimbOnACube : public testing::Test {
 protected:
  ClimbOnACube() {
    SpaceBuilder s;
    for (const char* name : {"a", "b", "c"}) s.choice(name, {"0", "1"});
    space_ = s.declaration();
  }
  [[nodiscard]] Climb climb(std::size_t n_objectives = 1) const {
    return {SpaceView(space_.view()), n_objectives, Steps(), 1};
  }
  void tell(Climb& climb, std::vector<double> x, std::vector<double> values, TrialState state = TrialState::completed,
            double violation = 0) {
    Point p(3);
    p.x = std::move(x);
    p.active = {1, 1, 1};
    History h(values.size(), 1);
    h.add(trial_++, state, std::move(values), p, {violation});
    climb.add(h.view()[0]);
  }
  static std::vector<double> place(const Climb& climb, std::size_t i = 0) {
    const ConstRow row = climb.row(climb.standpoints().at(i));
    return {row.x.begin(), row.x.end()};
  }

 private:
  SpaceDeclaration space_;
  std::uint64_t trial_ = 0;
};

using Place = std::vector<double>;

TEST_F(ClimbOnACube, stands_on_the_first_trial_and_goes_to_the_first_better_one) {
  Climb c = climb();
  EXPECT_TRUE(c.standpoints().empty());
  tell(c, {0, 0, 0}, {5});
  EXPECT_EQ(c.standpoints().at(0).open.size(), 3U);
  tell(c, {1, 0, 0}, {6});
  EXPECT_EQ(place(c), (Place{0, 0, 0}));
  EXPECT_EQ(c.standpoints().at(0).open.size(), 2U) << "one neighbour is known";
  tell(c, {0, 1, 0}, {4});
  EXPECT_EQ(place(c), (Place{0, 1, 0}));
  EXPECT_EQ(c.standpoints().at(0).open.size(), 2U) << "where it came from is known";
}

TEST_F(ClimbOnACube, goes_on_to_known_neighbours_that_are_better_still) {
  Climb c = climb();
  tell(c, {0, 0, 0}, {1});
  tell(c, {1, 0, 0}, {2});
  tell(c, {0, 1, 0}, {2});
  tell(c, {0, 0, 1}, {2});
  EXPECT_TRUE(c.standpoints().empty()) << "a local optimum";
  tell(c, {0, 1, 1}, {9});
  EXPECT_EQ(c.standpoints().size(), 0U) << "the new climb went by known neighbours to the old optimum, and is over";
}

TEST_F(ClimbOnACube, an_equal_neighbour_is_no_improvement) {
  Climb c = climb();
  tell(c, {0, 0, 0}, {1});
  tell(c, {1, 0, 0}, {1});
  EXPECT_EQ(place(c), (Place{0, 0, 0}));
}

TEST_F(ClimbOnACube, trials_without_usable_values_are_tried_and_no_more) {
  Climb c = climb();
  tell(c, {0, 0, 0}, {5});
  tell(c, {1, 0, 0}, {-9}, TrialState::pruned);
  tell(c, {0, 1, 0}, {0}, TrialState::failed);
  EXPECT_EQ(place(c), (Place{0, 0, 0}));
  EXPECT_EQ(c.standpoints().at(0).open, (std::vector<Move>{{2, 1}}));
  tell(c, {0, 0, 1}, {std::nan("")});
  EXPECT_TRUE(c.standpoints().empty());
}

TEST_F(ClimbOnACube, a_smaller_violation_comes_before_a_better_value) {
  Climb c = climb();
  tell(c, {0, 0, 0}, {1}, TrialState::completed, 2);
  tell(c, {1, 0, 0}, {9}, TrialState::completed, 1);
  EXPECT_EQ(place(c), (Place{1, 0, 0}));
  tell(c, {1, 1, 0}, {-9}, TrialState::completed, 3);
  EXPECT_EQ(place(c), (Place{1, 0, 0}));
}

TEST_F(ClimbOnACube, with_two_objectives_it_stands_on_all_that_are_undominated) {
  Climb c = climb(2);
  tell(c, {0, 0, 0}, {1, 3});
  tell(c, {1, 0, 0}, {3, 1});
  EXPECT_EQ(c.standpoints().size(), 2U);
  tell(c, {0, 1, 0}, {2, 4});
  EXPECT_EQ(c.standpoints().size(), 2U) << "dominated";
  tell(c, {0, 0, 1}, {1, 1});
  ASSERT_EQ(c.standpoints().size(), 1U) << "dominates both";
  EXPECT_EQ(place(c), (Place{0, 0, 1}));
}

TEST(Climb, halves_the_step_of_a_number_until_the_last_and_then_ends) {
  SpaceBuilder s;
  s.real("x", 0, 1);
  const SpaceDeclaration space = s.declaration();
  Climb climb(SpaceView(space.view()), 1, {.first = 0.25, .last = 0.0625}, 1);
  Point p(1);
  p.active = {1};
  std::uint64_t trial = 0;
  const auto tell = [&](double x, double value) {
    p.x = {x};
    History h;
    h.add(trial++, TrialState::completed, {value}, p);
    climb.add(h.view()[0]);
  };
  tell(0.5, 0);
  for (const double step : {0.25, 0.125, 0.0625}) {
    ASSERT_EQ(climb.standpoints().size(), 1U);
    EXPECT_EQ(climb.standpoints()[0].step, step);
    const std::vector<Move> open = climb.standpoints()[0].open;
    ASSERT_EQ(open.size(), 2U);
    for (const Move& move : open) tell(move.value, 1);
  }
  EXPECT_TRUE(climb.standpoints().empty());
}

}  // namespace
}  // namespace nascent::local_search
