#include "shared/rungs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/config.hpp"
#include "support/observations.hpp"

namespace nascent::schedulers {
namespace {

using test::Config;
using test::History;
using testing::DoubleEq;
using testing::ElementsAre;

std::vector<double> budgets(const Rungs& rungs) {
  std::vector<double> all;
  for (std::size_t k = 0; k <= rungs.size(); ++k) all.push_back(rungs[k]);
  return all;
}
std::optional<std::size_t> arrived(const Rungs& rungs, const std::vector<double>& reports) {
  History h;
  for (const double b : reports) h.report(0, TrialState::pending, b, {1});
  return rungs.arrived(Curve(h.view()));
}

TEST(Rungs, lie_at_powers_of_eta_and_end_with_the_full_budget) {
  EXPECT_THAT(budgets(Rungs(1, 3, {NAS_UNIT_EPOCH, 0, 0, 81})), ElementsAre(1, 3, 9, 27, 81));
  EXPECT_THAT(budgets(Rungs(1, 3, {NAS_UNIT_EPOCH, 0, 0, 100})), ElementsAre(1, 3, 9, 27, 100));
  EXPECT_THAT(budgets(Rungs(0.1, 10, {NAS_UNIT_SECOND, 0, 0, 10})), ElementsAre(0.1, 1, 10)) << "10 / 0.1 is 100";
}

TEST(Rungs, in_epochs_and_steps_are_whole_and_in_seconds_and_fractions_need_not_be) {
  for (const std::uint32_t unit : {NAS_UNIT_EPOCH, NAS_UNIT_STEP})
    EXPECT_THAT(budgets(Rungs(100.0 / 81, 3, {unit, 0, 0, 100})), ElementsAre(2, 4, 12, 34, 100));
  EXPECT_THAT(budgets(Rungs(2.5, 2, {NAS_UNIT_SECOND, 0, 0, 10})), ElementsAre(2.5, 5, 10));
  EXPECT_THAT(budgets(Rungs(0.0625, 4, {NAS_UNIT_FRACTION, 0, 0, 1})), ElementsAre(0.0625, 0.25, 1));
  EXPECT_THAT(budgets(Rungs(90.0 / std::pow(3.0, 2), 3, {NAS_UNIT_STEP, 0, 0, 90})), ElementsAre(10, 30, 90));
}

TEST(Rungs, a_trial_arrives_with_its_first_report_at_or_above_a_rung) {
  const Rungs rungs(1, 3, {NAS_UNIT_SECOND, 0, 0, 27});
  EXPECT_EQ(arrived(rungs, {0.9}), std::nullopt);
  EXPECT_EQ(arrived(rungs, {1}), 0U);
  EXPECT_EQ(arrived(rungs, {0.9, 1.8}), 0U);
  EXPECT_EQ(arrived(rungs, {1, 2}), std::nullopt) << "between rungs";
  EXPECT_EQ(arrived(rungs, {2, 3}), 1U);
  EXPECT_EQ(arrived(rungs, {10}), 2U) << "the highest that it passes";
  EXPECT_EQ(arrived(rungs, {8, 27}), std::nullopt) << "the full budget is no rung";
}

TEST(Rungs, begin_at_the_full_budget_over_eta_to_the_fourth_or_at_one_unit) {
  Config config;
  config.set("eta", 3.0);
  EXPECT_THAT(budgets(rungs_of(config.options(), {NAS_UNIT_EPOCH, 0, 0, 81})), ElementsAre(1, 3, 9, 27, 81));
  EXPECT_THAT(budgets(rungs_of(config.options(), {NAS_UNIT_STEP, 0, 0, 8100})), ElementsAre(100, 300, 900, 2700, 8100));
  EXPECT_THAT(budgets(rungs_of(config.options(), {NAS_UNIT_EPOCH, 0, 0, 10})), ElementsAre(1, 3, 10));
  EXPECT_THAT(budgets(rungs_of(config.options(), {NAS_UNIT_FRACTION, 0, 0, 1})),
              ElementsAre(DoubleEq(1.0 / 81), DoubleEq(1.0 / 27), DoubleEq(1.0 / 9), DoubleEq(1.0 / 3), 1));
  config.set("budget_min", 9.0);
  EXPECT_THAT(budgets(rungs_of(config.options(), {NAS_UNIT_EPOCH, 0, 0, 81})), ElementsAre(9, 27, 81));
}

TEST(Rungs, a_budget_that_leaves_no_rung_is_refused) {
  const Config config{{"eta", 3.0}, {"budget_min", 30.0}};
  try {
    rungs_of(config.options(), {NAS_UNIT_EPOCH, 0, 0, 81});
    FAIL();
  } catch (const InvalidOption& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("the first rung would lie at 30"));
    EXPECT_THAT(e.what(), testing::HasSubstr("at most the full budget / eta, 27"));
  }
  EXPECT_THROW(rungs_of(config.options(), {NAS_UNIT_EPOCH, 0, 0, 0}), Error) << "a study that trains nothing";
}

}  // namespace
}  // namespace nascent::schedulers
