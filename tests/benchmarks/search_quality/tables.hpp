// Problems read from tables of trained networks: every configuration of the space is a row.
#pragma once

#include <filesystem>
#include <vector>

#include "problem.hpp"

namespace nascent::search_quality {

enum class Ordinals {
  ordered,      // ordinal parameters are declared as such
  categorical,  // all parameters are, as in the baselines
};

// `folder` has nasbench_macro/, nasbench201/, fcnet/, hpobench_mlp/ as their README files describe. Regret: percentage
// points; for the regression sets of fcnet log10(found / optimum). Throws std::runtime_error where a file or column is
// missing.
std::vector<Problem> table_problems(const std::filesystem::path& folder, Ordinals ordinals);

// Accuracy against MFLOPs (macro) and FPGA latency in ms (nb201).
std::vector<Problem> two_objective_table_problems(const std::filesystem::path& folder);

}  // namespace nascent::search_quality
