#include "mutation.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace nascent::samplers {
namespace {

// Another choice of positive weight, each with the same probability; `current` where there is none.
std::uint64_t other_choice(ParamView param, std::uint64_t current, Rng& rng) {
  if (param.raw().prior != NAS_PRIOR_WEIGHTS) {
    const std::uint64_t k = rng.below(param.levels() - 1);
    return k < current ? k : k + 1;
  }
  // Of very many choices a list would cost more than a few draws.
  constexpr std::uint64_t kListedMax = 1024;
  for (int draw = 0; param.levels() > kListedMax && draw < 64; ++draw) {
    const std::uint64_t k = rng.below(param.levels());
    if (k != current && param.is_possible(k)) return k;
  }
  std::vector<std::uint64_t> others;
  for (std::uint64_t k = 0; k < param.levels(); ++k) {
    if (k != current && param.is_possible(k)) others.push_back(k);
  }
  return others.empty() ? current : others[rng.below(others.size())];
}

// Mirrors x into [0, 1].
double reflect(double x) {
  const double folded = std::abs(std::remainder(x, 2.0));  // period 2, even
  return std::clamp(folded, 0.0, 1.0);
}

// Number or ordinal: position on the scale, in [0, 1].
struct Axis {
  explicit Axis(ParamView p) : param(p), from(p.scaled(p.raw().lo)), to(p.scaled(p.raw().hi)) {}
  [[nodiscard]] double position(double value) const { return (param.scaled(value) - from) / (to - from); }
  [[nodiscard]] double value(double position) const {
    const double at = from + (to - from) * position;
    return param.clamp(param.is_log() ? std::exp(at) : at);
  }
  ParamView param;
  double from, to;
};

}  // namespace

double mutate(ParamView param, double value, double sigma, Rng& rng) {
  if (param.levels() == 1 || !(param.raw().hi > param.raw().lo)) return value;
  if (param.is_categorical()) return static_cast<double>(other_choice(param, param.level_of(value), rng));
  const Axis axis(param);
  const double step = sigma * rng.normal();
  const double moved = axis.value(reflect(axis.position(value) + step));
  if (moved != value && (param.levels() == 0 || param.is_possible(param.level_of(moved)))) return moved;
  if (param.levels() == 0) return value;  // a step of 0 on a continuum
  // The step was smaller than a level: take the next possible one in its direction, else in the other.
  const std::uint64_t here = param.level_of(value), last = param.levels() - 1;
  for (const bool up : {step > 0, step <= 0}) {
    for (std::uint64_t k = here; up ? k < last : k > 0;) {
      k = up ? k + 1 : k - 1;
      if (param.is_possible(k)) return param.level(k);
    }
  }
  return value;
}

void mutate(SpaceView space, Row row, const MutationSettings& settings, Rng& rng) {
  std::vector<std::size_t> mutable_ones;
  for (std::size_t i = 0; i < space.size(); ++i) {
    if (row.active[i] != 0 && space[i].levels() != 1) mutable_ones.push_back(i);
  }
  if (mutable_ones.empty()) return;
  const std::uint64_t n = std::min<std::uint64_t>(1 + rng.below(settings.parameters_max), mutable_ones.size());
  for (std::uint64_t k = 0; k < n; ++k) {  // the first n of a random permutation
    std::swap(mutable_ones[k], mutable_ones[k + rng.below(mutable_ones.size() - k)]);
    const std::size_t i = mutable_ones[k];
    row.x[i] = mutate(space[i], row.x[i], settings.sigma, rng);
  }
  space.repair(rng, row);
}

}  // namespace nascent::samplers
