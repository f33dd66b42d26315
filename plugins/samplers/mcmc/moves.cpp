#include "moves.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace nascent::mcmc {
namespace {

// Shares of the moves. Any shares that do not depend on the state keep the target.
constexpr double kPriorShare = 0.05, kBlockShare = 0.4;

// Mirrors x into [0, 1].
double reflect(double x) { return std::clamp(std::abs(std::remainder(x, 2.0)), 0.0, 1.0); }

// log(1 - (1 - p)^n): that at least one of n is selected.
double log_any(double p, std::size_t n) { return std::log(-std::expm1(static_cast<double>(n) * std::log1p(-p))); }

// Weight of a step over `distance`; its tail reaches every level.
double kernel(double distance, double sd) { return 1 / (1 + (distance / sd) * (distance / sd)); }

}  // namespace

Moves::Moves(SpaceView space)
    : scale_(space), halvings_(std::max<std::uint64_t>(1, std::bit_width(space.size()) - 1)) {}

Proposal Moves::propose(ConstRow from, const Steps& steps, Rng& rng, Row to) const {
  const SpaceView space = scale_.space();
  const double kind = rng.uniform();
  const std::size_t n = count_free(from);
  if (kind < kPriorShare || n == 0) {
    space.sample(rng, to);
    return {};
  }
  std::vector<std::uint8_t> selected(space.size());
  const auto select = [&](const auto& draw) {
    for (std::size_t i = 0, k = 0; i < space.size(); ++i) {
      if (from.active[i] != 0 && scale_.is_free(i)) selected[i] = draw(k++) ? 1 : 0;
    }
  };
  Proposal proposal;
  if (kind < kPriorShare + kBlockShare) {
    proposal.move = Move::block;
    const double p = std::ldexp(1.0, -1 - static_cast<int>(rng.below(halvings_)));
    // The first one by the geometric distribution cut to n, those behind it independently.
    const double at = std::log1p(rng.uniform() * std::expm1(static_cast<double>(n) * std::log1p(-p))) / std::log1p(-p);
    const std::size_t first = std::min(static_cast<std::size_t>(at), n - 1);
    select([&](std::size_t k) { return k == first || (k > first && rng.uniform() < p); });
    change(from, selected, steps.block, rng, to, proposal);
    proposal.log_ratio += log_any(p, n) - log_any(p, count_free(to));
  } else {
    proposal.move = Move::single;
    const std::size_t chosen = rng.below(n);
    select([&](std::size_t k) { return k == chosen; });
    change(from, selected, steps.single, rng, to, proposal);
    proposal.log_ratio += std::log(static_cast<double>(n)) - std::log(static_cast<double>(count_free(to)));
  }
  return proposal;
}

std::size_t Moves::count_free(ConstRow row) const {
  std::size_t n = 0;
  for (std::size_t i = 0; i < row.active.size(); ++i) n += row.active[i] != 0 && scale_.is_free(i) ? 1 : 0;
  return n;
}

void Moves::change(ConstRow from, const std::vector<std::uint8_t>& selected, double sd, Rng& rng, Row to,
                   Proposal& proposal) const {
  const SpaceView space = scale_.space();
  for (std::size_t i = 0; i < space.size(); ++i) {
    to.active[i] = space.is_active(i, to.x, to.active) ? 1 : 0;
    if (to.active[i] == 0) {
      to.x[i] = 0;
    } else if (from.active[i] == 0) {
      to.x[i] = space[i].quantile(rng.uniform());
    } else if (selected[i] == 0) {
      to.x[i] = from.x[i];
    } else {
      const Step step = this->step(i, from.x[i], sd, rng);
      to.x[i] = step.value;
      proposal.log_ratio += step.log_ratio;
      proposal.walked = proposal.walked || step.walked;
    }
  }
}

Moves::Step Moves::step(std::size_t i, double value, double sd, Rng& rng) const {
  if (scale_.space()[i].is_categorical()) return other_choice(i, value, rng);
  return scale_.edges(i).empty() ? walk(i, value, sd, rng) : other_level(i, value, sd, rng);
}

Moves::Step Moves::other_choice(std::size_t i, double value, Rng& rng) const {
  const samplers::Quantiles here = scale_.quantiles(i, value);
  // A point of the unit interval without `here`.
  const double u = rng.uniform() * (1 - here.mass());
  double other = scale_.value(i, u < here.from ? u : u + here.mass());
  if (other == value) other = scale_.value(i, here.from > 0 ? 0 : here.to);  // by rounding, at an edge
  return {other, std::log1p(-here.mass()) - std::log1p(-scale_.quantiles(i, other).mass()), false};
}

Moves::Step Moves::other_level(std::size_t i, double value, double sd, Rng& rng) const {
  const ParamView param = scale_.space()[i];
  const std::vector<double>& edges = scale_.edges(i);
  const std::size_t n = edges.size() - 1;
  const auto weight = [&](std::size_t from, std::size_t to) {
    const double distance = 0.5 * (edges[to] + edges[to + 1] - edges[from] - edges[from + 1]);
    return from == to ? 0.0 : kernel(distance, sd) * (edges[to + 1] - edges[to]);
  };
  const auto total = [&](std::size_t from) {
    double sum = 0;
    for (std::size_t to = 0; to < n; ++to) sum += weight(from, to);
    return sum;
  };
  const std::size_t here = param.level_of(value);
  const double all = total(here);
  double left = rng.uniform() * all;
  std::size_t chosen = here;
  for (std::size_t to = 0; to < n && left >= 0; ++to) {
    if (weight(here, to) <= 0) continue;
    chosen = to;
    left -= weight(here, to);
  }
  return {param.level(chosen), std::log(all) - std::log(total(chosen)), true};
}

Moves::Step Moves::walk(std::size_t i, double value, double sd, Rng& rng) const {
  const samplers::Quantiles here = scale_.quantiles(i, value);
  const double from = here.from + here.mass() * rng.uniform();
  return {scale_.value(i, reflect(from + sd * rng.normal())), 0, true};
}

}  // namespace nascent::mcmc
