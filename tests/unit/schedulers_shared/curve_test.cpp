#include "shared/curve.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/observations.hpp"

namespace nascent::schedulers {
namespace {

using test::History;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(Curve, the_first_report_at_or_above_a_budget_counts_there) {
  History h;
  h.report(3, TrialState::pending, 2, {0.5})
      .report(3, TrialState::pending, 5, {0.4})
      .report(3, TrialState::pending, 5.5, {0.3});
  const Curve curve(h.view());
  EXPECT_THAT(curve.at(1), ElementsAre(0.5));
  EXPECT_THAT(curve.at(2), ElementsAre(0.5));
  EXPECT_THAT(curve.at(2.1), ElementsAre(0.4));
  EXPECT_THAT(curve.at(5.5), ElementsAre(0.3));
  EXPECT_THAT(curve.at(6), IsEmpty());
}

TEST(Curve, the_best_of_each_objective_counts_and_what_is_no_number_does_not) {
  History h(2);
  h.report(0, TrialState::completed, 1, {3, nan}).report(0, TrialState::completed, 2, {1, nan});
  h.report(0, TrialState::completed, 3, {nan, 7}).report(0, TrialState::completed, 4, {0, 5});
  const Curve curve(h.view());
  EXPECT_THAT(curve.best_until(3), ElementsAre(1, 7));
  EXPECT_THAT(curve.best_until(2), ElementsAre(1, std::numeric_limits<double>::infinity()));
}

TEST(Curve, a_history_is_cut_into_its_trials) {
  History h;
  h.report(1, TrialState::paused, 1, {1}).report(1, TrialState::paused, 2, {1});
  h.report(4, TrialState::failed, 1, {1}).report(9, TrialState::pending, 1, {1}).report(9, TrialState::pending, 3, {1});
  const std::vector<Curve> curves = curves_of(h.view());
  ASSERT_EQ(curves.size(), 3U);
  EXPECT_EQ(curves[0].trial_id(), 1U);
  EXPECT_EQ(curves[0].size(), 2U);
  EXPECT_EQ(curves[1].state(), TrialState::failed);
  EXPECT_EQ(curves[2].newest().budget(), 3);
  EXPECT_THAT(curves_of(Observations(nullptr)), IsEmpty());
}

}  // namespace
}  // namespace nascent::schedulers
