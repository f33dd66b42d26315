// Notices a study that has come to fail: so many of its recent trials have that its set-up must be broken.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "nascent/core/result.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core {

// Lower end of the interval in which the share of failures lies that brought `failed` of `n`: Wilson (1927), one-sided, at
// `z` standard errors. 0 for n = 0.
double wilson_lower_bound(std::size_t failed, std::size_t n, double z);

// Looks at the last kWindow trials that ran. A diverged one ran: it speaks of its configuration, not of the set-up.
class FailureRate {
 public:
  static constexpr std::size_t kWindow = 100;
  static constexpr double kStandardErrors = 3;  // one look in 740 is wrong where the rate is just `rate_max`

  explicit FailureRate(double rate_max) : rate_max_(rate_max) {}
  void see(const Trial& landed);
  // Set once the rate is above `rate_max`, as far as so many trials can tell. 1 is never reached.
  [[nodiscard]] const std::optional<Error>& verdict() const { return verdict_; }

 private:
  struct Seen {
    FailureReason reason;  // none: it ran
    std::string message;
  };
  [[nodiscard]] std::string most_frequent_reasons() const;

  double rate_max_;
  std::deque<Seen> window_;
  std::size_t failed_ = 0;  // of the window
  std::optional<Error> verdict_;
};

}  // namespace nascent::core
