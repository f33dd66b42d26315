// One descriptor's axis: from a metric's value to the cell it falls in.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace nascent::quality_diversity {

enum class Scale { automatic, linear, log };

// What is fixed of an axis; what is not is learnt from the values seen.
struct AxisSettings {
  std::string metric;
  std::size_t cells = 10;
  std::optional<double> min = {}, max = {};  // finite; min < max; min > 0 on a log scale
  Scale scale = Scale::automatic;

  [[nodiscard]] bool is_fixed() const { return min && max; }
};

// Cells of equal width between two ends, on a linear or a log scale. What lies beyond an end falls into the outermost
// cell, so that every number has one.
class Axis {
 public:
  // An end that is not fixed is the outermost value seen that is no far outlier: within three interquartile ranges of
  // the quartiles (outer fences: Tukey, "Exploratory Data Analysis", 1977, section 2D). An automatic scale is
  // logarithmic where all values seen, or both fixed ends, are positive and the largest is at least 100 times the
  // smallest. `seen`: finite, in any order.
  Axis(const AxisSettings& settings, std::vector<double> seen);

  [[nodiscard]] std::size_t cells() const { return cells_; }
  // value: finite. On a log scale what is not positive falls into the first cell; where the ends are equal all does.
  [[nodiscard]] std::size_t cell(double value) const;
  [[nodiscard]] bool is_log() const { return is_log_; }
  // In the metric's unit.
  [[nodiscard]] double min() const;
  [[nodiscard]] double max() const;

 private:
  [[nodiscard]] double scaled(double value) const;

  std::size_t cells_;
  bool is_log_ = false;
  double from_ = 0, to_ = 0;  // on the scale
};

}  // namespace nascent::quality_diversity
