#include "prior_scale.hpp"

#include <algorithm>
#include <cmath>

namespace nascent::samplers {
namespace {

// Cumulative prior of the levels, from 0 to 1; empty for a parameter that is better computed.
std::vector<double> level_edges(ParamView param) {
  const std::uint64_t n = param.levels();
  const bool weighted = param.is_choice() && param.raw().prior == NAS_PRIOR_WEIGHTS;
  if (n == 0 || (n > PriorScale::kTabledLevelsMax && !weighted)) return {};
  std::vector<double> edges{0.0};
  for (std::uint64_t k = 0; k < n; ++k) {
    const double mass = weighted ? param.raw().weights[k] : std::exp(param.log_prior(param.level(k)));
    edges.push_back(edges.back() + mass);
  }
  const double total = edges.back();
  for (double& edge : edges) edge /= total;
  return edges;
}

bool has_several_values(ParamView param, const std::vector<double>& edges) {
  if (param.levels() == 1 || !(param.is_choice() || param.raw().hi > param.raw().lo)) return false;
  std::uint64_t possible = 0;
  for (std::size_t k = 0; k + 1 < edges.size() && possible < 2; ++k) possible += edges[k + 1] > edges[k] ? 1 : 0;
  return edges.empty() || possible >= 2;
}

}  // namespace

PriorScale::PriorScale(SpaceView space) : space_(space) {
  for (std::size_t i = 0; i < space.size(); ++i) {
    edges_.push_back(level_edges(space[i]));
    free_.push_back(has_several_values(space[i], edges_.back()) ? 1 : 0);
  }
}

Quantiles PriorScale::quantiles(std::size_t i, double value) const {
  const ParamView param = space_[i];
  if (!edges_[i].empty()) {
    const std::uint64_t k = param.level_of(value);
    return {edges_[i][k], edges_[i][k + 1]};
  }
  if (param.is_choice()) {
    const double n = param.raw().n_choices;
    return {value / n, (value + 1) / n};
  }
  const double middle = param.cdf(value);
  if (param.levels() == 0) return {middle, middle};
  const double half = 0.5 * std::exp(param.log_prior(value));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

double PriorScale::value(std::size_t i, double u) const {
  const double below_one = std::min(u, 1 - 0x1p-53);
  if (edges_[i].empty()) return space_[i].quantile(below_one);
  const auto above = std::upper_bound(edges_[i].begin(), edges_[i].end(), below_one);
  return space_[i].level(static_cast<std::uint64_t>(above - edges_[i].begin()) - 1);
}

}  // namespace nascent::samplers
