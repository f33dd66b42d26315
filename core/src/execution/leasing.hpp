// Which trials workers may take that their coordinator did not start, and so cannot end.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nascent/core/store.hpp"

namespace nascent::core {

// What a study's coordinator lets them take. It is kept in the study's diary: as long as nothing stands there, all.
enum class Takeable { all, final, none };
Result<void> let_workers_take(Store& store, StudyId study, Takeable trials);

// A worker's side of it.
class Leasing {
 public:
  Leasing(Store& store, StudyId study) : store_(store), study_(study) {}
  // As Store::lease, of what may be taken while the study runs; empty when that is nothing.
  Result<std::optional<Store::LeasedTrial>> lease(std::string_view worker, double lease_seconds);
  // Reads on in the diary.
  Result<Takeable> takeable();

 private:
  Store& store_;
  StudyId study_;
  std::uint64_t read_to_ = 0;
  Takeable takeable_ = Takeable::all;
};

}  // namespace nascent::core
