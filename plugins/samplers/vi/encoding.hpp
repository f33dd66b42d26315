// Configurations as variational distributions see them: choices by index, numbers by their normal score.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/prior_scale.hpp"

namespace nascent::vi {

// One active parameter. A choice: both are its index. A number: where it stands in its prior, as quantiles of the
// standard normal distribution; equal for a value of a continuum, else the ends of the level's range.
struct Cell {
  double from = 0, to = 0;
  [[nodiscard]] std::size_t index() const { return static_cast<std::size_t>(from); }
};

struct Code {
  std::vector<Cell> cells;            // [n_params]
  std::vector<std::uint8_t> active;   // [n_params]
};

// On the scale of normal scores the prior of every number is the standard normal distribution, whatever its bounds, its
// levels and its shape, and values outside do not exist: no distribution has to be truncated.
class Encoding {
 public:
  explicit Encoding(SpaceView space) : scale_(space) {}
  [[nodiscard]] std::size_t size() const { return scale_.size(); }
  [[nodiscard]] SpaceView space() const { return scale_.space(); }
  // Is there anything to learn about it?
  [[nodiscard]] bool is_free(std::size_t i) const { return scale_.is_free(i); }
  [[nodiscard]] bool is_choice(std::size_t i) const { return space()[i].is_categorical(); }
  [[nodiscard]] std::size_t n_choices(std::size_t i) const { return space().param(i).n_choices; }
  // Prior probability of a choice.
  [[nodiscard]] double probability(std::size_t i, std::size_t choice) const {
    return scale_.quantiles(i, static_cast<double>(choice)).mass();
  }
  // Of a value of parameter i.
  [[nodiscard]] Cell cell(std::size_t i, double value) const;
  [[nodiscard]] Code encode(ConstRow row) const;
  // The number with normal score z.
  [[nodiscard]] double number(std::size_t i, double z) const { return scale_.value(i, normal_cdf(z)); }

 private:
  samplers::PriorScale scale_;
};

// A normal distribution of one number's score, seen through its cell.
struct NormalView {
  double log_ratio;      // log of its mass or density in the cell, relative to the prior's
  double slope, spread;  // derivatives of that by mean, times sd, and by log(sd)
};
NormalView look(const Cell& cell, double mean, double sd);

}  // namespace nascent::vi
