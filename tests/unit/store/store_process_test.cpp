// Several processes on one store, and processes that are killed at any moment.
#include "store_processes.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "store/sqlite/connection.hpp"
#include "store_fixture.hpp"

namespace nascent::core::test {

Child::Child(const std::string& role, const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  pipe_ = ends[0];
  std::vector<std::string> words = {"/proc/self/exe", "--role", role};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  if (posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv.data(), environ) != 0) std::abort();
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
}

Child::~Child() {
  kill_now();
  output();
}

void Child::kill_now() {
  if (pid_ > 0) kill(pid_, SIGKILL);
}

void Child::wait_for_lines(std::size_t count) {
  char buffer[4096];
  while (static_cast<std::size_t>(std::ranges::count(text_, '\n')) < count) {
    const ssize_t size = read(pipe_, buffer, sizeof buffer);
    if (size <= 0) return;
    text_.append(buffer, static_cast<std::size_t>(size));
  }
}

std::string Child::output() {
  wait_for_lines(text_.max_size());
  if (pipe_ >= 0) close(std::exchange(pipe_, -1));
  if (pid_ > 0) waitpid(std::exchange(pid_, -1), &status_, 0);
  return text_;
}

ChildOutcome run_child(const std::string& role, const std::vector<std::string>& arguments) {
  Child child(role, arguments);
  std::string output = child.output();
  return {std::move(output), child.status()};
}

namespace {

using ::testing::HasSubstr;

// One write(2) a line: what was printed before a kill arrives.
void say(const std::string& line) {
  if (write(STDOUT_FILENO, (line + "\n").c_str(), line.size() + 1) < 0) std::abort();
}

// ------------------------------------------------------------------------------------------------------------- roles

// Leases and finishes until nothing is queued; says every trial it ran.
int work(const std::string& path, const std::string& name) {
  const auto store = must(Store::open(path, OpenMode::must_exist));
  const StudyId study = must(store->study("fashion"))->id;
  while (auto leased = must(store->lease(study, name, 60))) {
    must(store->report(leased->lease, {1, {{"val_loss", 0.5}}}, VerdictWanted::no));
    must(store->finish(leased->lease, completed(leased->trial)));
    say(std::to_string(leased->trial.id));
  }
  return 0;
}

// Coordinates and works at once, for ever; says what the store has acknowledged.
int write_until_killed(const std::string& path) {
  const auto store = must(Store::open(path));
  const auto known = must(store->study("fashion"));
  const StudyId study = known ? known->id : must(store->create_study(small_study()));
  const auto coordinator = must(store->acquire_coordinator(study));
  for (const LeaseRecord& record : must(store->open_leases(study))) {
    must(store->requeue(coordinator, record.lease, FailureReason::none, "coordinator restarted"));
  }
  const auto trials = must(store->trials(study));
  for (TrialId next = trials.empty() ? 0 : trials.back().id + 1;;) {
    const std::vector<Trial> queued = {small_trial(next), small_trial(next + 1)},
                             done = {completed(small_trial(next + 2))};
    must(store->enqueue(coordinator, queued));
    say("queued " + std::to_string(next));
    say("queued " + std::to_string(next + 1));
    must(store->record_finished(coordinator, done));
    say("completed " + std::to_string(next + 2));
    next += 3;
    const auto leased = must(store->lease(study, "self", 60));
    must(store->report(leased->lease, {1, {{"val_loss", 0.5}}}, VerdictWanted::yes));
    must(store->set_verdict(coordinator, must(store->reports_awaiting_verdict(study)).at(0), Verdict::proceed));
    must(store->finish(leased->lease, completed(leased->trial)));
    say("completed " + std::to_string(leased->trial.id));
  }
}

// Acquires the study and leases one trial, and holds both for ever.
int hold(const std::string& path) {
  const auto store = must(Store::open(path, OpenMode::must_exist));
  must(store->acquire_coordinator(1));
  must(store->lease(1, "holder", 0.05));
  say("held");
  pause();
  return 0;
}

// Writes until it fails; then says how many trials were acknowledged, and the error.
int fill(const std::string& path, const std::string& bytes_max) {
  if (bytes_max != "0") {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{std::stoul(bytes_max), std::stoul(bytes_max)};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  const auto store = must(Store::open(path));
  const auto coordinator = must(store->acquire_coordinator(must(store->create_study(small_study()))));
  for (TrialId id = 0;; ++id) {
    Trial trial = completed(small_trial(id));
    trial.message = std::string(2000, 'm');
    if (const auto stored = store->record_finished(coordinator, std::span(&trial, 1)); !stored) {
      // The connection is still good for reading.
      must(store->trials(coordinator.study));
      say(std::to_string(id) + " acknowledged\n" + stored.error().message);
      return 0;
    }
  }
}

int read_only_folder(const std::string& path) {
  if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(65534) != 0)) return 1;
  const auto reader = must(Store::open(path, OpenMode::read_only));
  say("read " + std::to_string(must(reader->trials(1)).size()) + " trial");
  const auto writer = Store::open(path, OpenMode::must_exist);
  say(writer ? "opened" : writer.error().message);
  return 0;
}

}  // namespace

int play_role(const std::vector<std::string>& words) {
  const std::string& role = words.at(2);
  try {
    if (role == "work") return work(words.at(3), words.at(4));
    if (role == "write") return write_until_killed(words.at(3));
    if (role == "hold") return hold(words.at(3));
    if (role == "fill") return fill(words.at(3), words.at(4));
    if (role == "read-only-folder") return read_only_folder(words.at(3));
  } catch (const std::exception& error) {
    say(std::string("error: ") + error.what());
  }
  return 1;
}

namespace {

// ------------------------------------------------------------------------------------------------------------- tests

TEST(StoreProcesses, lease_every_trial_exactly_once) {
  constexpr TrialId kTrials = 300;
  const TemporaryFolder folder;
  const std::string path = folder.path("study.db");
  const auto store = must(Store::open(path));
  const StudyId study = must(store->create_study(small_study()));
  const auto coordinator = must(store->acquire_coordinator(study));
  std::vector<Trial> trials;
  for (TrialId id = 0; id < kTrials; ++id) trials.push_back(small_trial(id));
  must(store->enqueue(coordinator, trials));
  const auto before = must(store->version());

  std::multiset<TrialId> ran;
  {
    Child first("work", {path, "first"}), second("work", {path, "second"}), third("work", {path, "third"});
    for (Child* child : {&first, &second, &third}) {
      std::istringstream lines(child->output());
      for (std::string line; std::getline(lines, line);) ran.insert(std::stoull(line));
      EXPECT_EQ(child->status(), 0);
    }
  }
  EXPECT_EQ(ran.size(), kTrials);
  EXPECT_EQ(std::set<TrialId>(ran.begin(), ran.end()).size(), kTrials);
  EXPECT_NE(must(store->version()), before);
  EXPECT_EQ(must(store->finished_since(study, 0)).trials.size(), kTrials);
}

TEST(StoreProcesses, nothing_acknowledged_is_lost_when_a_writer_is_killed) {
  constexpr int kCycles = 60;
  const TemporaryFolder folder;
  const std::string path = folder.path("study.db");
  std::mt19937 random(7);
  std::map<TrialId, TrialState> acknowledged;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    SCOPED_TRACE("cycle " + std::to_string(cycle));
    Child writer("write", {path});
    // Sometimes while it opens the store, else in the middle of its work.
    writer.wait_for_lines(cycle % 4 == 0 ? 0 : 10 + random() % 40);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 8'000));
    writer.kill_now();
    std::istringstream lines(writer.output());
    for (std::string state, id; lines >> state >> id;) {
      ASSERT_NE(state, "error:") << lines.str();
      TrialState& known = acknowledged[std::stoull(id)];
      if (known != TrialState::completed) known = state == "completed" ? TrialState::completed : TrialState::queued;
    }
    if (acknowledged.empty()) continue;
    store::sqlite::Database db(path, "file:" + path, SQLITE_OPEN_READWRITE);
    const store::Query check = db.query("PRAGMA integrity_check");
    ASSERT_TRUE(check->next());
    ASSERT_EQ(check->text(), "ok");
    const auto store = must(Store::open(path, OpenMode::must_exist));
    std::map<TrialId, TrialState> stored;
    for (const Trial& trial : must(store->trials(1))) stored[trial.id] = trial.state;
    for (const auto& [id, state] : acknowledged) {
      ASSERT_TRUE(stored.contains(id)) << "trial " << id;
      ASSERT_TRUE(state != TrialState::completed || stored[id] == state) << "trial " << id;
    }
  }
  EXPECT_GE(acknowledged.size(), 45 * 7u);
}

TEST(StoreProcesses, the_coordinator_of_a_living_process_is_respected_and_of_a_killed_one_replaced) {
  const TemporaryFolder folder;
  const std::string path = folder.path("study.db");
  const auto store = must(Store::open(path));
  must(store->create_study(small_study()));
  const auto mine = must(store->acquire_coordinator(1));
  must(store->enqueue(mine, std::vector<Trial>{small_trial(0)}));
  must(store->release(mine));
  Child holder("hold", {path});
  while (must(store->open_leases(1)).empty()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  const auto second = store->acquire_coordinator(1);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("the study is being run by process "));
  holder.kill_now();
  EXPECT_EQ(holder.output(), "held\n");
  const auto coordinator = must(store->acquire_coordinator(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const auto expired = must(store->expired_leases(1));
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(must(store->requeue(coordinator, expired[0].lease, FailureReason::lost, "killed")), LeaseState::held);
  EXPECT_EQ(must(store->lease(1, "heir", 60))->lease.attempt, 2u);
}

}  // namespace

}  // namespace nascent::core::test

int main(int argc, char** argv) {
  if (argc > 3 && std::string(argv[1]) == "--role") return nascent::core::test::play_role({argv, argv + argc});
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
