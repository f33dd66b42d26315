// How an attempt that ended in a pause is told from others.
#pragma once

#include <string_view>
#include <vector>

#include "nascent/core/store.hpp"

namespace nascent::core::store {

// Its message.
inline constexpr std::string_view kPausedMessage = "paused";

// Reports in order of attempt, one list for each.
inline std::vector<std::vector<ReportRecord>> by_attempt(const std::vector<ReportRecord>& reports) {
  std::vector<std::vector<ReportRecord>> lists;
  for (const ReportRecord& r : reports) {
    if (lists.empty() || lists.back().back().attempt != r.attempt) lists.emplace_back();
    lists.back().push_back(r);
  }
  return lists;
}

}  // namespace nascent::core::store
