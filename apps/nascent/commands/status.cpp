// nascent status: how a study stands.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <numeric>

#include "command.hpp"
#include "display/trial_text.hpp"
#include "open_study.hpp"

namespace nascent::cli {
namespace {

struct StatusOptions {
  StudyArgument study;
  bool json = false;
};

nlohmann::ordered_json holder_json(const std::optional<core::CoordinatorRecord>& holder) {
  if (!holder) return nullptr;
  return {{"host", holder->host}, {"pid", holder->pid}, {"since", holder->since}, {"renewed_at", holder->renewed_at}};
}

std::string state_line(const core::StudyRecord& record, const std::optional<core::CoordinatorRecord>& holder, const std::string& location) {
  std::string line(core::name_of(record.state));
  if (!record.stop_reason.empty()) line += ": " + record.stop_reason;
  if (holder) return line + fmt::format(" (process {} on {} since {})", holder->pid, holder->host, time_text(holder->since));
  if (record.state != core::StudyState::running) return line;
  return fmt::format("interrupted: the process that ran it is gone; continue with: nascent resume {} --study {}", location, record.name);
}

// Trials of one role by their state.
using StateCounts = std::array<std::uint64_t, core::kTrialStateNames.size()>;

nlohmann::ordered_json counts_json(const StateCounts& counts) {
  nlohmann::ordered_json states = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < counts.size(); ++i) states[std::string(core::kTrialStateNames[i])] = counts[i];
  return states;
}

// "8: 7 completed, 1 failed"
std::string counts_text(const StateCounts& counts) {
  std::string states;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) states += fmt::format("{} {} {}", states.empty() ? ":" : ",", counts[i], core::kTrialStateNames[i]);
  }
  return std::to_string(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0})) + states;
}

Outcome show_status(const StatusOptions& options) {
  auto study = open_study(options.study);
  if (!study) return tl::unexpected(study.error());
  const core::StudyRecord& record = study->record;
  const auto tally = study->store->tally(record.id);
  if (!tally) return tl::unexpected(tally.error());
  const auto leases = study->store->open_leases(record.id);
  if (!leases) return tl::unexpected(leases.error());

  const auto queue = study->store->queued_configurations(record.id);
  if (!queue) return tl::unexpected(queue.error());
  const auto waiting = std::ranges::count_if(*queue, [](const core::QueuedConfiguration& q) { return !q.trial; });

  const auto openings = study->store->test_openings(record.id);
  if (!openings) return tl::unexpected(openings.error());

  const auto holder = study->store->coordinator(record.id);
  if (!holder) return tl::unexpected(holder.error());

  const auto [searched, finals] = tally->count;
  if (options.json) {
    nlohmann::ordered_json running = nlohmann::ordered_json::array();
    for (const core::LeaseRecord& lease : *leases) {
      running.push_back({{"trial", lease.lease.trial}, {"attempt", lease.lease.attempt}, {"worker", lease.worker}, {"leased_at", lease.leased_at}});
    }
    nlohmann::ordered_json tests = nlohmann::ordered_json::array();
    for (const core::TestOpening& opening : *openings) tests.push_back({{"trial", opening.trial}, {"opened_at", opening.opened_at}});
    const nlohmann::ordered_json json = {{"study", record.name},
                                         {"store", study->location},
                                         {"state", core::name_of(record.state)},
                                         {"stop_reason", record.stop_reason},
                                         {"coordinator", holder_json(*holder)},
                                         {"created_at", record.created_at},
                                         {"seed", record.seed},
                                         {"parallel", record.parallel},
                                         {"nascent_version", record.nascent_version},
                                         {"trials", counts_json(searched)},
                                         {"finals", counts_json(finals)},
                                         {"waiting", waiting},
                                         {"cost_seconds", tally->cost_seconds},
                                         {"test_openings", tests},
                                         {"running", running}};
    fmt::print("{}\n", json.dump(2));
    return ExitCode::done;
  }
  fmt::print("study {} in {}\n", record.name, study->location);
  fmt::print("state    {}\n", state_line(record, *holder, study->location));
  fmt::print("created  {} by nascent {}, seed {}, parallel {}\n", time_text(record.created_at), record.nascent_version, record.seed, record.parallel);
  fmt::print("trials   {}\n", counts_text(searched));
  if (finals != StateCounts{}) fmt::print("finals   {}\n", counts_text(finals));
  if (waiting > 0) fmt::print("waiting  {} queued configurations\n", waiting);
  fmt::print("cost     {} of training and evaluation\n", duration_text(tally->cost_seconds));
  for (const core::TestOpening& opening : *openings) fmt::print("test     opened for trial {} on {}\n", opening.trial, time_text(opening.opened_at));
  for (const core::LeaseRecord& lease : *leases) {
    fmt::print("running  trial {} attempt {} on {} since {}\n", lease.lease.trial, lease.lease.attempt, lease.worker, time_text(lease.leased_at));
  }
  for (const core::PluginRecord& plugin : record.plugins) {
    fmt::print("plugin   {:<10} {} {}\n", plugin.kind, plugin.id, plugin.version);
  }
  return ExitCode::done;
}

}  // namespace

void add_status(Commands& commands) {
  commands.add<StatusOptions>(
      nullptr, "status", "Show how a study stands",
      [](CLI::App& command, StatusOptions& o) {
        command.add_option("study", o.study.where, "store (fashion.db) or TOML file of the study")->required();
        command.add_option("--study", o.study.name, "name of the study, where the store holds several");
        command.add_flag("--json", o.json, "as one JSON object");
      },
      show_status);
}

}  // namespace nascent::cli
