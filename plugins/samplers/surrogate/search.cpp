#include "surrogate/search.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "shared/mutation.hpp"

namespace nascent::surrogate {
namespace {

constexpr std::size_t kClimbs = 8;          // from candidates, and as many from parents
constexpr std::size_t kClimbingShare = 20;  // configurations looked at while climbing, per candidate
constexpr std::uint64_t kChoicesMax = 24;   // choices of a categorical looked at in one step; of more, random ones
constexpr std::array kSteps{0.2, 0.2, 0.05, 0.01};  // of a number, as mutate() takes them
constexpr samplers::MutationSettings kMutation{3, 0.2};

class Climber {
 public:
  Climber(const Encoder& encoder, const WorthOf& worth, const samplers::Taken& taken, Rng& rng)
      : encoder_(encoder), space_(encoder.space()), worth_(worth), taken_(taken), rng_(rng), encoded_(encoder.size()) {}

  double score(const Point& point) {
    encoder_.encode(point.row(), encoded_);
    const double worth = worth_(encoded_);
    ++n_scored_;
    if ((!best_ || worth > best_worth_) && !taken_.contains(point.row())) {
      best_ = point;
      best_worth_ = worth;
    }
    return worth;
  }
  // Until nothing improves or `n_scored_max` configurations were scored in all.
  void climb(Point point, std::size_t n_scored_max) {
    if (n_scored_ >= n_scored_max) return;
    double worth = score(point);
    while (step(point, worth, n_scored_max)) {
    }
  }
  [[nodiscard]] std::size_t n_scored() const { return n_scored_; }
  [[nodiscard]] const std::optional<Point>& best() const { return best_; }

 private:
  // Goes through the parameters in random order and takes the best change of the first that has an improving one.
  bool step(Point& point, double& worth, std::size_t n_scored_max) {
    const std::size_t n = space_.size();
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t k = 0; k < n && n_scored_ < n_scored_max; ++k) {
      std::swap(order[k], order[k + rng_.below(n - k)]);
      if (point.active[order[k]] != 0 && change(order[k], point, worth)) return true;
    }
    return false;
  }
  bool change(std::size_t i, Point& point, double& worth) {
    const Point from = point;
    bool improved = false;
    for (const double value : neighbours(space_[i], from.x[i])) {
      if (value == from.x[i]) continue;
      Point changed = from;
      changed.x[i] = value;
      space_.repair(rng_, changed.row());
      const double here = score(changed);
      if (!(here > worth)) continue;
      worth = here;
      point = std::move(changed);
      improved = true;
    }
    return improved;
  }
  // Other choices of a categorical; of a number the next levels, and steps of several sizes. May hold `value` itself.
  std::vector<double> neighbours(ParamView p, double value) {
    std::vector<double> values;
    const std::uint64_t n = p.levels();
    const auto add_level = [&](std::uint64_t k) {
      if (p.is_possible(k)) values.push_back(p.level(k));
    };
    if (p.is_categorical()) {
      for (std::uint64_t c = 0; c < std::min(n, kChoicesMax); ++c) {
        if (n <= kChoicesMax) {
          add_level(c);
        } else {
          values.push_back(samplers::mutate(p, value, kSteps[0], rng_));
        }
      }
      return values;
    }
    if (n > 0) {
      const std::uint64_t here = p.level_of(value);
      if (here > 0) add_level(here - 1);
      if (here + 1 < n) add_level(here + 1);
    }
    for (const double sigma : kSteps) values.push_back(samplers::mutate(p, value, sigma, rng_));
    return values;
  }

  const Encoder& encoder_;
  SpaceView space_;
  const WorthOf& worth_;
  const samplers::Taken& taken_;
  Rng& rng_;
  std::vector<double> encoded_;
  std::size_t n_scored_ = 0;
  std::optional<Point> best_;
  double best_worth_ = 0;
};

}  // namespace

std::optional<Point> most_worthy(const Encoder& encoder, const WorthOf& worth, const std::vector<Point>& parents,
                                 const samplers::Taken& taken, std::size_t n_candidates, Rng& rng) {
  const SpaceView space = encoder.space();
  const PriorDraws prior(space);
  Climber climber(encoder, worth, taken, rng);
  std::vector<std::pair<double, Point>> scored;
  for (std::size_t c = 0; c < n_candidates; ++c) {
    Point point(space.size());
    if (c % 2 == 0 || parents.empty()) {
      prior.sample(rng, point.row());
    } else {
      point = parents[rng.below(parents.size())];
      samplers::mutate(space, point.row(), kMutation, rng);
    }
    const double here = climber.score(point);
    scored.emplace_back(here, std::move(point));
  }
  std::ranges::stable_sort(scored, [](const auto& a, const auto& b) { return a.first > b.first; });
  // Every start may use an equal part of what the starts before it left.
  std::vector<Point> starts;
  for (std::size_t k = 0; k < std::min(kClimbs, scored.size()); ++k) starts.push_back(scored[k].second);
  for (std::size_t k = 0; k < std::min(kClimbs, parents.size()); ++k) starts.push_back(parents[k]);
  const std::size_t end = climber.n_scored() + kClimbingShare * n_candidates;
  for (std::size_t k = 0; k < starts.size() && climber.n_scored() < end; ++k) {
    climber.climb(starts[k], climber.n_scored() + (end - climber.n_scored()) / (starts.size() - k));
  }
  return climber.best();
}

}  // namespace nascent::surrogate
