// Which attempts have gone without a sign of life for too long.
#pragma once

#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "nascent/core/store.hpp"

namespace nascent::core {

// A heartbeat moves the end of its lease; how long an end has stood still is measured here. It is not compared with the
// time of day, which may be set while trials run, and differs between machines.
class Silence {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Silence(double lease_seconds)
      : longest_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(lease_seconds))) {}

  // `open`: all open attempts as they are at `now`. Those whose lease has stood still since a call `lease_seconds` ago.
  std::vector<LeaseRecord> longer_than_a_lease(const std::vector<LeaseRecord>& open, Clock::time_point now) {
    std::map<Key, Seen> seen;
    std::vector<LeaseRecord> silent;
    for (const LeaseRecord& record : open) {
      const Key key{record.lease.trial, record.lease.attempt};
      const auto before = seen_.find(key);
      const bool stands = before != seen_.end() && before->second.expires_at == record.expires_at;
      const Clock::time_point since = stands ? before->second.since : now;
      seen[key] = {record.expires_at, since};
      if (now - since >= longest_) silent.push_back(record);
    }
    seen_ = std::move(seen);
    return silent;
  }

 private:
  using Key = std::pair<TrialId, std::uint32_t>;
  struct Seen {
    double expires_at;
    Clock::time_point since;
  };
  Clock::duration longest_;
  std::map<Key, Seen> seen_;
};

}  // namespace nascent::core
