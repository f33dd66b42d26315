// Training a stored trial again, to see whether it gives the same.
#include <fmt/format.h>

#include <algorithm>

#include "nascent/core/ranking.hpp"
#include "nascent/core/study_run.hpp"

namespace nascent::core {
namespace {

// Answers each report as it was answered then.
class RecordedVerdicts final : public TrialSession {
 public:
  explicit RecordedVerdicts(std::vector<ReportRecord> reports) : reports_(std::move(reports)) {}
  Result<Verdict> report(const Report&) override {
    const std::size_t i = next_++;
    return i < reports_.size() ? reports_[i].verdict.value_or(Verdict::proceed) : Verdict::proceed;
  }
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

}  // namespace

bool Replay::equal() const {
  return recorded.state == replayed.state && std::ranges::all_of(differences, &Difference::is_time);
}

Result<Replay> replay_trial(Store& store, StudyId study, TrialId id, TrialRunner& runner) {
  const auto row = store.trial(study, id);
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return fail(ErrorKind::invalid_input, fmt::format("the study has no trial {}", id));
  Trial recorded = **row;
  if (!recorded.finished()) {
    return fail(ErrorKind::invalid_input, fmt::format("trial {} is {}; only a finished trial can be replayed", id, name_of(recorded.state)));
  }
  // A duplicate never trained: its metrics are those of the first.
  if (recorded.duplicate_of) return replay_trial(store, study, *recorded.duplicate_of, runner);
  const auto reports = store.reports(study, id);
  if (!reports) return tl::unexpected<Error>(reports.error());
  RecordedVerdicts session(*reports);
  Trial again = recorded;
  const auto end = runner.run(again, session);
  if (!end) return tl::unexpected<Error>(end.error());
  auto differences = compare(recorded.metrics, again.metrics);
  return Replay{std::move(recorded), std::move(again), std::move(differences)};
}

}  // namespace nascent::core
