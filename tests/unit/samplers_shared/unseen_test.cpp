#include "shared/unseen.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/observations.hpp"
#include "support/spaces.hpp"

namespace nascent::samplers {
namespace {

const Observations none{nullptr};

// Proposals by prior draws, each told at once, until the space is exhausted or `max` are made.
std::vector<Point> all_proposals(const SpaceDeclaration& declaration, std::size_t max) {
  const SpaceView space(declaration.view());
  Known known;
  std::vector<Point> proposals;
  try {
    for (std::uint64_t trial = 0; trial < max; ++trial) {
      Rng rng(5, trial);
      Point p(space.size());
      propose_unseen(space, Taken(known, none), rng, p.row(), [&] { space.sample(rng, p.row()); });
      EXPECT_TRUE(space.contains(p.row()));
      known.add(p.row());
      proposals.push_back(std::move(p));
    }
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), NAS_E_EXHAUSTED);
  }
  return proposals;
}

std::size_t count_different(const std::vector<Point>& points) {
  std::set<std::pair<std::vector<double>, std::vector<std::uint8_t>>> all;
  for (const Point& p : points) all.emplace(p.x, p.active);
  return all.size();
}

TEST(Unseen, every_configuration_of_a_conditional_space_comes_once_and_then_the_end) {
  SpaceBuilder s;
  const auto kind = s.choice("kind", {"a", "never", "b"}, {1, 0, 3});
  s.when(s.is(kind, "b"), [](SpaceBuilder& in) {
    in.integer("depth", 1, 5);
    in.choice("pool", {"max", "mean"});
  });
  s.ordinal<std::int64_t>("width", {16, 32, 64, 128}, {1, 0, 0, 1});
  const auto proposals = all_proposals(s.declaration(), 1000);
  EXPECT_EQ(proposals.size(), (1U + 5 * 2) * 2);
  EXPECT_EQ(count_different(proposals), proposals.size());
}

TEST(Unseen, configurations_that_the_prior_almost_never_draws_come_too) {
  SpaceBuilder s;
  for (int i = 0; i < 3; ++i) s.choice("c" + std::to_string(i), {"usual", "rare"}, {1, 1e-12});
  EXPECT_EQ(all_proposals(s.declaration(), 1000).size(), 8U);
}

TEST(Unseen, a_continuous_parameter_never_runs_out) {
  SpaceBuilder s;
  s.real("x", 0, 1);
  s.choice("c", {"a", "b"});
  EXPECT_EQ(count_different(all_proposals(s.declaration(), 300)), 300U);
}

TEST(Unseen, a_space_without_parameters_has_one_configuration) {
  EXPECT_EQ(all_proposals(SpaceBuilder().declaration(), 10).size(), 1U);
}

TEST(Unseen, pending_configurations_are_taken) {
  SpaceBuilder s;
  s.choice("c", {"a", "b", "c"});
  const SpaceDeclaration declaration = s.declaration();
  const SpaceView space(declaration.view());
  Known known;
  Point p(1);
  p.active = {1};
  known.add(p.row());
  test::History pending;
  p.x = {1};
  pending.add(1, TrialState::pending, {}, p);
  Rng rng(1);
  EXPECT_EQ(nearest_unseen(space, Taken(known, pending.view()), rng, p.row()), Unseen::found);
  EXPECT_EQ(p.x[0], 2);
}

TEST(Unseen, what_is_found_is_one_change_away_where_that_is_possible) {
  SpaceBuilder s;
  for (int i = 0; i < 4; ++i) s.integer("i" + std::to_string(i), 0, 99);
  const SpaceDeclaration declaration = s.declaration();
  const SpaceView space(declaration.view());
  Point p(4);
  p.x = {50, 50, 50, 50};
  p.active = {1, 1, 1, 1};
  Known known;
  known.add(p.row());
  Rng rng(3);
  Point moved = p;
  ASSERT_EQ(nearest_unseen(space, Taken(known, none), rng, moved.row()), Unseen::found);
  int changes = 0;
  double distance = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    changes += moved.x[i] != 50 ? 1 : 0;
    distance += std::abs(moved.x[i] - 50);
  }
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(distance, 1);
}

TEST(Unseen, gives_up_within_bounds_when_too_much_is_taken) {
  SpaceBuilder s;
  s.integer("i", 0, 999'999);
  const SpaceDeclaration declaration = s.declaration();
  const SpaceView space(declaration.view());
  Known known;
  Point p(1);
  p.active = {1};
  for (p.x = {0}; p.x[0] < 200'000; ++p.x[0]) known.add(p.row());
  p.x = {0};
  Rng rng(7);
  EXPECT_EQ(nearest_unseen(space, Taken(known, none), rng, p.row()), Unseen::given_up);
  EXPECT_EQ(p.x[0], 0) << "and leaves the row as it was";
}

}  // namespace
}  // namespace nascent::samplers
