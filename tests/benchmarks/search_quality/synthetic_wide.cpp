// A hundred parameters and more, of which a few matter much, some a little and most hardly: spaces of many layers.
#include <fmt/format.h>

#include <cmath>

#include "nascent/space_builder.hpp"
#include "synthetic.hpp"

namespace nascent::search_quality {
namespace {

// n weights that fall geometrically, a tenth as large after every n / 4, in random order.
std::vector<double> falling_weights(std::size_t n, Rng& rng) {
  std::vector<double> weights(n);
  for (std::size_t i = 0; i < n; ++i) {
    weights[i] = std::pow(10.0, -4 * static_cast<double>(i) / static_cast<double>(n));
    std::swap(weights[i], weights[rng.below(i + 1)]);
  }
  return weights;
}

// A bowl, stretched differently in every direction, in which neighbouring numbers lean on each other.
Problem wide_numbers(std::uint64_t instance) {
  constexpr std::size_t kParameters = 100;
  SpaceBuilder space;
  for (std::size_t i = 0; i < kParameters; ++i) space.real(fmt::format("x{}", i), -5, 5);
  Rng rng(0x31DEU, instance);
  const std::vector<double> weight = falling_weights(kParameters, rng);
  std::vector<double> centre(kParameters);
  for (double& c : centre) c = rng.uniform(-4, 4);
  return plain_problem(space.declaration(), [=](ConstRow row) {
    double sum = 0;
    for (std::size_t i = 0; i < kParameters; ++i) {
      const std::size_t next = (i + 1) % kParameters;
      const double off = row.x[i] - centre[i], other = row.x[next] - centre[next];
      sum += weight[i] * (off * off + 0.5 * (off - other) * (off - other));
    }
    return sum;
  }, 0);
}

// Thirty layers, each with an operation, a width and a rate of its own; an operation also costs by what stands before it.
Problem wide_mixed(std::uint64_t instance) {
  constexpr std::size_t kLayers = 30, kOperations = 4;
  SpaceBuilder space;
  for (std::size_t i = 0; i < kLayers; ++i) {
    space.choice<std::int64_t>(fmt::format("operation{}", i), {0, 1, 2, 3});
    space.integer(fmt::format("width{}", i), 8, 512, {.scale = Scale::log});
    space.real(fmt::format("rate{}", i), 1e-4, 1, {.scale = Scale::log});
    space.choice<bool>(fmt::format("skip{}", i), {false, true});
  }
  Rng rng(0x31D0U, instance);
  const std::vector<double> weight = falling_weights(kLayers, rng);
  std::vector<double> width(kLayers), rate(kLayers), single(kLayers * kOperations), pair(kLayers * kOperations * kOperations);
  std::vector<std::size_t> best(kLayers), skip(kLayers);
  for (std::size_t i = 0; i < kLayers; ++i) {
    width[i] = std::round(8 * std::pow(64.0, rng.uniform()));
    rate[i] = rng.uniform(-4, 0);
    best[i] = rng.below(kOperations);
    skip[i] = rng.below(2);
  }
  for (double& v : single) v = rng.uniform(0.2, 1);
  for (double& v : pair) v = rng.uniform(0, 0.6);
  return plain_problem(space.declaration(), [=](ConstRow row) {
    double sum = 0;
    for (std::size_t i = 0; i < kLayers; ++i) {
      const double* x = &row.x[4 * i];
      const auto operation = static_cast<std::size_t>(x[0]);
      double cost = std::pow(std::log2(x[1] / width[i]) / 3, 2) + std::pow((std::log10(x[2]) - rate[i]) / 2, 2);
      if (operation != best[i]) {
        const auto before = static_cast<std::size_t>(row.x[4 * ((i + kLayers - 1) % kLayers)]);
        cost += single[i * kOperations + operation] + pair[(i * kOperations + before) * kOperations + operation];
      }
      if (x[3] != static_cast<double>(skip[i])) cost += 0.3;
      sum += weight[i] * cost;
    }
    return sum;
  }, 0);
}

}  // namespace

std::vector<Family> wide_families() { return {{"wide_numbers", wide_numbers}, {"wide_mixed", wide_mixed}}; }

}  // namespace nascent::search_quality
