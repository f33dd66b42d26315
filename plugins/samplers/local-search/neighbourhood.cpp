#include "neighbourhood.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "shared/known.hpp"

namespace nascent::local_search {
namespace {

constexpr std::uint64_t kChoicesMax = 64;

void add_choices(ParamView param, std::size_t i, std::uint64_t current, Rng rng, std::vector<Move>& moves) {
  const std::uint64_t n = param.levels();
  const auto add = [&](std::uint64_t k) {
    if (k != current && param.is_possible(k)) moves.push_back({i, static_cast<double>(k)});
  };
  if (n <= kChoicesMax + 1) {
    for (std::uint64_t k = 0; k < n; ++k) add(k);
    return;
  }
  std::set<std::uint64_t> chosen;
  while (chosen.size() < kChoicesMax) chosen.insert(rng.below(n));
  for (const std::uint64_t k : chosen) add(k);
}

// The value `step` further in a direction; the value itself at the edge of the range.
double stepped(ParamView param, double value, double step) {
  const double u = std::clamp(param.cdf(value) + step, 0.0, std::nextafter(1.0, 0.0));
  const double moved = param.quantile(u);
  if (param.levels() == 0 || moved != value) return moved;
  for (std::uint64_t k = param.level_of(value); step > 0 ? k + 1 < param.levels() : k > 0;) {
    k = step > 0 ? k + 1 : k - 1;
    if (param.is_possible(k)) return param.level(k);
  }
  return value;
}

}  // namespace

std::vector<Move> moves_from(SpaceView space, ConstRow from, double step, std::uint64_t seed) {
  std::vector<Move> moves;
  for (std::size_t i = 0; i < space.size(); ++i) {
    if (from.active[i] == 0) continue;
    const ParamView param = space[i];
    if (param.is_categorical()) {
      add_choices(param, i, param.level_of(from.x[i]),
                  Rng(seed, samplers::hash_of(from), static_cast<std::uint32_t>(i)), moves);
      continue;
    }
    for (const double direction : {step, -step}) {
      const Move move{i, stepped(param, from.x[i], direction)};
      if (move.value != from.x[i]) moves.push_back(move);
    }
  }
  return moves;
}

std::optional<Move> move_between(ConstRow from, ConstRow to) {
  std::optional<Move> move;
  for (std::size_t i = 0; i < from.x.size(); ++i) {
    if (from.active[i] == 0 || to.active[i] == 0 || from.x[i] == to.x[i]) continue;
    if (move) return std::nullopt;
    move = {i, to.x[i]};
  }
  return move;
}

}  // namespace nascent::local_search
