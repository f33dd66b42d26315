#include "tpe/tpe.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "support/finite_spaces.hpp"
#include "support/losses.hpp"
#include "support/sampler_run.hpp"
#include "support/spaces.hpp"

namespace nascent::tpe {
namespace {

using test::Config;
using test::SamplerInstance;

using Given = std::initializer_list<std::pair<std::string, test::OptionValue>>;

SamplerInstance make(const SpaceDeclaration& space, Given given = {}, test::SamplerCase c = {}) {
  Config config(given);
  return {SamplerKind::table<Tpe>, space, config.complete<Tpe>(), c};
}

const char* const kEstimates[] = {"joint", "grouped", "univariate"};

TEST(Tpe, begins_with_the_draws_of_the_prior) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make(space, {{"initial", 7}});
  const auto rows = run_study(sampler, test::failing_mixed_loss, 8);
  for (std::uint64_t t = 0; t < 8; ++t) EXPECT_EQ(rows[t] == test::prior_draw(space, 1, t), t < 7) << t;
}

TEST(Tpe, finds_better_configurations_than_random_search) {
  const SpaceDeclaration space = test::mixed_space();
  for (const char* estimate : kEstimates) {
    int wins = 0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      auto sampler = make(space, {{"estimate", estimate}}, {.seed = seed});
      const double found = test::best_of(run_study(sampler, test::failing_mixed_loss, 100), test::failing_mixed_loss);
      wins += found < test::best_of(test::prior_draws(space, seed, 100), test::failing_mixed_loss) ? 1 : 0;
    }
    EXPECT_GE(wins, 9) << estimate << ", of 10; the seeds are fixed, so the outcome is";
  }
}

TEST(Tpe, told_again_in_a_new_instance_the_history_gives_the_same_next_proposals) {
  const SpaceDeclaration space = test::mixed_space();
  for (const char* estimate : kEstimates) {
    for (const std::uint64_t parallel : {1U, 7U}) {
      auto lived = make(space, {{"estimate", estimate}});
      const auto asked = run_study(lived, test::failing_mixed_loss, 60, parallel);
      test::History all = test::told(asked, test::failing_mixed_loss);
      auto replayed = make(space, {{"estimate", estimate}});
      replayed.tell(all);
      EXPECT_EQ(lived.ask({60, 61, 62}), replayed.ask({60, 61, 62}));
      EXPECT_EQ(lived.ask_one(61), replayed.ask({62, 61}).at(1)) << "and does not depend on what was asked before";
    }
  }
}

TEST(Tpe, what_it_remembers_of_pending_trials_does_not_show) {
  const SpaceDeclaration space = test::mixed_space();
  for (const char* estimate : kEstimates) {
    auto lived = make(space, {{"estimate", estimate}});
    test::History told = test::told(test::prior_draws(space, 2, 15), test::failing_mixed_loss);
    lived.tell(told);
    Rng rng(3, 0);
    for (std::uint64_t trial = 100; trial < 130; ++trial) {
      test::History pending;  // most of them as before; some end, some begin, some are other configurations than they were
      for (std::uint64_t open = 20; open < 60; ++open) {
        if (rng.below(4) > 0) pending.add(open, TrialState::pending, {}, test::prior_draw(space, 4 + rng.below(8) / 7, open / 2));
      }
      auto fresh = make(space, {{"estimate", estimate}});
      fresh.tell(told);
      EXPECT_EQ(lived.ask_one(trial, pending.get()), fresh.ask_one(trial, pending.get())) << estimate << " " << trial;
    }
  }
}

TEST(Tpe, a_configuration_is_taken_for_as_long_as_one_of_its_pending_trials_is) {
  SpaceBuilder s;
  s.choice("a", {"0", "1"});
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"initial", 1}});
  Point zero(1), one(1);
  zero.active = one.active = {1};
  one.x = {1};
  test::History told, twice, once, none;
  told.add(0, TrialState::completed, {1}, zero);
  sampler.tell(told);
  twice.add(1, TrialState::pending, {}, one).add(2, TrialState::pending, {}, one);
  once.add(2, TrialState::pending, {}, one);
  EXPECT_THROW(sampler.ask_one(3, twice.get()), Error);
  EXPECT_THROW(sampler.ask_one(3, once.get()), Error);
  EXPECT_EQ(sampler.ask_one(3, none.get()), one);
}

// The whole method once more, on two categorical parameters: l and g by the formulas of the README, over all 25 pairs.
TEST(Tpe, proposes_the_untried_configuration_of_the_largest_ratio) {
  SpaceBuilder s;
  s.choice("a", {"0", "1", "2", "3", "4"});
  s.choice("b", {"0", "1", "2", "3", "4"}, {1, 2, 3, 2, 1});
  const SpaceDeclaration space = s.declaration();
  const double prior[2][5] = {{.2, .2, .2, .2, .2}, {1 / 9., 2 / 9., 3 / 9., 2 / 9., 1 / 9.}};
  auto sampler = make(space, {{"good_share", 0.25}, {"candidates", 2000}});
  // Twelve pairs; the best three are (1, 2), (1, 3), (4, 2), apart from each other in value.
  const std::vector<std::pair<int, int>> told{{1, 2}, {1, 3}, {4, 2}, {0, 0}, {0, 2}, {2, 2},
                                              {3, 3}, {2, 4}, {4, 4}, {3, 0}, {0, 4}, {2, 1}};
  const std::vector<double> good_weight{1. / 3 + 1. / 2 + 1, 1. / 3 + 1. / 2, 1. / 3};
  test::History h;
  std::set<std::pair<int, int>> tried(told.begin(), told.end());
  for (std::size_t t = 0; t < told.size(); ++t) {
    Point p(2);
    p.active = {1, 1};
    p.x = {static_cast<double>(told[t].first), static_cast<double>(told[t].second)};
    h.add(t, TrialState::completed, {static_cast<double>(t)}, p);
  }
  sampler.tell(h);
  const auto density = [&](std::pair<int, int> x, std::size_t from, std::size_t to) {
    const double n = static_cast<double>(to - from),
                 b = std::min(5 / (n + 5), 0.5);  // two choices: half a departure each
    double sum = prior[0][x.first] * prior[1][x.second];
    for (std::size_t j = from; j < to; ++j) {
      const double on_a = (x.first == told[j].first ? 1 - b : 0) + b * prior[0][x.first];
      const double on_b = (x.second == told[j].second ? 1 - b : 0) + b * prior[1][x.second];
      sum += (from == 0 ? good_weight[j] : 1) * on_a * on_b;
    }
    return sum / (n + 1);
  };
  std::pair<int, int> best{-1, -1};
  double highest = 0;
  for (int a = 0; a < 5; ++a) {
    for (int b = 0; b < 5; ++b) {
      const double ratio = density({a, b}, 0, 3) / density({a, b}, 3, 12);
      if (tried.contains({a, b}) || ratio <= highest) continue;
      highest = ratio;
      best = {a, b};
    }
  }
  for (std::uint64_t trial = 12; trial < 22; ++trial) {
    const Point p = sampler.ask_one(trial);
    EXPECT_EQ(p.x, (std::vector<double>{static_cast<double>(best.first), static_cast<double>(best.second)}));
  }
}

TEST(Tpe, a_failed_trial_repels_but_does_not_poison_the_good_group) {
  SpaceBuilder s;
  s.choice("a", {"works", "fails"});
  s.real("x", 0, 1);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space);
  const auto rows = run_study(
      sampler, [](const Point& p) { return p.x[0] == 1 ? std::nan("") : std::abs(p.x[1] - 0.3); }, 60);
  int failing = 0;
  double distance = 0;
  for (std::size_t t = 40; t < 60; ++t) {
    failing += rows[t].x[0] == 1 ? 1 : 0;
    distance += std::abs(rows[t].x[1] - 0.3) / 20;
  }
  EXPECT_LE(failing, 2) << "ten under the prior";
  EXPECT_LT(distance, 0.15) << "0.29 under the prior";
}

TEST(Tpe, when_every_trial_fails_it_moves_away_from_them) {
  SpaceBuilder s;
  s.real("x", 0, 1);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space);
  test::History h;
  for (std::uint64_t t = 0; t < 30; ++t) {
    Point p(1);
    p.active = {1};
    p.x = {0.5 * static_cast<double>(t) / 30};
    h.add(t, TrialState::failed, {0}, p);
  }
  sampler.tell(h);
  for (std::uint64_t t = 30; t < 50; ++t) EXPECT_GT(sampler.ask_one(t).x[0], 0.5);
}

TEST(Tpe, pending_trials_repel_as_the_constant_liar_does) {
  SpaceBuilder s;
  s.real("x", 0, 1);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"candidates", 200}});
  run_study(
      sampler, [](const Point& p) { return std::abs(p.x[0] - 0.5); }, 30);
  const double alone = sampler.ask_one(30).x[0];
  test::History pending;
  for (std::uint64_t t = 30; t < 50; ++t) {
    Point p(1);
    p.active = {1};
    p.x = {alone + 1e-6 * static_cast<double>(t)};
    pending.add(t, TrialState::pending, {}, p);
  }
  EXPECT_GT(std::abs(sampler.ask_one(50, pending.get()).x[0] - alone), 3 * std::abs(sampler.ask_one(50).x[0] - alone));
}

TEST(Tpe, a_batch_holds_no_configuration_twice_and_none_tried_before) {
  const SpaceDeclaration space = test::branching_space();
  for (const char* estimate : kEstimates) {
    auto sampler = make(space, {{"initial", 4}, {"estimate", estimate}});
    const auto rows = run_study(
        sampler, [](const Point& p) { return p.x[1]; }, 33, 5);
    std::set<std::vector<double>> different;
    for (const Point& p : rows) {
      EXPECT_TRUE(SpaceView(space.view()).contains(p.row()));
      EXPECT_NE(p.x[0], 1) << "of prior 0";
      different.insert(p.x);
    }
    EXPECT_EQ(different.size(), 33U) << estimate;
    EXPECT_THROW(sampler.ask_one(33), Error) << "every configuration has been tried";
  }
}

TEST(Tpe, follows_conditions) {
  const SpaceDeclaration space = test::mixed_space();
  for (const char* estimate : kEstimates) {
    auto sampler = make(space, {{"estimate", estimate}});
    for (const Point& p : run_study(sampler, test::failing_mixed_loss, 80, 3)) {
      EXPECT_TRUE(SpaceView(space.view()).contains(p.row())) << estimate;
      EXPECT_NE(p.x[5], 2) << "of prior 0";
    }
  }
}

TEST(Tpe, joint_estimates_see_what_univariate_ones_cannot) {
  SpaceBuilder s;
  s.real("x", 0, 1);
  s.real("y", 0, 1);
  const SpaceDeclaration space = s.declaration();
  // Two equally good corners: x and y low, or both high.
  const auto loss = [](const Point& p) {
    return std::min(std::hypot(p.x[0] - 0.1, p.x[1] - 0.1), std::hypot(p.x[0] - 0.9, p.x[1] - 0.9));
  };
  std::map<std::string, double> mean;
  for (const char* estimate : {"joint", "univariate"}) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      auto sampler = make(space, {{"estimate", estimate}}, {.seed = seed});
      test::History h;
      Rng rng(seed, 0);
      for (std::uint64_t t = 0; t < 200; ++t) {
        Point p(2);
        p.active = {1, 1};
        p.x = {rng.uniform(), rng.uniform()};
        h.add(t, TrialState::completed, {loss(p)}, p);
      }
      sampler.tell(h);
      for (std::uint64_t t = 200; t < 240; ++t) mean[estimate] += loss(sampler.ask_one(t)) / 200;
    }
  }
  EXPECT_LT(mean["joint"], 0.6 * mean["univariate"]);
}

TEST(Tpe, goes_for_the_best_that_keeps_the_constraint) {
  SpaceBuilder s;
  s.real("x", 0, 1);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {}, {.n_constraints = 1});
  double distance = 0;
  for (std::uint64_t t = 0; t < 80; ++t) {  // x is best at 0, and allowed from 0.9 on
    const Point p = sampler.ask_one(t);
    test::History h(1, 1);
    sampler.tell(h.add(t, TrialState::completed, {p.x[0]}, p, {0.9 - p.x[0]}));
    if (t >= 60) distance += std::abs(p.x[0] - 0.9) / 20;
  }
  EXPECT_LT(distance, 0.05) << "0.41 under the prior";
}

TEST(Tpe, spreads_along_the_front_of_two_objectives) {
  SpaceBuilder s;
  s.real("x", 0, 1);
  s.real("y", 0, 1);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {}, {.n_objectives = 2});
  double off = 0;
  int low = 0, high = 0;
  for (std::uint64_t t = 0; t < 150; ++t) {  // the front: y = 0, any x
    const Point p = sampler.ask_one(t);
    test::History h(2);
    sampler.tell(h.add(t, TrialState::completed, {p.x[0] + p.x[1], 1 - p.x[0] + p.x[1]}, p));
    if (t < 100) continue;
    off += p.x[1] / 50;
    low += p.x[0] < 0.3 ? 1 : 0;
    high += p.x[0] > 0.7 ? 1 : 0;
  }
  EXPECT_LT(off, 0.2) << "0.5 under the prior";
  EXPECT_GE(low, 4);
  EXPECT_GE(high, 4);
}

TEST(Tpe, a_constant_objective_is_no_trouble) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make(space);
  std::set<std::vector<double>> different;
  for (const Point& p : run_study(
           sampler, [](const Point&) { return 3.0; }, 150))
    different.insert(p.x);
  EXPECT_EQ(different.size(), 150U);
}

TEST(Tpe, one_configuration_is_proposed_once) {
  SpaceBuilder s;
  s.choice("only", {"one"});
  s.real("fixed", 2, 2);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"initial", 1}});
  const auto rows = run_study(
      sampler, [](const Point&) { return 1.0; }, 1);
  EXPECT_EQ(rows[0].x, (std::vector<double>{0, 2}));
}

TEST(Tpe, a_million_choices_and_huge_ranges_are_no_burden) {
  std::vector<std::int64_t> values(1000000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i);
  SpaceBuilder s;
  s.choice("c", values);
  s.integer("i", -(std::int64_t{1} << 52), std::int64_t{1} << 52);
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space);
  for (const Point& p : run_study(
           sampler, [](const Point& q) { return q.x[1]; }, 60)) {
    EXPECT_TRUE(SpaceView(space.view()).contains(p.row()));
  }
}

TEST(Tpe, embedded_by_its_settings_it_is_the_same_sampler) {
  const SpaceDeclaration space = test::mixed_space();
  auto plugin = make(space, {{"estimate", "grouped"}, {"initial", 5}, {"candidates", 8}});
  SamplerSetup setup{};
  setup.space = SpaceView(space.view());
  setup.seed = 1;
  setup.n_objectives = 1;
  Tpe embedded({.estimate = Estimate::grouped, .initial = 5, .candidates = 8}, setup);
  for (std::uint64_t t = 0; t < 20; ++t) {
    const Point expected = plugin.ask_one(t);
    Point p(space.size());
    embedded.ask({t, Observations(nullptr), nullptr}, p.row());
    EXPECT_EQ(p, expected);
    test::History h;
    h.add(t, TrialState::completed, {p.x[0]}, p);
    plugin.tell(h);
    embedded.tell(h.view()[0]);
  }
}

// One trial of a study with a scheduler: reports after 1 and 3 of 9 epochs, each with what is still to be gained.
test::History reports_of(std::uint64_t trial, const Point& at, double loss) {
  test::History h;
  h.add(trial, TrialState::paused, {loss + 3}, at, {}, 1).add(trial, TrialState::paused, {loss + 1}, at, {}, 3);
  return h;
}

TEST(Tpe, with_a_scheduler_learns_from_trials_that_have_not_ended) {
  SpaceBuilder plane;
  plane.real("x", 0, 1);
  plane.real("y", 0, 1);
  const SpaceDeclaration space = plane.declaration();
  const auto loss = [](const Point& p) { return std::abs(p.x[0] - 0.2) + std::abs(p.x[1] - 0.7); };
  for (const char* fidelity : {"foreseen", "largest"}) {
    auto sampler = make(space, {{"fidelity", fidelity}}, {.full_budget = 9});
    for (std::uint64_t t = 0; t < 60; ++t) {
      const Point at = sampler.ask_one(t);
      test::History reports = reports_of(t, at, loss(at));
      ASSERT_TRUE(sampler.tell_reports(reports));
    }
    double mean = 0;
    for (std::uint64_t t = 60; t < 90; ++t) mean += loss(sampler.ask_one(t)) / 30;
    EXPECT_LT(mean, 0.25) << fidelity << "; the prior's is 0.63";
  }
}

TEST(Tpe, with_a_scheduler_told_again_the_history_gives_the_same_next_proposals) {
  const SpaceDeclaration space = test::mixed_space();
  for (const char* fidelity : {"foreseen", "largest"}) {
    auto lived = make(space, {{"fidelity", fidelity}}, {.full_budget = 9});
    auto replayed = make(space, {{"fidelity", fidelity}}, {.full_budget = 9});
    for (std::uint64_t t = 0; t < 60; ++t) {
      const Point at = lived.ask_one(t);
      const double loss = test::mixed_loss(at);
      test::History reports = reports_of(t, at, loss), end;
      end.add(t, t % 3 == 0 ? TrialState::completed : TrialState::pruned, {loss}, at, {}, 9);
      for (auto* sampler : {&lived, &replayed}) {
        sampler->tell_reports(reports);
        if (t % 2 == 0) sampler->tell(end);
      }
    }
    EXPECT_EQ(lived.ask({60, 61, 62}), replayed.ask({60, 61, 62})) << fidelity;
  }
}

}  // namespace
}  // namespace nascent::tpe
