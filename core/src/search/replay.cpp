// Training a stored trial again, to see whether it gives the same.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "nascent/core/executor.hpp"
#include "nascent/core/ranking.hpp"
#include "nascent/core/study_run.hpp"
#include "temporary_folder.hpp"

namespace nascent::core {
namespace {

// Answers each report as it was answered then. Where the trial paused, it goes on at once if it was promoted, and ends if it
// was given up.
class RecordedVerdicts final : public TrialSession {
 public:
  explicit RecordedVerdicts(std::vector<ReportRecord> reports) : reports_(std::move(reports)) {}
  // To the report of that number.
  [[nodiscard]] Verdict answer(std::size_t number) const {
    const Verdict then = number < reports_.size() ? reports_[number].verdict.value_or(Verdict::proceed) : Verdict::proceed;
    if (then != Verdict::pause) return then;
    return number + 1 < reports_.size() ? Verdict::proceed : Verdict::stop;
  }
  Result<Verdict> report(const Report&) override { return answer(next_++); }
  Result<void> repeat(const Report&) override {
    ++next_;
    return {};
  }
  [[nodiscard]] bool cancelled() const override { return false; }

 private:
  std::vector<ReportRecord> reports_;
  std::size_t next_ = 0;
};

// Names end with their unit: "latency_ms_p95", "train_seconds".
bool measures_time(std::string_view metric) {
  return metric.find("_ms") != std::string_view::npos || metric.find("seconds") != std::string_view::npos ||
         metric.find("per_second") != std::string_view::npos;
}

std::vector<Replay::Difference> compare(const std::vector<Metric>& recorded, const std::vector<Metric>& replayed) {
  std::vector<Replay::Difference> differences;
  for (const Metric& m : recorded) {
    const auto again = metric(replayed, m.name);
    if (again != m.value) differences.push_back({m.name, m.value, again, measures_time(m.name)});
  }
  for (const Metric& m : replayed) {
    if (!metric(recorded, m.name)) differences.push_back({m.name, std::nullopt, m.value, measures_time(m.name)});
  }
  return differences;
}

// What a replay starts from.
struct Recording {
  Trial trial;
  RecordedVerdicts verdicts;
};

Result<Recording> recording_of(Store& store, StudyId study, TrialId id) {
  auto row = store.trial(study, id);
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return fail(ErrorKind::invalid_input, fmt::format("the study has no trial {}", id));
  if (!(*row)->finished()) {
    return fail(ErrorKind::invalid_input, fmt::format("trial {} is {}; only a finished trial can be replayed", id, name_of((*row)->state)));
  }
  // A duplicate never trained: its metrics are those of the first.
  if ((*row)->duplicate_of) return recording_of(store, study, *(*row)->duplicate_of);
  if ((*row)->role == TrialRole::search && (*row)->parent) {
    return fail(ErrorKind::invalid_input, fmt::format("trial {} went on from a checkpoint of trial {}, which is not kept; it cannot be trained "
                                                      "again from nothing",
                                                      id, *(*row)->parent));
  }
  auto reports = store.reports(study, id);
  if (!reports) return tl::unexpected<Error>(reports.error());
  return Recording{std::move(**row), RecordedVerdicts(std::move(*reports))};
}

Replay compared(Trial recorded, Trial replayed) {
  auto differences = compare(recorded.metrics, replayed.metrics);
  return {std::move(recorded), std::move(replayed), std::move(differences)};
}

// The trial as it was when it was asked for.
Trial asked_again(const Trial& recorded) {
  Trial trial;
  trial.id = recorded.id;
  trial.role = recorded.role;
  trial.parent = recorded.parent;
  trial.configuration = recorded.configuration;
  trial.seed = recorded.seed;
  trial.architecture_hash = recorded.architecture_hash;
  return trial;
}

Result<Trial> run_to_its_end(Store& store, const Coordinator& coordinator, Executor& executor, const Trial& trial,
                             const StopRequest& stop) {
  constexpr std::chrono::milliseconds patience{100};
  auto begun = store.enqueue(coordinator, std::span(&trial, 1))
                   .and_then([&] { return executor.start(); })
                   .and_then([&] { return executor.submit(trial); });
  if (!begun) return tl::unexpected<Error>(begun.error());
  while (!stop.made()) {
    auto finished = executor.next(patience);
    if (!finished) return tl::unexpected<Error>(finished.error());
    if (!finished->empty()) return std::move(finished->front());
  }
  executor.stop(StopMode::cancel);
  return fail(ErrorKind::interrupted, fmt::format("stopped while trial {} was trained again", trial.id));
}

}  // namespace

bool Replay::equal() const {
  return recorded.state == replayed.state && recorded.reason == replayed.reason && std::ranges::all_of(differences, &Difference::is_time);
}

Result<Replay> replay_trial(Store& store, StudyId study, TrialId id, TrialRunner& runner) {
  auto recording = recording_of(store, study, id);
  if (!recording) return tl::unexpected<Error>(recording.error());
  Trial again = recording->trial;
  if (const auto end = runner.run(again, recording->verdicts); !end) return tl::unexpected<Error>(end.error());
  return compared(std::move(recording->trial), std::move(again));
}

// A study of this one trial, in a store of its own.
Result<Replay> replay_trial(Store& store, const StudyRecord& study, TrialId id, WorkersSetup workers, const StopRequest& stop) {
  auto recording = recording_of(store, study.id, id);
  if (!recording) return tl::unexpected<Error>(recording.error());
  const auto folder = TemporaryFolder::create("replay");
  if (!folder) return tl::unexpected<Error>(folder.error());
  workers.store_location = (folder->path() / "replay.db").string();
  workers.study_name = study.name;
  workers.config.count = 1;
  const auto scratch = Store::open(workers.store_location);
  if (!scratch) return tl::unexpected<Error>(scratch.error());
  const auto created = (*scratch)->create_study(study);
  if (!created) return tl::unexpected<Error>(created.error());
  const auto coordinator = (*scratch)->acquire_coordinator(*created);
  if (!coordinator) return tl::unexpected<Error>(coordinator.error());
  const DecideVerdict as_then = [&](TrialId, std::span<const Report> reports) { return recording->verdicts.answer(reports.size() - 1); };
  const auto executor = workers_executor(**scratch, *coordinator, std::move(workers), as_then);
  auto again = run_to_its_end(**scratch, *coordinator, *executor, asked_again(recording->trial), stop);
  if (!again) return tl::unexpected<Error>(again.error());
  return compared(std::move(recording->trial), std::move(*again));
}

}  // namespace nascent::core
