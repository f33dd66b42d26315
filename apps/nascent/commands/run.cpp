// nascent run, nascent resume: a study from its description to the chosen model.
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "catalog.hpp"
#include "command.hpp"
#include "display/output.hpp"
#include "display/run_display.hpp"
#include "display/trial_text.hpp"
#include "nascent/core/study_run.hpp"
#include "open_study.hpp"
#include "usage.hpp"

namespace nascent::cli {
namespace {

struct OutputOptions {
  bool json = false, plain = false;
  std::string log_level = "warn";
  unsigned threads = 1;

  [[nodiscard]] RunOutput output() const { return json ? RunOutput::json : plain ? RunOutput::plain : default_output(); }
  void declare(CLI::App& command) {
    auto* as_json = command.add_flag("--json", json, "one JSON object per event");
    command.add_flag("--plain", plain, "one line per event, also on a terminal")->excludes(as_json);
    command.add_option("--threads", threads, "threads of each trial")->check(CLI::Range(1, 1024));
    command.add_option("--log", log_level, "trace, debug, info, warn or error, on standard error")
        ->check(one_of({"trace", "debug", "info", "warn", "error"}));
  }
};

struct RunOptions {
  std::string file;
  std::vector<std::string> set;
  OutputOptions output;
};

struct ResumeOptions {
  StudyArgument study;
  std::vector<std::string> set;
  OutputOptions output;
};

// The first Ctrl-C asks the study to stop, the second ends this process at once: workers end with it, and every finished
// trial is on disk.
core::StopRequest stop_request;

void on_signal(int) {
  if (stop_request.made()) _exit(static_cast<int>(ExitCode::interrupted));
  stop_request.cancel();
}

// Nobody reads any more. Every further line brings this signal again, and none of them ends the process at once.
void on_broken_pipe(int) { stop_request.cancel(); }

void listen_for_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
  action.sa_handler = on_broken_pipe;
  sigaction(SIGPIPE, &action, nullptr);
}

void print_result(const core::StudyResult& result, const core::StudyConfig& config, RunOutput output) {
  if (output == RunOutput::json) {
    nlohmann::ordered_json tests = nlohmann::ordered_json::object();
    for (const core::Metric& metric : result.test_metrics) tests[metric.name] = metric.value;
    nlohmann::ordered_json json = {{"event", "result"}, {"interrupted", result.search.interrupted}, {"test", tests}, {"model", result.model.string()}};
    if (result.chosen) json["trial"] = result.chosen->id;
    put(json.dump() + "\n");
    return;
  }
  if (result.search.interrupted) {
    put(fmt::format("interrupted; nothing is lost. Continue with: nascent resume {} --study {}\n", config.store, config.name));
    return;
  }
  if (const auto unfinished = result.search.counts.unfinished(); result.search.cut && unfinished > 0) {
    put(fmt::format("running trials cut by stop.wall_time: {}; with more time they go on: nascent resume {} --study {} --set stop.wall_time=...\n",
               unfinished, config.store, config.name));
  }
  if (!result.chosen) {
    put(fmt::format("no trial completed{}; see: nascent trials {} --study {}\n",
                    result.search.counts.completed > 0 ? " within the constraints" : "", config.store, config.name));
    return;
  }
  const core::Trial& chosen = *result.chosen;
  std::string line = fmt::format("result trial {}", chosen.id);
  if (chosen.parent) line += fmt::format(" (trial {} trained again)", *chosen.parent);
  for (const core::Objective& objective : config.objectives) line += fmt::format("  {}={}", objective.metric, number_text(metric_of(chosen, objective.metric)));
  for (const core::Metric& metric : result.test_metrics) line += fmt::format("  {}={}", metric.name, number_text(metric.value));
  put(line + "\n");
  if (config.objectives.size() > 1) {
    put(fmt::format("front  nascent show {} --study {}\n", config.store, config.name));
  }
  if (!result.model.empty()) put(fmt::format("model  {}\n", result.model.string()));
}

Outcome execute(core::StudyConfig config, core::StudyStart start, const OutputOptions& output) {
  spdlog::set_level(spdlog::level::from_str(output.log_level));
  auto catalog = discover_plugins(config.plugins);
  if (!catalog) return tl::unexpected(catalog.error());
  listen_for_signals();
  const auto display = run_display(output.output());
  const auto result = core::run_study({config, start, display.get(), &stop_request, output.threads}, *catalog);
  if (!result) return tl::unexpected(result.error());
  print_result(*result, config, output.output());
  if (result->search.interrupted) return ExitCode::interrupted;
  return result->chosen ? ExitCode::done : ExitCode::found_wanting;
}

Outcome run(const RunOptions& options) {
  auto config = core::load_study(options.file, options.set);
  if (!config) return tl::unexpected(config.error());
  return execute(std::move(*config), core::StudyStart::create, options.output);
}

// What a resumed study may change: when it ends, and how its trials are run. Everything else is what it is.
Outcome resume(const ResumeOptions& options) {
  for (const std::string& entry : options.set) {
    if (entry.starts_with("stop.") || entry.starts_with("workers.") || entry.starts_with("plugins.")) continue;
    return core::fail(core::ErrorKind::invalid_input,
                      fmt::format("--set {}: a stored study keeps its settings; only stop.*, workers.* and plugins.* can change. Start a new "
                                  "study for anything else: nascent run FILE --set study.name=NEW --set {}", entry, entry));
  }
  auto study = open_study(options.study);
  if (!study) return tl::unexpected(study.error());
  auto config = core::parse_study(study->record.resolved_config, study->location, std::filesystem::absolute(study->location).parent_path(), options.set);
  if (!config) return tl::unexpected(config.error());
  config->store = study->location;
  study->store.reset();
  return execute(std::move(*config), core::StudyStart::resume, options.output);
}

}  // namespace

void add_run(Commands& commands) {
  commands.add<RunOptions>(
      nullptr, "run", "Run the study that a TOML file describes",
      [](CLI::App& command, RunOptions& o) {
        command.add_option("file", o.file, "TOML file of the study")->required();
        command.add_option("--set", o.set, "override a value: sampler.population=20")->type_name("KEY=VALUE");
        o.output.declare(command);
      },
      run);
  commands.add<ResumeOptions>(
      nullptr, "resume", "Continue a stored study, after an interruption or with more to do",
      [](CLI::App& command, ResumeOptions& o) {
        command.add_option("study", o.study.where, "store (fashion.db) or TOML file of the study")->required();
        command.add_option("--study", o.study.name, "name of the study, where the store holds several");
        command.add_option("--set", o.set, "change when it ends or how it runs: stop.trials=200")->type_name("KEY=VALUE");
        o.output.declare(command);
      },
      resume);
}

}  // namespace nascent::cli
