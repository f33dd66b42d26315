#include "gp/search.hpp"

#include <algorithm>
#include <array>

#include "shared/mutation.hpp"

namespace nascent::gp {
namespace {

constexpr std::size_t kClimbs = 4;                            // from candidates, and half as many from parents
constexpr std::size_t kRounds = 10;                           // of climbing
constexpr std::array kSteps{0.1, 0.03, 0.01, 0.003, 0.001};   // of numbers, as shares of their range
constexpr std::array<std::uint64_t, 3> kChangesMax{1, 1, 3};  // parameters changed at once, by turns

struct Climb {
  Point at;
  double worth = 0;
  std::size_t step = 0;  // index into kSteps
};

class Scores {
 public:
  Scores(const Encoder& encoder, Acquisition& worth, const samplers::Taken& taken)
      : encoder_(encoder), worth_(worth), taken_(taken) {}

  std::vector<double> operator()(const std::vector<Point>& points) {
    const Vector worth = worth_(encoder_(points));
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double here = worth[static_cast<Index>(i)];
      if ((best_ && !(here > best_worth_)) || taken_.contains(points[i].row())) continue;
      best_ = points[i];
      best_worth_ = here;
    }
    return {worth.begin(), worth.end()};
  }
  [[nodiscard]] const std::optional<Point>& best() const { return best_; }

 private:
  const Encoder& encoder_;
  Acquisition& worth_;
  const samplers::Taken& taken_;
  std::optional<Point> best_;
  double best_worth_ = 0;
};

std::vector<Point> candidates(SpaceView space, const std::vector<Point>& parents, std::size_t n, Rng& rng) {
  std::vector<Point> points;
  for (std::size_t c = 0; c < n; ++c) {
    points.emplace_back(space.size());
    if (c % 2 == 0 || parents.empty()) {
      space.sample(rng, points.back().row());
    } else {
      points.back() = parents[rng.below(parents.size())];
      samplers::mutate(space, points.back().row(), {3, kSteps[c / 2 % kSteps.size()]}, rng);
    }
  }
  return points;
}

std::vector<Climb> starts(const std::vector<Point>& points, const std::vector<double>& worth) {
  std::vector<std::size_t> order(points.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t i) { return worth[i]; });
  std::vector<Climb> climbs;
  for (std::size_t k = 0; k < std::min(kClimbs, order.size()); ++k) {
    climbs.push_back({points[order[k]], worth[order[k]]});
  }
  return climbs;
}

}  // namespace

std::optional<Point> most_worthy(const Encoder& encoder, Acquisition& worth, const std::vector<Point>& parents,
                                 const samplers::Taken& taken, std::size_t n_candidates, Rng& rng) {
  const SpaceView space = encoder.space();
  Scores scores(encoder, worth, taken);
  const std::vector<Point> first = candidates(space, parents, n_candidates, rng);
  std::vector<Climb> climbs = starts(first, scores(first));
  const std::vector<Point> best_parents(parents.begin(),
                                        parents.begin() + std::min<std::ptrdiff_t>(std::ssize(parents), kClimbs / 2));
  if (!best_parents.empty()) {
    const std::vector<double> at = scores(best_parents);
    for (std::size_t k = 0; k < at.size(); ++k) climbs.push_back({best_parents[k], at[k]});
  }
  const std::size_t mutants = std::max<std::size_t>(1, 2 * n_candidates / (kRounds * climbs.size()));
  for (std::size_t round = 0; round < kRounds; ++round) {
    std::vector<Point> next;
    for (const Climb& climb : climbs) {
      for (std::size_t k = 0; k < mutants; ++k) {
        next.push_back(climb.at);
        samplers::mutate(space, next.back().row(), {kChangesMax[k % kChangesMax.size()], kSteps[climb.step]}, rng);
      }
    }
    const std::vector<double> at = scores(next);
    for (std::size_t c = 0; c < climbs.size(); ++c) {
      const auto from = at.begin() + static_cast<std::ptrdiff_t>(c * mutants);
      const auto best = std::max_element(from, from + static_cast<std::ptrdiff_t>(mutants));
      if (*best > climbs[c].worth) {
        climbs[c].at = next[static_cast<std::size_t>(best - at.begin())];
        climbs[c].worth = *best;
      } else {
        climbs[c].step = std::min(climbs[c].step + 1, kSteps.size() - 1);
      }
    }
  }
  return scores.best();
}

}  // namespace nascent::gp
