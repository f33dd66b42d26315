// A study in PostgreSQL whose workers have joined: kill -9 of coordinator and workers, and crashes of the server, at random
// moments. The study that comes out is the undisturbed one.
#include <chrono>
#include <random>
#include <thread>

#include "killing.hpp"
#include "support/postgresql.hpp"

namespace nascent::core {
namespace {

using nascent::test::PostgresqlServer;
using test::start;
using test::story;
using test::wait_for;
using SteadyClock = std::chrono::steady_clock;

constexpr int kStoreFailed = 4;  // exit code of the command line
constexpr int kTrials = 40;
constexpr const char* kHalving = "type = \"successive-halving\"\nbudget_min = 1\neta = 2";
constexpr const char* kPromotions = "type = \"asha\"\nform = \"promotion\"\nbudget_min = 1\neta = 2";
constexpr int kBlows = 24;                             // kills and crashes
constexpr auto kTimeMax = std::chrono::seconds(60);    // of the blows, whatever the machine's load
constexpr auto kStudyMax = std::chrono::seconds(200);  // of the whole study

struct Settings {
  int workers = 0;  // of its own
  std::string scheduler = kHalving;  // its type and options
  std::string more = {};             // lines of [workers]
  std::string trainer = {};          // lines of [trainer]
  int trials = kTrials, epoch_ms = 8;
};

class JoinedStudy {
 public:
  JoinedStudy(const std::string& store, const Settings& settings) : store_(store) {
    file_ = folder_.write(
        "study.toml",
        fmt::format("[study]\nname = \"s\"\nseed = 11\nparallel = 4\nstore = \"{}\"\n[objective]\nmetric = \"val_loss\"\n"
                    "direction = \"minimize\"\n[stop]\ntrials = {}\n[budget]\nepochs = 4\n[space]\ntype = \"plane\"\n"
                    "[sampler]\ntype = \"evolution\"\npopulation = 8\n[scheduler]\n{}\n"
                    "[trainer]\ntype = \"moody\"\nepoch_ms = {}\njitter_ms = 8\n{}[[evaluator]]\ntype = \"distance\"\n"
                    "[workers]\ncount = {}\nretries = 100\n{}[plugins]\npath = [\"{}\", \"{}\"]\n",
                    store, settings.trials, settings.scheduler, settings.epoch_ms, settings.trainer, settings.workers, settings.more, NASCENT_FAKES_DIR, NASCENT_TEST_PLUGIN_DIR));
  }
  [[nodiscard]] pid_t coordinator() const { return start({NASCENT_KILL_DRIVER, file_}); }
  [[nodiscard]] pid_t worker() const { return start({NASCENT_PROGRAM, "worker", "--store", store_, "--study", "s"}); }
  [[nodiscard]] std::vector<std::string> story() const { return test::story(store_); }
  // Without workers of its own: two that join, each with a folder of its own.
  void run_by_two_that_join() const {
    const pid_t run = coordinator();
    const std::vector<pid_t> joined{worker(), worker()};
    EXPECT_EQ(wait_for(run), 0);
    for (const pid_t each : joined) EXPECT_EQ(wait_for(each), 0);
  }
  // Exit code of `nascent export` of the best model.
  [[nodiscard]] std::optional<int> export_to(const std::string& file) const {
    return wait_for(start({NASCENT_PROGRAM, "export", store_, "--study", "s", "--format", "nascent", "--output", file}));
  }

 private:
  nascent::test::TemporaryFolder folder_;
  std::string store_, file_;
};

bool has_ended(pid_t pid, int& status) { return waitpid(pid, &status, WNOHANG) == pid; }

class PostgresqlStudy : public ::testing::Test {
 protected:
  void SetUp() override { NASCENT_NEEDS_POSTGRESQL(); }
};

TEST_F(PostgresqlStudy, killed_and_crashed_at_random_points_is_the_undisturbed_study) {
  PostgresqlServer& server = PostgresqlServer::shared();
  const JoinedStudy calm(server.database(), {.workers = 2});
  ASSERT_EQ(wait_for(calm.coordinator()), 0);
  const auto expected = calm.story();
  ASSERT_EQ(expected.size(), static_cast<std::size_t>(kTrials));

  std::mt19937 random(20261128);
  int blows = 0, coordinators = 0, workers = 0, crashes = 0, studies = 0;
  const auto begin = SteadyClock::now();
  while (blows < kBlows && SteadyClock::now() - begin < kTimeMax) {
    const JoinedStudy study(server.database(), {});
    pid_t coordinator = study.coordinator();
    std::vector<pid_t> joined{study.worker(), study.worker()};
    int status = 0;
    const auto study_begin = SteadyClock::now();
    int ended_by_crash = 0;
    const auto is_over = [&] {
      while (has_ended(coordinator, status)) {
        // One that is just opening the store when the server crashes says so and ends; somebody starts it again.
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
        if (++ended_by_crash > crashes) return true;
        coordinator = study.coordinator();
      }
      return false;
    };
    while (!is_over()) {
      ASSERT_LT(SteadyClock::now() - study_begin, kStudyMax) << "the study does not end";
      std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution(50, 600)(random)));
      for (pid_t& worker : joined) {
        if (has_ended(worker, status)) worker = study.worker();
      }
      if (blows >= kBlows || SteadyClock::now() - begin > kTimeMax) continue;
      switch (std::uniform_int_distribution(0, 3)(random)) {
        case 0:
          if (is_over()) goto over;
          kill(coordinator, SIGKILL);
          wait_for(coordinator);
          coordinator = study.coordinator();
          ++coordinators;
          break;
        case 1:
          ASSERT_TRUE(server.restart());
          ++crashes;
          break;
        default: {
          pid_t& victim = joined[std::uniform_int_distribution<std::size_t>(0, 1)(random)];
          kill(victim, SIGKILL);
          wait_for(victim);
          victim = study.worker();
          ++workers;
        }
      }
      ++blows;
    }
  over:
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (const pid_t worker : joined) {
      auto code = wait_for(worker);
      // As the coordinator above: one that is just opening the store in a crash says so and ends.
      if (code == kStoreFailed && crashes > 0) code = wait_for(study.worker());
      EXPECT_EQ(code, 0) << "a worker leaves when the study is over";
    }
    ++studies;
    const auto got = study.story();
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], expected[i]);
    if (HasFailure()) break;
  }
  fmt::print("blows={} coordinator={} worker={} server={} studies={}\n", blows, coordinators, workers, crashes, studies);
  EXPECT_GT(coordinators, 0);
  EXPECT_GT(workers, 0);
  EXPECT_GT(crashes, 0);
}

// Trials that another worker went on with than the one that had paused them.
struct Handover {
  int trials = 0, from_the_checkpoint = 0;
};

Handover handovers(const std::string& location) {
  Handover found;
  const auto store = Store::open(location, OpenMode::read_only);
  EXPECT_TRUE(store);
  const StudyId study = (*store)->study("s").value()->id;
  const std::vector<Trial> trials = (*store)->trials(study).value();
  for (const Trial& trial : trials) {
    const auto attempts = (*store)->attempts(study, trial.id).value();
    if (attempts.size() < 2 || attempts.back().worker == attempts[attempts.size() - 2].worker) continue;
    ++found.trials;
    // Whoever goes on from a checkpoint stores the earlier reports again, and asks for no verdict on them.
    const auto reports = (*store)->reports(study, trial.id).value();
    if (!reports.empty() && !reports.front().verdict_wanted) ++found.from_the_checkpoint;
  }
  return found;
}

TEST_F(PostgresqlStudy, workers_that_share_no_folder_go_on_with_each_others_trials_and_anybody_reads_the_models) {
  PostgresqlServer& server = PostgresqlServer::shared();
  const JoinedStudy calm(server.database(), {.workers = 2, .scheduler = kPromotions, .more = "artifacts = \"files\"\n"});
  ASSERT_EQ(wait_for(calm.coordinator()), 0);
  const std::string location = server.database(), database = location.substr(location.rfind('/') + 1);
  const JoinedStudy study(location, {.scheduler = kPromotions});
  study.run_by_two_that_join();
  EXPECT_EQ(study.story(), calm.story());
  const Handover handed = handovers(location);
  EXPECT_GT(handed.trials, 0);
  EXPECT_EQ(handed.from_the_checkpoint, handed.trials);
  EXPECT_EQ(server.sql(database,
                       "SELECT count(*) FROM nascent.artifacts a JOIN nascent.trials t ON t.study_id = a.study_id AND t.id = a.trial_id "
                       "WHERE a.path LIKE 'checkpoint%' AND t.state <> 'paused'"),
            "0")
      << "the checkpoint of a trial that has ended";
  EXPECT_NE(server.sql(database, "SELECT count(*) FROM nascent.artifacts WHERE path = 'model'"), "0");
  const nascent::test::TemporaryFolder folder;
  EXPECT_EQ(study.export_to(folder.path("model")), 0);
  EXPECT_TRUE(std::filesystem::exists(folder.path("model")));
}

TEST_F(PostgresqlStudy, a_population_on_workers_that_share_no_folder_inherits_checkpoints_through_the_database) {
  PostgresqlServer& server = PostgresqlServer::shared();
  const std::string pbt = "type = \"pbt\"\npopulation = 6\ninterval = 1\nquantile = 0.34", drift = "drift = { uniform = [0, 0.1] }\n";
  const JoinedStudy calm(server.database(), {.workers = 2, .scheduler = pbt, .more = "artifacts = \"files\"\n", .trainer = drift, .trials = 16});
  ASSERT_EQ(wait_for(calm.coordinator()), 0);
  const std::string location = server.database(), database = location.substr(location.rfind('/') + 1);
  const JoinedStudy study(location, {.scheduler = pbt, .trainer = drift, .trials = 16});
  study.run_by_two_that_join();
  EXPECT_EQ(study.story(), calm.story());
  EXPECT_NE(server.sql(database, "SELECT count(*) FROM nascent.trials WHERE parent IS NOT NULL AND state = 'completed'"), "0");
}

TEST_F(PostgresqlStudy, a_trial_of_a_worker_that_was_told_to_end_goes_on_elsewhere_from_its_checkpoint) {
  PostgresqlServer& server = PostgresqlServer::shared();
  const std::string location = server.database(), database = location.substr(location.rfind('/') + 1);
  const JoinedStudy study(location, {.scheduler = "type = \"none\"", .trials = 1, .epoch_ms = 400});
  const pid_t run = study.coordinator(), first = study.worker();
  const auto begin = SteadyClock::now();
  while (server.sql(database, "SELECT max(number) FROM nascent.reports") != "1") {
    ASSERT_LT(SteadyClock::now() - begin, kStudyMax);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // its checkpoint comes after the report
  kill(first, SIGTERM);
  wait_for(first);
  EXPECT_NE(server.sql(database, "SELECT count(*) FROM nascent.artifacts WHERE path = 'checkpoint/state'"), "0");
  const pid_t second = study.worker();
  EXPECT_EQ(wait_for(run), 0);
  EXPECT_EQ(wait_for(second), 0);
  const Handover handed = handovers(location);
  EXPECT_EQ(handed.trials, 1);
  EXPECT_EQ(handed.from_the_checkpoint, 1);
}

TEST_F(PostgresqlStudy, files_above_the_limit_are_not_stored_and_their_trials_train_anew_to_the_same_end) {
  PostgresqlServer& server = PostgresqlServer::shared();
  const JoinedStudy calm(server.database(), {.workers = 2, .scheduler = kPromotions});
  ASSERT_EQ(wait_for(calm.coordinator()), 0);
  const std::string location = server.database(), database = location.substr(location.rfind('/') + 1);
  const JoinedStudy study(location, {.scheduler = kPromotions, .more = "artifact_bytes_max = 5\n"});
  study.run_by_two_that_join();
  EXPECT_EQ(study.story(), calm.story());
  const Handover handed = handovers(location);
  EXPECT_GT(handed.trials, 0);
  EXPECT_EQ(handed.from_the_checkpoint, 0);
  EXPECT_EQ(server.sql(database, "SELECT count(*) FROM nascent.artifacts"), "0");
  const nascent::test::TemporaryFolder folder;
  EXPECT_EQ(study.export_to(folder.path("model")), 2) << "no model was kept";
}

}  // namespace
}  // namespace nascent::core
