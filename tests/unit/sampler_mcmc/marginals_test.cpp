// The chains' draws follow the target: against sums over all configurations, and against known integrals.
//
// Each case runs many short studies with seeds of their own and compares the mean of their estimates with the truth. The
// estimates are independent, so that Student's t gives the rate at which a correct sampler fails: 10^-6 for each case,
// shared by its comparisons. The seeds are fixed: a case that passes keeps passing.
#include <gtest/gtest.h>

#include <map>

#include "mcmc/mcmc.hpp"
#include "support/finite_spaces.hpp"
#include "support/sampler_run.hpp"

namespace nascent::mcmc {
namespace {

using test::Config;
using test::SamplerInstance;

constexpr int kStudies = 30;
constexpr double kRate = 1e-6;

struct Case {
  std::initializer_list<std::pair<std::string, test::OptionValue>> options;
  std::uint64_t trials = 3000;
  std::uint32_t parallel = 1;
};

// The posterior of each study.
std::vector<Posterior> studies(const SpaceDeclaration& space, const test::Loss& loss, const Case& c) {
  std::vector<Posterior> all;
  for (std::uint64_t seed = 1; seed <= kStudies; ++seed) {
    Config config(c.options);
    SamplerInstance sampler(Mcmc::Kind::table<Mcmc>, space,
                            config.complete<Mcmc>(), {.seed = seed, .parallel = c.parallel});
    run_study(sampler, loss, c.trials, c.parallel);
    all.push_back(*sampler.posterior(1000000));
  }
  return all;
}

void expect_mean(const std::vector<Posterior>& all, const std::function<double(const Point&)>& of, double exact, double rate,
                 const std::string& what) {
  std::vector<double> estimates;
  for (const Posterior& p : all) estimates.push_back(test::expectation(p, of));
  const test::Interval found = test::interval(estimates, rate);
  EXPECT_NEAR(found.mean, exact, found.half) << what;
  EXPECT_LT(found.half, 0.1 * std::max(exact, 0.3)) << what << ": the test has no power";
}

double branching_loss(const Point& p) {
  double loss = 0.4 * p.x[1];
  if (p.active[2] != 0) loss += (p.x[2] == 0 ? 0.0 : 1.2) - 1.5 + (p.x[3] == 2 ? 1.0 : 0.0);
  if (p.active[4] != 0) loss += 0.5 * p.x[4] - (p.x[1] == 2 ? 1.0 : 0.0);
  return loss;
}

void expect_branching_marginals(const Case& c, double temperature) {
  const SpaceDeclaration space = test::branching_space();
  const SpaceView view(space.view());
  const std::vector<Point> all = test::configurations(view);
  std::vector<double> target;
  double total = 0;
  for (const Point& p : all) {
    target.push_back(std::exp(view.log_prior(p.row()) - branching_loss(p) / temperature));
    total += target.back();
  }
  const std::vector<Posterior> found = studies(space, branching_loss, c);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double exact = target[i] / total;
    if (exact < 0.01) continue;
    expect_mean(found, [&](const Point& p) { return p == all[i] ? 1.0 : 0.0; }, exact, kRate / 33, "configuration " + std::to_string(i));
  }
}

TEST(McmcMarginals, one_chain_draws_every_configuration_of_a_branching_space_as_often_as_the_target_says) {
  expect_branching_marginals({{{"temperature", 1.0}, {"temperature_unit", "absolute"}, {"chains", 1}, {"rungs", 1}}}, 1);
}

TEST(McmcMarginals, so_do_chains_that_exchange_states_with_hotter_ones_and_run_in_parallel) {
  expect_branching_marginals(
      {{{"temperature", 0.5}, {"temperature_unit", "absolute"}, {"chains", 2}, {"rungs", 3}, {"ladder", 2.0}}, 8000, 5}, 0.5);
}

TEST(McmcMarginals, a_normal_distribution_has_its_moments) {
  SpaceBuilder s;
  s.real("x", -10, 10);
  const auto loss = [](const Point& p) { return std::pow((p.x[0] - 1) / 0.5, 2) / 2; };
  const auto found = studies(s.declaration(), loss, {{{"temperature", 1.0}, {"temperature_unit", "absolute"}}, 4000});
  expect_mean(found, [](const Point& p) { return p.x[0]; }, 1, kRate / 3, "mean");
  expect_mean(found, [](const Point& p) { return std::pow(p.x[0] - 1, 2); }, 0.25, kRate / 3, "variance");
  expect_mean(found, [](const Point& p) { return p.x[0] < 1.5 ? 1 : 0; }, normal_cdf(1), kRate / 3, "P(x < mean + sd)");
}

TEST(McmcMarginals, two_correlated_normals_under_normal_priors_have_their_moments) {
  SpaceBuilder s;
  s.real("x", -20, 20, {.normal = NormalPrior{0, 2}});
  s.real("y", -20, 20, {.normal = NormalPrior{0, 2}});
  // Prior precision 1/4 each; the loss adds precision {{a, b}, {b, a}} and pulls x to 1 by h.
  const double a = 1, b = -0.8, h = 1;
  const auto loss = [&](const Point& p) {
    return 0.5 * (a * p.x[0] * p.x[0] + 2 * b * p.x[0] * p.x[1] + a * p.x[1] * p.x[1]) - h * p.x[0];
  };
  const double d = a + 0.25, determinant = d * d - b * b;
  const double variance = d / determinant, covariance = -b / determinant, mean_x = h * variance, mean_y = h * covariance;
  const auto found = studies(s.declaration(), loss, {{{"temperature", 1.0}, {"temperature_unit", "absolute"}}, 6000});
  expect_mean(found, [](const Point& p) { return p.x[0]; }, mean_x, kRate / 4, "mean of x");
  expect_mean(found, [](const Point& p) { return p.x[1]; }, mean_y, kRate / 4, "mean of y");
  expect_mean(found, [&](const Point& p) { return (p.x[0] - mean_x) * (p.x[0] - mean_x); }, variance, kRate / 4, "variance of x");
  expect_mean(found, [&](const Point& p) { return (p.x[0] - mean_x) * (p.x[1] - mean_y); }, covariance, kRate / 4, "covariance");
}

TEST(McmcMarginals, a_branch_of_many_more_parameters_gets_the_mass_of_its_integral) {
  constexpr int kParameters = 5;
  SpaceBuilder s;
  const auto kind = s.choice("kind", {"plain", "rich"});
  s.when(s.is(kind, "rich"), [](SpaceBuilder& in) {
    for (int i = 0; i < kParameters; ++i) in.real("p" + std::to_string(i), 0, 1);
  });
  // The branch holds a bell in each parameter; its integral over the prior makes up for the offset.
  const double integral = 0.2 * std::sqrt(2 * 3.14159265358979323846) * (2 * normal_cdf(0.5 / 0.2) - 1);
  const double offset = kParameters * std::log(integral);
  const auto loss = [&](const Point& p) {
    if (p.x[0] == 0) return 0.0;
    double sum = offset;
    for (int i = 1; i <= kParameters; ++i) sum += std::pow((p.x[static_cast<std::size_t>(i)] - 0.5) / 0.2, 2) / 2;
    return sum;
  };
  const auto found = studies(s.declaration(), loss,
                             {{{"temperature", 1.0}, {"temperature_unit", "absolute"}, {"rungs", 1}, {"chains", 2}}, 8000});
  expect_mean(found, [](const Point& p) { return p.x[0]; }, 0.5, kRate / 2, "P(rich)");
  expect_mean(found, [](const Point& p) { return p.x[0] * p.x[1]; }, 0.25, kRate / 2, "mean of a parameter of the branch");
}

TEST(McmcMarginals, chains_that_have_mixed_say_so) {
  const SpaceDeclaration space = test::branching_space();
  Config config{{"temperature", 1.0}, {"temperature_unit", "absolute"}, {"chains", 4}, {"rungs", 1}};
  SamplerInstance sampler(Mcmc::Kind::table<Mcmc>, space, config.complete<Mcmc>());
  run_study(sampler, branching_loss, 8000);
  const Posterior p = *sampler.posterior(1000000);
  std::map<std::string, double> said(p.diagnostics.begin(), p.diagnostics.end());
  EXPECT_LT(said.at("r_hat_max"), 1.02);
  EXPECT_GT(said.at("ess_min"), 300);
  EXPECT_EQ(p.n_effective, said.at("ess_min"));
  EXPECT_EQ(said.at("draws"), 8000 - 4 * 30);
  EXPECT_GT(said.at("acceptance_rate"), 0.1);
}

}  // namespace
}  // namespace nascent::mcmc
