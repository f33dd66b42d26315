// The parts of the training rows that a budget in `fraction` goes through: each holds the one before, and is twice as large.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nascent::libtorch {

class Parts {
 public:
  // Shares `first`, 2 `first`, 4 `first` and so on below `last`, then `last` itself, in (0, 1]; `passes` epochs over each.
  Parts(std::int64_t rows, double first, double last, std::int64_t passes);

  [[nodiscard]] std::int64_t epochs() const;  // over all parts
  // Of the part that epoch `epoch`, from 0, goes over; beyond the end, of the last one.
  [[nodiscard]] double share(std::int64_t epoch) const { return shares_[part(epoch)]; }
  [[nodiscard]] std::int64_t rows(std::int64_t epoch) const;  // the share of all rows, at least 2 where there are as many
  [[nodiscard]] bool ends_part(std::int64_t epoch) const { return (epoch + 1) % passes_ == 0; }
  // Rows that the epochs before `epoch` go over, each as often as it is seen.
  [[nodiscard]] std::int64_t rows_before(std::int64_t epoch) const;

 private:
  [[nodiscard]] std::size_t part(std::int64_t epoch) const;

  std::int64_t rows_, passes_;
  std::vector<double> shares_;
};

// The rows, by position, in the one order of which a part is the beginning. A function of their number and their classes alone: all
// trials of a study go through the same parts, on any machine. Every class is there among the first rows, as many as there are classes,
// and from then on in its proportion. classes: of each row; empty where the target is no class.
std::vector<std::int64_t> order_of_parts(std::int64_t rows, std::span<const std::int64_t> classes);

}  // namespace nascent::libtorch
