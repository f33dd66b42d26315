#include "run.hpp"

#include <chrono>
#include <cmath>
#include <deque>
#include <optional>
#include <set>
#include <stdexcept>

#include "support/observations.hpp"

namespace nascent::search_quality {
namespace {

// The incumbent of one objective, or the points of two.
class Found {
 public:
  explicit Found(const Problem& problem)
      : problem_(problem), worst_(problem.n_objectives == 1 ? worst_of_prior(problem) : 0) {}

  void add(const Outcome& outcome, ConstRow row) {
    if (outcome.values.empty()) return;
    for (const double c : outcome.constraints) {
      if (c > 0) return;
    }
    if (problem_.n_objectives == 2) {
      points_.emplace_back(outcome.values[0], outcome.values[1]);
    } else if (!seen_ || outcome.values[0] < *seen_) {
      seen_ = outcome.values[0];
      true_ = problem_.truth ? problem_.truth(row) : *seen_;
    }
  }
  [[nodiscard]] double score() const {
    if (problem_.n_objectives == 2) return hypervolume_share(points_, problem_.front);
    return problem_.regret ? problem_.regret(value()) : value() - problem_.optimum;
  }
  [[nodiscard]] double distance() const { return problem_.n_objectives == 2 ? 0 : value() - problem_.optimum; }

 private:
  [[nodiscard]] double value() const { return seen_ ? true_ : worst_; }
  const Problem& problem_;
  double worst_;
  std::optional<double> seen_;
  double true_ = 0;
  std::vector<std::pair<double, double>> points_;
};

struct Trial {
  std::uint64_t id = 0;
  Point point;
  Outcome outcome;
};

class Driver {
 public:
  Driver(const SamplerChoice& choice, const Problem& problem, std::uint64_t seed, std::uint64_t trials_max,
         std::uint64_t parallel)
      : problem_(problem),
        space_(problem.space.view()),
        sampler_(create(choice, problem, seed, trials_max, parallel)) {}

  // False when the sampler has nothing left.
  bool ask(std::uint64_t trial, const std::deque<Trial>& open, Point& point) {
    test::History pending(problem_.n_objectives, problem_.n_constraints);
    for (const Trial& t : open) pending.add(t.id, TrialState::pending, {}, t.point);
    nas_rows rows{sizeof rows,        static_cast<std::uint32_t>(space_.size()), 1, &trial, point.x.data(),
                  point.active.data()};
    std::size_t filled = 0;
    const nas_ask request{sizeof request, 0, &rows, &filled, pending.get(), nullptr};
    const auto start = std::chrono::steady_clock::now();
    const auto answer = sampler_.call(&nas_sampler_vt::ask, &request);
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!answer && answer.error().status == NAS_E_EXHAUSTED) return false;
    if (!answer) throw std::runtime_error(answer.error().message);
    if (!space_.contains(point.row()))
      throw std::runtime_error("the sampler left the space at trial " + std::to_string(trial));
    return true;
  }
  void tell(const Trial& trial) {
    test::History history(problem_.n_objectives, problem_.n_constraints);
    const TrialState state = trial.outcome.values.empty() ? TrialState::failed : TrialState::completed;
    history.add(trial.id, state, trial.outcome.values, trial.point, trial.outcome.constraints);
    const auto start = std::chrono::steady_clock::now();
    const auto answer = sampler_.call(&nas_sampler_vt::tell, history.get());
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!answer) throw std::runtime_error(answer.error().message);
  }
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  static core::Instance<nas_sampler_vt> create(const SamplerChoice& choice, const Problem& problem, std::uint64_t seed,
                                               std::uint64_t trials_max, std::uint64_t parallel) {
    const nas_sampler_arg arg{sizeof arg,
                              problem.n_objectives,
                              problem.n_constraints,
                              static_cast<std::uint32_t>(parallel),
                              problem.space.view(),
                              seed,
                              trials_max};
    auto sampler = core::Instance<nas_sampler_vt>::create(*choice.component, choice.options->view(), &arg);
    if (!sampler) throw std::runtime_error(sampler.error().message);
    return std::move(*sampler);
  }
  const Problem& problem_;
  SpaceView space_;
  core::Instance<nas_sampler_vt> sampler_;
  double seconds_ = 0;
};

}  // namespace

std::vector<Checkpoint> run(const SamplerChoice& sampler, const Problem& problem, std::uint64_t seed,
                            const std::vector<std::uint64_t>& budgets, std::uint64_t parallel) {
  Driver driver(sampler, problem, derive_seed(seed, 1), budgets.back(), parallel);
  Found found(problem);
  std::set<std::pair<std::vector<double>, std::vector<std::uint8_t>>> unique;
  std::vector<Checkpoint> checkpoints;
  std::deque<Trial> open;
  Point point(problem.space.size());
  bool exhausted = false;
  std::uint64_t id = 0;
  for (const std::uint64_t budget : budgets) {
    for (; !exhausted && id < budget; ++id) {
      for (; open.size() >= parallel; open.pop_front()) driver.tell(open.front());
      if (exhausted = !driver.ask(id, open, point); exhausted) break;
      Rng noise(derive_seed(seed, 2), id);
      open.push_back({id, point, problem.evaluate(point.row(), noise)});
      found.add(open.back().outcome, point.row());
      unique.emplace(point.x, point.active);
    }
    checkpoints.push_back({budget, found.score(), found.distance(), unique.size(), driver.seconds()});
  }
  return checkpoints;
}

}  // namespace nascent::search_quality
