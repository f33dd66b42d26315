// nascent worker: joins a study, and runs trials of it until it ends.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <map>

#include "command.hpp"
#include "display/output.hpp"
#include "nascent/core/join.hpp"
#include "nascent/core/store_location.hpp"
#include "stop_signals.hpp"
#include "usage.hpp"

namespace nascent::cli {
namespace {

struct WorkerOptions {
  std::string store, study;
  unsigned threads = 1;
  bool once = false;
  std::optional<double> idle_seconds;
  double wait_seconds = 60;
  std::string log_level = "warn";
};

Outcome work(const WorkerOptions& options) {
  spdlog::set_level(spdlog::level::from_str(options.log_level));
  core::JoinSetup setup;
  setup.store_location = core::public_location(options.store);
  setup.study_name = options.study;
  setup.threads = options.threads;
  setup.join_for = options.once ? core::JoinFor::one_trial : core::JoinFor::whole_study;
  setup.idle_seconds_max = options.idle_seconds;
  setup.wait_seconds = options.wait_seconds;
  const core::StopRequest& stop = listen_for_signals();
  const auto result = core::join_study(setup, stop);
  if (!result) return tl::unexpected(result.error());
  put(fmt::format("left study={} trials={} reason=\"{}\"\n", options.study.empty() ? "-" : options.study, result->trials, result->reason));
  return stop.made() ? ExitCode::interrupted : ExitCode::done;
}

}  // namespace

void add_worker(Commands& commands) {
  commands.add<WorkerOptions>(
      nullptr, "worker", "Join a study from here, and run trials of it until it ends",
      [](CLI::App& command, WorkerOptions& o) {
        const CLI::AsNumberWithUnit time(std::map<std::string, double>{{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}});
        command.add_option("--store", o.store, "postgresql://user@host/database, or a file of this machine")->required();
        command.add_option("--study", o.study, "name of the study, where the store holds several");
        command.add_option("--threads", o.threads, "threads of each trial")->check(CLI::Range(1, 1024));
        command.add_flag("--once", o.once, "leave after one trial");
        command.add_option("--idle-timeout", o.idle_seconds, "leave after so long without a trial: 90s, 15min")->transform(time)->type_name("TIME");
        command.add_option("--wait", o.wait_seconds, "how long to wait for a study that has not begun, or is stopped (60s)")->transform(time)->type_name("TIME");
        command.add_option("--log", o.log_level, "trace, debug, info, warn or error, on standard error")
            ->check(one_of({"trace", "debug", "info", "warn", "error"}));
      },
      work);
}

}  // namespace nascent::cli
