// Pretended workers that train one epoch at a time in random order, pause, and go on from checkpoints; they can be killed.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <map>
#include <random>
#include <set>

#include "execution/trial_files.hpp"
#include "nascent/core/executor.hpp"

namespace nascent::fakes {

// What a killed run leaves behind besides the store: reports beside the checkpoints, and notes for the test.
struct NurseryWorld {
  std::map<core::TrialId, std::vector<core::Report>> reports;
  std::size_t most_alive = 0;  // trials that had not ended
  std::size_t epochs_trained = 0;
  std::vector<std::string> faults;
};

// What a trial has learnt is one number, `skill`: each epoch adds more to it the nearer the rate (the configuration's last
// value) is to what is best at that epoch, which changes. loss = 10 - skill.
class Nursery final : public core::Executor {
 public:
  struct Setup {
    std::size_t workers = 1;
    std::uint64_t order = 1;
    double budget = 4;
    double drift = 0.5;                                  // of the best rate, in powers of ten an epoch
    std::size_t dies_after = ~std::size_t{0};            // epochs; then next() fails
    std::function<bool(const core::Trial&, double epoch)> fails{};  // there, before the report
    bool writes_checkpoints = true;
  };

  Nursery(core::Store& store, core::Coordinator coordinator, std::filesystem::path artifacts, core::DecideVerdict decide,
          NurseryWorld& world, Setup setup)
      : store_(store),
        coordinator_(coordinator),
        artifacts_(std::move(artifacts)),
        decide_(std::move(decide)),
        world_(world),
        setup_(std::move(setup)),
        random_(setup_.order) {}

  // What an epoch adds.
  static double gain(double rate, double epoch, double drift) { return 1 / (1 + std::abs(std::log10(rate) + 1 + drift * epoch)); }

  core::Result<void> start() override {
    auto open = store_.open_leases(coordinator_.study);
    if (!open) return tl::unexpected<core::Error>(open.error());
    for (const core::LeaseRecord& record : *open) {
      const auto queued = store_.requeue(coordinator_, record.lease, core::FailureReason::none, "interrupted");
      if (!queued) return tl::unexpected<core::Error>(queued.error());
    }
    return {};
  }
  core::Result<void> submit(const core::Trial& trial) override {
    submitted_.insert(trial.id);
    return {};
  }
  core::Result<std::vector<core::Trial>> next(std::chrono::milliseconds) override {
    while (!stopped_ && running_.size() < setup_.workers) {
      auto leased = store_.lease(coordinator_.study, "nursery", 1e9);
      if (!leased) return tl::unexpected<core::Error>(leased.error());
      if (!*leased) break;
      begin(std::move(**leased));
    }
    // What an earlier run has queued, and this one has not come to, waits: nobody can judge its reports.
    const auto waits = [this](const Worker& w) { return !submitted_.contains(w.trial.id); };
    const auto trainable = running_.end() - std::partition(running_.begin(), running_.end(), waits);
    if (trainable == 0) {
      if (++idle_ > 1000) return core::fail(core::ErrorKind::system, "dead-lock");
      return std::vector<core::Trial>{};
    }
    idle_ = 0;
    if (trained_++ >= setup_.dies_after) return core::fail(core::ErrorKind::system, "killed");
    ++world_.epochs_trained;
    std::swap(running_[running_.size() - 1 - random_() % static_cast<std::size_t>(trainable)], running_.back());
    return train(running_.back());
  }
  [[nodiscard]] std::size_t capacity() const override { return setup_.workers; }
  [[nodiscard]] std::vector<core::RunningTrial> running() const override { return {}; }
  void stop(core::StopMode) override { stopped_ = true; }
  core::Result<std::vector<core::Metric>> evaluate_test(core::TrialId) override { return std::vector<core::Metric>{}; }
  [[nodiscard]] bool needs_queued_rows() const override { return true; }

 private:
  struct Worker {
    core::Lease lease;
    core::Trial trial;
    double epoch = 0, skill = 0;
  };
  [[nodiscard]] std::filesystem::path state_in(core::TrialId trial, const char* folder) const {
    return artifacts_ / core::trial_folder(trial) / folder / "state";
  }

  void begin(core::Store::LeasedTrial leased) {
    Worker w{leased.lease, std::move(leased.trial)};
    const core::TrialId id = w.trial.id;
    const bool is_child = w.trial.parent.has_value();
    if (std::ifstream own(state_in(id, "checkpoint")); own) {
      own >> w.epoch >> w.skill;
    } else if (is_child) {
      std::ifstream inherited(state_in(id, "inherited"));
      if (!(inherited >> w.epoch >> w.skill)) world_.faults.push_back("trial " + std::to_string(id) + " has inherited nothing");
      if (w.epoch != w.trial.budget_spent) world_.faults.push_back("trial " + std::to_string(id) + " has inherited too late");
    }
    auto& reports = world_.reports[id];
    std::erase_if(reports, [&](const core::Report& r) { return r.budget > w.epoch; });
    for (const core::Report& r : reports) static_cast<void>(store_.report(w.lease, r, core::VerdictWanted::no));
    running_.push_back(std::move(w));
    std::size_t n_alive = 0;
    const auto all = store_.trials(coordinator_.study);
    for (const core::Trial& trial : *all) n_alive += trial.finished() ? 0 : 1;
    world_.most_alive = std::max(world_.most_alive, n_alive);
  }

  core::Result<std::vector<core::Trial>> train(Worker& w) {
    ++w.epoch;
    if (setup_.fails && setup_.fails(w.trial, w.epoch)) return end(w, core::TrialState::failed);
    w.skill += gain(w.trial.configuration.x.back(), w.epoch, setup_.drift);
    core::Report report{w.epoch, {{"loss", 10 - w.skill}}};
    world_.reports[w.trial.id].push_back(report);
    const auto receipt = store_.report(w.lease, report, core::VerdictWanted::yes);
    if (!receipt) return tl::unexpected<core::Error>(receipt.error());
    const core::Verdict verdict = decide_(w.trial.id, world_.reports[w.trial.id]);
    core::ReportRecord record;
    record.trial = w.trial.id;
    record.attempt = w.lease.attempt;
    record.number = receipt->number;
    if (auto set = store_.set_verdict(coordinator_, record, verdict); !set) return tl::unexpected<core::Error>(set.error());
    if (setup_.writes_checkpoints) {
      std::filesystem::create_directories(state_in(w.trial.id, "checkpoint").parent_path());
      std::ofstream(state_in(w.trial.id, "checkpoint")) << std::setprecision(17) << w.epoch << ' ' << w.skill;
    }
    w.trial.metrics = report.metrics;
    w.trial.budget_spent = w.epoch;
    if (verdict == core::Verdict::pause) return end(w, core::TrialState::paused);
    if (verdict == core::Verdict::stop) return end(w, core::TrialState::pruned);
    if (w.epoch >= setup_.budget) return end(w, core::TrialState::completed);
    return std::vector<core::Trial>{};
  }

  core::Result<std::vector<core::Trial>> end(Worker& w, core::TrialState state) {
    w.trial.state = state;
    if (state == core::TrialState::failed) {
      w.trial.reason = core::FailureReason::diverged;
      w.trial.metrics.clear();
    }
    const core::TrialId id = w.trial.id;
    const auto held = store_.finish(w.lease, w.trial);
    if (!held) return tl::unexpected<core::Error>(held.error());
    running_.pop_back();
    submitted_.erase(id);
    auto row = store_.trial(coordinator_.study, id);
    if (!row) return tl::unexpected<core::Error>(row.error());
    if (state != core::TrialState::paused) core::TrialFiles::close(artifacts_, id);
    return std::vector<core::Trial>{std::move(**row)};
  }

  core::Store& store_;
  core::Coordinator coordinator_;
  std::filesystem::path artifacts_;
  core::DecideVerdict decide_;
  NurseryWorld& world_;
  Setup setup_;
  std::mt19937_64 random_;
  std::vector<Worker> running_;
  std::set<core::TrialId> submitted_;
  std::size_t idle_ = 0, trained_ = 0;
  std::atomic<bool> stopped_ = false;  // set by any thread
};

}  // namespace nascent::fakes
