#include "@file@.hpp"

#include <gtest/gtest.h>

namespace {

// Reports of one trial each, at budget 1.
struct Reports {
  explicit Reports(std::vector<double> v) : values(std::move(v)), ids(values.size()), budgets(values.size(), 1), states(values.size(), NAS_TRIAL_COMPLETED) {
    columns.size = sizeof columns;
    columns.n_objectives = 1;
    columns.n = values.size();
    columns.trial_id = ids.data();
    columns.state = states.data();
    columns.budget = budgets.data();
    columns.values = values.data();
  }
  std::vector<double> values;
  std::vector<std::uint64_t> ids;
  std::vector<double> budgets;
  std::vector<std::uint32_t> states;
  nas_obs columns{};
};

TEST(@Class@, stops_only_what_is_far_behind_the_best) {
  const nas_named_value item{nascent::str("/margin"), {NAS_T_FLOAT, 0, {.f = 0.1}}};
  const nas_config config{sizeof(nas_config), 0, 1, &item};
  @Class@ scheduler{nascent::Options(&config)};
  const Reports history({0.5, 0.3}), close({0.35}), far({0.6});
  EXPECT_EQ(scheduler.decide(nascent::Observations(&history.columns), nascent::Observations(&close.columns)), nascent::Verdict::go);
  EXPECT_EQ(scheduler.decide(nascent::Observations(&history.columns), nascent::Observations(&far.columns)), nascent::Verdict::stop);
}

}  // namespace
