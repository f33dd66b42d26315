// Fitted distributions have the target's marginals: against sums over all configurations, and against closed forms.
//
// Each case runs 20 studies with seeds of their own. Two things are asked for: the mean of their estimates differs from the
// truth by no more than Student's t allows at false-failure rate 10^-6 for each case, plus 0.005 for the draws and
// for steps not taken yet; and every single study comes within 0.15.
#include <gtest/gtest.h>

#include "support/finite_spaces.hpp"
#include "support/sampler_run.hpp"
#include "vi/reinforce.hpp"
#include "vi/vi.hpp"

namespace nascent::vi {
namespace {

using test::Config;
using test::SamplerInstance;

constexpr int kStudies = 20;
constexpr double kRate = 1e-6, kSlack = 0.005;

using Options = std::initializer_list<std::pair<std::string, test::OptionValue>>;

std::vector<Posterior> studies(const SpaceDeclaration& space, const test::Loss& loss, Options options, std::uint64_t trials,
                               std::uint32_t parallel = 1) {
  std::vector<Posterior> all;
  for (std::uint64_t seed = 1; seed <= kStudies; ++seed) {
    Config config(options);
    config.set("temperature", 1.0);
    config.set("temperature_unit", "absolute");
    SamplerInstance sampler(Vi::Kind::table<Vi>, space, config.complete<Vi>(), {.seed = seed, .parallel = parallel});
    run_study(sampler, loss, trials, parallel);
    all.push_back(*sampler.posterior(20000));
  }
  return all;
}

void expect_mean(const std::vector<Posterior>& all, const std::function<double(const Point&)>& of, double exact, double rate,
                 const std::string& what) {
  std::vector<double> estimates;
  for (const Posterior& p : all) {
    estimates.push_back(test::expectation(p, of));
    EXPECT_NEAR(estimates.back(), exact, 0.15) << what;
  }
  const test::Interval found = test::interval(estimates, rate);
  EXPECT_NEAR(found.mean, exact, found.half + kSlack) << what;
  EXPECT_LT(found.half, 0.06) << what << ": the test has no power";
}

// Probabilities of all configurations under prior x exp(-loss), compared one by one.
void expect_configurations(const SpaceDeclaration& space, const test::Loss& loss, const std::vector<Posterior>& found) {
  const SpaceView view(space.view());
  const std::vector<Point> all = test::configurations(view);
  std::vector<double> target;
  double total = 0;
  for (const Point& p : all) {
    target.push_back(std::exp(view.log_prior(p.row()) - loss(p)));
    total += target.back();
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double exact = target[i] / total;
    if (exact < 0.01) continue;
    expect_mean(found, [&](const Point& p) { return p == all[i] ? 1.0 : 0.0; }, exact, kRate / static_cast<double>(all.size()),
                "configuration " + std::to_string(i));
  }
}

// Every parameter adds its own part, so that the target is a product along the branches.
double separable_loss(const Point& p) {
  double loss = 0.6 * p.x[1];
  if (p.active[2] != 0) loss += (p.x[2] == 0 ? 0.0 : 1.2) - 1.5 + (p.x[3] == 2 ? 0.8 : 0.0);
  if (p.active[4] != 0) loss += 0.7 * p.x[4];
  return loss;
}

TEST(ViMarginals, a_factorised_distribution_fits_a_product_along_branches) {
  const SpaceDeclaration space = test::branching_space();
  expect_configurations(space, separable_loss, studies(space, separable_loss, {}, 1500));
}

TEST(ViMarginals, so_it_does_with_trials_in_parallel) {
  const SpaceDeclaration space = test::branching_space();
  expect_configurations(space, separable_loss, studies(space, separable_loss, {{"batch", 8}}, 1500, 20));
}

// What is good in one parameter depends on another, also across a branch.
SpaceDeclaration coupled_space() {
  SpaceBuilder s;
  s.choice("left", {"a", "b", "c"}, {1, 1, 2});
  const auto right = s.choice("right", {"a", "b", "c"});
  s.when(s.is(right, "c"), [](SpaceBuilder& in) { in.choice<bool>("extra", {false, true}); });
  return s.declaration();
}
double coupled_loss(const Point& p) {
  return (p.x[0] == p.x[1] ? -1.5 : 0.0) + (p.active[2] != 0 && (p.x[2] == 1) == (p.x[0] == 0) ? -1.0 : 0.0);
}

TEST(ViMarginals, an_autoregressive_distribution_fits_interactions) {
  const SpaceDeclaration space = coupled_space();
  expect_configurations(space, coupled_loss,
                        studies(space, coupled_loss, {{"family", "autoregressive"}}, 2500));
}

// Two normals, correlated by the loss. Prior precision 1/4 each; the loss adds {{a, b}, {b, a}} and pulls x by h.
constexpr double a = 1, b = -0.8, h = 1, d = a + 0.25, determinant = d * d - b * b;
double quadratic_loss(const Point& p) {
  return 0.5 * (a * p.x[0] * p.x[0] + 2 * b * p.x[0] * p.x[1] + a * p.x[1] * p.x[1]) - h * p.x[0];
}
SpaceDeclaration plane() {
  SpaceBuilder s;
  s.real("x", -30, 30, {.normal = NormalPrior{0, 2}});
  s.real("y", -30, 30, {.normal = NormalPrior{0, 2}});
  return s.declaration();
}
constexpr double mean_x = h * d / determinant, mean_y = -h * b / determinant;

TEST(ViMarginals, an_autoregressive_distribution_has_the_moments_of_correlated_normals) {
  const auto found = studies(plane(), quadratic_loss, {{"family", "autoregressive"}}, 3000);
  expect_mean(found, [](const Point& p) { return p.x[0]; }, mean_x, kRate / 4, "mean of x");
  expect_mean(found, [](const Point& p) { return p.x[1]; }, mean_y, kRate / 4, "mean of y");
  expect_mean(found, [](const Point& p) { return std::pow(p.x[1] - mean_y, 2); }, d / determinant, kRate / 4, "variance of y");
  expect_mean(found, [](const Point& p) { return (p.x[0] - mean_x) * (p.x[1] - mean_y); }, -b / determinant, kRate / 4, "covariance");
}

// Bishop, "Pattern Recognition and Machine Learning" (2006), section 10.1.2: means as they are, variances 1 / precision.
TEST(ViMarginals, a_factorised_distribution_is_the_mean_field_of_correlated_normals) {
  // The family does not hold the target: rewards keep their noise, and every estimate that of the window.
  const auto found = studies(plane(), quadratic_loss, {{"window", 3000}}, 3000);
  expect_mean(found, [](const Point& p) { return p.x[0]; }, mean_x, kRate / 4, "mean of x");
  expect_mean(found, [](const Point& p) { return p.x[1]; }, mean_y, kRate / 4, "mean of y");
  expect_mean(found, [](const Point& p) { return std::pow(p.x[0] - mean_x, 2); }, 1 / d, kRate / 4, "variance of x");
  expect_mean(found, [](const Point& p) { return std::pow(p.x[1] - mean_y, 2); }, 1 / d, kRate / 4, "variance of y");
}

}  // namespace
}  // namespace nascent::vi
