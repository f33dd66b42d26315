#include "gp/acquisition.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "data.hpp"

namespace nascent::gp {
namespace {

using fixture::layout;
using fixture::random_inputs;

struct Case {
  std::vector<double> values;
  std::vector<double> constraints = {};
  State state = State::completed;
};

// 30 trials at random configurations.
template <class Outcome>
ToldList told(const Outcome& outcome) {
  const Inputs at = random_inputs(30, 21);
  ToldList trials;
  for (std::size_t i = 0; i < 30; ++i) {
    const Inputs one = chosen(at, {&i, 1});
    const Case c = outcome(one.x);
    Told t{.number = i, .input = one, .state = c.state, .values = c.values, .constraints = c.constraints};
    for (const double v : c.constraints) t.violation += std::max(v, 0.0);
    trials.push_back(std::make_shared<const Told>(t));
  }
  return trials;
}

Model model_of(const ToldList& trials, std::size_t n_objectives = 1, std::size_t n_constraints = 0) {
  Model model(layout(), learnt_thetas(layout(), trials, n_objectives, n_constraints, Hyperparameters::map, 1).front(),
              n_objectives, n_constraints);
  model.learn(trials);
  return model;
}

double bowl(const Matrix& x) { return std::pow(x(0, 0) - 0.3, 2) + std::pow(x(0, 1) - 0.6, 2); }

const Inputs kNone{Matrix(0, 4), {}};

Vector worth(AcquisitionKind kind, const Model& model, const Inputs& at, const Inputs& pending = kNone,
             std::uint64_t seed = 1) {
  Settings settings;
  settings.acquisition = kind;
  return (*acquisition_of(settings, {&model, 1}, pending, seed))(at);
}

TEST(LogEi, is_the_expected_improvement_on_the_best_predicted_mean) {
  const Model model = model_of(told([](const Matrix& x) { return Case{{bowl(x)}}; }));
  const Inputs at = random_inputs(40, 22);
  const Vector found = worth(AcquisitionKind::log_ei, model, at);
  const Process::Posterior p = model.objective(0).posterior(at);
  for (Index i = 0; i < 40; ++i) {
    const double gain = model.feasible_means().minCoeff() - p.mean(i, 0), sd = p.deviation[i], z = gain / sd;
    if (z < -5) continue;  // the plain formula cancels there
    const double expected = gain * normal_cdf(z) + sd * std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi);
    EXPECT_NEAR(found[i], std::log(expected), 1e-6) << i;
  }
}

TEST(Ucb, is_the_improvement_of_the_optimistic_bound) {
  const Model model = model_of(told([](const Matrix& x) { return Case{{bowl(x)}}; }));
  const Inputs at = random_inputs(40, 22);
  const Vector found = worth(AcquisitionKind::ucb, model, at);
  const Process::Posterior p = model.objective(0).posterior(at);
  for (Index i = 0; i < 40; ++i) {
    const double gain = model.feasible_means().minCoeff() - p.mean(i, 0) + 2 * p.deviation[i];
    EXPECT_NEAR(found[i], gain > 0 ? std::log(gain) : Front::kNoGain + gain, 1e-9) << i;
  }
}

TEST(NoisyEi, is_the_mean_improvement_over_joint_draws) {
  Rng noise(3);
  const Model model = model_of(told([&](const Matrix& x) { return Case{{bowl(x) + 0.1 * noise.normal()}}; }));
  const Inputs at = random_inputs(5, 22);
  // 200 seeds of 16 draws each, against plain Monte Carlo of the definition over all 30 trials.
  Vector found = Vector::Zero(5), expected = Vector::Zero(5), squares = Vector::Zero(5), spread = Vector::Zero(5);
  const int seeds = 200, n = 20000;
  for (int s = 0; s < seeds; ++s) {
    const Vector one = worth(AcquisitionKind::noisy_ei, model, at, kNone, static_cast<std::uint64_t>(s)).array().exp();
    found += one / seeds;
    spread += one.cwiseAbs2() / seeds;
  }
  const Inputs all = stacked(std::array{&model.feasible(), &at});
  const Process::Posterior p = model.objective(0).posterior(all);
  const Matrix factor = model.objective(0).joint_factor(p, 0);
  Rng rng(4);
  for (int i = 0; i < n; ++i) {
    Vector z(35);
    for (double& v : z) v = rng.normal();
    const Vector f = p.mean + factor * z;
    const Vector gain = (f.head(30).minCoeff() - f.tail(5).array()).max(0.0);
    expected += gain / n;
    squares += gain.cwiseAbs2() / n;
  }
  for (Index i = 0; i < 5; ++i) {
    const double error =
        std::sqrt((squares[i] - expected[i] * expected[i]) / n + (spread[i] - found[i] * found[i]) / seeds);
    // 5 standard errors, 3 % for the trials that are not among the best 16, and what 20,000 draws never see.
    EXPECT_NEAR(found[i], expected[i], 5 * error + 0.03 * expected[i] + 1e-6) << i;
  }
}

TEST(Thompson, draws_from_the_posterior_one_function) {
  const Model model = model_of(told([](const Matrix& x) { return Case{{bowl(x)}}; }));
  const std::size_t i = 0;
  const Inputs at = chosen(random_inputs(1, 23), {&i, 1});
  const Process::Posterior p = model.objective(0).posterior(at);
  const double best = model.feasible_means().minCoeff();
  double sum = 0, squares = 0;
  const int n = 4000;
  for (int s = 0; s < n; ++s) {
    Settings settings;
    settings.acquisition = AcquisitionKind::thompson;
    const auto drawn = acquisition_of(settings, {&model, 1}, kNone, static_cast<std::uint64_t>(s));
    const double log = (*drawn)(at)[0], value = best - (log > -500 ? std::exp(log) : log - Front::kNoGain);
    sum += value / n;
    squares += value * value / n;
    if (s > 0) continue;
    EXPECT_NEAR((*drawn)(at)[0], log, 1e-3 * (1 + std::abs(log))) << "the same function when asked again";
  }
  // Standard errors sd / sqrt(n) and about sd / sqrt(2 n); 6 of them.
  EXPECT_NEAR(sum, p.mean(0, 0), 6 * p.deviation[0] / std::sqrt(n));
  EXPECT_NEAR(std::sqrt(squares - sum * sum), p.deviation[0], 6 * p.deviation[0] / std::sqrt(2 * n));
}

TEST(Acquisitions, a_configuration_that_runs_is_worth_less) {
  const Model model = model_of(told([](const Matrix& x) { return Case{{bowl(x)}}; }));
  const Inputs running = random_inputs(3, 24);
  for (const AcquisitionKind kind : {AcquisitionKind::log_ei, AcquisitionKind::noisy_ei, AcquisitionKind::ucb}) {
    const Vector alone = worth(kind, model, running), beside = worth(kind, model, running, running);
    for (Index i = 0; i < 3; ++i) EXPECT_LT(beside[i], alone[i]) << i;
  }
}

TEST(Acquisitions, before_anything_is_feasible_only_the_probability_of_success_counts) {
  const Model model = model_of(told([](const Matrix& x) { return Case{{bowl(x)}, {0.1 + x(0, 0)}}; }), 1, 1);
  const Inputs at = random_inputs(10, 22);
  for (const AcquisitionKind kind :
       {AcquisitionKind::log_ei, AcquisitionKind::noisy_ei, AcquisitionKind::ucb, AcquisitionKind::thompson}) {
    EXPECT_EQ(worth(kind, model, at, random_inputs(2, 3)), model.log_success(at));
  }
}

TEST(Model, tells_where_trials_fail_and_constraints_are_broken) {
  const auto outcome = [](const Matrix& x) {
    if (x(0, 0) > 0.7) return Case{{0}, {0}, State::failed};
    return Case{{bowl(x)}, {x(0, 1) - 0.5}};
  };
  const Model model = model_of(told(outcome), 1, 1);
  Inputs at{Matrix::Constant(3, 4, 0.5), {}};
  at.x.col(3).setZero();
  at.x.topLeftCorner(3, 2) << 0.2, 0.2, 0.95, 0.2, 0.2, 0.9;
  const Vector success = model.log_success(at).array().exp();
  EXPECT_GT(success[0], 0.8);
  EXPECT_LT(success[1], 0.4) << "fails";
  EXPECT_LT(success[2], 0.2) << "breaks the constraint";
}

TEST(Model, of_two_objectives_a_gain_on_the_front_is_worth_more_than_none) {
  const auto two = [](const Matrix& x) {
    return Case{{x(0, 1) + x(0, 0) * x(0, 0), x(0, 1) + std::pow(1 - x(0, 0), 2)}};  // the front has b = 0
  };
  const Model model = model_of(told(two), 2);
  Inputs at{Matrix::Constant(6, 4, 0.5), {}};
  at.x.col(3).setZero();
  at.x.topLeftCorner(6, 2) << 0.2, 0.02, 0.5, 0.02, 0.8, 0.02, 0.2, 0.9, 0.5, 0.9, 0.8, 0.9;
  for (const AcquisitionKind kind : {AcquisitionKind::log_ei, AcquisitionKind::noisy_ei, AcquisitionKind::ucb}) {
    const Vector found = worth(kind, model, at);
    EXPECT_GT(found.head(3).minCoeff(), found.tail(3).maxCoeff());
  }
}

}  // namespace
}  // namespace nascent::gp
