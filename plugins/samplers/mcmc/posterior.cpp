// What the chains of Mcmc have drawn, and how far to trust it.
#include <algorithm>
#include <cstdio>
#include <map>
#include <unordered_map>

#include "convergence.hpp"
#include "mcmc.hpp"
#include "shared/known.hpp"

namespace nascent::mcmc {
namespace {

using Paths = std::vector<std::vector<SampleIndex>>;

// The paths' values under `of`, cut to the length of the shortest.
template <class Function>
Chains chains_of(const Paths& paths, const Function& of) {
  std::size_t length = paths[0].size();
  for (const auto& path : paths) length = std::min(length, path.size());
  Chains chains;
  for (const auto& path : paths) {
    auto& chain = chains.emplace_back();
    for (std::size_t t = 0; t < length; ++t) chain.push_back(of(path[t]));
  }
  return chains;
}

Rate operator+(Rate a, Rate b) { return {a.accepted + b.accepted, a.of + b.of}; }
double value_of(Rate rate) { return rate.of == 0 ? 0 : static_cast<double>(rate.accepted) / static_cast<double>(rate.of); }

}  // namespace

std::vector<std::vector<SampleIndex>> Mcmc::target_paths() const {
  Paths paths;
  for (std::size_t w = 0; w < walkers_.size(); w += settings_.rungs) paths.push_back(walkers_[w].path);
  return paths;
}

// Parameter i as one number: -1 where it is inactive; a number's place in its prior; 1 for a categorical's most frequent
// choice, else 0.
Chains Mcmc::parameter_chains(const std::vector<std::vector<SampleIndex>>& paths, std::size_t i) const {
  const ParamView param = moves_.scale().space()[i];
  const auto value = [&](SampleIndex s) { return samples_[s].point.x[i]; };
  const auto active = [&](SampleIndex s) { return samples_[s].point.active[i] != 0; };
  if (!param.is_categorical()) {
    return chains_of(paths, [&](SampleIndex s) { return active(s) ? moves_.scale().quantiles(i, value(s)).middle() : -1.0; });
  }
  std::map<double, std::size_t> counts;
  for (const auto& path : paths) {
    for (const SampleIndex s : path) counts[value(s)] += active(s) ? 1 : 0;
  }
  const auto most = std::max_element(counts.begin(), counts.end(), [](auto& a, auto& b) { return a.second < b.second; });
  const double choice = most == counts.end() ? 0 : most->first;
  return chains_of(paths, [&](SampleIndex s) { return !active(s) ? -1.0 : value(s) == choice ? 1.0 : 0.0; });
}

Mcmc::Diagnosis Mcmc::diagnose() const {
  const Paths paths = target_paths();
  Diagnosis d;
  d.utility = convergence(chains_of(paths, [&](SampleIndex s) { return utility_.log_weight(samples_[s].losses); }));
  d.worst = d.utility;
  for (std::size_t i = 0; i < moves_.scale().size(); ++i) {
    if (!moves_.scale().is_free(i)) continue;
    const Convergence c = convergence(parameter_chains(paths, i));
    d.worst = {std::max(d.worst.r_hat, c.r_hat), std::min(d.worst.ess, c.ess)};
  }
  for (std::size_t w = 0; w < walkers_.size(); ++w) {
    if (rung_of(w) == 0) d.moves = d.moves + walkers_[w].moves;
    d.swaps = d.swaps + walkers_[w].swaps;
  }
  for (const auto& path : paths) d.draws += path.size();
  return d;
}

Posterior Mcmc::posterior(std::size_t draws_max) const {
  const Paths paths = target_paths();
  const Diagnosis d = diagnose();
  Posterior result;
  const std::uint64_t stride = draws_max == 0 ? 0 : (d.draws + draws_max - 1) / draws_max;
  std::unordered_map<std::uint64_t, std::size_t> row_of;  // by hash of the configuration
  for (const auto& path : paths) {
    for (std::size_t t = 0; stride > 0 && t < path.size(); t += stride) {
      const Point& point = samples_[path[t]].point;
      const auto [row, added] = row_of.try_emplace(samplers::hash_of(point.row()), result.draws.size());
      if (added) {
        result.draws.push_back(point);
        result.weights.push_back(0);
      }
      ++result.weights[row->second];
    }
  }
  result.n_effective = d.worst.ess;
  result.diagnostics = {{"temperature", settings_.temperature},
                        {"objective_unit", utility_.spread()[0]},
                        {"chains", static_cast<double>(paths.size())},
                        {"rungs", static_cast<double>(settings_.rungs)},
                        {"draws", static_cast<double>(d.draws)},
                        {"acceptance_rate", value_of(d.moves)},
                        {"swap_rate", value_of(d.swaps)},
                        {"ess_utility", d.utility.ess},
                        {"ess_min", d.worst.ess},
                        {"r_hat_utility", d.utility.r_hat},
                        {"r_hat_max", d.worst.r_hat}};
  return result;
}

void Mcmc::report() const {
  const Diagnosis d = diagnose();
  std::array<char, 256> line{};
  if (d.draws == 0) {
    std::snprintf(line.data(), line.size(), "told=%llu draws=0 burn_in_trials=%zu", static_cast<unsigned long long>(told_),
                  settings_.burn_in * walkers_.size());
  } else {
    std::snprintf(line.data(), line.size(),
                  "told=%llu draws=%zu acceptance_rate=%.3g swap_rate=%.3g ess_min=%.3g r_hat_max=%.4g",
                  static_cast<unsigned long long>(told_), d.draws, value_of(d.moves), value_of(d.swaps), d.worst.ess, d.worst.r_hat);
  }
  host_.log(NAS_LOG_INFO, about.alias, line.data());
}

}  // namespace nascent::mcmc
