// A study of the fake components on disk, and its trials run by a real executor.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nascent/core/executor.hpp"
#include "nascent/core/resolved_study.hpp"
#include "nascent/core/seeds.hpp"
#include "nascent/core/store.hpp"
#include "support/files.hpp"

namespace nascent::core::test {

namespace fs = std::filesystem;

template <class T>
T take(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    throw std::runtime_error(result.error().message);
  }
  return std::move(*result);
}
inline void take(Result<void> result) { ASSERT_TRUE(result) << result.error().message; }

using nascent::test::TemporaryFolder;

// Objective val_loss, four epochs, the "moody" trainer; `trainer`, `workers` and `more` are lines of TOML.
struct StudyText {
  std::string trainer, workers, more;
  std::string objective = "val_loss";
  std::string store = "study.db";
};

class OpenStudy {
 public:
  OpenStudy(const fs::path& folder, const StudyText& text)
      : catalog_(take(PluginCatalog::discover({{NASCENT_FAKES_DIR}, {}, {}}))) {
    const bool trains = text.trainer != "none";
    const std::string toml = fmt::format(
        "[study]\nname = \"s\"\nseed = 7\nparallel = 2\nstore = \"{}\"\n"
        "[objective]\nmetric = \"{}\"\ndirection = \"minimize\"\n[stop]\ntrials = 10\n[budget]\nepochs = 4\n"
        "[space]\ntype = \"plane\"\n[sampler]\ntype = \"random\"\n{}{}\n"
        "[workers]\ncount = 2\n{}\n{}\n[plugins]\npath = [\"{}\", \"{}\"]\n",
        text.store, text.objective, trains ? "[trainer]\ntype = \"moody\"\n" : "", trains ? text.trainer : "",
        text.workers, text.more, NASCENT_FAKES_DIR, NASCENT_TEST_PLUGIN_DIR);
    study_ =
        std::make_unique<ResolvedStudy>(take(resolve_study(take(parse_study(toml, "study.toml", folder)), catalog_)));
    store_ = take(Store::open(study_->config.store));
    StudyRecord record;
    record.name = study_->config.name;
    record.seed = study_->config.seed;
    record.resolved_config = resolved_toml(study_->config);
    record.objectives_json = "[]";
    const auto known = take(store_->study(record.name));
    if (!known) {
      const auto facts = take(dataset_facts(catalog_, *study_));
      const StudySpace space =
          take(create_space(catalog_, *study_, facts ? std::optional(facts->shape) : std::nullopt));
      record.space_json = space.to_json();
      record.space_fingerprint = "f";
      n_parameters_ = space.size();
    }
    coordinator_ = take(store_->acquire_coordinator(known ? known->id : take(store_->create_study(record))));
  }

  [[nodiscard]] Store& store() const { return *store_; }
  [[nodiscard]] const Coordinator& coordinator() const { return coordinator_; }
  [[nodiscard]] const ResolvedStudy& study() const { return *study_; }
  [[nodiscard]] PluginCatalog& catalog() { return catalog_; }
  [[nodiscard]] fs::path artifacts() const { return artifacts_folder(study_->config.store, "s"); }

  // Trial `id` at a point that follows from its number; a lifted option takes `lifted`.
  [[nodiscard]] Trial trial(TrialId id, double lifted = 0) const {
    Trial trial;
    trial.id = id;
    trial.seed = training_seed(7, id);
    trial.configuration.x.assign(n_parameters_, lifted);
    trial.configuration.x[0] = 0.05 * static_cast<double>(id % 20);
    trial.configuration.x[1] = 0.5;
    trial.configuration.active.assign(n_parameters_, 1);
    return trial;
  }

  [[nodiscard]] WorkersSetup workers_setup() const {
    WorkersSetup setup;
    setup.store_location = study_->config.store;
    setup.study_name = "s";
    setup.config = study_->config.workers;
    setup.worker_program = NASCENT_WORKER_PROGRAM;
    setup.stop_grace_seconds = 0.5;
    return setup;
  }
  [[nodiscard]] std::unique_ptr<Executor> workers(DecideVerdict decide = {}) const {
    return workers_executor(*store_, coordinator_, workers_setup(), std::move(decide));
  }

  // Queues trials and has them run; the finished rows by id. Stops at an error, which goes to `error`.
  std::map<TrialId, Trial> run(Executor& executor, const std::vector<Trial>& trials, Error* error = nullptr) {
    if (executor.needs_queued_rows()) take(store_->enqueue(coordinator_, trials));
    for (const Trial& trial : trials) take(executor.submit(trial));
    return drain(executor, trials.size(), error);
  }
  static std::map<TrialId, Trial> drain(Executor& executor, std::size_t n, Error* error = nullptr) {
    std::map<TrialId, Trial> finished;
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (finished.size() < n && std::chrono::steady_clock::now() < give_up) {
      auto some = executor.next(std::chrono::milliseconds(500));
      if (!some) {
        if (error == nullptr) ADD_FAILURE() << some.error().message;
        if (error != nullptr) *error = some.error();
        break;
      }
      for (Trial& trial : *some) finished.emplace(trial.id, std::move(trial));
    }
    return finished;
  }

 private:
  PluginCatalog catalog_;
  std::unique_ptr<ResolvedStudy> study_;
  std::unique_ptr<Store> store_;
  Coordinator coordinator_;
  std::size_t n_parameters_ = 0;
};

inline double metric(const Trial& trial, std::string_view name) {
  for (const Metric& m : trial.metrics) {
    if (m.name == name) return m.value;
  }
  ADD_FAILURE() << "trial " << trial.id << " has no metric " << name << ": " << trial.message;
  return 0;
}

}  // namespace nascent::core::test
