// Whole studies: components from a catalog, scheduler, final part, resume, replay.
#include "nascent/core/study_run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "curves.hpp"
#include "files.hpp"
#include "layers.hpp"
#include "nascent/core/resolved_study.hpp"
#include "search_fixture.hpp"

namespace nascent::core {
namespace {

using fakes::Curves;
using fakes::Onlooker;
using nascent::test::TemporaryFolder;
using test::expect_same;
using test::take;
using testing::HasSubstr;

PluginCatalog& catalog() {
  static PluginCatalog the_catalog = [] {
    static constexpr nas_plugin plugin =
        nascent::describe_plugin<fakes::Layers, fakes::Telltale, Curves, Onlooker, fakes::Halver, fakes::Quartets>("test.search", "1.0.0");
    PluginCatalog c = PluginCatalog::empty();
    take(c.register_builtin(&plugin).map([] { return 0; }));
    return c;
  }();
  return the_catalog;
}

struct Text {
  std::string study = "parallel = 2";
  std::string more;
};

class StudyRunTest : public testing::Test {
 protected:
  void SetUp() override {
    Curves::drift = 0;
    Curves::trained = 0;
    Onlooker::sights.clear();
  }
  [[nodiscard]] StudyConfig config(const Text& text = {}) const {
    return take(parse_study(
        fmt::format("[study]\nname = \"s\"\nseed = 5\nstore = \"s.db\"\nduplicates = \"retrain\"\n{}\n"
                    "[objective]\nmetric = \"val_loss\"\ndirection = \"minimize\"\n[stop]\ntrials = 12\n[budget]\nepochs = 3\n"
                    "[space]\ntype = \"layers\"\n[sampler]\ntype = \"telltale\"\n"
                    "[trainer]\ntype = \"curves\"\nrate = {{ log_uniform = [1e-4, 1] }}\n[workers]\nexecution = \"inline\"\n{}\n",
                    text.study, text.more),
        "study.toml", folder_.path()));
  }
  Result<StudyResult> run(const StudyConfig& config, StudyStart start = StudyStart::create) {
    StudyRun request;
    request.study = config;
    request.start = start;
    return run_study(request, catalog());
  }
  [[nodiscard]] std::unique_ptr<Store> store() const { return take(Store::open(folder_.path("s.db"))); }
  [[nodiscard]] std::vector<Trial> trials() const { return take(store()->trials(1)); }

  TemporaryFolder folder_;
};

TEST_F(StudyRunTest, runs_to_its_end_and_says_why_it_ended) {
  const auto result = run(config());
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->search.reason, "trials=12");
  ASSERT_TRUE(result->chosen);
  EXPECT_EQ(result->chosen->id, result->search.incumbent->id);
  const auto record = take(store()->study("s"));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->state, StudyState::finished);
  EXPECT_EQ(record->stop_reason, "trials=12");
  EXPECT_EQ(record->plugins.size(), 3U);
  EXPECT_EQ(record->objectives_json, R"([{"metric":"val_loss","direction":"minimize"}])");
  for (const Trial& trial : trials()) {
    EXPECT_TRUE(trial.finished());
    EXPECT_EQ(trial.budget_spent, trial.state == TrialState::completed ? 3 : 0);
  }
}

TEST_F(StudyRunTest, the_stored_configuration_is_the_study) {
  const StudyConfig given = config();
  ASSERT_TRUE(run(given));
  const auto record = take(store()->study("s"));
  const auto stored = stored_study(*record, folder_.path("s.db"));
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(resolved_toml(*stored), record->resolved_config);
  const auto before = trials();
  const int trained = Curves::trained;
  const auto resumed = run(*stored, StudyStart::resume);
  ASSERT_TRUE(resumed) << resumed.error().message;
  EXPECT_EQ(Curves::trained, trained);
  expect_same(before, trials(), "resumed at its end");
}

TEST_F(StudyRunTest, a_study_begins_once_under_a_name) {
  ASSERT_TRUE(run(config()));
  const auto again = run(config());
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("nascent resume"));
}

TEST_F(StudyRunTest, is_not_continued_in_another_space) {
  ASSERT_TRUE(run(config()));
  StudyConfig other = config();
  other.trainer->options.clear();  // the rate is no longer searched
  const auto resumed = run(other, StudyStart::resume);
  ASSERT_FALSE(resumed);
  EXPECT_THAT(resumed.error().message, HasSubstr("was begun in another search space"));
}

TEST_F(StudyRunTest, a_scheduler_sees_the_trials_that_parallel_allows_and_no_others) {
  const auto result = run(config({.study = "parallel = 3", .more = "[scheduler]\ntype = \"onlooker\""}));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GT(result->search.counts.pruned, 0U);
  for (const auto& sight : Onlooker::sights) {
    std::set<std::uint64_t> expected;  // invalid ones, which never report, among them
    for (std::uint64_t trial = 0; trial + 3 <= sight.trial; ++trial) expected.insert(trial);
    EXPECT_EQ(sight.others, expected) << "trial " << sight.trial;
  }
  for (const Trial& trial : trials()) {
    EXPECT_TRUE(trial.state != TrialState::pruned || trial.budget_spent == 2) << trial.id;
  }
}

TEST_F(StudyRunTest, in_an_asynchronous_study_a_scheduler_sees_all_other_trials) {
  const auto result =
      run(config({.study = "parallel = 3\ndeterministic = false", .more = "[scheduler]\ntype = \"onlooker\""}));
  ASSERT_TRUE(result) << result.error().message;
  // Inline trials run one after another: a trial sees every one that reported before it, and not itself.
  std::set<std::uint64_t> earlier;
  for (std::size_t i = 0; i < Onlooker::sights.size(); ++i) {
    const auto& sight = Onlooker::sights[i];
    if (i > 0 && Onlooker::sights[i - 1].trial != sight.trial) earlier.insert(Onlooker::sights[i - 1].trial);
    EXPECT_TRUE(std::ranges::includes(sight.others, earlier)) << "trial " << sight.trial;
    EXPECT_FALSE(sight.others.contains(sight.trial));
  }
  EXPECT_GT(earlier.size(), 5U);
}

// Wishes to stop when it hears of its n-th trial.
class Impatient : public SearchObserver {
 public:
  Impatient(StopRequest& stop, int n) : stop_(stop), left_(n) {}
  void on_asked(const Trial&) override {
    if (--left_ == 0) stop_.cancel();
  }

 private:
  StopRequest& stop_;
  int left_;
};

TEST_F(StudyRunTest, a_study_with_a_scheduler_resumes_to_the_same_trials) {
  const std::string scheduler = "[scheduler]\ntype = \"onlooker\"";
  ASSERT_TRUE(run(config({.more = scheduler})));
  const auto undisturbed = trials();
  TemporaryFolder second;
  StudyConfig interrupted = config({.more = scheduler});
  interrupted.store = second.path("s.db");
  int runs = 0;
  for (bool goes_on = true; goes_on; ++runs) {
    ASSERT_LT(runs, 30);
    StopRequest stop;
    Impatient observer(stop, 3);
    const StudyRun request{interrupted, runs == 0 ? StudyStart::create : StudyStart::resume, &observer, &stop};
    const auto result = run_study(request, catalog());
    ASSERT_TRUE(result) << result.error().message;
    goes_on = result->search.interrupted;
    EXPECT_TRUE(!goes_on || result->search.reason == "interrupted");
  }
  EXPECT_GE(runs, 4);
  expect_same(undisturbed, take(take(Store::open(interrupted.store))->trials(1)), fmt::format("{} runs", runs));
}

const std::string kHalver = "[scheduler]\ntype = \"halver\"";

TEST_F(StudyRunTest, a_paused_trial_that_is_promoted_trains_to_its_end) {
  fakes::Halver::polls.clear();
  const auto result = run(config({.study = "parallel = 3", .more = kHalver}));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->search.reason, "trials=12");
  std::uint64_t completed = 0, paused = 0;
  for (const Trial& trial : trials()) {
    completed += trial.state == TrialState::completed ? 1 : 0;
    paused += trial.state == TrialState::paused ? 1 : 0;
    if (trial.state == TrialState::completed) {
      EXPECT_EQ(trial.budget_spent, 3);
      EXPECT_EQ(trial.attempts, 2U);
    }
    if (trial.state == TrialState::paused) {
      EXPECT_EQ(trial.budget_spent, 1);
    }
  }
  EXPECT_GE(completed, (completed + paused) / 2);
  EXPECT_GT(paused, 0U);
  EXPECT_EQ(result->search.counts.completed, completed);
  EXPECT_EQ(result->search.counts.paused, paused);
  ASSERT_TRUE(result->search.incumbent);
  EXPECT_EQ(result->search.incumbent->state, TrialState::completed);
}

TEST_F(StudyRunTest, a_scheduler_sees_promoted_trials_as_pending_and_is_shown_no_leg_too_early) {
  fakes::Halver::polls.clear();
  ASSERT_TRUE(run(config({.study = "parallel = 3", .more = kHalver})));
  std::set<std::uint64_t> promoted;
  for (const auto& poll : fakes::Halver::polls) {
    for (const auto& [trial, state, budget] : poll.rows) {
      EXPECT_FALSE(promoted.contains(trial) && state == NAS_TRIAL_PAUSED) << trial;
    }
    if (poll.promoted.empty()) continue;
    EXPECT_TRUE(promoted.insert(poll.promoted.front()).second);  // one leg at a time
  }
  EXPECT_GT(promoted.size(), 3U);
}

TEST_F(StudyRunTest, a_study_with_promotions_resumes_to_the_same_trials) {
  const std::string study = "parallel = 3";
  ASSERT_TRUE(run(config({.study = study, .more = kHalver})));
  const auto undisturbed = trials();
  for (int patience = 2; patience < 8; ++patience) {
    TemporaryFolder second;
    StudyConfig interrupted = config({.study = study, .more = kHalver});
    interrupted.store = second.path("s.db");
    int runs = 0;
    for (bool goes_on = true; goes_on; ++runs) {
      ASSERT_LT(runs, 60);
      StopRequest stop;
      Impatient observer(stop, patience);
      const StudyRun request{interrupted, runs == 0 ? StudyStart::create : StudyStart::resume, &observer, &stop};
      const auto result = run_study(request, catalog());
      ASSERT_TRUE(result) << result.error().message;
      goes_on = result->search.interrupted;
    }
    EXPECT_GE(runs, 3);
    expect_same(undisturbed, take(take(Store::open(interrupted.store))->trials(1)), fmt::format("{} runs, patience {}", runs, patience));
  }
}

TEST_F(StudyRunTest, what_was_promoted_is_taken_up_also_when_the_study_ends_earlier_now) {
  const StudyConfig whole = config({.study = "parallel = 3", .more = kHalver});
  const auto before = take(run(whole));
  const auto rows = trials();
  const int trained = Curves::trained;
  StudyConfig sooner = whole, out_of_time = whole;
  sooner.stop.target = 10;  // every trial reaches it
  out_of_time.stop.wall_seconds = 1e-9;
  for (const StudyConfig& study : {sooner, out_of_time}) {
    const auto again = run(study, StudyStart::resume);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->search.counts.completed, before.search.counts.completed);
    EXPECT_EQ(again->search.counts.paused, before.search.counts.paused);
    EXPECT_EQ(again->search.counts.finished(), before.search.counts.finished());
    EXPECT_EQ(again->search.incumbent->id, before.search.incumbent->id);
  }
  EXPECT_EQ(Curves::trained, trained);
  expect_same(rows, trials(), "resumed with an earlier end");
}

TEST_F(StudyRunTest, an_asynchronous_study_promotes_and_resumes) {
  StudyConfig study = config({.study = "parallel = 3\ndeterministic = false", .more = kHalver});
  int runs = 0;
  std::optional<StudyResult> last;
  for (bool goes_on = true; goes_on; ++runs) {
    ASSERT_LT(runs, 60);
    StopRequest stop;
    Impatient observer(stop, 4);
    const StudyRun request{study, runs == 0 ? StudyStart::create : StudyStart::resume, &observer, &stop};
    auto result = run_study(request, catalog());
    ASSERT_TRUE(result) << result.error().message;
    goes_on = result->search.interrupted;
    last = std::move(*result);
  }
  EXPECT_GE(runs, 3);
  EXPECT_EQ(last->search.counts.asked, 12U);
  EXPECT_GT(last->search.counts.completed, 3U);
  EXPECT_GT(last->search.counts.paused, 0U);
}

// Sets a hook of a fake for one test.
template <class Hook>
class Hooked {
 public:
  Hooked(Hook& hook, Hook value) : hook_(hook) { hook_ = std::move(value); }
  ~Hooked() { hook_ = nullptr; }

 private:
  Hook& hook_;
};

TEST_F(StudyRunTest, a_sampler_is_told_of_each_report_once_when_its_trial_pauses_or_ends) {
  std::map<std::uint64_t, std::vector<double>> reported;
  std::map<std::uint64_t, nascent::TrialState> last;
  std::map<std::uint64_t, std::vector<double>> at;
  std::set<std::uint64_t> told;
  const Hooked report(fakes::Telltale::on_report, {[&](const nascent::Observation& o) {
    EXPECT_FALSE(told.contains(o.trial_id())) << "its end comes last";
    reported[o.trial_id()].push_back(o.budget());
    last[o.trial_id()] = o.state();
    at[o.trial_id()].assign(o.at().x.begin(), o.at().x.end());
    EXPECT_GT(o.value(), 0);
  }});
  const Hooked end(fakes::Telltale::on_tell, {[&](const nascent::Observation& o) { told.insert(o.trial_id()); }});
  ASSERT_TRUE(run(config({.study = "parallel = 3", .more = kHalver})));
  std::size_t paused = 0;
  for (const Trial& trial : trials()) {
    const bool is_completed = trial.state == TrialState::completed, is_paused = trial.state == TrialState::paused;
    if (is_completed && told.contains(trial.id)) {
      EXPECT_EQ(reported[trial.id], (std::vector<double>{1, 2, 3}));
    }
    if (is_paused && reported.contains(trial.id)) {
      ++paused;
      EXPECT_EQ(reported[trial.id], (std::vector<double>{1}));
      EXPECT_EQ(last[trial.id], nascent::TrialState::paused);
      EXPECT_EQ(at[trial.id], trial.configuration.x);
      EXPECT_FALSE(told.contains(trial.id));
    }
    if (trial.state == TrialState::invalid) {
      EXPECT_FALSE(reported.contains(trial.id));
    }
  }
  EXPECT_GT(paused, 0U);
}

const std::string kQuartets = "[scheduler]\ntype = \"quartets\"";

TEST_F(StudyRunTest, a_trial_that_is_given_up_ends_with_what_it_reached_and_only_then_loses_its_checkpoint) {
  const auto checkpoint = [&](TrialId trial) {
    return artifacts_folder(folder_.path("s.db"), "s") / trial_folder(trial) / "checkpoint";
  };
  std::size_t looked_at = 0;
  const Hooked look(fakes::Quartets::on_paused, {[&](std::uint64_t trial) {
    ++looked_at;
    EXPECT_TRUE(std::filesystem::exists(checkpoint(trial))) << trial;
  }});
  for (const std::string study : {"parallel = 3", "parallel = 3\ndeterministic = false"}) {
    SCOPED_TRACE(study);
    std::filesystem::remove(folder_.path("s.db"));
    const auto result = run(config({.study = study, .more = kQuartets}));
    ASSERT_TRUE(result) << result.error().message;
    std::size_t pruned = 0, completed = 0;
    for (const Trial& trial : trials()) {
      EXPECT_EQ(std::filesystem::exists(checkpoint(trial.id)), trial.state == TrialState::paused) << trial.id;
      if (trial.state == TrialState::pruned) {
        ++pruned;
        EXPECT_EQ(trial.budget_spent, 1);
        EXPECT_EQ(trial.attempts, 1U);
        EXPECT_TRUE(metric(trial.metrics, "val_loss"));
      }
      completed += trial.state == TrialState::completed ? 1 : 0;
    }
    EXPECT_GE(pruned, 4U);
    EXPECT_GE(completed, 2U);
    EXPECT_EQ(result->search.counts.pruned, pruned);
    EXPECT_EQ(result->search.counts.completed, completed);
  }
  EXPECT_GT(looked_at, 0U);
}

TEST_F(StudyRunTest, a_study_that_gives_trials_up_resumes_to_the_same_trials) {
  for (const std::string study : {"parallel = 1", "parallel = 3"}) {
    TemporaryFolder first;
    StudyConfig whole = config({.study = study, .more = kQuartets});
    whole.store = first.path("s.db");
    ASSERT_TRUE(run(whole));
    const auto undisturbed = take(take(Store::open(whole.store))->trials(1));
    for (int patience = 2; patience < 8; ++patience) {
      TemporaryFolder second;
      StudyConfig interrupted = whole;
      interrupted.store = second.path("s.db");
      int runs = 0;
      for (bool goes_on = true; goes_on; ++runs) {
        ASSERT_LT(runs, 60);
        StopRequest stop;
        Impatient observer(stop, patience);
        const StudyRun request{interrupted, runs == 0 ? StudyStart::create : StudyStart::resume, &observer, &stop};
        const auto result = run_study(request, catalog());
        ASSERT_TRUE(result) << result.error().message;
        goes_on = result->search.interrupted;
      }
      EXPECT_GE(runs, 2);
      expect_same(undisturbed, take(take(Store::open(interrupted.store))->trials(1)), fmt::format("{}, {} runs, patience {}", study, runs, patience));
    }
  }
}

// Every trial that waits loses an attempt, as by workers that die.
void lose_attempts(const std::string& location) {
  const auto store = take(Store::open(location, OpenMode::must_exist));
  const Coordinator coordinator = take(store->acquire_coordinator(1));
  std::vector<Lease> lost;
  while (const auto leased = take(store->lease(1, "gone", 60))) lost.push_back(leased->lease);
  for (const Lease& lease : lost) EXPECT_NE(take(store->requeue(coordinator, lease, FailureReason::lost, "gone")), LeaseState::lost);
  ASSERT_TRUE(store->release(coordinator));
}

TEST_F(StudyRunTest, attempts_that_were_lost_do_not_change_when_a_trial_is_given_up) {
  StudyConfig study = config({.study = "parallel = 3", .more = kQuartets});
  StudyConfig whole = study;
  whole.store = folder_.path("whole.db");
  const auto undisturbed = take(run(whole));
  const auto rows = take(take(Store::open(whole.store))->trials(1));
  std::mutex mutex;
  std::set<std::uint64_t> begun;
  StopRequest* stop = nullptr;
  // The first attempt of each trial is interrupted.
  const Hooked begin(fakes::Curves::on_begin, {[&](const nascent::Task& task) {
    {
      const std::lock_guard lock(mutex);
      if (!begun.insert(task.trial_id()).second) return;
      stop->cancel();
    }
    while (!task.cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    throw nascent::Error(NAS_E_CANCELLED, "interrupted");
  }});
  for (bool goes_on = true; goes_on;) {
    ASSERT_LE(begun.size(), rows.size());
    StopRequest wish;
    stop = &wish;
    const auto result = run_study({study, begun.empty() ? StudyStart::create : StudyStart::resume, nullptr, &wish}, catalog());
    ASSERT_TRUE(result) << result.error().message;
    goes_on = result->search.interrupted;
    if (goes_on) lose_attempts(study.store);
    if (!goes_on) {
      EXPECT_EQ(result->search.counts.pruned, undisturbed.search.counts.pruned);
    }
  }
  for (const Trial& trial : trials()) {
    if (trial.state == TrialState::pruned) {
      EXPECT_GT(trial.attempts, 1U) << trial.id;
    }
  }
  // Resumed once more, all of them are given up where they were.
  const int trained = Curves::trained;
  const auto again = run(study, StudyStart::resume);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(Curves::trained, trained);
  EXPECT_EQ(again->search.counts.paused, undisturbed.search.counts.paused);
  expect_same(rows, trials(), "with lost attempts");
}

TEST_F(StudyRunTest, winners_are_trained_with_the_final_budget) {
  const auto result = run(config({.more = "[final]\ntop = 2\nseeds = 2\nepochs = 5"}));
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->finals.size(), 4U);
  for (const Trial& trial : result->finals) {
    EXPECT_EQ(trial.role, TrialRole::final);
    EXPECT_EQ(trial.budget_spent, 5);
  }
  EXPECT_EQ(result->chosen->role, TrialRole::final);
  EXPECT_EQ(result->chosen->parent, result->search.incumbent->id);
}

TEST_F(StudyRunTest, mistakes_in_components_are_reported_together_at_their_place) {
  StudyConfig wrong = config();
  wrong.sampler.type = "teltale";
  ConfigMember member;
  member.key = "raet";
  member.where = {"study.toml", 30, 1};
  member.value.data = 0.1;
  wrong.trainer->options.push_back(member);
  const auto result = run(wrong);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("there is no sampler \"teltale\"; did you mean \"telltale\"?"));
  EXPECT_THAT(result.error().message, HasSubstr("study.toml:30:1: unknown option \"raet\""));
}

TEST_F(StudyRunTest, a_trial_that_was_promoted_or_given_up_is_replayed_to_its_end) {
  ASSERT_TRUE(run(config({.study = "parallel = 3", .more = kQuartets})));
  auto study = take(resolve_study(config(), catalog()));
  auto runner = take(component_runner(catalog(), study, {}));
  const auto stored = store();
  std::set<TrialState> seen;
  for (const Trial& trial : trials()) {
    if (!trial.finished()) continue;
    seen.insert(trial.state);
    if (trial.state == TrialState::invalid) continue;
    const auto replay = replay_trial(*stored, 1, trial.id, *runner);
    ASSERT_TRUE(replay) << replay.error().message;
    EXPECT_TRUE(replay->equal()) << trial.id;
    EXPECT_EQ(replay->replayed.budget_spent, trial.budget_spent) << trial.id;
  }
  EXPECT_TRUE(seen.contains(TrialState::pruned) && seen.contains(TrialState::completed));
}

TEST_F(StudyRunTest, replay_gives_the_same_metrics_and_names_what_changed) {
  ASSERT_TRUE(run(config({.more = "[scheduler]\ntype = \"onlooker\""})));
  auto study = take(resolve_study(config(), catalog()));
  auto runner = take(component_runner(catalog(), study, {}));
  const auto stored = store();
  for (const Trial& trial : trials()) {
    if (trial.state == TrialState::invalid) continue;
    const auto replay = replay_trial(*stored, 1, trial.id, *runner);
    ASSERT_TRUE(replay) << replay.error().message;
    EXPECT_TRUE(replay->equal()) << trial.id;
    EXPECT_EQ(replay->replayed.state, trial.state);
    EXPECT_TRUE(replay->differences.empty());
  }
  Curves::drift = 0.5;
  const auto all = trials();
  const auto completed = std::ranges::find(all, TrialState::completed, &Trial::state);
  ASSERT_NE(completed, all.end());
  const auto replay = take(replay_trial(*stored, 1, completed->id, *runner));
  EXPECT_FALSE(replay.equal());
  ASSERT_EQ(replay.differences.size(), 1U);
  EXPECT_EQ(replay.differences[0].metric, "val_loss");
  EXPECT_NEAR(*replay.differences[0].replayed - *replay.differences[0].recorded, 0.5, 1e-12);
  EXPECT_FALSE(replay_trial(*stored, 1, 999, *runner));
}

}  // namespace
}  // namespace nascent::core
