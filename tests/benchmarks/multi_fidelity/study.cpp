#include "study.hpp"

#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include "nascent/core/search.hpp"
#include "nascent/core/seeds.hpp"
#include "snapped.hpp"

namespace nascent::multi_fidelity {
namespace {

constexpr const char* kMetric = "loss";

// Trains by looking into the table, and notes what has been found after how many epochs.
class TableRunner : public core::TrialRunner {
 public:
  TableRunner(const Problem& problem, const std::vector<double>& budgets, core::StopRequest& stop)
      : problem_(problem), budgets_(budgets), stop_(stop), started_(std::chrono::steady_clock::now()) {
    for (std::size_t i = 0; i < problem.pool.size(); ++i) candidates_[problem.pool[i]] = i;
  }

  void lead(core::Team&) override {}  // a table needs no team
  core::PluginResult<void> follow(const core::Trial&, const core::TeamPlace&) override { return {}; }

  core::Result<core::AttemptEnd> run(core::Trial& trial, core::TrialSession& session) override {
    ++trials_;
    const std::vector<double>& curve = problem_.curves[candidate(trial.configuration.x)];
    for (std::size_t l = 0; l < curve.size(); ++l) {
      if (problem_.levels[l].budget <= trial.budget_spent) continue;  // it goes on from its checkpoint
      spend(problem_.levels[l].cost);
      if (std::isnan(curve[l])) {
        trial.state = core::TrialState::failed;
        trial.reason = core::FailureReason::diverged;
        return core::AttemptEnd::finished;
      }
      if (l >= problem_.first_counted) best_ = std::min(best_, curve[l]);
      trial.budget_spent = problem_.levels[l].budget;
      trial.metrics = {{kMetric, curve[l]}};
      const auto verdict = session.report({trial.budget_spent, trial.metrics});
      if (!verdict) return tl::unexpected<core::Error>(verdict.error());
      if (*verdict == core::Verdict::pause) {
        trial.state = core::TrialState::paused;
        return core::AttemptEnd::paused;
      }
      if (*verdict == core::Verdict::stop) {
        trial.state = core::TrialState::pruned;
        return core::AttemptEnd::finished;
      }
    }
    trial.state = core::TrialState::completed;
    return core::AttemptEnd::finished;
  }
  [[nodiscard]] bool reports() const override { return true; }
  core::Result<std::vector<core::Metric>> evaluate_test(const core::Trial&) override { return std::vector<core::Metric>(); }

  // What was found by the end, where the sampler had nothing left before the epochs were spent, stays.
  std::vector<Checkpoint> seen() {
    while (seen_.size() < budgets_.size()) note();
    return seen_;
  }

 private:
  [[nodiscard]] std::size_t candidate(const std::vector<double>& x) const {
    if (!problem_.pool.empty()) return candidates_.at(x);
    std::size_t place = 0;
    const SpaceView space(problem_.space.view());
    for (std::size_t i = 0; i < x.size(); ++i) place = place * space[i].levels() + static_cast<std::size_t>(x[i]);
    return place;
  }
  // The value that the epochs buy counts only when all of them are paid.
  void spend(double epochs) {
    spent_ += epochs;
    while (seen_.size() < budgets_.size() && spent_ > budgets_[seen_.size()]) note();
    if (seen_.size() == budgets_.size()) stop_.cancel();
  }
  void note() {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    seen_.push_back({budgets_[seen_.size()], best_ - problem_.optimum, trials_, seconds});
  }

  const Problem& problem_;
  const std::vector<double>& budgets_;
  core::StopRequest& stop_;
  std::chrono::steady_clock::time_point started_;
  std::map<std::vector<double>, std::size_t> candidates_;
  double spent_ = 0, best_ = std::numeric_limits<double>::infinity();
  std::uint64_t trials_ = 0;
  std::vector<Checkpoint> seen_;
};

template <class T>
T take(core::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

core::StudyConfig config_of(const Choice& choice, const Problem& problem, std::uint64_t seed) {
  core::StudyConfig config;
  config.name = "study";
  config.seed = seed;
  config.parallel = 1;
  config.duplicates = core::Duplicates::retrain;  // a repeat costs what it costs
  config.objectives = {{kMetric, core::Direction::minimize}};
  config.budget.amount = problem.full_budget();
  if (choice.scheduler != nullptr) config.scheduler.emplace();
  return config;
}

}  // namespace

std::vector<Checkpoint> run(const Choice& choice, const Problem& problem, std::uint64_t seed, const std::vector<double>& budgets) {
  const core::StudyConfig config = config_of(choice, problem, seed);
  const core::StudySpace space{SpaceDeclaration(problem.space)};
  const auto store = take(core::Store::open(":memory:"));
  core::StudyRecord record;
  record.name = config.name;
  record.space_json = space.to_json();
  const auto coordinator = take(store->acquire_coordinator(take(store->create_study(record))));

  const nas_budget full{NAS_UNIT_EPOCH, 0, 0, problem.full_budget()};
  nas_sampler_arg arg{};
  arg.size = sizeof arg;
  arg.n_objectives = arg.parallel = 1;
  arg.space = space.view();
  arg.seed = core::study_seed(seed, core::SeedPart::sampler);
  if (choice.scheduler != nullptr) arg.budget = full;
  auto made_sampler = [&] {
    if (!problem.pool.empty()) return snapped(*choice.sampler, choice.sampler_options->view(), arg, problem);
    auto made = core::Instance<nas_sampler_vt>::create(*choice.sampler, choice.sampler_options->view(), &arg);
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
  };
  std::optional<core::Instance<nas_scheduler_vt>> scheduler;
  if (choice.scheduler != nullptr) {
    const nas_scheduler_arg about{sizeof about, 1, 1, 0, full, core::study_seed(seed, core::SeedPart::scheduler)};
    auto made = core::Instance<nas_scheduler_vt>::create(*choice.scheduler, choice.scheduler_options->view(), &about);
    if (!made) throw std::runtime_error(made.error().message);
    scheduler = std::move(*made);
  }

  core::StopRequest stop;
  TableRunner runner(problem, budgets, stop);
  core::Search search({&config, &space, store.get(), coordinator, nullptr}, made_sampler(), std::move(scheduler));
  const auto executor = core::inline_executor(*store, coordinator, runner, 1, search.decide());
  take(search.run(*executor, stop));
  return runner.seen();
}

}  // namespace nascent::multi_fidelity
