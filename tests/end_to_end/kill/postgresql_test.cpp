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
constexpr int kBlows = 24;                             // kills and crashes
constexpr auto kTimeMax = std::chrono::seconds(60);    // of the blows, whatever the machine's load
constexpr auto kStudyMax = std::chrono::seconds(200);  // of the whole study

class JoinedStudy {
 public:
  JoinedStudy(const std::string& store, int workers) : store_(store) {
    file_ = folder_.write(
        "study.toml",
        fmt::format("[study]\nname = \"s\"\nseed = 11\nparallel = 4\nstore = \"{}\"\n[objective]\nmetric = \"val_loss\"\n"
                    "direction = \"minimize\"\n[stop]\ntrials = {}\n[budget]\nepochs = 4\n[space]\ntype = \"plane\"\n"
                    "[sampler]\ntype = \"evolution\"\npopulation = 8\n[scheduler]\ntype = \"{}\"\n{}\n"
                    "[trainer]\ntype = \"moody\"\nepoch_ms = 8\njitter_ms = 8\n[[evaluator]]\ntype = \"distance\"\n"
                    "[workers]\ncount = {}\nretries = 100\n[plugins]\npath = [\"{}\", \"{}\"]\n",
                    store, kTrials, "successive-halving", "budget_min = 1\neta = 2", workers, NASCENT_FAKES_DIR, NASCENT_TEST_PLUGIN_DIR));
  }
  [[nodiscard]] pid_t coordinator() const { return start({NASCENT_KILL_DRIVER, file_}); }
  [[nodiscard]] pid_t worker() const { return start({NASCENT_PROGRAM, "worker", "--store", store_, "--study", "s"}); }
  [[nodiscard]] std::vector<std::string> story() const { return test::story(store_); }

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
  const JoinedStudy calm(server.database(), 2);
  ASSERT_EQ(wait_for(calm.coordinator()), 0);
  const auto expected = calm.story();
  ASSERT_EQ(expected.size(), static_cast<std::size_t>(kTrials));

  std::mt19937 random(20261128);
  int blows = 0, coordinators = 0, workers = 0, crashes = 0, studies = 0;
  const auto begin = SteadyClock::now();
  while (blows < kBlows && SteadyClock::now() - begin < kTimeMax) {
    const JoinedStudy study(server.database(), 0);
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

}  // namespace
}  // namespace nascent::core
