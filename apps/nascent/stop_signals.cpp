#include "stop_signals.hpp"

#include <unistd.h>

#include <csignal>

#include "exit_code.hpp"

namespace nascent::cli {
namespace {

core::StopRequest stop_request;

void on_signal(int) {
  if (stop_request.made()) _exit(static_cast<int>(ExitCode::interrupted));
  stop_request.cancel();
}

// Nobody reads any more. Every further line brings this signal again, and none of them ends the process at once.
void on_broken_pipe(int) { stop_request.cancel(); }

}  // namespace

const core::StopRequest& listen_for_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
  action.sa_handler = on_broken_pipe;
  sigaction(SIGPIPE, &action, nullptr);
  return stop_request;
}

}  // namespace nascent::cli
