// Metrics of a classifier, from logits and true classes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace classification {

// Sums over rows; add() batch by batch, then read the metrics.
class Tally {
 public:
  explicit Tally(std::size_t classes, std::size_t bins = 15)
      : classes_(classes), confusion_(classes * classes), bins_(bins) {}

  // logits: [rows, classes] row-major; truth: [rows], each in 0 .. classes-1.
  void add(std::span<const float> logits, std::span<const std::int64_t> truth) {
    std::vector<double> p(classes_);
    for (std::size_t row = 0; row < truth.size(); ++row) {
      const auto z = logits.subspan(row * classes_, classes_);
      const double highest = *std::max_element(z.begin(), z.end());
      double total = 0;
      for (std::size_t c = 0; c < classes_; ++c) total += p[c] = std::exp(z[c] - highest);
      const auto predicted = static_cast<std::size_t>(std::max_element(z.begin(), z.end()) - z.begin());
      const auto actual = static_cast<std::size_t>(truth[row]);
      ++confusion_[actual * classes_ + predicted];
      // log softmax of the true class, exact also where its probability underflows
      log_loss_ += std::log(total) - (z[actual] - highest);
      const double confidence = p[predicted] / total;
      Bin& bin = bins_[bin_of(confidence)];
      bin.confidence += confidence;
      bin.correct += predicted == actual ? 1 : 0;
      ++rows_;
    }
  }

  [[nodiscard]] std::int64_t rows() const { return rows_; }
  // Rows true class, columns predicted class; [classes * classes] row-major.
  [[nodiscard]] std::span<const std::int64_t> confusion() const { return confusion_; }
  // Share of rows classified right.
  [[nodiscard]] double accuracy() const {
    std::int64_t right = 0;
    for (std::size_t c = 0; c < classes_; ++c) right += at(c, c);
    return static_cast<double>(right) / static_cast<double>(rows_);
  }
  // Mean recall over the classes that occur.
  [[nodiscard]] double balanced_accuracy() const {
    return mean_over_classes([this](std::size_t c) { return static_cast<double>(at(c, c)) / static_cast<double>(actual(c)); });
  }
  // Mean F1 over the classes that occur (macro average): 2 TP / (2 TP + FP + FN).
  [[nodiscard]] double f1() const {
    return mean_over_classes([this](std::size_t c) {
      return 2.0 * static_cast<double>(at(c, c)) / static_cast<double>(actual(c) + predicted(c));
    });
  }
  // Mean negative log-likelihood in nats.
  [[nodiscard]] double log_loss() const { return log_loss_ / static_cast<double>(rows_); }
  // Expected calibration error over equal-width confidence bins: Guo et al., "On Calibration of Modern Neural
  // Networks" (ICML 2017), equation 3.
  [[nodiscard]] double calibration_error() const {
    double sum = 0;
    for (const Bin& bin : bins_) sum += std::abs(bin.correct - bin.confidence);
    return sum / static_cast<double>(rows_);
  }

 private:
  struct Bin {
    double confidence = 0, correct = 0;
  };
  // NaN (from logits that are not finite) counts as no confidence.
  [[nodiscard]] std::size_t bin_of(double confidence) const {
    if (!(confidence > 0)) return 0;
    return std::min(bins_.size() - 1, static_cast<std::size_t>(confidence * static_cast<double>(bins_.size())));
  }
  [[nodiscard]] std::int64_t at(std::size_t actual, std::size_t predicted) const { return confusion_[actual * classes_ + predicted]; }
  [[nodiscard]] std::int64_t actual(std::size_t c) const {
    std::int64_t n = 0;
    for (std::size_t k = 0; k < classes_; ++k) n += at(c, k);
    return n;
  }
  [[nodiscard]] std::int64_t predicted(std::size_t c) const {
    std::int64_t n = 0;
    for (std::size_t k = 0; k < classes_; ++k) n += at(k, c);
    return n;
  }
  template <class Score>
  [[nodiscard]] double mean_over_classes(Score score) const {
    double sum = 0;
    int present = 0;
    for (std::size_t c = 0; c < classes_; ++c) {
      if (actual(c) == 0) continue;
      sum += score(c);
      ++present;
    }
    return sum / present;
  }

  std::size_t classes_;
  std::vector<std::int64_t> confusion_;
  std::vector<Bin> bins_;
  double log_loss_ = 0;
  std::int64_t rows_ = 0;
};

}  // namespace classification
