// Curves that nobody measured: a function of the configuration, for tests of load.
#include "curves.hpp"

#include <algorithm>
#include <cmath>
#include <nascent/rng.hpp>
#include <nascent/space_view.hpp>
#include <utility>

#include "nascent/core/ranking.hpp"

namespace nascent::core::simulation {
namespace {

constexpr double kGoldenRatio = 0.6180339887498949;
constexpr double kSteepness = 9;      // of the full training's loss above the floor, a tenth is left
constexpr double kDisturbance = 0.1;  // at the beginning

class BuiltInCurves final : public Curves {
 public:
  BuiltInCurves(const CurveNeeds& needs, std::vector<double> budgets)
      : config_(*needs.config), space_(needs.space->view()), metrics_(needs.metrics), budgets_(std::move(budgets)) {}

  Curve of(const Trial& trial) override {
    Curve curve;
    nascent::Rng rng(trial.seed);
    const double disturbance = kDisturbance * (rng.uniform() - 0.5);
    for (const double budget : budgets_) {
      const double share = budget / budgets_.back();
      Report& report = curve.points.emplace_back();
      report.budget = budget;
      for (std::size_t m = 0; m < metrics_.size(); ++m) {
        const double floor = floor_of(trial.configuration, m);
        const double loss = floor + (1 - floor) / (1 + kSteepness * share) + disturbance * (1 - share);
        report.metrics.push_back({metrics_[m], value_of(metrics_[m], loss)});
      }
    }
    return curve;
  }
  [[nodiscard]] std::optional<double> optimum() const override {
    return value_of(config_.objectives.front().metric, 1 / (1 + kSteepness));
  }

 private:
  // Mean squared distance from the metric's best configuration, where every parameter stands in its own place; in [0, 1].
  [[nodiscard]] double floor_of(const Configuration& configuration, std::size_t metric) const {
    double sum = 0;
    for (std::size_t i = 0; i < space_.size(); ++i) {
      if (configuration.active[i] == 0) continue;
      const double place = kGoldenRatio * static_cast<double>(i + 1 + metric);
      const nascent::ParamView p = space_[i];
      const double off = p.cdf(configuration.x[i]) - p.cdf(p.quantile(place - std::floor(place)));
      sum += off * off;
    }
    return space_.size() == 0 ? 0 : sum / static_cast<double>(space_.size());
  }
  // As the study wants the metric: constraints hold.
  [[nodiscard]] double value_of(const std::string& metric, double loss) const {
    const auto objective = std::ranges::find(config_.objectives, metric, &Objective::metric);
    if (objective != config_.objectives.end()) return objective->direction == Direction::maximize ? 1 - loss : loss;
    const auto constraint = std::ranges::find(config_.constraints, metric, &Constraint::metric);
    if (constraint != config_.constraints.end()) return constraint->max ? *constraint->max : constraint->min.value_or(0);
    return loss;
  }

  const StudyConfig& config_;
  nascent::SpaceView space_;
  std::vector<std::string> metrics_;
  std::vector<double> budgets_;
};

}  // namespace

std::unique_ptr<Curves> built_in_curves(const CurveNeeds& needs, std::vector<double> budgets) {
  return std::make_unique<BuiltInCurves>(needs, std::move(budgets));
}

}  // namespace nascent::core::simulation
