// A family of distributions over configurations: drawn from, evaluated, and moved uphill.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "encoding.hpp"
#include "nascent/rng.hpp"

namespace nascent::vi {

// A configuration with what it speaks for: its importance weight and its reward.
struct Sample {
  const Code* code = nullptr;
  double weight = 1, reward = 0;
};

// The normal distribution of a number's score.
struct Normal {
  double mean = 0, log_sd = 0;
};

// q(x) = product over the active parameters of q(x_i | the parameters before it): categorical for choices, normal on the
// normal score for numbers and ordinals. The initial member of every family is the prior.
class Family {
 public:
  explicit Family(const Encoding& encoding) : encoding_(&encoding) {}  // which outlives it
  virtual ~Family() = default;

  // Draws one configuration.
  void draw(Rng& rng, Row row) const;
  // log q(x) / prior(x). NaN for a configuration that the prior excludes.
  [[nodiscard]] double log_ratio(const Code& code) const;
  // Moves the parameters by `rate` times the natural gradient of the expected reward, or what comes near it, estimated
  // from weighted samples by the score function: Williams, "Simple statistical gradient-following algorithms for
  // connectionist reinforcement learning" (Machine Learning 8, 1992).
  virtual void ascend(std::span<const Sample> samples, double rate) = 0;
  [[nodiscard]] virtual std::unique_ptr<Family> clone() const = 0;

 protected:
  // Only what stands before parameter i in `before` may be looked at. Parameter i is free.
  // [n_choices] log probabilities, which may lie in `scratch`.
  virtual std::span<const double> choice(std::size_t i, const Code& before, std::vector<double>& scratch) const = 0;
  [[nodiscard]] virtual Normal number(std::size_t i, const Code& before) const = 0;
  [[nodiscard]] const Encoding& encoding() const { return *encoding_; }

 private:
  const Encoding* encoding_;
};

// The control variate of one parameter: rewards minus the weighted mean reward of the other samples in which it is active
// (leave one out: Kool, van Hoof, Welling, "Buy 4 REINFORCE samples, get a baseline for free!", 2019). Its expectation
// given the parameters before is zero, hence it does not bias the gradient.
class Baseline {
 public:
  Baseline(std::span<const Sample> samples, std::size_t parameter);
  [[nodiscard]] double advantage(const Sample& sample) const;
  [[nodiscard]] double weight() const { return weight_; }  // of all samples in which the parameter is active
  // Of one such sample, on average.
  [[nodiscard]] double mean_weight() const { return weight_ / static_cast<double>(size_); }

 private:
  double weight_ = 0, reward_ = 0;
  std::size_t size_ = 0;
};

// [n_choices] of the prior.
std::vector<double> prior_log_probabilities(const Encoding& encoding, std::size_t choice);
// Subtracts the logarithm of the sum of exponentials.
void normalise(std::vector<double>& log_probability);
// What one step may move at most: a log probability, a mean in units of its sd, a log sd. The estimate says little farther
// out.
double bounded(double move);
// Between a thousandth and three times the prior's.
double bounded_log_sd(double log_sd);

}  // namespace nascent::vi
