// Real programs as trainings: what they are given, what they report, and how they may end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "nascent/space_builder.hpp"
#include "nascent/trainer.hpp"
#include "support/config.hpp"
#include "support/files.hpp"

namespace {

using nlohmann::json;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

struct Report {
  double budget;
  std::map<std::string, double> metrics;
};

// How a training ended.
struct Outcome {
  nas_status status = NAS_OK;
  std::string message, option;
};

class CommandTest : public testing::Test {
 protected:
  CommandTest() {
    nascent::SpaceBuilder s;
    s.integer("space.x", 1, 9);
    s.real("trainer.learning-rate", 0, 1);
    const auto kind = s.choice("space.kind", {"sgd", "adam w"});
    s.when(s.is(kind, "sgd"), [](nascent::SpaceBuilder& in) { in.real("space.momentum", 0, 1); });
    s.choice<bool>("space.nesterov", {false, true});
    space_ = s.declaration();
  }

  // Trains by `sh -c script`.
  Outcome train(const std::string& script) { return train(std::vector<std::string>{"sh", "-c", script}); }
  Outcome train(const std::vector<std::string>& command) {
    nascent::test::Config config{{"command", command}, {"grace", grace_}};
    if (!directory_.empty()) config.set("directory", directory_);
    const nas_component& component = *nascent_plugin_v1()->components[0];
    const auto& trainer = *static_cast<const nas_trainer_vt*>(component.vt);
    nas_error error{};
    void* self = nullptr;
    if (const nas_status created = trainer.create(nullptr, config.get(), nullptr, &self, &error); created != NAS_OK) {
      return {created, error.message, error.option};
    }

    const std::string artifacts = folder_.path();
    nas_task task{};
    task.size = sizeof task;
    task.threads = 2;
    task.ctx = this;
    task.trial_id = 41;
    task.seed = 7;
    task.world_size = 1;
    task.artifact_dir = nascent::str(artifacts);
    task.cancelled = [](void* ctx) noexcept -> std::int32_t { return static_cast<CommandTest*>(ctx)->cancelled_() ? 1 : 0; };
    task.report = [](void* ctx, double budget, const nas_metric* metrics, std::size_t n, std::uint32_t* verdict) noexcept -> nas_status {
      auto& test = *static_cast<CommandTest*>(ctx);
      test.reports_.push_back({budget, {}});
      for (std::size_t i = 0; i < n; ++i) test.reports_.back().metrics[std::string(nascent::view(metrics[i].name))] = metrics[i].value;
      *verdict = test.reports_.size() < test.stop_at_ ? NAS_GO : NAS_STOP;
      return NAS_OK;
    };
    const double x[] = {3, 0.25, 1, 0, 1};
    const std::uint8_t active[] = {1, 1, 1, 0, 1};
    nas_train_arg arg{};
    arg.size = sizeof arg;
    arg.options = config.get();
    arg.budget = budget_;
    arg.space = space_.view();
    arg.x = x;
    arg.active = active;
    nas_model model{};
    const nas_status status = trainer.train(self, &task, &arg, &model, &error);
    EXPECT_EQ(model.vt, nullptr);
    trainer.destroy(self);
    return status == NAS_OK ? Outcome{} : Outcome{status, error.message, error.option};
  }
  std::string read(const std::string& name) {
    std::ifstream file(folder_.path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Is the process whose number the script wrote to `name` still running? Waits up to ten seconds for its end.
  bool lives(const std::string& name) {
    const pid_t pid = std::stoi(read(name));
    for (const auto deadline = Clock::now() + std::chrono::seconds(10); Clock::now() < deadline;) {
      std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
      std::string number, program, state;
      if (!(stat >> number >> program >> state) || state == "Z") return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }

  nascent::test::TemporaryFolder folder_;
  nascent::SpaceDeclaration space_;
  std::vector<Report> reports_;
  std::size_t stop_at_ = 1000;
  nas_budget budget_{NAS_UNIT_EPOCH, 0, 2, 6};
  double grace_ = 5;
  std::string directory_;
  std::function<bool()> cancelled_ = [] { return false; };
};

TEST_F(CommandTest, reports_arrive_and_budgets_are_counted_from_the_first) {
  const Outcome outcome = train(R"(echo '{"loss": 3}' >&3; echo '{"loss": 2, "budget": 4.5}' >&3; printf '{"loss": 1}' >&3)");
  EXPECT_EQ(outcome.status, NAS_OK) << outcome.message;
  ASSERT_EQ(reports_.size(), 3);
  EXPECT_EQ(reports_[0].budget, 3);
  EXPECT_EQ(reports_[1].budget, 4.5);
  EXPECT_EQ(reports_[2].budget, 5.5);
  EXPECT_EQ(reports_[2].metrics, (std::map<std::string, double>{{"loss", 1}}));
}

TEST_F(CommandTest, a_budget_in_fraction_is_named_in_the_trial_file_and_in_each_report) {
  budget_ = {NAS_UNIT_FRACTION, 0, 0, 1};
  const Outcome outcome = train(R"(cp "$NASCENT_TRIAL" "$(dirname "$NASCENT_TRIAL")/seen.json"; echo '{"loss": 3, "budget": 0.25}' >&3; echo '{"loss": 2, "budget": 1}' >&3)");
  EXPECT_EQ(outcome.status, NAS_OK) << outcome.message;
  EXPECT_EQ(json::parse(read("seen.json"))["budget"], (json{{"unit", "fraction"}, {"from", 0.0}, {"to", 1.0}}));
  ASSERT_EQ(reports_.size(), 2);
  EXPECT_EQ(reports_[0].budget, 0.25);
  const Outcome refused = train(R"(echo '{"loss": 3}' >&3)");
  EXPECT_EQ(refused.status, NAS_E_INTERNAL);
  EXPECT_EQ(refused.message, "report '{\"loss\": 3}' names no budget; where a budget is a fraction of the training rows each report says which, such as \"budget\": 0.25");
}

TEST_F(CommandTest, the_trial_file_describes_the_trial) {
  const Outcome outcome = train(R"(cp "$NASCENT_TRIAL" "$(dirname "$NASCENT_TRIAL")/seen.json"; echo '{"a": 1}' >&$NASCENT_REPORT)");
  ASSERT_EQ(outcome.status, NAS_OK) << outcome.message;
  const json trial = json::parse(read("seen.json"));
  EXPECT_EQ(trial["trial"], 41);
  EXPECT_EQ(trial["seed"], 7);
  EXPECT_EQ(trial["threads"], 2);
  EXPECT_EQ(trial["budget"], (json{{"unit", "epochs"}, {"from", 2}, {"to", 6}}));
  EXPECT_EQ(trial["parameters"], (json{{"x", 3}, {"trainer.learning-rate", 0.25}, {"kind", "adam w"}, {"nesterov", true}}));
  EXPECT_TRUE(trial["architecture"].is_null());
  EXPECT_EQ(trial["artifact_dir"], folder_.path());
  for (const char* name : {"checkpoint_dir", "resume_dir", "inherit_dir"}) EXPECT_EQ(trial[name], "") << name;
}

TEST_F(CommandTest, active_parameters_stand_in_the_environment) {
  setenv("NASCENT_PARAM_X", "stale", 1);
  setenv("NASCENT_PARAM_MOMENTUM_OF_OTHERS", "kept", 1);
  const Outcome outcome = train(std::vector<std::string>{"python3", "-c",
                                                         "import os\n"
                                                         "e = os.environ\n"
                                                         "assert e['NASCENT_PARAM_X'] == '3', e['NASCENT_PARAM_X']\n"
                                                         "assert e['NASCENT_PARAM_TRAINER_LEARNING_RATE'] == '0.25'\n"
                                                         "assert e['NASCENT_PARAM_KIND'] == 'adam w'\n"
                                                         "assert e['NASCENT_PARAM_NESTEROV'] == 'true'\n"
                                                         "assert 'NASCENT_PARAM_MOMENTUM' not in e\n"
                                                         "assert e['NASCENT_PARAM_MOMENTUM_OF_OTHERS'] == 'kept'\n"
                                                         "os.write(int(e['NASCENT_REPORT']), b'{\"a\": 1}\\n')\n"});
  unsetenv("NASCENT_PARAM_X");
  unsetenv("NASCENT_PARAM_MOMENTUM_OF_OTHERS");
  EXPECT_EQ(outcome.status, NAS_OK) << outcome.message;
}

TEST_F(CommandTest, a_program_that_reads_the_verdict_stops_by_itself) {
  stop_at_ = 2;
  const Outcome outcome = train(R"(i=0; while :; do i=$((i+1)); echo "{\"i\": $i}" >&3; read -r verdict <&4; echo "$verdict"; [ "$verdict" = go ] || exit 0; done)");
  EXPECT_EQ(outcome.status, NAS_OK) << outcome.message;
  EXPECT_EQ(reports_.size(), 2);
  EXPECT_EQ(read("output.log"), "go\nstop\n");
}

TEST_F(CommandTest, a_program_that_ignores_the_verdict_gets_sigterm) {
  stop_at_ = 1;
  grace_ = 0.2;
  const Outcome outcome = train(R"(trap 'echo asked; exit 0' TERM; echo '{"a": 1}' >&3; while :; do sleep 0.05; done)");
  EXPECT_EQ(outcome.status, NAS_OK) << outcome.message;
  EXPECT_THAT(read("output.log"), HasSubstr("asked\n"));
}

TEST_F(CommandTest, a_program_that_ignores_sigterm_is_killed) {
  stop_at_ = 1;
  grace_ = 0.2;
  const Outcome outcome = train(R"(trap '' TERM; echo $$ > "$(dirname "$NASCENT_TRIAL")/pid"; echo '{"a": 1}' >&3; while :; do sleep 0.05; done)");
  EXPECT_EQ(outcome.status, NAS_OK) << outcome.message;
  EXPECT_FALSE(lives("pid"));
}

TEST_F(CommandTest, a_cancelled_task_ends_the_program) {
  grace_ = 0.2;
  directory_ = folder_.path();
  cancelled_ = [this] { return std::filesystem::exists(folder_.path("pid")); };
  const Outcome outcome = train(R"(echo $$ > number; mv number pid; while :; do sleep 0.05; done)");
  EXPECT_EQ(outcome.status, NAS_E_CANCELLED);
  EXPECT_EQ(outcome.message, "the trial was cancelled");
  EXPECT_FALSE(lives("pid"));
}

TEST_F(CommandTest, a_cancelled_task_ends_a_program_that_closed_its_pipe) {
  grace_ = 0.2;
  cancelled_ = [this] { return std::filesystem::exists(folder_.path("closed")); };
  const Outcome outcome = train(R"(echo '{"a": 1}' >&3; exec 3>&-; touch "$(dirname "$NASCENT_TRIAL")/closed"; while :; do sleep 0.05; done)");
  EXPECT_EQ(outcome.status, NAS_E_CANCELLED);
}

TEST_F(CommandTest, exit_codes_tell_why_a_trial_failed) {
  const std::string after_a_report = R"(echo '{"a": 1}' >&3; echo first >&2; echo 'last words' >&2; exit )";
  const auto ends = [&](const std::string& code) {
    const Outcome outcome = train(after_a_report + code);
    return std::to_string(outcome.status) + " " + outcome.message;
  };
  EXPECT_EQ(ends("1"), std::to_string(NAS_E_INTERNAL) + " the program ended with exit code 1; it said: last words");
  EXPECT_EQ(ends("2"), std::to_string(NAS_E_INTERNAL) + " the program ended with exit code 2; it said: last words");
  EXPECT_EQ(ends("3"), std::to_string(NAS_E_NUMERIC) + " the program ended with exit code 3 (diverged); it said: last words");
  EXPECT_EQ(ends("4"), std::to_string(NAS_E_NOMEM) + " the program ended with exit code 4 (out of memory); it said: last words");
  EXPECT_EQ(ends("5"), std::to_string(NAS_E_INVALID) + " the program ended with exit code 5 (configuration refused); it said: last words");
}

TEST_F(CommandTest, a_program_that_does_not_exist_is_named) {
  const Outcome outcome = train(std::vector<std::string>{"no-such-program-here"});
  EXPECT_EQ(outcome.status, NAS_E_INVALID);
  EXPECT_EQ(outcome.option, "/command");
  EXPECT_EQ(outcome.message, "command is 'no-such-program-here', which is no program that can be run; check the path and its permissions, or PATH");
}

TEST_F(CommandTest, a_command_line_in_one_text_is_told_apart) {
  EXPECT_EQ(train(std::vector<std::string>{"python3 train.py"}).message,
            "command is 'python3 train.py', which is no program that can be run; write program and arguments apart, such as "
            "[\"python3\", \"train.py\"]");
  EXPECT_EQ(train(std::vector<std::string>{}).message, "command names no program; give one, such as [\"python3\", \"train.py\"]");
}

TEST_F(CommandTest, a_program_is_looked_for_from_its_directory) {
  directory_ = folder_.path();
  std::ofstream(folder_.path("train")) << "#!/bin/sh\necho '{\"a\": 1}' >&3\n";
  const std::string rest = ", or write its interpreter before it, such as [\"python3\", \"train.py\"]";
  EXPECT_EQ(train(std::vector<std::string>{"train"}).message,
            "command is 'train', which is no program that can be run; a file of the working directory is run as './train'" + rest);
  const Outcome not_executable = train(std::vector<std::string>{"./train"});
  EXPECT_EQ(not_executable.option, "/command");
  EXPECT_EQ(not_executable.message,
            "command is './train', which is no program that can be run; make the file executable (chmod +x)" + rest);
  std::filesystem::permissions(folder_.path("train"), std::filesystem::perms::owner_all);
  EXPECT_EQ(train(std::vector<std::string>{"./train"}).status, NAS_OK);
}

TEST_F(CommandTest, a_script_that_does_not_exist_is_named) {
  directory_ = folder_.path();
  const std::string python = folder_.path("python3.11");  // any program of that name
  std::ofstream(python) << "#!/bin/sh\necho '{\"a\": 1}' >&3\n";
  std::filesystem::permissions(python, std::filesystem::perms::owner_all);
  const Outcome outcome = train(std::vector<std::string>{python, "trian.py"});
  EXPECT_EQ(outcome.option, "/command");
  EXPECT_EQ(outcome.message, "command names the script 'trian.py', which does not exist in " + directory_ + "; check its name, or set directory");
  EXPECT_EQ(train(std::vector<std::string>{python, "-m", "train"}).status, NAS_OK);
  std::ofstream(folder_.path("train.py")) << "";
  EXPECT_EQ(train(std::vector<std::string>{python, "train.py"}).status, NAS_OK);
}

TEST_F(CommandTest, a_folder_that_does_not_exist_is_named) {
  directory_ = folder_.path("absent");
  const Outcome outcome = train("exit 0");
  EXPECT_EQ(outcome.status, NAS_E_INVALID);
  EXPECT_EQ(outcome.option, "/directory");
  EXPECT_EQ(outcome.message, "directory is '" + directory_ + "', which is no folder; give the folder the program runs in");
}

TEST_F(CommandTest, the_program_runs_in_its_directory) {
  directory_ = folder_.path();
  EXPECT_EQ(train(R"(pwd -P > here; echo '{"a": 1}' >&3)").status, NAS_OK);
  EXPECT_EQ(read("here"), std::filesystem::canonical(directory_).string() + "\n");
}

TEST_F(CommandTest, signals_tell_why_a_trial_failed) {
  Outcome outcome = train(R"(echo '{"a": 1}' >&3; kill -KILL $$)");
  EXPECT_EQ(outcome.status, NAS_E_NOMEM);
  EXPECT_EQ(outcome.message, "the program was killed (SIGKILL), most likely for want of memory");
  outcome = train(R"(kill -SEGV $$)");
  EXPECT_EQ(outcome.status, NAS_E_INTERNAL);
  EXPECT_EQ(outcome.message, "the program was ended by a signal: Segmentation fault");
}

TEST_F(CommandTest, a_metric_that_is_nan_is_divergence_and_ends_the_program) {
  const Outcome outcome = train(R"(echo $$ > "$(dirname "$NASCENT_TRIAL")/pid"; echo '{"a": 1}' >&3; echo '{"a": NaN}' >&3; while :; do sleep 0.05; done)");
  EXPECT_EQ(outcome.status, NAS_E_NUMERIC);
  EXPECT_THAT(outcome.message, HasSubstr("a is NaN or infinite at budget 4"));
  EXPECT_EQ(reports_.size(), 1);
  EXPECT_FALSE(lives("pid"));
}

TEST_F(CommandTest, a_line_that_is_no_report_fails_the_trial) {
  const Outcome outcome = train("echo epoch one >&3");
  EXPECT_EQ(outcome.status, NAS_E_INTERNAL);
  EXPECT_THAT(outcome.message, HasSubstr("report 'epoch one' is no JSON object"));
}

TEST_F(CommandTest, a_line_without_end_fails_the_trial) {
  const Outcome outcome = train("exec cat /dev/zero >&3");
  EXPECT_EQ(outcome.status, NAS_E_INTERNAL);
  EXPECT_EQ(outcome.message, "the program wrote a report line of more than 1 MiB; write one JSON object a line");
}

TEST_F(CommandTest, no_report_fails_the_trial) {
  const Outcome outcome = train("exit 0");
  EXPECT_EQ(outcome.status, NAS_E_INTERNAL);
  EXPECT_EQ(outcome.message, "'sh -c exit 0' ended without a report; write one JSON line such as {\"val_accuracy\": 0.9} to the file descriptor in NASCENT_REPORT; "
            "what it prints does not count");
}

TEST_F(CommandTest, a_child_that_keeps_the_pipe_open_neither_delays_the_end_nor_outlives_it) {
  const auto started = Clock::now();
  const Outcome outcome = train(R"(sleep 300 & echo $! > "$(dirname "$NASCENT_TRIAL")/pid"; echo '{"a": 1}' >&3)");
  EXPECT_EQ(outcome.status, NAS_OK) << outcome.message;
  EXPECT_LT(Clock::now() - started, std::chrono::seconds(60));
  EXPECT_FALSE(lives("pid"));
}

TEST_F(CommandTest, a_program_that_closes_its_verdict_pipe_or_never_reads_it_does_no_harm) {
  EXPECT_EQ(train(R"(exec 4<&-; for i in 1 2 3; do echo '{"a": 1}' >&3; sleep 0.05; done)").status, NAS_OK);
  EXPECT_EQ(reports_.size(), 3);
  reports_.clear();
  stop_at_ = 100'000;
  // 30,000 verdicts are more than a pipe holds
  EXPECT_EQ(train(R"(yes '{"a": 1}' | head -n 30000 >&3)").status, NAS_OK);
  EXPECT_EQ(reports_.size(), 30'000);
}

TEST_F(CommandTest, the_program_ends_with_the_thread_that_started_it) {
  // Meant: the trainer, too, uses setpriv only where it is; Debian always has it.
  if (access("/usr/bin/setpriv", X_OK) != 0) GTEST_SKIP() << "setpriv (util-linux) is not installed; without it a program can outlive a killed worker";
  directory_ = folder_.path();
  const pid_t worker = fork();
  ASSERT_GE(worker, 0);
  if (worker == 0) {
    train(R"(echo $$ > number; mv number pid; exec 3>&-; while :; do sleep 0.05; done)");
    _exit(0);
  }
  while (!std::filesystem::exists(folder_.path("pid"))) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  kill(worker, SIGKILL);
  waitpid(worker, nullptr, 0);
  EXPECT_FALSE(lives("pid"));
}

}  // namespace
