#include "successive_halving.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "support/config.hpp"
#include "support/observations.hpp"
#include "support/small_study.hpp"

namespace nascent::successive_halving {
namespace {

using test::Config;
using test::History;
using test::SmallStudy;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using Due = std::vector<std::pair<std::uint64_t, double>>;

// Nine trials, rungs 1 and 3 of 9 epochs.
SuccessiveHalving make(std::size_t parallel = 1, std::size_t n_objectives = 1) {
  const Config config{{"eta", 3.0}, {"budget_min", 1.0}, {"trials", 9}};
  return SuccessiveHalving(config.options(),
                           {.n_objectives = n_objectives, .parallel = parallel, .budget = {NAS_UNIT_EPOCH, 0, 0, 9}});
}
Due poll(SuccessiveHalving& rule, History history) {
  Due due;
  for (const Promotion& p : rule.poll(history.view())) due.emplace_back(p.trial_id, p.budget);
  return due;
}
// The first n of the nine at the first rung. The best are 3, 5, 1.
History first_rung(std::size_t n, std::uint64_t but = 99) {
  const std::vector<double> values{5, 3, 8, 1, 9, 2, 7, 4, 6};
  History h;
  for (std::uint64_t t = 0; t < n; ++t) {
    if (t != but) h.report(t, TrialState::paused, 1, {values[t]});
  }
  return h;
}

TEST(SuccessiveHalving, worked_by_hand) {
  SuccessiveHalving rule = make();
  EXPECT_THAT(poll(rule, first_rung(8)), IsEmpty()) << "the rung is not complete";
  EXPECT_EQ(poll(rule, first_rung(9)), (Due{{3, 3}, {5, 3}, {1, 3}}));

  const auto second_rung = [](TrialState one, std::optional<double> of_one) {
    History h;
    for (std::uint64_t t = 0; t < 9; ++t) {
      const bool up = t == 1 || t == 3 || t == 5;
      const TrialState state = t == 1 ? one : TrialState::paused;
      h.report(t, state, 1, {up ? static_cast<double>(t) / 10 : 9});
      if (t == 1 ? of_one.has_value() : up) h.report(t, state, 3, {t == 1 ? *of_one : static_cast<double>(t)});
    }
    return h;
  };
  EXPECT_THAT(poll(rule, second_rung(TrialState::pending, std::nullopt)), IsEmpty()) << "trial 1 is on its way";
  EXPECT_EQ(poll(rule, second_rung(TrialState::paused, 2)), (Due{{1, 9}}));
  EXPECT_EQ(poll(rule, second_rung(TrialState::paused, 4)), (Due{{3, 9}}));
  EXPECT_EQ(poll(rule, second_rung(TrialState::paused, std::nan(""))), (Due{{3, 9}}));
  EXPECT_EQ(poll(rule, second_rung(TrialState::failed, std::nullopt)), (Due{{3, 9}})) << "nobody waits for it";
}

TEST(SuccessiveHalving, a_trial_pauses_at_each_rung_and_nowhere_else) {
  SuccessiveHalving rule = make();
  History nobody, trial;
  std::vector<Verdict> verdicts;
  for (const double b : {0.5, 1.5, 2.0, 3.0, 4.0, 9.0}) {
    trial.report(0, TrialState::pending, b, {1});
    verdicts.push_back(rule.decide(nobody.view(), trial.view()));
  }
  EXPECT_THAT(verdicts,
              ElementsAre(Verdict::go, Verdict::pause, Verdict::go, Verdict::pause, Verdict::go, Verdict::go));
}

TEST(SuccessiveHalving, who_is_promoted_and_runs_is_not_promoted_again) {
  SuccessiveHalving rule = make();
  History h;
  for (std::uint64_t t = 0; t < 9; ++t)
    h.report(t, t == 3 || t == 5 ? TrialState::pending : TrialState::paused, 1, {t == 3 ? 0.0 : t == 5 ? 0.1 : 1.0});
  EXPECT_EQ(poll(rule, h), (Due{{0, 3}})) << "the third, by its id among equals";
}

TEST(SuccessiveHalving, an_id_without_reports_is_given_up_once_as_many_later_trials_as_run_at_once_have_come) {
  SuccessiveHalving one = make(1), three = make(3), four = make(4);
  const History gap = first_rung(9, 5);  // three later ones: 6, 7, 8
  EXPECT_EQ(poll(one, gap), (Due{{3, 3}, {1, 3}, {7, 3}}));
  EXPECT_EQ(poll(three, gap), poll(one, gap));
  EXPECT_THAT(poll(four, gap), IsEmpty()) << "it may be running";
  History more = gap;
  more.report(9, TrialState::pending, 0.5, {1});
  EXPECT_THAT(poll(four, more), IsEmpty()) << "trial 9 has not come to a rung";
  more = gap;
  more.report(9, TrialState::paused, 1, {1});
  EXPECT_EQ(poll(four, more), poll(one, gap)) << "trial 9 belongs to the next bracket";
  EXPECT_THAT(poll(one, first_rung(9, 8)), IsEmpty()) << "the last one may be running";
}

TEST(SuccessiveHalving, who_is_left_behind_at_a_complete_rung_is_given_up_and_nobody_before) {
  SuccessiveHalving rule = make();
  History eight = first_rung(8), nine = first_rung(9);
  EXPECT_THAT(rule.give_up(eight.view()), IsEmpty());
  EXPECT_THAT(rule.give_up(nine.view()), UnorderedElementsAre(0, 2, 4, 6, 7, 8));
  const auto second_rung = [](std::set<std::uint64_t> come) {
    History h;
    for (std::uint64_t t = 0; t < 9; ++t) {
      const bool up = t == 1 || t == 3 || t == 5;
      h.report(t, TrialState::paused, 1, {up ? 1.0 : 2.0});
      if (come.contains(t)) h.report(t, TrialState::paused, 3, {static_cast<double>(t)});
    }
    return h;
  };
  History two = second_rung({3, 5}), three = second_rung({1, 3, 5});
  EXPECT_THAT(rule.give_up(two.view()), UnorderedElementsAre(0, 2, 4, 6, 7, 8)) << "trial 1 is on its way";
  EXPECT_THAT(rule.give_up(three.view()), UnorderedElementsAre(0, 2, 4, 6, 7, 8, 3, 5));
}

TEST(SuccessiveHalving, a_row_without_budget_tells_that_a_trial_ended) {
  SuccessiveHalving rule = make(4);
  for (const TrialState state : {TrialState::failed, TrialState::invalid}) {
    History h = first_rung(8);
    h.report(8, state, 0, {0});
    EXPECT_EQ(poll(rule, h), (Due{{3, 3}, {5, 3}, {1, 3}}));
  }
}

TEST(SuccessiveHalving, brackets_are_ranked_each_by_itself) {
  SuccessiveHalving rule = make();
  History h = first_rung(9);
  for (std::uint64_t t = 9; t < 18; ++t) h.report(t, TrialState::paused, 1, {0.001 * static_cast<double>(t)});
  EXPECT_EQ(poll(rule, h), (Due{{3, 3}, {5, 3}, {1, 3}, {9, 3}, {10, 3}, {11, 3}}));
}

TEST(SuccessiveHalving, several_objectives_are_ranked_by_pareto_layers) {
  SuccessiveHalving rule = make(1, 2);
  History h(2);
  for (std::uint64_t t = 0; t < 9; ++t) {  // front: 6, 7, 8
    const auto x = static_cast<double>(t);
    h.report(t, TrialState::paused, 1, t < 6 ? std::vector{20 - x, 20 - x} : std::vector{x, 15 - x});
  }
  EXPECT_EQ(poll(rule, h), (Due{{6, 3}, {8, 3}, {7, 3}}));
}

TEST(SuccessiveHalving, a_bracket_is_as_large_as_one_winner_needs_when_not_given) {
  const Config config{{"eta", 3.0}, {"budget_min", 1.0}};
  SuccessiveHalving rule(config.options(), {.budget = {NAS_UNIT_EPOCH, 0, 0, 27}});
  SmallStudy study(rule, 4, 27, [](std::uint64_t t, double b) { return std::vector{static_cast<double>(t) + 1 / b}; });
  study.run(54);
  for (const std::uint64_t first : {0U, 27U}) {
    EXPECT_EQ(study.count_at(3, first, first + 27), 9U);
    EXPECT_EQ(study.count_at(9, first, first + 27), 3U);
    EXPECT_EQ(study.count_at(27, first, first + 27), 1U);
    EXPECT_EQ(study.trials[first].state, TrialState::completed);
  }
  EXPECT_EQ(study.promotions.size(), 26U);
}

TEST(SuccessiveHalving, failures_and_gaps_block_no_bracket_but_the_last) {
  for (const std::size_t workers : {1U, 4U, 7U}) {
    SuccessiveHalving rule = make(workers);
    SmallStudy study(rule, workers, 9, [](std::uint64_t t, double b) -> std::optional<std::vector<double>> {
      if (t % 4 == 1 || (t % 5 == 0 && b > 1)) return std::nullopt;  // without any report, or on the way to a rung
      return std::vector{static_cast<double>(t * 7 % 11) + 1 / b};
    });
    study.run(90);
    for (std::uint64_t first = 0; first < 81; first += 9)
      EXPECT_EQ(study.count_at(9, first, first + 9), 1U) << workers << " workers, trials from " << first;
  }
}

}  // namespace
}  // namespace nascent::successive_halving
