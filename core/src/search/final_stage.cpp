#include "final_stage.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>

#include "nascent/core/seeds.hpp"

namespace nascent::core::search {
namespace {

constexpr std::chrono::milliseconds kPatience{100};

struct StoredStudy {
  std::vector<Trial> best;    // of the search, best first
  std::vector<Trial> finals;  // by id
  TrialId next_id = 0;
};

// The best `top` search trials and all final ones.
Result<StoredStudy> read_study(const Search::Setup& setup, std::size_t top) {
  Ranking ranking{Scoring(*setup.config)};
  StoredStudy study;
  auto read = each_trial(*setup.store, setup.coordinator.study, {}, [&](Trial&& trial) {
    study.next_id = trial.id + 1;
    if (trial.role == TrialRole::search) {
      ranking.add(trial);
    } else {
      study.finals.push_back(std::move(trial));
    }
  });
  if (!read) return tl::unexpected<Error>(read.error());
  auto best = read_trials(*setup.store, setup.coordinator.study, ranking.best(top));
  if (!best) return tl::unexpected<Error>(best.error());
  study.best = std::move(*best);
  return study;
}

// The trainings the study's [final] asks for, those of an earlier run in their place.
std::vector<Trial> planned_finals(const StudyConfig& config, StoredStudy& study) {
  std::vector<Trial> planned;
  for (const Trial& winner : study.best) {
    for (std::uint32_t k = 0; k < config.final.seeds; ++k) {
      Trial trial;
      trial.role = TrialRole::final;
      trial.parent = winner.id;
      trial.seed = final_training_seed(config.seed, winner.id, k);
      const auto stored = std::ranges::find_if(
          study.finals, [&](const Trial& t) { return t.parent == trial.parent && t.seed == trial.seed; });
      if (stored != study.finals.end()) {
        planned.push_back(std::move(*stored));
        continue;
      }
      trial.id = study.next_id++;
      trial.configuration = winner.configuration;
      trial.architecture_hash = winner.architecture_hash;
      planned.push_back(std::move(trial));
    }
  }
  return planned;
}

class FinalStage {
 public:
  FinalStage(const Search::Setup& setup, Executor& executor, std::vector<Trial> finals)
      : setup_(setup), executor_(executor), finals_(std::move(finals)) {}

  Result<void> submit(TrialId first_new) {
    std::vector<Trial> fresh;
    for (const Trial& trial : finals_) {
      if (trial.id >= first_new) fresh.push_back(trial);
    }
    if (done()) return {};
    if (auto started = executor_.start(); !started) return started;
    if (!fresh.empty() && executor_.needs_queued_rows()) {
      if (auto stored = setup_.store->enqueue(setup_.coordinator, fresh); !stored) return stored;
    }
    for (const Trial& trial : finals_) {
      if (trial.finished()) continue;
      if (setup_.observer != nullptr) setup_.observer->on_final_asked(trial);
      if (auto submitted = executor_.submit(trial); !submitted) return submitted;
    }
    return {};
  }

  Result<void> collect(const StopRequest& request) {
    while (!done() && !request.made()) {
      if (auto taken = take(kPatience); !taken) return tl::unexpected<Error>(taken.error());
      if (setup_.observer != nullptr) setup_.observer->on_final_tick(executor_.running());
    }
    if (done()) return {};
    executor_.stop(request.mode());
    while (true) {
      const auto taken = take(std::chrono::milliseconds(0));
      if (!taken) return tl::unexpected<Error>(taken.error());
      if (!*taken) return {};
    }
  }

  [[nodiscard]] bool done() const { return std::ranges::all_of(finals_, &Trial::finished); }
  std::vector<Trial> finals() && { return std::move(finals_); }

 private:
  // False when nothing had finished.
  Result<bool> take(std::chrono::milliseconds timeout) {
    auto finished = executor_.next(timeout);
    if (!finished) return tl::unexpected<Error>(finished.error());
    for (Trial& trial : *finished) {
      const auto planned = std::ranges::find(finals_, trial.id, &Trial::id);
      if (planned == finals_.end() || planned->finished()) continue;
      *planned = std::move(trial);
      if (setup_.observer != nullptr) setup_.observer->on_final_finished(*planned);
    }
    return !finished->empty();
  }

  const Search::Setup& setup_;
  Executor& executor_;
  std::vector<Trial> finals_;
};

// The best training of the winner whose trainings are best on average.
std::optional<Trial> choose(const StudyConfig& config, const std::vector<Trial>& finals) {
  const Scoring scoring(config);
  struct Winner {
    double sum = 0;
    std::size_t n = 0;
    const Trial* best = nullptr;
    double best_loss = 0;
  };
  std::map<TrialId, Winner> winners;
  for (const Trial& trial : finals) {
    std::vector<double> losses(scoring.n_objectives());
    if (trial.state != TrialState::completed || !scoring.losses(trial.metrics, losses).empty()) continue;
    Winner& w = winners[*trial.parent];
    w.sum += losses[0];
    ++w.n;
    if (w.best == nullptr || losses[0] < w.best_loss) {
      w.best = &trial;
      w.best_loss = losses[0];
    }
  }
  const Winner* chosen = nullptr;
  const auto mean = [](const Winner& w) { return w.sum / static_cast<double>(w.n); };
  for (const auto& [id, w] : winners) {
    if (chosen == nullptr || mean(w) < mean(*chosen)) chosen = &w;
  }
  return chosen == nullptr ? std::nullopt : std::optional(*chosen->best);
}

}  // namespace

Result<FinalOutcome> run_final_stage(const Search::Setup& setup, Executor& executor, const StopRequest& request) {
  const StudyConfig& config = *setup.config;
  auto study = read_study(setup, std::max<std::size_t>(config.final.top, 1));
  if (!study) return tl::unexpected<Error>(study.error());
  FinalOutcome outcome;
  if (!study->best.empty()) outcome.chosen = study->best.front();
  if (config.final.top == 0 || study->best.empty()) return outcome;

  const TrialId first_new = study->next_id;
  FinalStage stage(setup, executor, planned_finals(config, *study));
  auto done = stage.submit(first_new).and_then([&] { return stage.collect(request); });
  if (!done) return tl::unexpected<Error>(done.error());
  outcome.interrupted = !stage.done();
  outcome.finals = std::move(stage).finals();
  if (outcome.interrupted) return outcome;
  if (auto chosen = choose(config, outcome.finals)) {
    outcome.chosen = std::move(chosen);
  } else {
    spdlog::warn("final=failed chosen={} reason=\"no final training completed; the best search trial stands\"",
                 outcome.chosen->id);
  }
  return outcome;
}

}  // namespace nascent::core::search
