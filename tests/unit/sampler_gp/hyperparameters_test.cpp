#include "gp/hyperparameters.hpp"

#include <gtest/gtest.h>

#include "data.hpp"
#include "gp/process.hpp"

namespace nascent::gp {
namespace {

using fixture::inputs_of;
using fixture::layout;
using fixture::random_inputs;
using fixture::vector_of;

// A draw of the process with `theta` at `at`, noise included.
Vector drawn(const Kernel& kernel, const Inputs& at, std::uint64_t seed) {
  const Process prior(kernel);
  Rng rng(seed);
  Vector z(at.size());
  for (double& v : z) v = rng.normal();
  return prior.joint_factor(prior.posterior(at), kernel.noise()) * z;
}

TEST(HyperPosterior, is_the_likelihood_of_scikit_learn_and_a_prior_that_the_data_do_not_change) {
  const Vector theta = vector_of(reference::kTheta);
  const HyperPosterior some(layout(), inputs_of(reference::kTrain), vector_of(reference::kValues));
  const Inputs at = random_inputs(8, 9);
  const Vector values = drawn(Kernel(layout(), theta), at, 1);
  const HyperPosterior others(layout(), at, values);
  Process process(Kernel(layout(), theta));
  process.observe_all(at);
  process.set_values(values);
  EXPECT_NEAR(some.log_density(theta) - reference::kLogMarginalLikelihood,
              others.log_density(theta) - process.log_marginal_likelihood(), 1e-10);
}

TEST(HyperPosterior, its_gradient_is_that_of_finite_differences) {
  const Inputs at = random_inputs(20, 2, GraphKernel::with);
  const Layout with = layout(GraphKernel::with);
  Vector theta = HyperPosterior::prior_mode(with);
  theta.array() += 0.3;
  theta[6] = -0.4;
  const HyperPosterior posterior(with, at, Vector::LinSpaced(20, -1, 1.5).array().cube());
  Vector gradient;
  posterior.log_density(theta, &gradient);
  for (Index i = 0; i < theta.size(); ++i) {
    const double step = 1e-5;
    Vector up = theta, down = theta;
    up[i] += step;
    down[i] -= step;
    const double slope = (posterior.log_density(up) - posterior.log_density(down)) / (2 * step);
    EXPECT_NEAR(gradient[i], slope, 1e-6 * (1 + std::abs(slope))) << i;
  }
}

TEST(MostProbable, tells_the_number_that_matters_from_those_that_do_not_and_finds_the_noise) {
  const Inputs at = random_inputs(120, 3);
  Rng rng(8);
  Vector values(120);
  for (Index i = 0; i < 120; ++i) values[i] = std::sin(7 * at.x(i, 0)) + 0.1 * rng.normal();
  const Vector theta = most_probable(HyperPosterior(layout(), at, values));
  EXPECT_GT(theta[3] - theta[2], std::log(5)) << "length scales of b and a";
  EXPECT_GT(theta[5] - theta[2], std::log(5)) << "of the categorical and a";
  EXPECT_NEAR(std::exp(0.5 * theta[1]), 0.1, 0.03) << "120 draws tell a deviation to 6.5 %";
}

TEST(MostProbable, equal_targets_and_a_single_one_are_no_obstacle) {
  for (const Index n : {1, 5}) {
    const Vector theta = most_probable(HyperPosterior(layout(), random_inputs(n, 3), Vector::Zero(n)));
    EXPECT_TRUE(theta.allFinite());
  }
}

TEST(SliceDraws, without_much_data_follow_the_prior) {
  // One observation of 0 favours small variances a little and says nothing else.
  const HyperPosterior posterior(layout(), random_inputs(1, 3), Vector::Zero(1));
  Rng rng(11);
  const std::size_t n = 2000;
  const std::vector<Vector> draws = slice_draws(posterior, HyperPosterior::prior_mode(layout()), n, rng);
  double mean = 0, squares = 0;
  for (const Vector& theta : draws) mean += theta[2] / static_cast<double>(n);
  for (const Vector& theta : draws) squares += std::pow(theta[2] - mean, 2) / static_cast<double>(n);
  // Normal with mean sqrt(2) + log(4) / 2 and variance 3. A draw depends on the one before; taking a tenth of them as
  // independent, 6 standard errors are 0.73 and 20 % of the deviation times 3.
  EXPECT_NEAR(mean, std::sqrt(2.0) + 0.5 * std::log(4.0), 0.73);
  EXPECT_NEAR(std::sqrt(squares), std::sqrt(3.0), 0.5);
}

}  // namespace
}  // namespace nascent::gp
