// What a search has told, in the form a forest learns from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "nascent/pareto.hpp"
#include "nascent/sampler.hpp"
#include "surrogate/encoder.hpp"

namespace nascent::surrogate {

// Rows in the order told. Completed and pruned trials with finite values have a result; failed and invalid ones, and
// those whose values are not finite, teach only where trials fail.
class Evidence {
 public:
  Evidence(const Encoder& encoder, std::size_t n_objectives, std::size_t n_constraints)
      : encoder_(&encoder), n_objectives_(n_objectives), n_constraints_(n_constraints) {}

  void add(const Observation& observation);

  [[nodiscard]] std::size_t size() const { return points_.size(); }
  // Did one of the first n trials complete?
  [[nodiscard]] bool any_completed(std::size_t n) const { return first_completed_ < n; }
  [[nodiscard]] std::size_t n_objectives() const { return n_objectives_; }
  [[nodiscard]] std::size_t n_constraints() const { return n_constraints_; }
  [[nodiscard]] const Encoder& encoder() const { return *encoder_; }

  [[nodiscard]] const Point& point(std::size_t i) const { return points_[i]; }
  // [encoder().size()]
  [[nodiscard]] std::span<const double> encoded(std::size_t i) const {
    return {encoded_.data() + i * encoder_->size(), encoder_->size()};
  }
  [[nodiscard]] bool failed(std::size_t i) const { return state_[i] == State::failed; }
  [[nodiscard]] bool completed(std::size_t i) const { return state_[i] == State::completed; }
  // [n_objectives], minimised; 0 where the trial failed.
  [[nodiscard]] std::span<const double> values(std::size_t i) const {
    return {values_.data() + i * n_objectives_, n_objectives_};
  }
  // [n_constraints], satisfied when <= 0; +infinity for NaN.
  [[nodiscard]] std::span<const double> constraints(std::size_t i) const {
    return {constraints_.data() + i * n_constraints_, n_constraints_};
  }
  [[nodiscard]] double violation(std::size_t i) const { return violations_[i]; }

  // Which of the first n rows a forest learns from, ascending; at most n_max >= 4. All of them if they are so few; else
  // the undominated ones (constrained domination), newest first, up to a quarter; the newest up to a half; and a random
  // choice of the rest. None but the first quarter is chosen by its outcome, which would bias what is learnt from it.
  [[nodiscard]] std::vector<std::size_t> selection(std::size_t n, std::size_t n_max) const;

 private:
  enum class State : std::uint8_t { completed, pruned, failed };
  [[nodiscard]] std::vector<std::size_t> undominated(std::size_t n, std::size_t n_max) const;

  const Encoder* encoder_;
  std::size_t n_objectives_, n_constraints_;
  std::size_t first_completed_ = std::numeric_limits<std::size_t>::max();
  std::vector<Point> points_;
  std::vector<State> state_;
  std::vector<double> encoded_, values_, constraints_, violations_;
};

}  // namespace nascent::surrogate
