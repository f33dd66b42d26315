#include "mcmc/convergence.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "nascent/rng.hpp"

namespace nascent::mcmc {
namespace {

// Autoregressive chains of reproducible noise: x[t] = correlation x[t-1] + noise, chain c moved by shift (c + 1).
Chains noise(std::size_t draws, std::size_t chains, double correlation, double shift) {
  Chains all;
  for (std::size_t c = 1; c <= chains; ++c) {
    auto& chain = all.emplace_back();
    double previous = 0;
    for (std::size_t t = 1; t <= draws; ++t) {
      const double v = std::sin(12.9898 * static_cast<double>(t) + 78.233 * static_cast<double>(c)) * 43758.5453;
      previous = correlation * previous + (v - std::floor(v) - 0.5);
      chain.push_back(previous + shift * static_cast<double>(c));
    }
  }
  return all;
}

// rhat() and ess_bulk() of the R package posterior 1.4.0, by authors of the paper, on the same chains.
TEST(Convergence, equals_the_reference_implementation) {
  const struct {
    Chains chains;
    double r_hat, ess;
  } cases[] = {
      {noise(200, 4, 0.8, 0), 1.02631022273, 74.6160509359},   {noise(201, 2, 0.95, 0.1), 1.17459651395, 17.1092045112},
      {noise(500, 4, 0, 0), 0.999623387336, 2062.15041574},    {noise(300, 3, -0.6, 0), 1.0003852769, 2658.8182585},
      {noise(100, 4, 0.3, 0.5), 2.06563540675, 5.78916956458}, {noise(20, 2, 0.5, 0), 1.138586094, 14.6373292279},
      {noise(1000, 4, 0.9, 0), 1.01190252627, 209.592550825},
  };
  for (const auto& c : cases) {
    const Convergence found = convergence(c.chains);
    EXPECT_NEAR(found.r_hat, c.r_hat, 1e-9 * c.r_hat);
    EXPECT_NEAR(found.ess, c.ess, 1e-8 * c.ess);
  }
}

TEST(Convergence, equals_the_reference_implementation_on_ties) {
  Chains binary = noise(300, 3, 0.5, 0), coarse = noise(400, 2, 0.9, 0);
  for (auto& chain : binary) {
    for (double& x : chain) x = x > 0.1 ? 1 : 0;
  }
  for (auto& chain : coarse) {
    for (double& x : chain) x = std::floor(2 * x);
  }
  EXPECT_NEAR(convergence(binary).r_hat, 1.00655761758, 1e-9);
  EXPECT_NEAR(convergence(binary).ess, 312.822140932, 1e-6);
  EXPECT_NEAR(convergence(coarse).r_hat, 1.00291260213, 1e-9);
  EXPECT_NEAR(convergence(coarse).ess, 52.9660587589, 1e-6);
}

TEST(Convergence, equal_draws_agree_and_chains_that_stand_apart_do_not) {
  EXPECT_EQ(convergence({{2, 2, 2, 2}, {2, 2, 2, 2}}).r_hat, 1);
  EXPECT_EQ(convergence({{2, 2, 2, 2}, {2, 2, 2, 2}}).ess, 8);
  EXPECT_TRUE(std::isinf(convergence({{1, 1, 1, 1}, {2, 2, 2, 2}}).r_hat));
}

TEST(Convergence, a_handful_of_draws_says_nothing) {
  EXPECT_TRUE(std::isinf(convergence({}).r_hat));
  EXPECT_TRUE(std::isinf(convergence({{1, 2, 3}}).r_hat));
  EXPECT_EQ(convergence({{1, 2, 3}, {3, 2, 1}}).ess, 0);
}

}  // namespace
}  // namespace nascent::mcmc
