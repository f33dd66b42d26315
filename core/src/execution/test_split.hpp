// The test split is opened once per trial: recorded before, answered from the record afterwards.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/store.hpp"

namespace nascent::core {

inline constexpr std::string_view kTestEvaluated = "test_evaluated";  // the event that keeps the result

// {"trial":7,"metrics":{"test_accuracy":0.91}}
std::string test_event_json(TrialId trial, const std::vector<Metric>& metrics);
// Empty when the trial was not evaluated yet.
Result<std::optional<std::vector<Metric>>> test_metrics(Store& store, StudyId study, TrialId trial);

// The trials that it was opened for, in order of their first opening.
Result<std::vector<TrialId>> opened_for(Store& store, StudyId study);

using EvaluateTest = std::function<Result<std::vector<Metric>>(const Trial&)>;
Result<std::vector<Metric>> evaluate_test_once(Store& store, StudyId study, TrialId trial,
                                               const EvaluateTest& evaluate);

}  // namespace nascent::core
