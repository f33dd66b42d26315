// Metrics of a regression, from predictions and true values.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace regression {

// Sums over rows; add() batch by batch, then read the metrics. Several targets: the mean over all numbers, except r2,
// which is the mean over targets of each target's own.
class Tally {
 public:
  explicit Tally(std::size_t targets) : targets_(targets), mean_(targets), spread_(targets), squared_by_target_(targets) {}

  // predicted, truth: [rows, targets] row-major.
  void add(std::span<const float> predicted, std::span<const double> truth) {
    for (std::size_t i = 0; i < truth.size(); ++i) {
      const std::size_t target = i % targets_;
      if (target == 0) ++rows_;
      const double error = predicted[i] - truth[i];
      squared_ += error * error;
      squared_by_target_[target] += error * error;
      absolute_ += std::abs(error);
      // running mean and sum of squared deviations: Welford, Technometrics 4 (1962)
      const double delta = truth[i] - mean_[target];
      mean_[target] += delta / static_cast<double>(rows_);
      spread_[target] += delta * (truth[i] - mean_[target]);
    }
  }

  [[nodiscard]] double mse() const { return squared_ / numbers(); }
  [[nodiscard]] double rmse() const { return std::sqrt(mse()); }
  [[nodiscard]] double mae() const { return absolute_ / numbers(); }
  // 1 - residual / total sum of squares; 0 for a constant target.
  [[nodiscard]] double r2() const {
    double sum = 0;
    for (std::size_t t = 0; t < targets_; ++t) sum += spread_[t] > 0 ? 1 - squared_by_target_[t] / spread_[t] : 0;
    return sum / static_cast<double>(targets_);
  }

 private:
  [[nodiscard]] double numbers() const { return static_cast<double>(rows_) * static_cast<double>(targets_); }
  std::size_t targets_;
  std::vector<double> mean_, spread_, squared_by_target_;
  double squared_ = 0, absolute_ = 0;
  std::int64_t rows_ = 0;
};

}  // namespace regression
