#include "local-search/local_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "support/losses.hpp"
#include "support/sampler_run.hpp"
#include "support/spaces.hpp"

namespace nascent::local_search {
namespace {

using test::Config;
using test::History;
using test::prior_draw;
using test::SamplerCase;
using test::SamplerInstance;
using test::sum_of;

SamplerInstance make(const SpaceDeclaration& space,
                     std::initializer_list<std::pair<std::string, test::OptionValue>> given = {}, SamplerCase c = {}) {
  Config config(given);
  config.complete<LocalSearch>();
  return {SamplerKind::table<LocalSearch>, space, config, c};
}

SpaceDeclaration four_choices() {
  SpaceBuilder s;
  for (int i = 0; i < 4; ++i) s.choice("c" + std::to_string(i), {"0", "1", "2", "3", "4"});
  return s.declaration();
}

std::size_t differences(const Point& a, const Point& b) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < a.x.size(); ++i) n += a.x[i] != b.x[i] ? 1 : 0;
  return n;
}

TEST(LocalSearch, is_first_improvement_with_restarts) {
  // Simulated beside it: the place is the best so far, every trial is an untried neighbour of it until there is none.
  const SpaceDeclaration space = four_choices();
  auto sampler = make(space);
  const auto rows = test::run_study(sampler, sum_of, 80);
  EXPECT_EQ(rows[0], prior_draw(space, 1, 0));
  std::size_t place = 0, t = 1;
  for (; t < rows.size(); ++t) {
    std::size_t known = 0;
    for (std::size_t s = 0; s < t; ++s) known += differences(rows[s], rows[place]) == 1 ? 1 : 0;
    if (known == 16) break;
    ASSERT_EQ(differences(rows[t], rows[place]), 1U) << t;
    if (sum_of(rows[t]) < sum_of(rows[place])) place = t;
  }
  EXPECT_EQ(sum_of(rows[place]), 0);
  ASSERT_LT(t, rows.size());
  Rng rng(1, t);
  Point restart(space.size());
  do {
    SpaceView(space.view()).sample(rng, restart.row());
  } while (std::find(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(t), restart) !=
           rows.begin() + static_cast<std::ptrdiff_t>(t));
  EXPECT_EQ(rows[t], restart) << "the first draw of the prior that is new";
}

TEST(LocalSearch, finds_better_configurations_than_random_search) {
  const SpaceDeclaration space = test::mixed_space();
  const test::Loss loss = test::distance_loss(space);
  int wins = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto sampler = make(space, {}, {.seed = seed});
    double climbed = HUGE_VAL;
    for (const Point& p : test::run_study(sampler, loss, 100)) {
      ASSERT_TRUE(SpaceView(space.view()).contains(p.row()));
      climbed = std::min(climbed, loss(p));
    }
    wins += climbed < test::best_of(test::prior_draws(space, seed, 100), loss) ? 1 : 0;
  }
  EXPECT_GE(wins, 15) << "of 20; the seeds are fixed, so the outcome is";
}

TEST(LocalSearch, told_again_in_a_new_instance_the_history_gives_the_same_next_proposals) {
  const SpaceDeclaration space = test::mixed_space();
  const test::Loss loss = test::distance_loss(space);
  std::uint64_t t = 0;
  auto lived = make(space), replayed = make(space);
  const auto rows = test::run_study(
      lived, [&](const Point& p) { return t++ % 5 == 0 ? std::nan("") : loss(p); }, 60, 3);
  History all;
  for (std::uint64_t i = 0; i < rows.size(); ++i) {
    const bool fails = i % 5 == 0;
    all.add(i, fails ? TrialState::failed : TrialState::completed, {fails ? 0.0 : loss(rows[i])}, rows[i]);
  }
  replayed.tell(all);
  EXPECT_EQ(lived.ask({60, 61, 62}), replayed.ask({60, 61, 62}));
  EXPECT_EQ(lived.ask_one(61), replayed.ask({61, 60}).at(0)) << "and does not depend on what was asked before";
}

TEST(LocalSearch, may_be_embedded_with_its_settings) {
  const SpaceDeclaration space = four_choices();
  SamplerSetup setup;
  setup.space = SpaceView(space.view());
  setup.seed = 1;
  LocalSearch embedded(LocalSearch::Settings(), setup);
  auto sampler = make(space);
  History all;
  for (std::uint64_t t = 0; t < 15; ++t) all.add(t, TrialState::completed, {1.0 * t}, prior_draw(space, 1, t));
  sampler.tell(all);
  for (std::size_t i = 0; i < all.size(); ++i) embedded.tell(all.view()[i]);
  Point asked(space.size());
  embedded.ask({15, Observations(nullptr), nullptr}, asked.row());
  EXPECT_EQ(asked, sampler.ask_one(15));
}

TEST(LocalSearch, a_batch_tries_different_neighbours_and_then_the_prior) {
  const SpaceDeclaration space = four_choices();
  auto sampler = make(space);
  const Point place = prior_draw(space, 1, 0);
  History told, pending;
  told.add(0, TrialState::completed, {1}, place);
  sampler.tell(told);
  std::set<std::vector<double>> different;
  for (std::uint64_t t = 1; t <= 16; ++t) {
    const Point p = sampler.ask_one(t, pending.size() == 0 ? nullptr : pending.get());
    EXPECT_EQ(differences(p, place), 1U);
    different.insert(p.x);
    pending.add(t, TrialState::pending, {}, p);
  }
  EXPECT_EQ(different.size(), 16U) << "all neighbours there are";
  EXPECT_EQ(sampler.ask_one(17, pending.get()), prior_draw(space, 1, 17));
}

TEST(LocalSearch, when_every_trial_fails_it_goes_on_with_the_prior) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make(space);
  const auto rows = test::run_study(
      sampler, [](const Point&) { return std::nan(""); }, 30);
  for (std::uint64_t t = 0; t < 30; ++t) EXPECT_EQ(rows[t], prior_draw(space, 1, t)) << t;
}

TEST(LocalSearch, several_objectives_are_climbed_along_their_front) {
  const SpaceDeclaration space = four_choices();
  auto sampler = make(space, {}, {.n_objectives = 2});
  std::set<std::vector<double>> front;  // any c0, the others 0
  for (std::uint64_t t = 0; t < 100; ++t) {
    const Point p = sampler.ask_one(t);
    const double rest = p.x[1] + p.x[2] + p.x[3];
    if (rest == 0) front.insert(p.x);
    History h(2);
    h.add(t, TrialState::completed, {p.x[0] + rest, 4 - p.x[0] + rest}, p);
    sampler.tell(h);
  }
  EXPECT_EQ(front.size(), 5U);
}

TEST(LocalSearch, ends_when_every_configuration_was_tried) {
  SpaceBuilder s;
  s.choice("c", {"a", "b", "c"});
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space);
  EXPECT_EQ(test::run_study(sampler, sum_of, 3).size(), 3U);
  EXPECT_TRUE(test::is_exhausted(sampler, 3));
}

TEST(LocalSearch, steps_may_not_grow) {
  try {
    make(four_choices(), {{"first_step", 0.1}, {"last_step", 0.2}});
    FAIL() << "accepted";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("steps become smaller"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace nascent::local_search
