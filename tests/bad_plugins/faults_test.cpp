// Whole studies with a plugin that crashes, hangs, exits, throws, leaks or closes what is not its own: what becomes of the
// trial, of the study, and of what is stored.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "nascent/core/study_run.hpp"
#include "support/files.hpp"

namespace nascent::core {
namespace {

using nascent::test::TemporaryFolder;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

class Faults : public testing::Test {
 protected:
  static void SetUpTestSuite() { setenv("NASCENT_WORKER", NASCENT_WORKER_PROGRAM, 1); }

  static PluginCatalog& catalog() {
    static auto the_catalog = PluginCatalog::discover({{NASCENT_FAKES_DIR, NASCENT_TEST_PLUGIN_DIR}, {}, {}});
    return *the_catalog;
  }
  [[nodiscard]] StudyConfig config(const std::string& text, const std::string& name = "s",
                                   const std::string& space = "type = \"plane\"") const {
    auto study = parse_study(
        fmt::format("[study]\nname = \"{}\"\nseed = 5\nparallel = 2\nstore = \"{}.db\"\n[stop]\ntrials = 8\n[space]\n{}\n"
                    "{}\n[plugins]\npath = [\"{}\", \"{}\"]\n",
                    name, name, space, text, NASCENT_FAKES_DIR, NASCENT_TEST_PLUGIN_DIR),
        "study.toml", folder_.root());
    if (!study) throw std::runtime_error(study.error().message);
    return std::move(*study);
  }
  // Without a trainer, in this process: only the sampler may run elsewhere.
  static std::string sampled_by(const std::string& sampler) {
    return fmt::format("[objective]\nmetric = \"distance\"\ndirection = \"minimize\"\n[[evaluator]]\ntype = \"distance\"\n[sampler]\n{}\n", sampler);
  }
  // In workers.
  static std::string trained_with(const std::string& more) {
    return fmt::format("[objective]\nmetric = \"val_loss\"\ndirection = \"minimize\"\n[budget]\nepochs = 4\n[sampler]\ntype = \"random\"\n"
                       "[trainer]\ntype = \"moody\"\n{}\n",
                       more);
  }
  Result<StudyResult> run(const StudyConfig& study, StudyStart start = StudyStart::create) {
    StudyRun request;
    request.study = study;
    request.start = start;
    return run_study(request, catalog());
  }
  [[nodiscard]] std::vector<Trial> trials(const std::string& name = "s") const {
    const auto store = Store::open((folder_.root() / (name + ".db")).string());
    auto all = (*store)->trials(1);
    return std::move(*all);
  }
  static void expect_same(const std::vector<Trial>& a, const std::vector<Trial>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].configuration, b[i].configuration) << i;
      EXPECT_EQ(a[i].state, b[i].state) << i << ": " << a[i].message << b[i].message;
      EXPECT_EQ(a[i].metrics, b[i].metrics) << i;
      EXPECT_EQ(a[i].architecture_hash, b[i].architecture_hash) << i;
    }
  }
  TemporaryFolder folder_;
};

struct Kind {
  const char* section;
  const char* fault;
  FailureReason reason;  // none: the trial is completed all the same
  const char* message;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.section << ' ' << kind.fault; }

class FaultsInWorkers : public Faults, public testing::WithParamInterface<Kind> {};

TEST_P(FaultsInWorkers, cost_the_trial_they_happen_in_and_no_other) {
  const Kind& kind = GetParam();
  const auto result = run(config(trained_with(
      fmt::format("[[{}]]\ntype = \"faulty\"\nfault = \"{}\"\nat = 3\n[workers]\ntrial_seconds_max = \"2s\"\nretries = 0\n", kind.section, kind.fault))));
  ASSERT_TRUE(result) << result.error().message;
  const auto all = trials();
  ASSERT_GE(all.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == 3 && kind.reason != FailureReason::none) {
      EXPECT_EQ(all[i].state, TrialState::failed);
      EXPECT_EQ(all[i].reason, kind.reason) << all[i].message;
      EXPECT_THAT(all[i].message, HasSubstr(kind.message));
    } else {
      EXPECT_EQ(all[i].state, TrialState::completed) << i << ": " << all[i].message;
    }
  }
}

std::vector<Kind> every_fault_of_kinds_in_workers() {
  std::vector<Kind> all;
  for (const char* section : {"evaluator", "compressor"}) {
    all.push_back({section, "segfault", FailureReason::crashed, "its worker ended by SIGSEGV (Segmentation fault); last output: about to do wrong"});
    all.push_back({section, "abort", FailureReason::crashed, "its worker ended by SIGABRT (Aborted)"});
    all.push_back({section, "exit", FailureReason::crashed, "its worker ended by exit status 7"});
    all.push_back({section, "hang", FailureReason::timed_out, "ran longer than workers.trial_seconds_max = 2 s"});
    all.push_back({section, "throw", FailureReason::error, "a defect"});
    all.push_back({section, "leak", FailureReason::none, ""});
    all.push_back({section, "close_files", FailureReason::crashed, "its worker ended by exit status "});
  }
  return all;
}
INSTANTIATE_TEST_SUITE_P(EveryFault, FaultsInWorkers, testing::ValuesIn(every_fault_of_kinds_in_workers()), [](const auto& one) {
  return std::string(one.param.section) + "_" + one.param.fault;
});

struct Isolated {
  const char* fault;
  const char* message;
};
void PrintTo(const Isolated& isolated, std::ostream* out) { *out << isolated.fault; }

class FaultsInIsolation : public Faults, public testing::WithParamInterface<Isolated> {};

TEST_P(FaultsInIsolation, of_a_sampler_end_the_study_with_one_message_and_it_resumes_as_if_nothing_had_happened) {
  const StudyConfig study = config(sampled_by(fmt::format("type = \"faulty\"\nfault = \"{}\"\nat = 5\nonly_once = \"mark\"\nisolation = \"process\"\n"
                                                          "call_seconds_max = \"2s\"",
                                                          GetParam().fault)));
  const auto result = run(study);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, AllOf(HasSubstr("sampler \"faulty\": "), HasSubstr(GetParam().message)));
  EXPECT_GE(trials().size(), 4U);
  EXPECT_LT(trials().size(), 8U);
  const auto resumed = run(study, StudyStart::resume);
  ASSERT_TRUE(resumed) << resumed.error().message;
  ASSERT_TRUE(run(config(sampled_by("type = \"faulty\""), "undisturbed")));
  expect_same(trials(), trials("undisturbed"));
}

INSTANTIATE_TEST_SUITE_P(
    EveryFault, FaultsInIsolation,
    testing::Values(Isolated{"segfault", "its process ended by SIGSEGV (Segmentation fault); its last output: about to do wrong; the trials are kept"},
                    Isolated{"abort", "its process ended by SIGABRT (Aborted)"}, Isolated{"exit", "its process ended by exit status 7"},
                    Isolated{"hang", "its process did not answer within call_seconds_max = 2 s"}, Isolated{"throw", "a defect"},
                    Isolated{"close_files", "its process "}),
    [](const auto& one) { return std::string(one.param.fault); });

TEST_P(FaultsInIsolation, of_a_space_end_the_study_with_one_message_and_it_resumes_as_if_nothing_had_happened) {
  const std::string trained = trained_with("[workers]\ncount = 2\nretries = 0\n");
  const StudyConfig study = config(trained, "s",
                                   fmt::format("type = \"faulty\"\nfault = \"{}\"\nat = 5\nonly_once = \"mark\"\nisolation = \"process\"\n"
                                               "call_seconds_max = \"2s\"",
                                               GetParam().fault));
  const auto result = run(study);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, AllOf(HasSubstr("space \"faulty\": "), HasSubstr(GetParam().message)));
  const auto resumed = run(study, StudyStart::resume);
  ASSERT_TRUE(resumed) << resumed.error().message;
  ASSERT_TRUE(run(config(trained, "undisturbed", "type = \"faulty\"")));
  expect_same(trials(), trials("undisturbed"));
}

TEST_F(Faults, of_an_isolated_sampler_s_constructor_are_told_before_anything_is_stored) {
  const auto result = run(config(sampled_by("type = \"faulty\"\nfault = \"segfault\"\nat = 1000000\nisolation = \"process\"")));
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("sampler \"faulty\": its process ended by SIGSEGV"));
  EXPECT_FALSE(std::filesystem::exists(folder_.root() / "s.db"));
}

TEST_F(Faults, of_an_isolated_scheduler_leave_every_trial_its_full_budget) {
  const auto result = run(config(trained_with("[scheduler]\ntype = \"faulty\"\nfault = \"segfault\"\nat = 2\nisolation = \"process\"\n")));
  ASSERT_TRUE(result) << result.error().message;
  for (const Trial& trial : trials()) EXPECT_EQ(trial.state, TrialState::completed) << trial.message;
}

class Isolation : public Faults, public testing::WithParamInterface<const char*> {};

TEST_P(Isolation, of_a_sampler_changes_no_trial) {
  const std::string sampler = fmt::format("type = \"{}\"\n", GetParam());
  const auto here = run(config(sampled_by(sampler), "here"));
  ASSERT_TRUE(here) << here.error().message;
  const auto there = run(config(sampled_by(sampler + "isolation = \"process\"\n"), "there"));
  ASSERT_TRUE(there) << there.error().message;
  expect_same(trials("here"), trials("there"));
}

INSTANTIATE_TEST_SUITE_P(Samplers, Isolation, testing::Values("random", "evolution", "tpe", "auto"),
                         [](const auto& one) { return std::string(one.param); });

TEST_F(Faults, isolation_of_a_space_changes_no_trial_and_no_architecture) {
  const std::string text =
      "[objective]\nmetric = \"parameters\"\ndirection = \"minimize\"\n[dataset]\ntype = \"rows\"\n[sampler]\ntype = \"random\"\n"
      "[[evaluator]]\ntype = \"cost\"\n[workers]\nexecution = \"workers\"\n";
  const auto here = run(config(text, "here", "type = \"mlp\""));
  ASSERT_TRUE(here) << here.error().message;
  const auto there = run(config(text, "there", "type = \"mlp\"\nisolation = \"process\""));
  ASSERT_TRUE(there) << there.error().message;
  expect_same(trials("here"), trials("there"));
  for (const Trial& trial : trials("there")) EXPECT_FALSE(trial.architecture_hash.empty());
}

TEST_F(Faults, a_space_is_not_isolated_where_trials_run_in_the_search_s_own_process) {
  const auto result = run(config(sampled_by("type = \"random\""), "s", "type = \"plane\"\nisolation = \"process\""));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "study.toml:8:1: space.isolation = \"process\" needs trials in worker processes; write [workers] with execution = \"workers\"");
}

TEST_F(Faults, isolation_of_a_scheduler_changes_no_trial) {
  const auto text = [](const char* isolation) {
    return trained_with(fmt::format("[scheduler]\ntype = \"successive-halving\"\nbudget_min = 1\n{}\n", isolation));
  };
  const auto here = run(config(text(""), "here"));
  ASSERT_TRUE(here) << here.error().message;
  const auto there = run(config(text("isolation = \"process\""), "there"));
  ASSERT_TRUE(there) << there.error().message;
  expect_same(trials("here"), trials("there"));
}

}  // namespace
}  // namespace nascent::core
