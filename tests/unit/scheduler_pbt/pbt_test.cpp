// Generations: who ends, who has children, who goes on, and when the next population begins.
#include "pbt.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "nascent/space_builder.hpp"
#include "support/config.hpp"
#include "support/small_study.hpp"

namespace nascent::pbt {
namespace {

using test::Config;
using test::History;
using test::SmallStudy;
using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr nas_budget epochs(double n) { return {NAS_UNIT_EPOCH, 0, 0, n}; }
constexpr auto paused = TrialState::paused, pending = TrialState::pending, pruned = TrialState::pruned, failed = TrialState::failed;

Config settings(std::int64_t population, double interval, double quantile = 0.2) {
  return {{"population", population}, {"interval", interval}, {"quantile", quantile}, {"perturb", 0.2}, {"resample", 0.25}};
}

std::vector<std::uint64_t> promoted(Pbt& rule, History& h) {
  std::vector<std::uint64_t> trials;
  for (const Promotion& p : rule.poll(h.view())) trials.push_back(p.trial_id);
  return trials;
}

// Trials 0 to 9, of loss 0 to 9, all paused at the first generation.
History first_generation() {
  History h;
  for (std::uint64_t t = 0; t < 10; ++t) h.report(t, paused, 2, {static_cast<double>(t)});
  return h;
}

TEST(Pbt, members_pause_at_each_multiple_of_the_interval_and_not_at_the_end) {
  const Config config = settings(10, 2);
  Pbt rule(config.options(), {.budget = epochs(6)});
  History none;
  History own;
  std::vector<double> stops;
  for (double budget = 1; budget <= 6; ++budget) {
    own.report(3, pending, budget, {1});
    if (rule.decide(none.view(), own.view()) == Verdict::pause) stops.push_back(budget);
  }
  EXPECT_THAT(stops, ElementsAre(2, 4));
}

TEST(Pbt, a_child_does_not_pause_where_it_was_born) {
  const Config config = settings(10, 2);
  Pbt rule(config.options(), {.budget = epochs(9)});
  History none;
  History own;
  own.report(12, pending, 4, {1}, 3).report(12, pending, 5, {1}, 3);
  EXPECT_EQ(rule.decide(none.view(), own.view()), Verdict::go);
  own.report(12, pending, 6, {1}, 3);
  EXPECT_EQ(rule.decide(none.view(), own.view()), Verdict::pause);
}

TEST(Pbt, a_generation_waits_for_its_last_member) {
  const Config config = settings(10, 2);
  Pbt rule(config.options(), {.budget = epochs(6)});
  History h;
  for (std::uint64_t t = 0; t < 9; ++t) h.report(t, paused, 2, {static_cast<double>(t)});
  EXPECT_THAT(rule.give_up(h.view()), IsEmpty()) << "one was not begun";
  h.report(9, pending, 1, {9});
  EXPECT_THAT(rule.give_up(h.view()), IsEmpty()) << "one trains";
  EXPECT_THAT(rule.fork(h.view()), IsEmpty());
  EXPECT_THAT(promoted(rule, h), IsEmpty());
}

TEST(Pbt, the_worst_fifth_ends_and_the_best_fifth_has_its_children) {
  const Config config = settings(10, 2);
  Pbt rule(config.options(), {.budget = epochs(6), .seed = 7});
  History h = first_generation();
  EXPECT_THAT(rule.give_up(h.view()), UnorderedElementsAre(8, 9));
  const auto parents = rule.fork(h.view());
  ASSERT_EQ(parents.size(), 2U);
  EXPECT_THAT(parents, Each(AnyOf(0U, 1U)));
  const auto promotions = rule.poll(h.view());
  EXPECT_EQ(promotions.size(), 8U);
  for (const Promotion& p : promotions) EXPECT_EQ(p.budget, 4);
}

TEST(Pbt, parents_are_drawn_uniformly) {
  const Config config = settings(10, 2);
  std::size_t n_first = 0;
  constexpr int n = 2000;
  for (int seed = 0; seed < n; ++seed) {
    Pbt rule(config.options(), {.budget = epochs(6), .seed = static_cast<std::uint64_t>(seed)});
    History h = first_generation();
    n_first += rule.fork(h.view())[0] == 0 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(n_first) / n, 0.5, 4.5 * 0.5 / std::sqrt(n));  // wrong once in 150,000
}

// Each answer is acted on alone, as a deterministic study does with one leg per question.
TEST(Pbt, a_generation_that_was_dealt_with_in_part_is_taken_up_where_it_was_left) {
  const Config config = settings(10, 2);
  Pbt rule(config.options(), {.budget = epochs(6), .seed = 7});
  History whole = first_generation();
  const auto parents = rule.fork(whole.view());
  const auto history = [&](std::size_t children, std::size_t gone_on) {
    History h;
    for (std::uint64_t t = 0; t < 10; ++t) {
      h.report(t, t >= 8 ? pruned : t < gone_on ? pending : paused, 2, {static_cast<double>(t)});
    }
    for (std::size_t c = 0; c < children; ++c) h.report(10 + c, pending, 2, {static_cast<double>(parents[c])}, parents[c]);
    return h;
  };
  History one = history(1, 0);
  EXPECT_THAT(rule.give_up(one.view()), IsEmpty());
  EXPECT_THAT(rule.fork(one.view()), ElementsAre(parents[1]));
  History both = history(2, 0);
  EXPECT_THAT(rule.fork(both.view()), IsEmpty());
  EXPECT_THAT(promoted(rule, both), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  History some = history(2, 3);
  EXPECT_THAT(rule.fork(some.view()), IsEmpty());
  EXPECT_THAT(promoted(rule, some), ElementsAre(3, 4, 5, 6, 7));
  // One has come to the next generation before others left this one.
  History far;
  for (std::uint64_t t = 0; t < 10; ++t) {
    far.report(t, t >= 8 ? pruned : paused, 2, {static_cast<double>(t)});
    if (t == 0) far.report(t, paused, 4, {0.5});
  }
  for (std::size_t c = 0; c < 2; ++c) far.report(10 + c, pending, 2, {0}, parents[c]);
  EXPECT_THAT(promoted(rule, far), ElementsAre(1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(rule.give_up(far.view()), IsEmpty());
}

TEST(Pbt, children_are_judged_at_the_generation_after_their_birth) {
  const Config config = settings(4, 1, 0.25);
  Pbt rule(config.options(), {.budget = epochs(4)});
  History h;
  h.report(0, paused, 1, {0}).report(0, paused, 2, {0});
  h.report(1, paused, 1, {1}).report(1, paused, 2, {1});
  h.report(2, paused, 1, {2}).report(2, paused, 2, {2});
  h.report(3, pruned, 1, {3});
  h.report(4, paused, 1, {0}, 0).report(4, paused, 2, {5}, 0);
  EXPECT_THAT(rule.give_up(h.view()), ElementsAre(4)) << "its options were worse";
  EXPECT_THAT(rule.fork(h.view()), ElementsAre(0)) << "the first generation's child is there";
}

TEST(Pbt, a_member_that_failed_is_replaced_at_the_next_generation) {
  const Config config = settings(4, 2, 0.25);
  Pbt rule(config.options(), {.budget = epochs(6)});
  History h;
  h.report(0, paused, 2, {0}).report(1, paused, 2, {1}).report(2, failed, 1, {2}).report(3, failed, 0, {0});
  EXPECT_THAT(rule.give_up(h.view()), ElementsAre(1)) << "of the two that came, one";
  EXPECT_THAT(rule.fork(h.view()), ElementsAre(0, 0, 0)) << "in place of 1, 2 and 3";
  EXPECT_THAT(promoted(rule, h), ElementsAre(0));
}

TEST(Pbt, where_one_member_is_left_the_others_come_from_it) {
  const Config config = settings(3, 2);
  Pbt rule(config.options(), {.budget = epochs(6)});
  History h;
  h.report(0, failed, 0, {0}).report(1, paused, 2, {1}).report(2, TrialState::invalid, 0, {0});
  EXPECT_THAT(rule.give_up(h.view()), IsEmpty());
  EXPECT_THAT(rule.fork(h.view()), ElementsAre(1, 1));
}

TEST(Pbt, values_that_are_not_finite_are_the_worst_and_have_no_children) {
  const Config config = settings(4, 2, 0.5);
  Pbt rule(config.options(), {.budget = epochs(6)});
  History h;
  h.report(0, paused, 2, {NAN}).report(1, paused, 2, {1}).report(2, paused, 2, {INFINITY}).report(3, paused, 2, {NAN});
  EXPECT_THAT(rule.fork(h.view()), Each(1U));
  EXPECT_EQ(rule.give_up(h.view()).size(), 2U);
}

TEST(Pbt, several_objectives_are_ranked_by_pareto_layers) {
  const Config config = settings(4, 2, 0.25);
  Pbt rule(config.options(), {.n_objectives = 2, .budget = epochs(6)});
  History h(2);
  h.report(0, paused, 2, {3, 3}).report(1, paused, 2, {0, 2}).report(2, paused, 2, {1, 1}).report(3, paused, 2, {2, 2});
  EXPECT_THAT(rule.give_up(h.view()), ElementsAre(0));
  EXPECT_THAT(rule.fork(h.view()), ElementsAre(AnyOf(1U, 2U)));
}

TEST(Pbt, one_population_is_begun_and_the_next_when_all_have_ended) {
  const Config config = settings(3, 2);
  Pbt rule(config.options(), {.budget = epochs(4)});
  History none;
  EXPECT_EQ(rule.admits(none.view(), 0), 3U);
  EXPECT_EQ(rule.admits(none.view(), 2), 1U);
  EXPECT_EQ(rule.admits(none.view(), 3), 0U) << "nobody has been seen yet";
  const auto done = TrialState::completed;
  History h;
  h.report(0, done, 4, {0}).report(1, done, 4, {0}).report(2, pruned, 2, {0}).report(3, pending, 2, {0}, 0);
  EXPECT_EQ(rule.admits(h.view(), 3), 0U) << "a child trains";
  History all;
  all.report(0, done, 4, {0}).report(1, done, 4, {0}).report(2, pruned, 2, {0}).report(3, done, 2, {0}, 0).report(3, done, 4, {0}, 0);
  EXPECT_EQ(rule.admits(all.view(), 3), 3U);
  EXPECT_EQ(rule.admits(all.view(), 4), 2U);
}

TEST(Pbt, whole_populations_run_to_their_end_one_after_the_other) {
  const Config config = settings(5, 2);
  for (const std::size_t workers : {1U, 3U, 8U}) {
    Pbt rule(config.options(), {.parallel = workers, .budget = epochs(10), .seed = 5});
    SmallStudy study(rule, workers, 10, [](std::uint64_t t, double b) -> std::optional<std::vector<double>> {
      if (t % 7 == 3 && b > 5) return std::nullopt;
      return std::vector{static_cast<double>(t * 7 % 11) + 1 / b};
    });
    study.run(40);
    EXPECT_EQ(study.count(pending), 0U) << workers;
    EXPECT_GE(study.count(TrialState::completed), 8U) << workers;
    // Four generations, and at each of them one ends. Failed ones are replaced besides.
    std::size_t children = 0, ended = 0;
    for (const auto& [id, trial] : study.trials) {
      children += trial.parent ? 1 : 0;
      ended += trial.state == pruned ? 1 : 0;
    }
    EXPECT_GE(children, ended) << workers;
    EXPECT_GE(ended, 8U) << workers;
  }
}

TEST(Pbt, refuses_what_cannot_be_a_population) {
  const auto message = [](const Config& config, const SchedulerSetup& setup) -> std::string {
    try {
      const Pbt rule(config.options(), setup);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_THAT(message(settings(4, 1), {.budget = epochs(0)}), testing::HasSubstr("[budget]"));
  EXPECT_THAT(message(settings(4, 6), {.budget = epochs(6)}), testing::HasSubstr("below the full budget"));
  EXPECT_THAT(message(settings(4, 0.1), {.budget = {NAS_UNIT_FRACTION, 0, 0, 1}}), testing::HasSubstr("epochs, steps or seconds"));
  SpaceBuilder s;
  s.integer("space.depth", 1, 3);
  s.real("trainer.learning_rate", 1e-4, 1e-1);
  const SpaceDeclaration space = s.declaration();
  EXPECT_EQ(message(settings(4, 1), {.budget = epochs(6), .space = SpaceView(space.view()), .n_architecture_params = 1}), "");
  EXPECT_THAT(message(settings(4, 1), {.budget = epochs(6), .space = SpaceView(space.view()), .n_architecture_params = 2}),
              testing::HasSubstr("searches architectures only"));
}

}  // namespace
}  // namespace nascent::pbt
