// Which rows are held out of training to judge the trials.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nascent::core {

// Rows of one split, each list sorted; together all rows, none twice.
struct Holdout {
  std::vector<std::int64_t> kept, held_out;
};

// Every class of `labels` gives its share (rounded; at least one row of each class that has two or more stays and one
// goes). The same seed gives the same rows.
Holdout hold_out_stratified(std::span<const std::int64_t> labels, double share, std::uint64_t seed);
// `share` of `rows` rows, at least one kept and one held out.
Holdout hold_out_random(std::int64_t rows, double share, std::uint64_t seed);
// Whole groups, in random order, until `share` of the rows is reached; at least one group is kept.
Holdout hold_out_groups(std::span<const std::int64_t> groups, double share, std::uint64_t seed);
// The newest rows; ties stand in row order.
Holdout hold_out_newest(std::span<const double> times, double share);

}  // namespace nascent::core
