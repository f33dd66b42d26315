#include "test_split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace nascent::core {

std::string test_event_json(TrialId trial, const std::vector<Metric>& metrics) {
  nlohmann::ordered_json json{{"trial", trial}, {"metrics", nlohmann::ordered_json::object()}};
  for (const Metric& metric : metrics) json["metrics"][metric.name] = metric.value;
  return json.dump();
}

Result<std::optional<std::vector<Metric>>> test_metrics(Store& store, StudyId study, TrialId trial) {
  const auto events = store.events(study);
  if (!events) return tl::unexpected<Error>(events.error());
  for (const EventRecord& event : *events) {
    if (event.kind != kTestEvaluated) continue;
    const auto json = nlohmann::ordered_json::parse(event.data_json, nullptr, false);
    if (json.is_discarded() || json.value("trial", ~TrialId{0}) != trial) continue;
    std::vector<Metric> metrics;
    for (const auto& [name, value] : json["metrics"].items()) metrics.push_back({name, value.get<double>()});
    return metrics;
  }
  return std::nullopt;
}

Result<std::vector<TrialId>> opened_for(Store& store, StudyId study) {
  const auto openings = store.test_openings(study);
  if (!openings) return tl::unexpected<Error>(openings.error());
  std::vector<TrialId> trials;
  for (const TestOpening& opening : *openings) {
    if (std::ranges::find(trials, opening.trial) == trials.end()) trials.push_back(opening.trial);
  }
  return trials;
}

Result<std::vector<Metric>> evaluate_test_once(Store& store, StudyId study, TrialId trial,
                                               const EvaluateTest& evaluate) {
  auto known = test_metrics(store, study, trial);
  if (!known) return tl::unexpected<Error>(known.error());
  if (*known) return std::move(**known);
  const auto row = store.trial(study, trial);
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return fail(ErrorKind::invalid_input, fmt::format("the study has no trial {}", trial));
  if (auto kept = store.record_test_opening(study, trial, "evaluation"); !kept)
    return tl::unexpected<Error>(kept.error());
  auto metrics = evaluate(**row);
  if (!metrics) return metrics;
  if (auto kept = store.add_event(study, kTestEvaluated, test_event_json(trial, *metrics)); !kept) {
    return tl::unexpected<Error>(kept.error());
  }
  return metrics;
}

}  // namespace nascent::core
