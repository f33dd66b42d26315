#include "display/run_display.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "display/output.hpp"
#include "display/progress.hpp"
#include "display/text_table.hpp"
#include "display/trial_text.hpp"

namespace nascent::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string metrics_text(std::span<const core::Metric> metrics) {
  std::string text;
  for (const core::Metric& metric : metrics) text += fmt::format(" {}={}", metric.name, number_text(metric.value));
  return text;
}

// Where trials wait for workers from elsewhere, nothing happens until somebody starts one.
void tell_what_to_start(const core::StudyConfig& config) {
  if (config.workers.execution != core::Execution::workers || config.workers.count > 0) return;
  fmt::print(stderr, "nascent: study {} trains nothing here (workers.count is 0): its trials wait for workers. Start them with: nascent worker --store '{}' --study {}\n",
             config.name, config.store, config.name);
}

// What every output keeps in mind.
class Display : public core::SearchObserver {
 public:
  void on_started(const core::StudyConfig& config, const core::StudySpace& space, std::uint64_t stored) override {
    config_ = config;
    parameters_ = Json::parse(space.to_json());
    stored_ = stored;
    progress_.start(config, stored);
    tell_what_to_start(config);
  }

 protected:
  // The trial's objectives: "val_accuracy=0.91".
  [[nodiscard]] std::string objectives_text(const core::Trial& trial) const {
    std::string text;
    for (const core::Objective& objective : config_.objectives) {
      text += (text.empty() ? "" : " ") + objective.metric + "=" + number_text(metric_of(trial, objective.metric));
    }
    return text;
  }
  core::StudyConfig config_;
  Progress progress_;
  Json parameters_;
  std::uint64_t stored_ = 0;
};

class PlainLines : public Display {
 public:
  void on_started(const core::StudyConfig& config, const core::StudySpace& space, std::uint64_t stored) override {
    Display::on_started(config, space, stored);
    line(fmt::format("study={} sampler={} parallel={} deterministic={} stored={}", core::toml_key(config.name), config.sampler.type, config.parallel,
                     config.deterministic, stored));
  }
  void on_finished(const core::Trial& trial, const core::SearchCounts& counts) override {
    if (counts.landed() <= stored_) return;  // seen by an earlier run
    line(finished_text(trial));
  }
  void on_incumbent(const core::Trial& trial) override { line(fmt::format("best trial={} {}", trial.id, objectives_text(trial))); }
  void on_search_ended(std::string_view reason, const core::SearchCounts& counts) override {
    line(fmt::format("search ended reason=\"{}\" trials={} completed={} pruned={} failed={} invalid={} infeasible={} duplicates={}{} unfinished={} elapsed_s={:.1f}",
                     reason, counts.finished(), counts.completed, counts.pruned, counts.failed, counts.invalid, counts.infeasible, counts.duplicates,
                     counts.paused > 0 ? fmt::format(" paused={}", counts.paused) : "", counts.unfinished(), progress_.elapsed_seconds()));
  }
  void on_final_asked(const core::Trial& trial) override { line(fmt::format("final trial={} of={}", trial.id, trial.parent.value_or(trial.id))); }
  void on_final_finished(const core::Trial& trial) override { line("final " + finished_text(trial)); }
  void on_tested(core::TrialId chosen, std::span<const core::Metric> metrics) override {
    line(fmt::format("tested trial={}{}", chosen, metrics_text(metrics)));
  }

 private:
  [[nodiscard]] std::string finished_text(const core::Trial& trial) const {
    std::string text = fmt::format("trial={} state={}{} cost_s={:.2f}", trial.id, core::name_of(trial.state), metrics_text(trial.metrics), trial.cost_seconds);
    if (trial.reason != core::FailureReason::none) text += fmt::format(" reason={}", core::name_of(trial.reason));
    if (trial.duplicate_of) text += fmt::format(" duplicate_of={}", *trial.duplicate_of);
    if (trial.parent && trial.role == core::TrialRole::search) text += fmt::format(" parent={}", *trial.parent);
    if (!trial.message.empty()) text += fmt::format(" message={}", core::toml_text(trial.message));
    return text;
  }
  static void line(const std::string& text) {
    put(text + "\n");
  }
};

class JsonLines : public Display {
 public:
  void on_started(const core::StudyConfig& config, const core::StudySpace& space, std::uint64_t stored) override {
    Display::on_started(config, space, stored);
    line({{"event", "started"}, {"study", config.name}, {"store", config.store}, {"stored", stored}});
  }
  void on_finished(const core::Trial& trial, const core::SearchCounts& counts) override {
    if (counts.landed() > stored_) line({{"event", "finished"}, {"trial", trial_json(trial, parameters_)}});
  }
  void on_incumbent(const core::Trial& trial) override { line({{"event", "incumbent"}, {"trial", trial.id}}); }
  void on_search_ended(std::string_view reason, const core::SearchCounts& counts) override {
    line({{"event", "search_ended"}, {"reason", reason}, {"completed", counts.completed}, {"pruned", counts.pruned},
          {"failed", counts.failed}, {"invalid", counts.invalid}, {"infeasible", counts.infeasible}, {"duplicates", counts.duplicates}, {"paused", counts.paused}, {"unfinished", counts.unfinished()}});
  }
  void on_final_finished(const core::Trial& trial) override { line({{"event", "final_finished"}, {"trial", trial_json(trial, parameters_)}}); }
  void on_tested(core::TrialId chosen, std::span<const core::Metric> metrics) override {
    Json measured = Json::object();
    for (const core::Metric& metric : metrics) measured[metric.name] = metric.value;
    line({{"event", "tested"}, {"trial", chosen}, {"metrics", measured}});
  }

 private:
  static void line(const Json& json) {
    put(json.dump() + "\n");
  }
};

// A block at the foot of the terminal that is drawn anew about ten times a second; lasting lines scroll above it.
class LiveTable : public Display {
 public:
  void on_started(const core::StudyConfig& config, const core::StudySpace& space, std::uint64_t stored) override {
    Display::on_started(config, space, stored);
    above(fmt::format("study {}  sampler {}  parallel {}  store {}{}", config.name, config.sampler.type, config.parallel, config.store,
                      stored > 0 ? fmt::format("  ({} trials stored by earlier runs)", stored) : ""));
  }
  void on_finished(const core::Trial& trial, const core::SearchCounts& counts) override {
    counts_ = counts;
    if (counts.landed() > stored_ && trial.state == core::TrialState::failed) {
      above(fmt::format("trial {} failed ({}): {}", trial.id, core::name_of(trial.reason), trial.message));
    }
  }
  void on_incumbent(const core::Trial& trial) override {
    best_ = fmt::format("best {} (trial {})", objectives_text(trial), trial.id);
    above(fmt::format("trial {}  {}  {}", trial.id, objectives_text(trial), configuration_text(trial.configuration, parameters_)));
  }
  void on_tick(const core::SearchCounts& counts, std::span<const core::RunningTrial> running) override {
    counts_ = counts;
    draw(running);
  }
  void on_search_ended(std::string_view reason, const core::SearchCounts& counts) override {
    erase();
    put(fmt::format("search ended: {}; {} trials ({} completed, {} pruned, {} failed, {} invalid, {} infeasible, {} duplicates) in {}{}{}\n", reason, counts.finished(),
               counts.completed, counts.pruned, counts.failed, counts.invalid, counts.infeasible, counts.duplicates, duration_text(progress_.elapsed_seconds()),
               counts.paused > 0 ? fmt::format("; {} paused", counts.paused) : "", counts.unfinished() > 0 ? fmt::format("; {} unfinished", counts.unfinished()) : ""));
    phase_ = "final";
  }
  void on_final_asked(const core::Trial& trial) override { above(fmt::format("training the winner, trial {}, again as trial {}", trial.parent.value_or(trial.id), trial.id)); }
  void on_final_finished(const core::Trial& trial) override { above(fmt::format("trial {}  {}", trial.id, state_text(trial) + metrics_text(trial.metrics))); }
  // Its metrics stand in the result, right below.
  void on_tested(core::TrialId chosen, std::span<const core::Metric>) override {
    erase();
    put(fmt::format("test split opened for trial {}\n", chosen));
  }

 private:
  static std::size_t columns() {
    winsize size{};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
  }
  static std::string cut(std::string text) {
    const std::size_t limit = columns() - 1;
    return text.size() > limit ? text.substr(0, limit) : text;
  }
  void erase() {
    if (drawn_ > 0) put(fmt::format("\x1b[{}A\x1b[J", drawn_));
    drawn_ = 0;
  }
  void above(const std::string& text) {
    erase();
    put(cut(text) + "\n");
  }
  void draw(std::span<const core::RunningTrial> running) {
    std::string head = fmt::format("{} {}", phase_, counts_.finished());
    if (config_.stop.trials && phase_ == "trials") head += fmt::format("/{}", *config_.stop.trials);
    if (!best_.empty()) head += "  " + best_;
    head += fmt::format("  {:.1f} trials/min  elapsed {}", progress_.trials_per_minute(counts_.finished()), duration_text(progress_.elapsed_seconds()));
    if (const auto left = progress_.seconds_left(counts_); left && phase_ == "trials") head += "  left " + duration_text(*left);
    TextTable table({"worker", "trial", "budget", "metrics", "time"});
    for (const core::RunningTrial& trial : running) {
      const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
      table.add({trial.worker, std::to_string(trial.id), number_text(trial.budget_spent, 3), metrics_text(trial.metrics), duration_text(now - trial.started_at)});
    }
    std::string block = cut(head) + '\n';
    std::size_t lines = 1;
    const std::string rows = table.empty() ? "" : table.text();
    for (std::size_t from = 0; from < rows.size(); ++lines) {
      const std::size_t end = rows.find('\n', from);
      block += cut(rows.substr(from, end - from)) + '\n';
      from = end + 1;
    }
    erase();
    put(block);
    drawn_ = lines;
  }

  core::SearchCounts counts_;
  std::string best_, phase_ = "trials";
  std::size_t drawn_ = 0;  // lines of the block on the screen
};

}  // namespace

RunOutput default_output() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && terminal != nullptr && std::string_view(terminal) != "dumb" ? RunOutput::live : RunOutput::plain;
}

std::unique_ptr<core::SearchObserver> run_display(RunOutput output) {
  switch (output) {
    case RunOutput::live: return std::make_unique<LiveTable>();
    case RunOutput::json: return std::make_unique<JsonLines>();
    case RunOutput::plain: break;
  }
  return std::make_unique<PlainLines>();
}

}  // namespace nascent::cli
