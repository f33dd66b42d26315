#include "failure_rate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace nascent::core {

double wilson_lower_bound(std::size_t failed, std::size_t n, double z) {
  if (n == 0) return 0;
  const auto count = static_cast<double>(n);
  const double share = static_cast<double>(failed) / count, z2 = z * z / count;
  return (share + z2 / 2 - z * std::sqrt((share * (1 - share) + z2 / 4) / count)) / (1 + z2);
}

void FailureRate::see(const Trial& landed) {
  if (verdict_ || landed.state == TrialState::invalid) return;
  const bool failed = landed.state == TrialState::failed && landed.reason != FailureReason::diverged;
  window_.push_back(failed ? Seen{landed.reason, landed.message} : Seen{FailureReason::none, {}});
  failed_ += failed ? 1 : 0;
  if (window_.size() > kWindow) {
    failed_ -= window_.front().reason != FailureReason::none ? 1 : 0;
    window_.pop_front();
  }
  if (!failed || wilson_lower_bound(failed_, window_.size(), kStandardErrors) <= rate_max_) return;
  verdict_ = Error{ErrorKind::plugin,
                   fmt::format("{} of the last {} trials failed, which workers.failure_rate_max = {:g} takes for a broken set-up: "
                               "{}; mend the cause and resume the study, or go on all the same with --set "
                               "workers.failure_rate_max=1",
                               failed_, window_.size(), rate_max_, most_frequent_reasons())};
}

std::string FailureRate::most_frequent_reasons() const {
  struct Group {
    FailureReason reason;
    std::size_t n = 0;
    const std::string* newest = nullptr;
  };
  std::array<Group, kFailureReasonNames.size()> groups{};
  for (std::size_t r = 0; r < groups.size(); ++r) groups[r].reason = static_cast<FailureReason>(r);
  for (const Seen& seen : window_) {
    if (seen.reason == FailureReason::none) continue;
    Group& group = groups[static_cast<std::size_t>(seen.reason)];
    ++group.n;
    group.newest = &seen.message;
  }
  std::ranges::stable_sort(groups, std::ranges::greater(), &Group::n);
  std::vector<std::string> texts;
  for (std::size_t g = 0; g < 3 && groups[g].n > 0; ++g)
    texts.push_back(fmt::format("{} {}, the last one: {}", groups[g].n, name_of(groups[g].reason), *groups[g].newest));
  return fmt::format("{}", fmt::join(texts, "; "));
}

}  // namespace nascent::core
