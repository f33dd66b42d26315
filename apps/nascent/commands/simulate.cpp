// nascent simulate: what many workers would make of a study, in virtual time.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "catalog.hpp"
#include "command.hpp"
#include "display/output.hpp"
#include "display/text_table.hpp"
#include "display/trial_text.hpp"
#include "nascent/core/simulation.hpp"
#include "stop_signals.hpp"
#include "usage.hpp"

namespace nascent::cli {
namespace {

struct SimulateOptions {
  std::string file;
  std::vector<std::string> set;
  std::optional<std::uint32_t> workers, parallel;
  core::TrialCosts costs;
  std::string curves, from, coordinator = "measured", store;
  std::string log_level = "warn";
  bool json = false;
};

std::optional<core::CoordinatorTime> coordinator_time(const std::string& text) {
  using Kind = core::CoordinatorTime::Kind;
  if (text == "measured") return core::CoordinatorTime{Kind::measured, 0};
  if (text == "free") return core::CoordinatorTime{Kind::free, 0};
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || !(seconds >= 0)) return std::nullopt;
  return core::CoordinatorTime{Kind::fixed, seconds};
}

CLI::Validator a_coordinator_time() {
  return {[](std::string& text) -> std::string {
            if (coordinator_time(text)) return {};
            return fmt::format("{} is not valid here; measured, free, or the seconds that each trial takes the coordinator", core::toml_text(text));
          },
          "measured|free|SECONDS"};
}

// ----------------------------------------------------------------------------------------------------------------------
using Json = nlohmann::ordered_json;

Json part_json(const core::SearchTimes::Part& part) { return {{"calls", part.calls}, {"seconds", part.seconds}}; }

Json optional_json(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

// What is left of the coordinator's time beside these parts.
double rest_seconds(const core::SimulationReport& r) {
  return std::max(0.0, r.coordinator_seconds - r.times.ask.seconds - r.times.tell.seconds - r.times.decide.seconds - r.store_seconds());
}

std::optional<double> regret(const core::SimulationReport& r, double value) {
  return r.optimum ? std::optional(std::abs(value - *r.optimum)) : std::nullopt;
}

Json report_json(const core::SimulationReport& r) {
  const core::SearchCounts& n = r.search.counts;
  Json best = Json::array(), stretches = Json::array(), calls = Json::object();
  for (const auto& b : r.best) best.push_back({{"seconds", b.seconds}, {"trials", b.trials}, {"value", b.value}, {"regret", optional_json(regret(r, b.value))}});
  for (const auto& s : r.stretches) stretches.push_back({{"until", s.until}, {"trials", s.trials}, {"utilisation", s.utilisation}});
  for (const core::StoreCall& call : r.store_calls) calls[call.name] = {{"calls", call.calls}, {"seconds", call.seconds}};
  return {{"workers", r.workers},
          {"parallel", r.parallel},
          {"deterministic", r.deterministic},
          {"reason", r.search.reason},
          {"virtual_seconds", r.seconds},
          {"fed_seconds", r.fed_seconds},
          {"utilisation", r.utilisation()},
          {"fed_utilisation", r.fed_utilisation()},
          {"training_seconds", r.training_seconds},
          {"lost_seconds", r.lost_seconds},
          {"trials", {{"asked", n.asked}, {"completed", n.completed}, {"pruned", n.pruned}, {"failed", n.failed}, {"invalid", n.invalid},
                      {"paused", n.paused}, {"duplicates", n.duplicates}, {"unfinished", n.unfinished()}}},
          {"attempts", {{"all", r.attempts}, {"lost", r.lost_attempts}, {"stragglers", r.straggling_attempts}, {"timed_out", r.timed_out}}},
          {"coordinator", {{"share", r.coordinator_share()}, {"seconds", r.coordinator_seconds}, {"virtual_seconds", r.virtual_coordinator_seconds},
                           {"ask", part_json(r.times.ask)}, {"tell", part_json(r.times.tell)}, {"decide", part_json(r.times.decide)},
                           {"store", {{"calls", r.n_store_calls()}, {"seconds", r.store_seconds()}}}, {"rest", {{"seconds", rest_seconds(r)}}}}},
          {"workers_at_saturation", optional_json(r.workers_at_saturation())},
          {"store_calls", calls},
          {"nearest", r.nearest},
          {"objective", r.objective},
          {"optimum", optional_json(r.optimum)},
          {"best", best},
          {"stretches", stretches}};
}

// ----------------------------------------------------------------------------------------------------------------------
std::string percent(double share) { return fmt::format("{:.1f}%", 100 * share); }

std::string counts_text(const core::SearchCounts& n) {
  std::string text = fmt::format("{} landed", n.landed());
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count > 0) text += fmt::format(", {} {}", count, what);
  };
  add(n.completed, "completed");
  add(n.pruned, "pruned");
  add(n.paused, "paused");
  add(n.failed, "failed");
  add(n.invalid, "invalid");
  add(n.duplicates, "duplicates");
  add(n.unfinished(), "unfinished");
  return text;
}

std::string coordinator_text(const core::SimulationReport& r) {
  const double landed = static_cast<double>(std::max<std::uint64_t>(r.search.counts.landed(), 1));
  std::string text = fmt::format("{} busy, {:.3g} ms a trial", percent(r.coordinator_share()), 1e3 * r.coordinator_seconds / landed);
  const auto add = [&](const char* what, double seconds) { text += fmt::format("{} {} {:.3g}", what == std::string("ask") ? ":" : ",", what, 1e3 * seconds / landed); };
  add("ask", r.times.ask.seconds);
  add("tell", r.times.tell.seconds);
  add("decide", r.times.decide.seconds);
  add("store", r.store_seconds());
  add("rest", rest_seconds(r));
  return text;
}

std::string store_text(const core::SimulationReport& r) {
  const double landed = static_cast<double>(std::max<std::uint64_t>(r.search.counts.landed(), 1));
  const double calls = static_cast<double>(r.n_store_calls());
  std::string text = fmt::format("{:.1f} calls a trial, {:.0f} a second", calls / landed, r.seconds > 0 ? calls / r.seconds : 0);
  for (std::size_t i = 0; i < std::min<std::size_t>(r.store_calls.size(), 4); ++i) {
    const core::StoreCall& call = r.store_calls[i];
    text += fmt::format("{} {} {:.0f} us", i == 0 ? ":" : ",", call.name, 1e6 * call.seconds / static_cast<double>(call.calls));
  }
  return text;
}

// The best trial at the end of each stretch, and what it lacks.
std::string progress_table(const core::SimulationReport& r) {
  TextTable table({"virtual time", "trials", "workers busy", "best " + r.objective, "regret"});
  for (const auto& stretch : r.stretches) {
    const core::SimulationReport::Best* best = nullptr;
    for (const auto& b : r.best) {
      if (b.seconds <= stretch.until) best = &b;
    }
    const auto lack = best != nullptr ? regret(r, best->value) : std::nullopt;
    table.add({duration_text(stretch.until), std::to_string(stretch.trials), percent(stretch.utilisation),
               best != nullptr ? number_text(best->value) : "-", lack ? number_text(*lack, 3) : "-"});
  }
  return table.text();
}

void print_report(const core::SimulationReport& r, const std::string& name) {
  put(fmt::format("simulated {}: {} workers, parallel {}{}; ended by {}\n", name, r.workers, r.parallel,
                  r.deterministic ? ", deterministic" : "", r.search.reason));
  put(fmt::format("time         {} of virtual time\n", duration_text(r.seconds)));
  put(fmt::format("trials       {}\n", counts_text(r.search.counts)));
  put(fmt::format("attempts     {}: {} lost with their worker, {} stragglers, {} timed out\n", r.attempts, r.lost_attempts, r.straggling_attempts, r.timed_out));
  put(fmt::format("workers      {} busy; {} until the search had no more work (after {})\n", percent(r.utilisation()), percent(r.fed_utilisation()), duration_text(r.fed_seconds)));
  put(fmt::format("coordinator  {}\n", coordinator_text(r)));
  if (const auto most = r.workers_at_saturation()) put(fmt::format("             busy all the time with about {:.0f} workers\n", *most));
  put(fmt::format("store        {}\n", store_text(r)));
  if (r.nearest > 0) put(fmt::format("curves       {} trials took the curve of the nearest configuration\n", r.nearest));
  put(progress_table(r));
  if (r.deterministic && r.fed_utilisation() < 0.9 && r.coordinator_share() < 0.5) {
    put("hint: a deterministic study waits for its slowest trials; with a larger --parallel, or study.deterministic = false, workers wait less\n");
  }
}

Outcome simulate(const SimulateOptions& options) {
  spdlog::set_level(spdlog::level::from_str(options.log_level));
  auto draft = core::load_draft(options.file, options.set);
  if (!draft) return tl::unexpected(draft.error());
  auto catalog = discover_plugins(*draft);
  if (!catalog) return tl::unexpected(catalog.error());
  core::SimulationSetup setup;
  setup.workers = options.workers.value_or(draft->config.workers.count);
  setup.parallel = options.parallel;
  setup.store = options.store;
  setup.curves.table = options.curves;
  const std::size_t hash = options.from.rfind('#');
  setup.curves.store = options.from.substr(0, hash);
  if (hash != std::string::npos) setup.curves.study = options.from.substr(hash + 1);
  setup.costs = options.costs;
  setup.coordinator = *coordinator_time(options.coordinator);
  setup.stop = &listen_for_signals();
  const std::string name = draft->config.name;
  setup.study = std::move(*draft);
  const auto report = core::simulate(std::move(setup), *catalog);
  if (!report) return tl::unexpected(report.error());
  if (options.json) {
    put(report_json(*report).dump(2) + "\n");
  } else {
    print_report(*report, name);
  }
  return report->search.interrupted ? ExitCode::interrupted : ExitCode::done;
}

}  // namespace

void add_simulate(Commands& commands) {
  commands.add<SimulateOptions>(
      nullptr, "simulate", "What many workers would make of a study: the real search in virtual time, without training",
      [](CLI::App& command, SimulateOptions& o) {
        command.add_option("file", o.file, "TOML file of the study")->required();
        command.add_option("--set", o.set, "override a value: stop.trials=20000")->type_name("KEY=VALUE");
        command.add_option("--workers", o.workers, "simulated workers; otherwise the study's workers.count")->check(whole_number(1));
        command.add_option("--parallel", o.parallel, "in place of study.parallel; otherwise at least as many as workers")->check(whole_number(1));
        command.add_option("--trial-seconds", o.costs.seconds, "of a whole training, where the curves do not say")->capture_default_str();
        command.add_option("--spread", o.costs.spread, "of those seconds: standard deviation of their logarithm")->capture_default_str();
        command.add_option("--failures", o.costs.failures, "share of attempts whose worker is lost")->capture_default_str();
        command.add_option("--stragglers", o.costs.stragglers, "share of attempts that take longer")->capture_default_str();
        command.add_option("--straggler-factor", o.costs.straggler_factor, "how many times as long")->capture_default_str();
        auto* curves = command.add_option("--curves", o.curves, "CSV file of recorded learning curves")->type_name("FILE");
        command.add_option("--from", o.from, "the trials of a finished study: results.db, or results.db#name")->type_name("STORE")->excludes(curves);
        command.add_option("--coordinator", o.coordinator, "time that the coordinator and the store take")->check(a_coordinator_time())->capture_default_str();
        command.add_option("--store", o.store, "keep the simulated study there (:memory: keeps nothing); otherwise in a temporary file")->type_name("STORE");
        command.add_option("--log", o.log_level, "trace, debug, info, warn or error, on standard error")
            ->check(one_of({"trace", "debug", "info", "warn", "error"}));
        command.add_flag("--json", o.json, "as JSON");
      },
      simulate);
}

}  // namespace nascent::cli
