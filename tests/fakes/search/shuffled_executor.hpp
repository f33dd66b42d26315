// An executor of pretended workers that finish in random order, and can be killed.
#pragma once

#include <deque>
#include <functional>
#include <random>

#include "nascent/core/executor.hpp"

namespace nascent::fakes {

class ShuffledExecutor final : public core::Executor {
 public:
  // Fills state and metrics of a trial.
  using Evaluate = std::function<void(core::Trial&)>;
  enum class Rows { queued_first, finished_only };
  struct Setup {
    std::size_t workers = 1;
    std::uint64_t order = 1;                          // seed of the order of finishing
    Rows rows = Rows::queued_first;
    std::size_t dies_after = ~std::size_t{0};         // trials; then next() fails
    bool dies_before_handing_out = false;             // rows are stored, nobody hears of them
    std::size_t stalls_after = ~std::size_t{0};       // trials; what runs then never ends by itself
    std::function<void(std::size_t finished)> between;  // before each next()
  };

  ShuffledExecutor(core::Store& store, core::Coordinator coordinator, Setup setup, Evaluate evaluate)
      : store_(store), coordinator_(coordinator), setup_(std::move(setup)), evaluate_(std::move(evaluate)), random_(setup_.order) {}

  core::Result<void> start() override {
    started_ = true;
    return {};
  }
  core::Result<void> submit(const core::Trial& trial) override {
    queue_.push_back(trial);
    ++submitted_;
    return {};
  }
  core::Result<std::vector<core::Trial>> next(std::chrono::milliseconds) override {
    if (setup_.between) setup_.between(finished_);
    if (cancelled_) running_.clear();
    while (!stopped_ && running_.size() < setup_.workers && !queue_.empty()) {
      running_.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    most_running_ = std::max(most_running_, running_.size());
    std::vector<core::Trial> done;
    std::shuffle(running_.begin(), running_.end(), random_);
    const std::size_t n = running_.empty() ? 0 : 1 + random_() % running_.size();
    for (std::size_t i = 0; i < n && finished_ + done.size() < std::min(setup_.dies_after, setup_.stalls_after); ++i) {
      core::Trial trial = std::move(running_.back());
      running_.pop_back();
      trial.state = core::TrialState::completed;
      evaluate_(trial);
      done.push_back(std::move(trial));
    }
    if (!done.empty()) {
      if (auto stored = store_.record_finished(coordinator_, done); !stored) return tl::unexpected<core::Error>(stored.error());
    }
    finished_ += done.size();
    if (finished_ >= setup_.dies_after && (done.empty() || setup_.dies_before_handing_out)) {
      return core::fail(core::ErrorKind::system, "killed");
    }
    return done;
  }
  [[nodiscard]] std::size_t capacity() const override { return setup_.workers; }
  [[nodiscard]] std::vector<core::RunningTrial> running() const override { return {}; }
  void stop(core::StopMode mode) override {
    if (mode == core::StopMode::cancel) cancelled_ = true;
    stopped_ = true;
  }
  core::Result<std::vector<core::Metric>> evaluate_test(core::TrialId) override { return std::vector<core::Metric>{}; }
  [[nodiscard]] bool needs_queued_rows() const override { return setup_.rows == Rows::queued_first; }

  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] std::size_t submitted() const { return submitted_; }
  [[nodiscard]] std::size_t most_running() const { return most_running_; }

 private:
  core::Store& store_;
  core::Coordinator coordinator_;
  Setup setup_;
  Evaluate evaluate_;
  std::mt19937_64 random_;
  std::deque<core::Trial> queue_;
  std::vector<core::Trial> running_;
  std::size_t finished_ = 0, submitted_ = 0, most_running_ = 0;
  std::atomic<bool> stopped_ = false, cancelled_ = false;  // set by any thread
  bool started_ = false;
};

}  // namespace nascent::fakes
