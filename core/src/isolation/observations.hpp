// The columns of nas_obs on their way to another process.
#pragma once

#include <nascent/abi.h>

#include <cstdint>
#include <vector>

#include "isolation/wire.hpp"

namespace nascent::core::isolation {

// `observations` may be null.
void put(Packer& to, const nas_obs* observations);

// Columns of one's own. Stays where it is: view() points into it.
class Observations {
 public:
  explicit Observations(Unpacker& from);
  Observations(const Observations&) = delete;
  Observations& operator=(const Observations&) = delete;
  // Null where there were none.
  [[nodiscard]] const nas_obs* view() const { return present_ ? &columns_ : nullptr; }

 private:
  bool present_ = false;
  nas_obs columns_{};
  nas_rows rows_{};
  std::vector<std::uint64_t> trial_id_, parent_;
  std::vector<std::uint32_t> state_;
  std::vector<double> budget_, values_, constraints_, cost_seconds_, metrics_, x_;
  std::vector<std::uint8_t> accepted_, active_;
};

}  // namespace nascent::core::isolation
