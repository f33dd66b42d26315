// Grids of ordered values, partly on logarithmic scales, as hyper-parameters are often tabulated; optimum by enumeration.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <numbers>

#include "nascent/space_builder.hpp"
#include "synthetic.hpp"

namespace nascent::search_quality {
namespace {

// n values from lo to hi, evenly spaced on a logarithmic scale.
std::vector<double> logarithmic(std::size_t n, double lo, double hi) {
  std::vector<double> values;
  for (std::size_t k = 0; k < n; ++k) values.push_back(lo * std::pow(hi / lo, static_cast<double>(k) / static_cast<double>(n - 1)));
  return values;
}

// A draw of a smooth random function on a grid: random Fourier features of a squared-exponential kernel whose length
// differs by direction (Rahimi, Recht 2007).
Problem smooth_grid(std::uint64_t instance) {
  constexpr std::size_t kParameters = 5, kLevels = 7, kFeatures = 48;
  SpaceBuilder space;
  for (std::size_t i = 0; i < kParameters; ++i) space.integer(fmt::format("x{}", i), 0, kLevels - 1);
  Rng rng(0x6A1DU, instance);
  std::vector<double> inverse_length(kParameters), frequency(kFeatures * kParameters), phase(kFeatures);
  for (double& v : inverse_length) v = std::exp(rng.uniform(-1.5, 1.5));
  for (std::size_t f = 0; f < kFeatures; ++f) {
    phase[f] = rng.uniform(0, 2 * std::numbers::pi);
    for (std::size_t i = 0; i < kParameters; ++i) frequency[f * kParameters + i] = inverse_length[i] * rng.normal() / (kLevels - 1);
  }
  auto values = std::make_shared<std::vector<double>>();
  const auto position = [](ConstRow row) {
    std::size_t at = 0;
    for (const double x : row.x) at = at * kLevels + static_cast<std::size_t>(x);
    return at;
  };
  const SpaceDeclaration declared = space.declaration();
  for_each_configuration(SpaceView(declared.view()), [&](ConstRow row) {
    double sum = 0;
    for (std::size_t f = 0; f < kFeatures; ++f) {
      double angle = phase[f];
      for (std::size_t i = 0; i < kParameters; ++i) angle += frequency[f * kParameters + i] * row.x[i];
      sum += std::cos(angle);
    }
    values->push_back(sum * std::sqrt(2.0 / kFeatures));
  });
  Problem p = plain_problem(declared, [values, position](ConstRow row) { return (*values)[position(row)]; }, 0);
  solve(p);
  return p;
}

// Training as practice knows it: an optimal learning rate that grows with the batch, divergence above it, regularisation
// that trades against capacity, momentum that acts like a larger rate.
Problem training(std::uint64_t instance) {
  Rng rng(0x74A1U, instance);
  const double best_rate = rng.uniform(-3.5, -1.5), best_capacity = rng.uniform(6, 9), best_decay = rng.uniform(-5, -2);
  const double cliff = rng.uniform(0.4, 1.0), floor = rng.uniform(0.02, 0.1);
  SpaceBuilder space;
  const auto rate = space.ordinal("rate", logarithmic(8, 1e-5, 1));
  const auto batch = space.ordinal<std::int64_t>("batch", {8, 16, 32, 64, 128, 256});
  const auto momentum = space.ordinal("momentum", std::vector<double>{0, 0.5, 0.9, 0.99});
  const auto decay = space.ordinal("decay", logarithmic(6, 1e-6, 1e-1));
  const auto width = space.ordinal<std::int64_t>("width", {16, 32, 64, 128, 256, 512, 1024});
  const SpaceDeclaration declared = space.declaration();
  Problem p = plain_problem(declared, [=](ConstRow row) {
    const Values v(SpaceView(declared.view()), row);
    const double effective = std::log10(v[rate] / (1 - v[momentum]));
    const double off = effective - best_rate - 0.5 * std::log10(static_cast<double>(v[batch]) / 32);
    if (off > cliff) return 1.0;  // diverged
    const double capacity = std::log2(static_cast<double>(v[width]));
    const double fit = 0.05 * off * off + 0.02 * std::pow(std::max(0.0, best_capacity - capacity), 1.5);
    const double overfit = 0.01 * std::pow(std::log10(v[decay]) - best_decay - 0.3 * (capacity - best_capacity), 2);
    return std::min(1.0, floor + fit + overfit + 0.005 * std::abs(std::log2(static_cast<double>(v[batch])) - 6));
  }, 0);
  solve(p);
  return p;
}

// One valley in a few directions, no influence of the others.
Problem few_matter(std::uint64_t instance) {
  constexpr std::size_t kParameters = 7, kMatter = 3;
  constexpr std::int64_t kLevels = 5;
  SpaceBuilder space;
  for (std::size_t i = 0; i < kParameters; ++i) space.ordinal(fmt::format("x{}", i), logarithmic(kLevels, 1, 1000));
  Rng rng(0xFE3U, instance);
  std::vector<std::size_t> order(kParameters);
  std::vector<double> target(kMatter);
  for (std::size_t i = 0; i < kParameters; ++i) order[i] = i;
  for (std::size_t i = 0; i < kMatter; ++i) {
    std::swap(order[i], order[i + rng.below(kParameters - i)]);
    target[i] = rng.uniform(0, kLevels - 1);
  }
  Problem p = plain_problem(space.declaration(), [=](ConstRow row) {
    double sum = 0;
    for (std::size_t i = 0; i < kMatter; ++i) sum += std::abs(row.x[order[i]] - target[i]);
    return sum + 0.5 * std::pow(row.x[order[0]] - target[0] - row.x[order[1]] + target[1], 2);
  }, 0);
  solve(p);
  return p;
}

}  // namespace

std::vector<Family> ordinal_families() {
  return {{"smooth_grid", smooth_grid}, {"training", training}, {"few_matter", few_matter}};
}

}  // namespace nascent::search_quality
