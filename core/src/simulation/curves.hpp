// The learning curves of simulated trials.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nascent/core/config.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/simulation.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/study_space.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core::simulation {

// What a trial reports from its beginning to its end.
struct Curve {
  std::vector<Report> points;    // at least one, budgets ascend; the last one is the trial's result
  std::vector<double> seconds;   // [points] since the trial's start; empty: not known
  TrialState end = TrialState::completed;  // or failed, invalid
  FailureReason reason = FailureReason::none;
  std::string message;
};

class Curves {
 public:
  virtual ~Curves() = default;
  // The same trial gives the same curve.
  virtual Curve of(const Trial& trial) = 0;
  // The best value of the first objective at the full budget.
  [[nodiscard]] virtual std::optional<double> optimum() const = 0;
  // How many trials took the curve of another configuration.
  [[nodiscard]] virtual std::uint64_t nearest() const { return 0; }
};

// Where and when a study is judged.
struct CurveNeeds {
  const StudyConfig* config = nullptr;
  const StudySpace* space = nullptr;
  std::vector<std::string> metrics;  // of objectives, constraints, and what the sampler wants to see; no name twice
};

// See CurveSource. `budgets`: of the reports of a training, by rising budget; the last is the full one.
std::unique_ptr<Curves> built_in_curves(const CurveNeeds& needs, std::vector<double> budgets);
Result<std::unique_ptr<Curves>> curves_of_table(const CurveNeeds& needs, const std::filesystem::path& file);
Result<std::unique_ptr<Curves>> curves_of_study(const CurveNeeds& needs, const std::string& location,
                                                const std::string& study);

}  // namespace nascent::core::simulation
