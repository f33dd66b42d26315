// Purely categorical landscapes; optimum by enumeration.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <memory>

#include "nascent/space_builder.hpp"
#include "synthetic.hpp"

namespace nascent::search_quality {

SpaceDeclaration letters(std::size_t n, std::int64_t n_choices) {
  SpaceBuilder space;
  std::vector<std::int64_t> choices;
  for (std::int64_t k = 0; k < n_choices; ++k) choices.push_back(k);
  for (std::size_t i = 0; i < n; ++i) space.choice(fmt::format("x{}", i), choices);
  return space.declaration();
}

std::function<double(ConstRow)> nk_landscape(std::size_t n, std::size_t n_choices, std::size_t k, std::uint64_t instance) {
  std::size_t entries = 1;
  for (std::size_t i = 0; i <= k; ++i) entries *= n_choices;
  Rng rng(0x4E4BU + 64 * n + k, instance);
  auto table = std::make_shared<std::vector<double>>(n * entries);
  for (double& v : *table) v = rng.uniform();
  return [=](ConstRow row) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      std::size_t at = 0;
      for (std::size_t j = 0; j <= k; ++j) at = at * n_choices + static_cast<std::size_t>(row.x[(i + j) % n]);
      sum += (*table)[i * entries + at];
    }
    return sum / static_cast<double>(n);
  };
}

namespace {

Problem solved(SpaceDeclaration space, std::function<double(ConstRow)> value) {
  Problem p = plain_problem(std::move(space), std::move(value), 0);
  solve(p);
  return p;
}

// Weighted Max-3-Sat: weight of the clauses that do not hold.
Problem max_sat(std::uint64_t instance) {
  constexpr std::size_t kVariables = 15, kClauses = 60;
  struct Clause {
    std::array<std::size_t, 3> variable;
    std::array<double, 3> wanted;
    double weight;
  };
  Rng rng(0x5A7U, instance);
  std::vector<Clause> clauses(kClauses);
  for (Clause& c : clauses) {
    for (std::size_t k = 0; k < 3; ++k) {
      c.variable[k] = rng.below(kVariables);
      c.wanted[k] = static_cast<double>(rng.below(2));
    }
    c.weight = rng.uniform(0.5, 1.5);
  }
  return solved(letters(kVariables, 2), [clauses](ConstRow row) {
    double broken = 0;
    for (const Clause& c : clauses) {
      bool holds = false;
      for (std::size_t k = 0; k < 3; ++k) holds = holds || row.x[c.variable[k]] == c.wanted[k];
      if (!holds) broken += c.weight;
    }
    return broken;
  });
}

// Contamination control (Hu, Hu, Xu, Wang, Cao 2010): prevention at a stage costs 1 and lowers the share that is
// contaminated; a stage above the limit in too many of the simulated chains is charged. The chains are the instance.
Problem contamination(std::uint64_t instance) {
  constexpr std::size_t kStages = 12, kChains = 50;
  constexpr double kLimit = 0.1, kShareAllowed = 0.05, kSparsity = 0.01;
  struct Stage {
    double rise, cure;
  };
  Rng rng(0xC0DU, instance);
  std::vector<double> first(kChains);
  std::vector<std::array<Stage, kStages>> chains(kChains);
  for (std::size_t c = 0; c < kChains; ++c) {
    first[c] = std::pow(rng.uniform(), 29);
    for (Stage& s : chains[c]) s = {1 - std::pow(rng.uniform(), 3.0 / 17), 1 - std::pow(rng.uniform(), 3.0 / 7)};
  }
  return solved(letters(kStages, 2), [=](ConstRow row) {
    std::vector<double> share = first;
    double cost = 0;
    for (std::size_t i = 0; i < kStages; ++i) {
      double above = 0;
      for (std::size_t c = 0; c < kChains; ++c) {
        const Stage& s = chains[c][i];
        share[c] = row.x[i] != 0 ? (1 - s.cure) * share[c] : s.rise * (1 - share[c]) + share[c];
        above += share[c] > kLimit ? 1.0 / kChains : 0;
      }
      cost += row.x[i] * (1 + kSparsity) + std::max(0.0, above - kShareAllowed);
    }
    return cost;
  });
}

// Additive effects of choices, interactions of neighbours, and a saturating loss, as where layers of a network are
// chosen one by one.
Problem chain(std::uint64_t instance) {
  constexpr std::size_t kLayers = 7, kChoices = 4;
  Rng rng(0xC4A1U, instance);
  std::vector<double> single(kLayers * kChoices), pair(kLayers * kChoices * kChoices);
  for (double& v : single) v = rng.normal();
  for (double& v : pair) v = 0.5 * rng.normal();
  return solved(letters(kLayers, kChoices), [=](ConstRow row) {
    double merit = 0;
    for (std::size_t i = 0; i < kLayers; ++i) {
      const auto k = static_cast<std::size_t>(row.x[i]), next = static_cast<std::size_t>(row.x[(i + 1) % kLayers]);
      merit += single[i * kChoices + k] + pair[(i * kChoices + k) * kChoices + next];
    }
    return std::log1p(std::exp(-0.5 * merit));
  });
}

// Only how often each operation occurs counts, and one bad pair: many configurations are the same.
Problem bag_of_operations(std::uint64_t instance) {
  constexpr std::size_t kPositions = 5, kOperations = 6;
  Rng rng(0xBA6U, instance);
  std::array<double, kOperations> wanted{}, weight{};
  for (double& v : wanted) v = rng.uniform(0, 2.5);
  for (double& v : weight) v = rng.uniform(0.2, 1);
  return solved(letters(kPositions, kOperations), [=](ConstRow row) {
    std::array<double, kOperations> count{};
    for (const double x : row.x) ++count[static_cast<std::size_t>(x)];
    double loss = row.x[0] == 0 && row.x[1] == 0 ? 2 : 0;
    for (std::size_t k = 0; k < kOperations; ++k) loss += weight[k] * std::pow(count[k] - wanted[k], 2);
    return loss;
  });
}

Problem noisy_nk(std::uint64_t instance) {
  Problem p = solved(letters(8, 4), nk_landscape(8, 4, 1, instance));
  p.truth = nk_landscape(8, 4, 1, instance);
  p.evaluate = [truth = p.truth](ConstRow row, Rng& noise) { return Outcome{{truth(row) + 0.03 * noise.normal()}, {}}; };
  return p;
}

// A fifth of the space fails, always the same.
Problem failing_nk(std::uint64_t instance) {
  Problem p = plain_problem(letters(7, 4), nk_landscape(7, 4, 2, instance), 0);
  p.evaluate = [value = nk_landscape(7, 4, 2, instance)](ConstRow row, Rng&) {
    const bool fails = row.x[0] == 1 || (row.x[2] == 2 && row.x[3] == 0);
    return fails ? Outcome{} : Outcome{{value(row)}, {}};
  };
  solve(p);
  return p;
}

// Knapsack: the weight has to stay below half of everything's.
Problem knapsack(std::uint64_t instance) {
  constexpr std::size_t kItems = 15;
  Rng rng(0x4A5U, instance);
  std::array<double, kItems> weight{}, value{};
  double total = 0;
  for (std::size_t i = 0; i < kItems; ++i) {
    weight[i] = rng.uniform(0.5, 2);
    value[i] = weight[i] * rng.uniform(0.7, 1.3);
    total += weight[i];
  }
  Problem p = plain_problem(letters(kItems, 2), {}, 0);
  p.n_constraints = 1;
  p.evaluate = [=](ConstRow row, Rng&) {
    double gain = 0, load = 0;
    for (std::size_t i = 0; i < kItems; ++i) {
      gain += value[i] * row.x[i];
      load += weight[i] * row.x[i];
    }
    return Outcome{{-gain}, {load - 0.5 * total}};
  };
  solve(p);
  return p;
}

}  // namespace

std::vector<Family> categorical_families() {
  return {
      {"nk_smooth", [](std::uint64_t i) { return solved(letters(8, 4), nk_landscape(8, 4, 1, i)); }},
      {"nk_rugged", [](std::uint64_t i) { return solved(letters(15, 2), nk_landscape(15, 2, 4, i)); }},
      {"max_sat", max_sat},
      {"contamination", contamination},
      {"chain", chain},
      {"bag_of_operations", bag_of_operations},
      {"noisy_nk", noisy_nk},
      {"failing_nk", failing_nk},
      {"knapsack", knapsack},
  };
}

}  // namespace nascent::search_quality
