// Which rows are held out as the test split.
#pragma once

#include <cstdint>
#include <vector>

namespace nascent::csv {

struct RowSplit {
  std::vector<std::size_t> train, test;  // ascending
};

// Rounded share * n rows, at random.
RowSplit split_at_random(std::size_t n, double share, std::uint64_t seed);
// As many of each class as its share, at random: label[i] in 0 .. n_classes-1.
RowSplit split_by_class(const std::vector<std::int64_t>& label, double share, std::uint64_t seed);
// Whole groups, at random, until the share is reached.
RowSplit split_by_group(const std::vector<std::int64_t>& group, double share, std::uint64_t seed);
// The latest rows; rows of equal time stay together in train.
RowSplit split_by_time(const std::vector<double>& time, double share);

}  // namespace nascent::csv
