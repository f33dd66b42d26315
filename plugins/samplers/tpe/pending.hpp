// The trials that are asked and not yet told, as the estimates need them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "axis.hpp"
#include "nascent/sampler.hpp"
#include "shared/known.hpp"

namespace nascent::tpe {

// With thousands of workers most pending trials were pending at the last ask too: what follows from a configuration is worked
// out once, and kept for as long as the trial is pending with that configuration. What it holds after update() follows from
// that call alone.
class Pending {
 public:
  struct Trial {
    std::uint64_t id;
    Point point;
    Coordinates at;
  };

  // `coordinates`: of a configuration. True when anything differs from what was pending before.
  bool update(Observations now, const std::function<Coordinates(ConstRow)>& coordinates);

  // In the order of the last update().
  [[nodiscard]] std::span<const Trial> trials() const { return trials_; }
  [[nodiscard]] const samplers::Known& known() const { return known_; }

 private:
  [[nodiscard]] bool is_same(Observations now) const;

  std::vector<Trial> trials_, fresh_;
  std::vector<std::uint64_t> ids_;    // of the trials, and their configurations: compared as a whole, most lists are the same
  std::vector<double> x_;             // [trials][n_params]
  std::vector<std::uint8_t> active_;  // [trials][n_params]
  samplers::Known known_;
};

}  // namespace nascent::tpe
