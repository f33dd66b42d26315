#include "median.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nascent::median {
namespace {

// Average of objective k over the reports of one trial up to `budget`, for each completed trial that has such a report.
std::vector<double> running_averages(const Observations& history, std::size_t k, double budget) {
  std::vector<double> averages;
  for (std::size_t i = 0; i < history.size();) {
    const std::uint64_t trial = history[i].trial_id();
    double sum = 0;
    std::size_t n = 0;
    for (; i < history.size() && history[i].trial_id() == trial; ++i) {
      if (!history[i].completed() || history[i].budget() > budget) continue;
      const double value = history[i].values()[k];
      if (!std::isfinite(value)) continue;
      sum += value;
      ++n;
    }
    if (n > 0) averages.push_back(sum / static_cast<double>(n));
  }
  return averages;
}

// The mean of the middle two for an even count.
double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return 0.5 * (*middle + *std::max_element(values.begin(), middle));
}

}  // namespace

Median::Median(const Options& given)
    : warmup_reports_(static_cast<std::size_t>(given.integer("warmup_reports"))),
      trials_min_(static_cast<std::size_t>(given.integer("trials_min"))) {}

Verdict Median::decide(const Observations& history, const Observations& trial) {
  if (trial.size() <= warmup_reports_) return Verdict::go;
  const Observation newest = trial[trial.size() - 1];
  const std::size_t n_objectives = newest.values().size();
  for (std::size_t k = 0; k < n_objectives; ++k) {
    const std::vector<double> averages = running_averages(history, k, newest.budget());
    if (averages.size() < trials_min_) return Verdict::go;
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < trial.size(); ++i) best = std::min(best, trial[i].values()[k]);
    if (!(best > median_of(averages))) return Verdict::go;
  }
  return n_objectives > 0 ? Verdict::stop : Verdict::go;
}

}  // namespace nascent::median
