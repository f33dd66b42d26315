// kill -9 at random moments: coordinator, worker, both. The study that comes out is the undisturbed one.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "killing.hpp"

namespace nascent::core {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using test::start;
using test::story;
using test::wait_for;

constexpr int kTrials = 40;
constexpr int kKillsMin = 100;
constexpr auto kTimeMax = std::chrono::seconds(100);  // of the kills, whatever the machine's load

// One stops trials, one pauses them and lets the best go on.
constexpr const char* kSchedulers[] = {"type = \"median\"\ntrials_min = 4", "type = \"successive-halving\"\nbudget_min = 1\neta = 2"};

class Folder : public nascent::test::TemporaryFolder {
 public:
  [[nodiscard]] fs::path study(int workers, const char* scheduler) const {
    const fs::path file = root() / "study.toml";
    // The sampler and the scheduler depend on what came before, so that a lost or doubled result would show.
    std::ofstream(file) << fmt::format(
        "[study]\nname = \"s\"\nseed = 11\nparallel = 4\nstore = \"study.db\"\n[objective]\nmetric = "
        "\"val_loss\"\ndirection = \"minimize\"\n"
        "[stop]\ntrials = {}\n[budget]\nepochs = 4\n[space]\ntype = \"plane\"\n"
        "[sampler]\ntype = \"evolution\"\npopulation = 8\n[scheduler]\n{}\n"
        "[trainer]\ntype = \"moody\"\nepoch_ms = 4\njitter_ms = 4\n[[evaluator]]\ntype = \"distance\"\n"
        "[workers]\ncount = {}\nretries = 100\n[plugins]\npath = [\"{}\", \"{}\"]\n",
        kTrials, scheduler, workers, NASCENT_FAKES_DIR, NASCENT_TEST_PLUGIN_DIR);
    return file;
  }
  [[nodiscard]] fs::path store() const { return root() / "study.db"; }
};

pid_t start_driver(const fs::path& study) { return start({NASCENT_KILL_DRIVER, study.string()}); }

std::vector<pid_t> children(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{0}/task/{0}/children", pid));
  std::vector<pid_t> pids;
  for (pid_t child = 0; in >> child;) pids.push_back(child);
  return pids;
}

std::vector<std::string> undisturbed(int workers, const char* scheduler) {
  const Folder folder;
  EXPECT_EQ(wait_for(start_driver(folder.study(workers, scheduler))), 0);
  return story(folder.store().string());
}

TEST(Determinism, one_two_and_four_workers_give_the_same_study) {
  for (const char* scheduler : kSchedulers) {
    const auto one = undisturbed(1, scheduler);
    ASSERT_EQ(one.size(), static_cast<std::size_t>(kTrials));
    EXPECT_EQ(undisturbed(2, scheduler), one);
    EXPECT_EQ(undisturbed(4, scheduler), one);
    int judged = 0;
    for (const std::string& line : one) judged += line.find(" pruned ") != std::string::npos || line.find(" paused ") != std::string::npos;
    EXPECT_GT(judged, 0) << "no verdict was ever given: the test is weaker than it should be";
  }
}

TEST(Kill, a_study_killed_at_random_points_is_the_undisturbed_study) {
  std::vector<std::vector<std::string>> expected;
  for (const char* scheduler : kSchedulers) expected.push_back(undisturbed(2, scheduler));
  const auto start = Clock::now();
  std::mt19937 random(20261123);
  int kills = 0, studies = 0, coordinators = 0, workers = 0, both = 0;
  while (kills < kKillsMin && Clock::now() - start < kTimeMax) {
    const Folder folder;
    const std::size_t which = static_cast<std::size_t>(studies) % std::size(kSchedulers);
    const fs::path study = folder.study(2, kSchedulers[which]);
    pid_t driver = start_driver(study);
    std::optional<int> ended;
    // One study, killed until it ends by itself.
    while (!ended) {
      ASSERT_GT(driver, 0);
      std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution(0, 250)(random)));
      int status = 0;
      if (waitpid(driver, &status, WNOHANG) == driver) {
        ended = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        break;
      }
      const int victim = std::uniform_int_distribution(0, 2)(random);
      const auto staff = children(driver);
      if (victim != 0 && !staff.empty()) {
        kill(staff[std::uniform_int_distribution<std::size_t>(0, staff.size() - 1)(random)], SIGKILL);
        ++kills;
        ++(victim == 1 ? workers : both);
      }
      if (victim != 1) {
        kill(driver, SIGKILL);
        if (victim == 0) {
          ++coordinators;
          ++kills;
        }
        ended = wait_for(driver);
        if (!ended) driver = start_driver(study);
      }
      const bool enough = kills >= kKillsMin || Clock::now() - start > kTimeMax;
      if (enough && !ended) ended = wait_for(driver);
    }
    EXPECT_EQ(ended, 0);
    ++studies;
    const auto got = story(folder.store().string());
    ASSERT_EQ(got.size(), expected[which].size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], expected[which][i]) << kSchedulers[which];
    if (testing::Test::HasFailure()) break;
  }
  fmt::print("kills={} coordinator={} worker={} both={} studies={}\n", kills, coordinators, workers, both, studies);
  EXPECT_GE(kills, kKillsMin) << "the machine is too slow for this test's time";
}

}  // namespace
}  // namespace nascent::core
