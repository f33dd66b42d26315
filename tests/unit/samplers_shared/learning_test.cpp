#include "shared/learning.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/observations.hpp"

namespace nascent::samplers {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Point at(std::uint64_t trial) {
  Point p(1);
  p.x = {static_cast<double>(trial)};
  p.active = {1};
  return p;
}

// The curves that a test writes down, trial by trial.
class Study {
 public:
  explicit Study(std::size_t n_objectives = 1) : n_objectives_(n_objectives) {}

  Study& report(std::uint64_t trial, double budget, std::vector<double> values) {
    test::History h(n_objectives_);
    h.add(trial, TrialState::paused, std::move(values), at(trial), {}, budget);
    learning.report(h.view()[0]);
    return *this;
  }
  Study& end(std::uint64_t trial, TrialState state, double budget, std::vector<double> values, std::vector<double> constraints = {}) {
    test::History h(n_objectives_, constraints.size());
    h.add(trial, state, std::move(values), at(trial), constraints, budget);
    learning.end(h.view()[0]);
    return *this;
  }
  [[nodiscard]] std::vector<std::vector<double>> foreseen() const { return values_of(learning.foreseen()); }
  static std::vector<std::vector<double>> values_of(const std::vector<Foreseen>& trials) {
    std::vector<std::vector<double>> values;
    for (const Foreseen& f : trials) values.push_back(f.values);
    return values;
  }

  Learning learning;

 private:
  std::size_t n_objectives_;
};

TEST(Learning, a_completed_trial_is_what_it_ended_with) {
  Study s;
  s.report(3, 1, {5}).report(3, 9, {2}).end(3, TrialState::completed, 9, {1.5}, {0.25});
  const auto trials = s.learning.foreseen();
  ASSERT_EQ(trials.size(), 1U);
  EXPECT_EQ(trials[0].trial_id, 3U);
  EXPECT_EQ(trials[0].at->x, (std::vector<double>{3}));
  EXPECT_THAT(trials[0].values, ElementsAre(1.5));
  EXPECT_THAT(trials[0].constraints, ElementsAre(0.25));
}

TEST(Learning, who_stands_below_gains_what_the_nearest_gained_that_went_on) {
  Study s;
  s.report(0, 1, {10}).report(0, 9, {6}).end(0, TrialState::completed, 9, {6});
  s.report(1, 1, {20}).report(1, 9, {8}).end(1, TrialState::completed, 9, {8});
  s.report(2, 1, {11}).report(3, 1, {30});
  // Of two that went on the larger gain is the median.
  EXPECT_THAT(s.foreseen(), ElementsAre(ElementsAre(6), ElementsAre(8), ElementsAre(7), ElementsAre(26)));
}

TEST(Learning, nobody_is_foreseen_to_beat_the_best_of_those_who_went_on) {
  Study s;
  s.report(0, 1, {1000}).report(0, 9, {6}).end(0, TrialState::completed, 9, {6});
  s.report(1, 1, {7});
  EXPECT_THAT(s.foreseen(), ElementsAre(ElementsAre(6), ElementsAre(6)));
}

TEST(Learning, levels_are_taken_one_after_the_other_from_above) {
  Study s;
  s.report(0, 1, {10}).report(0, 3, {8}).report(0, 9, {4}).end(0, TrialState::completed, 9, {4});
  s.report(1, 1, {12}).report(1, 3, {9});  // gains 4 from 3 on: 5
  s.report(2, 1, {13});                    // the median of gains of 6 and 7, the upper: 13 - 6
  EXPECT_THAT(s.foreseen(), ElementsAre(ElementsAre(4), ElementsAre(5), ElementsAre(7)));
}

TEST(Learning, without_anybody_above_a_trial_is_what_it_has_reported) {
  Study s;
  s.report(0, 1, {3}).report(1, 1, {2}).end(1, TrialState::pruned, 1, {2});
  EXPECT_THAT(s.foreseen(), ElementsAre(ElementsAre(3), ElementsAre(2)));
}

TEST(Learning, a_trial_that_fails_has_no_values_whatever_it_reported) {
  Study s;
  s.report(0, 1, {1}).end(0, TrialState::failed, 1, {0}).end(1, TrialState::invalid, 0, {0});
  EXPECT_THAT(s.foreseen(), ElementsAre(IsEmpty(), IsEmpty()));
  EXPECT_THAT(Study::values_of(s.learning.at_largest(1)), ElementsAre(IsEmpty(), IsEmpty()));
}

TEST(Learning, several_objectives_are_foreseen_each_by_itself) {
  Study s(2);
  s.report(0, 1, {10, 1}).report(0, 9, {6, 3}).end(0, TrialState::completed, 9, {6, 3});
  s.report(1, 1, {12, 2});
  EXPECT_THAT(s.foreseen(), ElementsAre(ElementsAre(6, 3), ElementsAre(8, 4)));
}

TEST(Learning, at_the_largest_budget_that_enough_have_come_to_the_others_are_left_out) {
  Study s;
  s.report(0, 1, {10}).report(0, 3, {8}).report(0, 9, {4});
  s.report(1, 1, {12}).report(1, 3, {9});
  s.report(2, 1, {13});
  EXPECT_THAT(Study::values_of(s.learning.at_largest(1)), ElementsAre(ElementsAre(4)));
  EXPECT_THAT(Study::values_of(s.learning.at_largest(2)), ElementsAre(ElementsAre(8), ElementsAre(9)));
  EXPECT_THAT(Study::values_of(s.learning.at_largest(3)), ElementsAre(ElementsAre(10), ElementsAre(12), ElementsAre(13)));
}

TEST(Learning, is_bounded_and_keeps_the_best) {
  Study s;
  s.report(0, 1, {-1});
  for (std::uint64_t t = 1; t < 5000; ++t) s.report(t, 1, {static_cast<double>(t % 100)});
  EXPECT_LE(s.learning.size(), 2000U);
  const auto trials = s.learning.foreseen();
  EXPECT_EQ(trials.front().trial_id, 0U);
  EXPECT_EQ(trials.back().trial_id, 4999U);
}

}  // namespace
}  // namespace nascent::samplers
