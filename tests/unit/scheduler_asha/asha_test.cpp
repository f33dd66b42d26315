#include "asha.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/config.hpp"
#include "support/observations.hpp"
#include "support/scheduler_histories.hpp"
#include "support/small_study.hpp"

namespace nascent::asha {
namespace {

using test::Config;
using test::History;
using test::SmallStudy;
using testing::ElementsAre;
using testing::IsEmpty;

// Rungs 1, 3 of 9 epochs.
Asha make(const char* form, double full = 9, std::size_t n_objectives = 1) {
  const Config config{{"eta", 3.0}, {"budget_min", 1.0}, {"form", form}};
  return Asha(config.options(), {.n_objectives = n_objectives, .budget = {NAS_UNIT_EPOCH, 0, 0, full}});
}

Verdict decide(Asha& rule, History& history, std::uint64_t id, const std::vector<double>& curve) {
  History trial;
  for (std::size_t i = 0; i < curve.size(); ++i)
    trial.report(id, TrialState::pending, static_cast<double>(i + 1), {curve[i]});
  return rule.decide(history.view(), trial.view());
}
std::vector<std::pair<std::uint64_t, double>> poll(Asha& rule, History history) {
  std::vector<std::pair<std::uint64_t, double>> due;
  for (const Promotion& p : rule.poll(history.view())) due.emplace_back(p.trial_id, p.budget);
  return due;
}

TEST(AshaPromotion, worked_by_hand) {
  Asha rule = make("promotion");
  History h;
  EXPECT_EQ(decide(rule, h, 0, {0.5}), Verdict::pause) << "floor(1 / 3) = 0 go on";
  h.report(0, TrialState::paused, 1, {0.5});
  EXPECT_EQ(decide(rule, h, 1, {0.4}), Verdict::pause);
  h.report(1, TrialState::paused, 1, {0.4});
  EXPECT_THAT(poll(rule, h), IsEmpty());
  EXPECT_EQ(decide(rule, h, 2, {0.6}), Verdict::pause) << "one of three goes on: trial 1";
  h.report(2, TrialState::paused, 1, {0.6});
  EXPECT_THAT(poll(rule, h), ElementsAre(std::pair(1U, 3.0)));
  EXPECT_EQ(decide(rule, h, 3, {0.3}), Verdict::go) << "the best of four";
  h.report(3, TrialState::pending, 1, {0.3});
  EXPECT_THAT(poll(rule, h), IsEmpty()) << "trial 3 took the place";
  h.report(4, TrialState::paused, 1, {0.7}).report(5, TrialState::paused, 1, {0.8});
  EXPECT_THAT(poll(rule, h), ElementsAre(std::pair(1U, 3.0))) << "two of six";
}

TEST(AshaPromotion, the_rung_nearest_to_the_full_budget_comes_first_and_nobody_is_promoted_twice) {
  Asha rule = make("promotion");
  History h;
  for (const std::uint64_t t : {0U, 1U, 2U}) {  // three at the second rung: trial 2 leads
    h.report(t, TrialState::paused, 1, {0.1}).report(t, TrialState::paused, 3, {0.5 - 0.1 * static_cast<double>(t)});
  }
  for (std::uint64_t t = 3; t < 12; ++t) h.report(t, TrialState::paused, 1, {0.2});  // four of twelve lead: 0 to 3
  EXPECT_THAT(poll(rule, h), ElementsAre(std::pair(2U, 9.0), std::pair(3U, 3.0)));
  History running;
  for (const std::uint64_t t : {0U, 1U, 2U}) {
    const TrialState state = t == 2 ? TrialState::pending : TrialState::paused;
    running.report(t, state, 1, {0.1}).report(t, state, 3, {0.5 - 0.1 * static_cast<double>(t)});
  }
  EXPECT_THAT(poll(rule, running), IsEmpty());
}

TEST(AshaPromotion, reports_between_rungs_count_at_the_rung_they_pass) {
  Asha rule = make("promotion");
  History h, trial;
  h.report(0, TrialState::paused, 2, {0.2})
      .report(1, TrialState::paused, 2, {0.1})
      .report(2, TrialState::paused, 2, {0.3});
  EXPECT_THAT(poll(rule, h), ElementsAre(std::pair(1U, 3.0)));
  trial.report(3, TrialState::pending, 5, {0.0});
  EXPECT_EQ(rule.decide(h.view(), trial.view()), Verdict::pause) << "alone at the second rung";
  trial.report(3, TrialState::pending, 8, {0.0});
  EXPECT_EQ(rule.decide(h.view(), trial.view()), Verdict::go) << "no new rung";
  trial.report(3, TrialState::pending, 9, {0.0});
  EXPECT_EQ(rule.decide(h.view(), trial.view()), Verdict::go) << "the full budget";
}

TEST(AshaPromotion, a_failed_trial_is_the_worst_at_the_rung_it_was_on_the_way_to) {
  Asha rule = make("promotion");
  History h;
  h.report(0, TrialState::paused, 1, {0.5})
      .report(1, TrialState::failed, 1, {0.1})
      .report(2, TrialState::paused, 1, {0.4});
  EXPECT_THAT(poll(rule, h), IsEmpty()) << "trial 1 led at the first rung before it failed";
  History second;
  second.report(0, TrialState::paused, 1, {0.3}).report(0, TrialState::paused, 3, {0.3});
  second.report(1, TrialState::paused, 1, {0.2}).report(1, TrialState::paused, 3, {0.2});
  EXPECT_THAT(poll(rule, second), IsEmpty());
  second.report(2, TrialState::failed, 1, {0.1}).report(2, TrialState::failed, 2, {0.1});
  EXPECT_THAT(poll(rule, second), ElementsAre(std::pair(1U, 9.0))) << "one of three goes on";
}

TEST(AshaPromotion, ties_go_to_the_lower_id_and_what_is_no_number_is_worst) {
  Asha rule = make("promotion");
  History h;
  h.report(4, TrialState::paused, 1, {std::nan("")}).report(5, TrialState::paused, 1, {0.5});
  h.report(8, TrialState::paused, 1, {0.5});
  EXPECT_THAT(poll(rule, h), ElementsAre(std::pair(5U, 3.0)));
  EXPECT_EQ(decide(rule, h, 3, {0.5}), Verdict::go);
  EXPECT_EQ(decide(rule, h, 9, {0.5}), Verdict::pause);
  EXPECT_EQ(decide(rule, h, 9, {std::nan("")}), Verdict::pause);
}

TEST(AshaPromotion, several_objectives_are_ranked_by_pareto_layers) {
  Asha rule = make("promotion", 9, 2);
  History h(2);
  h.report(0, TrialState::paused, 1, {3, 3})
      .report(1, TrialState::paused, 1, {1, 4})
      .report(2, TrialState::paused, 1, {4, 5});
  h.report(3, TrialState::paused, 1, {4, 1})
      .report(4, TrialState::paused, 1, {5, 5})
      .report(5, TrialState::paused, 1, {6, 6});
  std::vector<std::uint64_t> promoted;
  for (const Promotion& p : rule.poll(h.view())) promoted.push_back(p.trial_id);
  EXPECT_THAT(promoted, ElementsAre(1, 3)) << "two of six: the ends of the front {0, 1, 3}";
}

TEST(AshaStopping, worked_by_hand) {
  Asha rule = make("stopping");
  History h;
  EXPECT_EQ(decide(rule, h, 0, {0.5}), Verdict::go) << "the best of a rung always goes on";
  h.report(0, TrialState::pending, 1, {0.5});
  EXPECT_EQ(decide(rule, h, 1, {0.6}), Verdict::stop);
  h.report(1, TrialState::pruned, 1, {0.6});
  EXPECT_EQ(decide(rule, h, 2, {0.4}), Verdict::go);
  h.report(2, TrialState::pending, 1, {0.4});
  EXPECT_EQ(decide(rule, h, 3, {0.45}), Verdict::stop) << "one of four goes on";
  h.report(3, TrialState::pruned, 1, {0.45}).report(4, TrialState::pruned, 1, {0.9});
  EXPECT_EQ(decide(rule, h, 5, {0.45}), Verdict::stop) << "two of six: 2, then 3, which has the lower id";
  EXPECT_EQ(decide(rule, h, 5, {0.44}), Verdict::go);
  EXPECT_EQ(decide(rule, h, 5, {0.44, 99}), Verdict::go) << "between rungs nobody is stopped";
  EXPECT_EQ(decide(rule, h, 5, {0.44, 99, 99}), Verdict::go) << "the first at its rung";
  EXPECT_THAT(poll(rule, h), IsEmpty());
}

TEST(Asha, without_failures_each_rung_holds_a_third_of_the_one_below) {
  Asha rule = make("promotion", 27);  // rungs 1, 3, 9
  SmallStudy study(rule, 4, 27,
                   [](std::uint64_t t, double b) { return std::vector{static_cast<double>(t * 37 % 81) + 1 / b}; });
  study.run(81);
  EXPECT_EQ(study.count_at(1), 81U);
  // The best third of all in the end, and those that led early: no fewer than floor(n / 3).
  EXPECT_GE(study.count_at(3), 27U);
  EXPECT_GE(study.count_at(9), study.count_at(3) / 3);
  EXPECT_GE(study.count_at(27), study.count_at(9) / 3);
  EXPECT_LE(study.count_at(27), 12U);
  for (std::uint64_t t = 0; t < 81; ++t) {
    if (t * 37 % 81 >= 3) continue;
    EXPECT_EQ(study.trials[t].state, TrialState::completed) << "trial " << t << " is among the best three";
  }
}

TEST(Asha, failures_and_gaps_block_nobody) {
  for (const char* form : {"promotion", "stopping"}) {
    Asha rule = make(form, 27);
    SmallStudy study(rule, 3, 27, [](std::uint64_t t, double b) -> std::optional<std::vector<double>> {
      if (t % 5 == 0 || (t % 7 == 0 && b > 2)) return std::nullopt;
      return std::vector{static_cast<double>(t * 37 % 81) + 1 / b};
    });
    study.run(81);
    EXPECT_GE(study.count(TrialState::completed), 2U) << form;
    EXPECT_EQ(study.count(TrialState::pending), 0U);
    EXPECT_EQ(study.count(TrialState::paused) > 0, std::string_view(form) == "promotion");
  }
}

// The rule as it is told: rank all that came to the rung, or failed on the way to it; the first floor(n / 3) go on.
std::vector<std::uint64_t> lead_by_the_rule(const std::vector<schedulers::Curve>& trials, double rung, double below, bool stops) {
  std::vector<schedulers::Curve> there;
  for (const schedulers::Curve& t : trials) {
    if (t.reached(rung) || (t.state() == TrialState::failed && t.reached(below))) there.push_back(t);
  }
  std::vector<std::uint64_t> ids = test::ranked(there, rung);
  ids.resize(std::min(ids.size(), std::max<std::size_t>(ids.size() / 3, stops ? 1 : 0)));
  return ids;
}

TEST(Asha, decides_and_promotes_as_the_ranking_of_all_trials_says) {
  const double rungs[] = {0, 1, 3, 9};
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Rng rng(2, seed);
    const std::size_t n_objectives = 1 + seed % 2;
    const bool stops = seed % 4 < 2;
    Asha rule = make(stops ? "stopping" : "promotion", 9, n_objectives);
    History h = test::random_history(rng, n_objectives);
    const std::vector<schedulers::Curve> others = schedulers::curves_of(h.view());

    const std::size_t rung = 1 + rng.below(2);
    const std::uint64_t own = 200 * rng.below(2);  // before or behind all others
    History trial(n_objectives);
    const double value = seed % 17 == 0 ? std::nan("") : static_cast<double>(rng.below(8)) - 4;
    trial.report(own, TrialState::pending, rungs[rung], std::vector<double>(n_objectives, value));
    std::vector<schedulers::Curve> all = others;
    all.emplace_back(trial.view());
    const auto leading = lead_by_the_rule(all, rungs[rung], rungs[rung - 1], stops);
    const bool goes_on = std::find(leading.begin(), leading.end(), own) != leading.end();
    EXPECT_EQ(rule.decide(h.view(), trial.view()), goes_on ? Verdict::go : stops ? Verdict::stop : Verdict::pause) << seed;

    std::vector<std::pair<std::uint64_t, double>> expected;
    for (const std::size_t k : {2U, 1U}) {
      for (const std::uint64_t id : lead_by_the_rule(others, rungs[k], rungs[k - 1], false)) {
        const auto t = std::find_if(others.begin(), others.end(), [id](const auto& c) { return c.trial_id() == id; });
        if (!stops && t->state() == TrialState::paused && !t->reached(rungs[k + 1])) expected.emplace_back(id, rungs[k + 1]);
      }
    }
    EXPECT_EQ(poll(rule, h), expected) << seed;
  }
}

}  // namespace
}  // namespace nascent::asha
