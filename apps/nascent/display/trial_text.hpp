// Words and JSON for trials.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/store.hpp"
#include "nascent/core/study_space.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::cli {

// "0.9213", at most `digits` significant digits.
std::string number_text(double value, int digits = 5);
// "3.2s", "4m 05s", "2h 10m".
std::string duration_text(double seconds);
// "2026-11-23 10:15:00" local time.
std::string time_text(double unix_seconds);
// The metric's value, or NaN where the trial has none of that name.
double metric_of(const core::Trial& trial, const std::string& name);
// The header of a metric's column: its name, or "metric.cost" where one of `others` is called so.
std::string metric_column(const std::string& metric, std::initializer_list<std::string_view> others);
// "completed", "failed (diverged)".
std::string state_text(const core::Trial& trial);

// Active parameters as a JSON object {name: value}; `parameters` as StudyRecord::space_json declares them.
nlohmann::ordered_json configuration_json(const core::Configuration& configuration, const nlohmann::ordered_json& parameters);
// Everything the store keeps of a trial.
nlohmann::ordered_json trial_json(const core::Trial& trial, const nlohmann::ordered_json& parameters);
// "lr=0.01 depth=3": active parameters on one line.
std::string configuration_text(const core::Configuration& configuration, const nlohmann::ordered_json& parameters);

}  // namespace nascent::cli
