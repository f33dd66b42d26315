#include <gtest/gtest.h>

#include "support/observations.hpp"
#include "support/plugin_library.hpp"

namespace nascent {
namespace {

TEST(NoneScheduler, lets_every_trial_go_on_and_promotes_nobody) {
  const auto& vt = *static_cast<const nas_scheduler_vt*>(test::load_plugin("none").components[0]->vt);
  const nas_scheduler_arg arg{sizeof arg, 1, 1, 0, {NAS_UNIT_EPOCH, 0, 0, 5}, 1};
  void* self = nullptr;
  nas_error error{};
  ASSERT_EQ(vt.create(nullptr, nullptr, &arg, &self, &error), NAS_OK);
  test::History history, trial;
  history.report(0, TrialState::completed, 1, {0.0});
  trial.report(1, TrialState::pending, 1, {1e9});
  nas_verdict verdict{};
  EXPECT_EQ(vt.decide(self, history.get(), trial.get(), &verdict, &error), NAS_OK);
  EXPECT_EQ(verdict.verdict, NAS_GO);
  EXPECT_EQ(verdict.trial_id, 1U);
  std::size_t n = 9;
  EXPECT_EQ(vt.poll(self, history.get(), &verdict, 1, &n, &error), NAS_OK);
  EXPECT_EQ(n, 0U);
  vt.destroy(self);
}

}  // namespace
}  // namespace nascent
