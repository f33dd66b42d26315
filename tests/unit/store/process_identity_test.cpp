#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/process.hpp"

namespace nascent::core::store {
namespace {

TEST(ProcessIdentity, this_process_is_alive) { EXPECT_EQ(liveness_of(this_process()), Liveness::alive); }

TEST(ProcessIdentity, a_pid_that_was_given_to_another_process_is_gone) {
  ProcessIdentity process = this_process();
  process.start_ticks -= 1;
  EXPECT_EQ(liveness_of(process), Liveness::gone);
}

TEST(ProcessIdentity, a_killed_process_is_gone_before_and_after_it_is_waited_for) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  ProcessIdentity process = this_process();
  process.pid = child;
  // The child started now: take its own ticks from a process list as the store would have written them.
  for (process.start_ticks = this_process().start_ticks; liveness_of(process) != Liveness::alive;
       ++process.start_ticks) {
  }
  kill(child, SIGKILL);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);  // a zombie from now on
  EXPECT_EQ(liveness_of(process), Liveness::gone);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(liveness_of(process), Liveness::gone);
}

TEST(ProcessIdentity, a_silent_holder_elsewhere_loses_its_right_and_one_here_keeps_it) {
  ProcessIdentity here = this_process(), elsewhere = here;
  elsewhere.scope = "another boot";
  EXPECT_EQ(liveness_of(elsewhere), Liveness::unknown);
  EXPECT_TRUE(still_holds(here, 1e9, 60));
  EXPECT_TRUE(still_holds(elsewhere, 59, 60));
  EXPECT_FALSE(still_holds(elsewhere, 61, 60));
  EXPECT_FALSE(still_holds(here, 0, -1));  // taken over on purpose
}

}  // namespace
}  // namespace nascent::core::store
