// The contracts of the seven kinds as checks: pure functions from a component and its options to findings.
#pragma once

#include <nascent/abi.h>

#include <vector>

#include "nascent/core/options.hpp"
#include "nascent/core/plugin_check.hpp"
#include "plugins/check/checklist.hpp"

namespace nascent::core {

std::vector<CheckFinding> check_space(const nas_component& component, const OptionTable& options);
std::vector<CheckFinding> check_sampler(const nas_component& component, const OptionTable& options);
// The part of it about impossible spaces and useless results; check_sampler() includes it.
std::vector<CheckFinding> check_sampler_on_bad_input(const nas_component& component, const OptionTable& options);
std::vector<CheckFinding> check_scheduler(const nas_component& component, const OptionTable& options);
std::vector<CheckFinding> check_dataset(const nas_component& component, const OptionTable& options);
std::vector<CheckFinding> check_trainer(const nas_component& component, const OptionTable& options);
std::vector<CheckFinding> check_compressor(const nas_component& component, const OptionTable& options);
std::vector<CheckFinding> check_evaluator(const nas_component& component, const OptionTable& options);

// What holds for every component: create refuses politely, borrows nothing, leaks nothing.
std::vector<CheckFinding> check_lifecycle(const nas_component& component, const OptionTable& options);

}  // namespace nascent::core
