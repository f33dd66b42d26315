// The executor of a program that embeds the search and trains by itself.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nascent/core/executor.hpp"
#include "nascent/core/store.hpp"

namespace nascent::core::search {

// Hands trials to the program that embeds the search, and takes back what it tells.
class HandExecutor final : public Executor {
 public:
  HandExecutor(Store& store, Coordinator coordinator) : store_(store), coordinator_(coordinator) {}

  Result<void> start() override { return {}; }
  Result<void> submit(const Trial& trial) override {
    asked_.push_back(trial);
    return {};
  }
  Result<std::vector<Trial>> next(std::chrono::milliseconds) override {
    if (told_.empty()) return std::vector<Trial>{};
    if (auto stored = store_.record_finished(coordinator_, told_); !stored) return tl::unexpected<Error>(stored.error());
    return std::exchange(told_, {});
  }
  [[nodiscard]] std::size_t capacity() const override { return 1; }
  [[nodiscard]] std::vector<RunningTrial> running() const override { return {}; }
  void stop(StopMode) override { asked_.clear(); }
  Result<std::vector<Metric>> evaluate_test(TrialId) override {
    return fail(ErrorKind::invalid_input, "a study of a program has no dataset, and no test split");
  }
  [[nodiscard]] bool needs_queued_rows() const override { return false; }

  std::optional<Trial> ask() {
    if (asked_.empty()) return std::nullopt;
    open_.push_back(std::move(asked_.front()));
    asked_.pop_front();
    return open_.back();
  }
  Result<void> tell(TrialId id, TrialState state, FailureReason reason, std::string message, std::vector<Metric> metrics) {
    const auto trial = std::ranges::find(open_, id, &Trial::id);
    if (trial == open_.end()) {
      return fail(ErrorKind::invalid_input, fmt::format("trial {} is not open; tell what ask() gave, once", id));
    }
    trial->state = state;
    trial->reason = reason;
    trial->message = std::move(message);
    trial->metrics = std::move(metrics);
    told_.push_back(std::move(*trial));
    open_.erase(trial);
    return {};
  }
  // Handed out and not told.
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  Store& store_;
  Coordinator coordinator_;
  std::deque<Trial> asked_;
  std::vector<Trial> open_, told_;
};

}  // namespace nascent::core::search
