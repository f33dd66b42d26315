// Ending processes and what they have started.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "execution/descendants.hpp"
#include "execution/worker_process.hpp"
#include "nascent/core/store_location.hpp"
#include "support/files.hpp"

namespace nascent::core {
namespace {

// A shell in a process group of its own that waits for a child in the background.
pid_t start_family() {
  const pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    execl("/bin/sh", "sh", "-c", "sleep 600 & sleep 600", nullptr);
    _exit(127);
  }
  return pid;
}

// A dead one that nobody has asked for keeps its number.
bool runs(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  return (in >> number >> name >> state) && state != "Z";
}

std::vector<pid_t> wait_for_descendants(pid_t pid, std::size_t n) {
  std::vector<pid_t> found;
  for (int i = 0; i < 1000 && found.size() < n; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    found = descendants_of(pid);
  }
  return found;
}

TEST(Descendants, of_a_process_are_found_and_ended_whatever_group_they_are_in) {
  const pid_t shell = start_family();
  const std::vector<pid_t> ours = wait_for_descendants(getpid(), 3), its = descendants_of(shell);
  ASSERT_EQ(ours.size(), 3U);  // the shell and two sleepers
  ASSERT_EQ(its.size(), 2U);
  kill_descendants(getpid());
  int status = 0;
  ASSERT_EQ(waitpid(shell, &status, 0), shell);
  EXPECT_TRUE(WIFSIGNALED(status));
  for (int i = 0; i < 1000 && (runs(its[0]) || runs(its[1])); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_FALSE(runs(its[0]) || runs(its[1]));
}

TEST(Descendants, whose_parents_have_ended_are_found_by_their_environment) {
  const std::string mark = "NASCENT_TEST_MARK=" + std::to_string(getpid());
  const pid_t shell = fork();
  if (shell == 0) {
    const char* const environment[] = {mark.c_str(), nullptr};
    execle("/bin/sh", "sh", "-c", "exec >/dev/null 2>&1; setsid sleep 600 & sleep 600 &", nullptr, environment);
    _exit(127);
  }
  ASSERT_EQ(waitpid(shell, nullptr, 0), shell);
  std::vector<pid_t> left;  // one that is about to become another program shows no environment for a moment
  for (int i = 0; i < 1000 && left.size() < 2; ++i, std::this_thread::sleep_for(std::chrono::milliseconds(5))) left = processes_with(mark);
  ASSERT_EQ(left.size(), 2U);
  EXPECT_TRUE(processes_with(mark + "0").empty());
  kill_processes_with(mark);
  for (int i = 0; i < 1000 && (runs(left[0]) || runs(left[1])); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_FALSE(runs(left[0]) || runs(left[1]));
}

TEST(WorkerProcess, reaped_twice_touches_nobody_else) {
  auto process = WorkerProcess::spawn({"/bin/true", "study.db", "s", "1", 30, 1, {}, {}});
  ASSERT_TRUE(process) << process.error().message;
  std::optional<ExitStatus> ended;
  while (!(ended = process->reap())) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(ended->signal, 0);
  EXPECT_TRUE(process->reap());  // a signal to "process 0" would end this test
  process->send_signal(SIGKILL);
}

TEST(WorkerProcess, has_the_secrets_of_its_store_in_its_environment_and_nobody_sees_them_among_its_arguments) {
  const nascent::test::TemporaryFolder folder;
  const std::string seen = folder.path("seen"), program = folder.write("program", "#!/bin/sh\necho arguments \"$@\" >" + seen + "; env >>" + seen + "\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  const std::string location = public_location("postgresql://ann:s3cret@db.example/studies?sslpassword=k3y&sslmode=require");
  auto process = WorkerProcess::spawn({program, location, "s", "1", 30, 1, {}, {}});
  ASSERT_TRUE(process) << process.error().message;
  while (!process->reap()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::ifstream in(seen);
  std::string arguments, line;
  std::vector<std::string> environment;
  std::getline(in, arguments);
  while (std::getline(in, line)) environment.push_back(line);
  EXPECT_EQ(arguments.find("s3cret"), std::string::npos) << arguments;
  EXPECT_EQ(arguments.find("k3y"), std::string::npos) << arguments;
  EXPECT_NE(arguments.find("postgresql://ann@db.example/studies?sslmode=require"), std::string::npos) << arguments;
  EXPECT_NE(std::ranges::find(environment, "PGPASSWORD=s3cret"), environment.end());
  EXPECT_NE(std::ranges::find(environment, "NASCENT_STORE_SSLPASSWORD=k3y"), environment.end());
}

}  // namespace
}  // namespace nascent::core
