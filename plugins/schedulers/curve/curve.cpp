#include "curve.hpp"

#include <algorithm>
#include <vector>

#include "extrapolation.hpp"
#include "shared/curve.hpp"

namespace nascent::curve {

CurveRule::CurveRule(const Options& given, const SchedulerSetup& setup)
    : threshold_(given.real("threshold")),
      full_(setup.budget.to),
      reports_min_(static_cast<std::size_t>(given.integer("reports_min"))),
      trials_min_(static_cast<std::size_t>(given.integer("trials_min"))) {}

Verdict CurveRule::decide(const Observations& history, const Observations& trial) {
  const schedulers::Curve own(trial);
  if (own.size() < reports_min_ || own.reached(full_)) return Verdict::go;

  std::vector<std::vector<double>> results;
  for (const schedulers::Curve& other : schedulers::curves_of(history)) {
    const std::span<const double> values = other.newest().values();
    if (other.state() == TrialState::completed && schedulers::all_finite(values))
      results.emplace_back(values.begin(), values.end());
  }
  if (results.size() < trials_min_) return Verdict::go;

  std::vector<double> loses(results.size(), 1.0);  // chance of ending no better than each in any objective
  for (std::size_t k = 0; k < own.newest().values().size(); ++k) {
    std::vector<CurvePoint> points;
    for (std::size_t i = 0; i < own.size(); ++i) {
      const CurvePoint p{own[i].budget(), own[i].values()[k]};
      if (p.budget > 0 && std::isfinite(p.value)) points.push_back(p);
    }
    if (points.size() < reports_min_) return Verdict::go;
    const Extrapolation end(points, full_);
    for (std::size_t r = 0; r < results.size(); ++r) loses[r] *= 1 - end.cdf(results[r][k]);
  }
  return *std::max_element(loses.begin(), loses.end()) >= 1 - threshold_ ? Verdict::stop : Verdict::go;
}

}  // namespace nascent::curve
