// A study in memory whose search a test runs, kills and continues.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nascent/space_builder.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "nascent/core/search.hpp"
#include "proposals.hpp"
#include "shuffled_executor.hpp"
#include "telltale.hpp"
#include "verdicts.hpp"

namespace nascent::core::test {

template <class T>
T take(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

inline nascent::SpaceDeclaration plane() {
  nascent::SpaceBuilder s;
  s.real("x", 0, 1);
  s.real("y", 0, 1);
  return s.declaration();
}

// A point of the plane.
inline nascent::Point at(double x, double y) {
  nascent::Point p(2);
  p.x = {x, y};
  p.active = {1, 1};
  return p;
}

inline StudyConfig study_config(std::uint32_t parallel = 1, std::uint64_t trials = 12) {
  StudyConfig config;
  config.name = "study";
  config.seed = 3;
  config.parallel = parallel;
  config.duplicates = Duplicates::retrain;
  config.objectives = {{"loss", Direction::minimize}};
  config.stop.trials = trials;
  return config;
}

// (x - 0.3)^2 + y; every tenth part of the plane fails.
inline void bowl(Trial& trial) {
  const double x = trial.configuration.x[0], y = trial.configuration.x[1];
  if (y > 0.9) {
    trial.state = TrialState::failed;
    trial.reason = FailureReason::diverged;
    return;
  }
  trial.budget_spent = 1;
  trial.cost_seconds = 1;
  trial.metrics = {{"loss", (x - 0.3) * (x - 0.3) + y}, {"size", x}};
}

class StudyInMemory {
 public:
  using Setup = nascent::fakes::ShuffledExecutor::Setup;

  explicit StudyInMemory(StudyConfig config, StudySpace space = StudySpace(plane()))
      : config_(std::move(config)), space_(std::move(space)), store_(take(Store::open(":memory:"))) {
    StudyRecord record;
    record.name = config_.name;
    record.seed = config_.seed;
    record.parallel = config_.parallel;
    record.space_json = space_.to_json();
    id_ = take(store_->create_study(record));
    coordinator_ = take(store_->acquire_coordinator(id_));
  }

  // One run of the study, as a fresh process would do it.
  template <class Sampler = nascent::fakes::Telltale>
  Result<SearchOutcome> run(Setup setup = {}, const nascent::fakes::ShuffledExecutor::Evaluate& evaluate = bowl) {
    static_cast<void>(store_->release(coordinator_));
    coordinator_ = take(store_->acquire_coordinator(id_));
    Search search({&config_, &space_, store_.get(), coordinator_, observer_}, make<Sampler, nas_sampler_vt>(sampler_arg()));
    executor_ = std::make_unique<nascent::fakes::ShuffledExecutor>(*store_, coordinator_, std::move(setup), evaluate);
    return search.run(*executor_, *stop_);
  }

  template <class Component, class Table, class Arg>
  static Instance<Table> make(const Arg& arg) {
    const nas_config none{sizeof(nas_config), 0, 0, nullptr};
    auto instance = Instance<Table>::create(nascent::ComponentOf<Component>::value, none, &arg);
    if (!instance) throw std::runtime_error(instance.error().message);
    return std::move(*instance);
  }
  [[nodiscard]] nas_sampler_arg sampler_arg() const { return search::sampler_arg(config_, space_); }

  [[nodiscard]] std::vector<Trial> trials() const { return take(store_->trials(id_)); }
  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] const nascent::fakes::ShuffledExecutor& executor() const { return *executor_; }
  [[nodiscard]] Search::Setup setup() { return {&config_, &space_, store_.get(), coordinator_, observer_}; }
  [[nodiscard]] Coordinator coordinator() const { return coordinator_; }
  void watch(SearchObserver* observer) { observer_ = observer; }
  StopRequest& stop() { return *stop_; }
  void forget_stop() { stop_ = std::make_unique<StopRequest>(); }
  StudyConfig& config() { return config_; }

 private:
  StudyConfig config_;
  StudySpace space_;
  std::unique_ptr<Store> store_;
  StudyId id_ = 0;
  Coordinator coordinator_;
  SearchObserver* observer_ = nullptr;
  std::unique_ptr<StopRequest> stop_ = std::make_unique<StopRequest>();
  std::unique_ptr<nascent::fakes::ShuffledExecutor> executor_;
};

// Everything of a trial that a deterministic study repeats.
inline void expect_same(const std::vector<Trial>& a, const std::vector<Trial>& b, const std::string& what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].id, b[i].id) << what;
    EXPECT_EQ(a[i].configuration, b[i].configuration) << what << ", trial " << i;
    EXPECT_EQ(a[i].seed, b[i].seed) << what << ", trial " << i;
    EXPECT_EQ(a[i].state, b[i].state) << what << ", trial " << i;
    EXPECT_EQ(a[i].metrics, b[i].metrics) << what << ", trial " << i;
    EXPECT_EQ(a[i].accepted, b[i].accepted) << what << ", trial " << i;
    EXPECT_EQ(a[i].duplicate_of, b[i].duplicate_of) << what << ", trial " << i;
    EXPECT_EQ(a[i].architecture_hash, b[i].architecture_hash) << what << ", trial " << i;
    EXPECT_EQ(a[i].message, b[i].message) << what << ", trial " << i;
  }
}

}  // namespace nascent::core::test
