#include "gp/process.hpp"

#include <gtest/gtest.h>

#include "data.hpp"

namespace nascent::gp {
namespace {

using fixture::inputs_of;
using fixture::layout;
using fixture::random_inputs;
using fixture::vector_of;

Process told(const Inputs& at, const Vector& values) {
  Process process(Kernel(layout(), vector_of(reference::kTheta)));
  process.observe_all(at);
  process.set_values(values);
  return process;
}

Matrix covariance(const Process& process, const Process::Posterior& p) {
  const Matrix factor = process.joint_factor(p, 0);
  return factor * factor.transpose();
}

TEST(Process, predicts_what_scikit_learn_predicts) {
  const Process process = told(inputs_of(reference::kTrain), vector_of(reference::kValues));
  const Process::Posterior p = process.posterior(inputs_of(reference::kTest));
  const Matrix expected = inputs_of(reference::kCovariance, 5).x;
  EXPECT_LT((p.mean.col(0) - vector_of(reference::kMean)).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_LT((p.deviation.array().square() - expected.diagonal().array()).abs().maxCoeff(), 1e-12);
  EXPECT_LT((covariance(process, p) - expected).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_NEAR(process.log_marginal_likelihood(), reference::kLogMarginalLikelihood, 1e-12);
}

TEST(Process, observed_one_by_one_it_is_the_same_process) {
  const Inputs at = random_inputs(60, 1), test = random_inputs(9, 2);
  const Vector values = Vector::LinSpaced(60, -1, 1).array().sin();
  const Process whole = told(at, values);
  Process grown(whole.kernel());
  const std::vector<std::size_t> first{0, 1, 2};
  grown.observe_all(chosen(at, first));
  for (std::size_t i = 3; i < 60; ++i) grown.observe_each(chosen(at, {&i, 1}));
  grown.set_values(values);
  EXPECT_LT((whole.posterior(test).mean - grown.posterior(test).mean).cwiseAbs().maxCoeff(), 1e-10);
  EXPECT_LT((whole.posterior(test).deviation - grown.posterior(test).deviation).cwiseAbs().maxCoeff(), 1e-10);
  EXPECT_NEAR(whole.log_marginal_likelihood(), grown.log_marginal_likelihood(), 1e-9);
}

TEST(Process, each_observation_at_a_time_or_many_the_last_bit_is_the_same) {
  const Inputs at = random_inputs(200, 1), test = random_inputs(9, 2);
  const Vector values = Vector::LinSpaced(200, -1, 1);
  Process many(Kernel(layout(), vector_of(reference::kTheta))), few = many;
  many.observe_each(at);
  for (std::size_t i = 0; i < 200; ++i) few.observe_each(chosen(at, {&i, 1}));
  many.set_values(values);
  few.set_values(values);
  EXPECT_EQ(many.posterior(test).mean, few.posterior(test).mean);
  EXPECT_EQ(many.posterior(test).deviation, few.posterior(test).deviation);
}

TEST(Process, smoothed_values_are_the_means_where_it_observed) {
  const Inputs at = inputs_of(reference::kTrain);
  const Process process = told(at, vector_of(reference::kValues));
  const Vector means = process.posterior(at).mean;
  EXPECT_LT((process.smoothed(vector_of(reference::kValues)) - means).cwiseAbs().maxCoeff(), 1e-12);
}

TEST(Process, conditioned_on_outcomes_as_predicted_only_its_deviations_shrink) {
  Process process = told(inputs_of(reference::kTrain), vector_of(reference::kValues));
  const Inputs pending = random_inputs(3, 5), test = random_inputs(20, 6);
  const Process::Posterior before = process.posterior(test), p = process.posterior(pending);
  process.condition(p, process.joint_factor(p, process.kernel().noise()), Matrix::Zero(3, 1));
  const Process::Posterior after = process.posterior(test);
  EXPECT_LT((before.mean - after.mean).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_LE((after.deviation - before.deviation).maxCoeff(), 1e-12);
  // The variance that is left of f where it was observed once, with noise n: v n / (v + n).
  const double variance = p.deviation[0] * p.deviation[0], noise = process.kernel().noise();
  EXPECT_LE(process.posterior(pending).deviation[0], std::sqrt(variance * noise / (variance + noise)) + 1e-9);
}

TEST(Process, conditioned_on_a_drawn_outcome_it_passes_through_it_in_every_world) {
  Process process = told(inputs_of(reference::kTrain), vector_of(reference::kValues));
  const Inputs at = random_inputs(4, 7);
  const Process::Posterior p = process.posterior(at);
  const Matrix factor = process.joint_factor(p, 0);
  Matrix innovations(4, 2);
  innovations << 0.3, -1, 0.1, 2, -0.7, 0.2, 1.5, -0.4;
  const Matrix drawn = p.mean.replicate(1, 2) + factor * innovations;
  process.condition(p, factor, innovations);
  EXPECT_LT((process.posterior(at).mean - drawn).cwiseAbs().maxCoeff(), 1e-5);
  EXPECT_LT(process.posterior(at).deviation.maxCoeff(), 1e-4);
}

TEST(Process, repeated_configurations_are_no_obstacle) {
  Inputs at = inputs_of(reference::kTrain);
  for (Index i = 1; i < at.size(); ++i) at.x.row(i) = at.x.row(0);
  const Process process = told(at, vector_of(reference::kValues));
  // The mean of n noisy observations of one value, and what they leave of its variance.
  const double n = 12, v = process.kernel().variance(), noise = process.kernel().noise() / n;
  const Process::Posterior p = process.posterior(chosen(at, std::vector<std::size_t>{0}));
  EXPECT_NEAR(p.mean(0, 0), vector_of(reference::kValues).mean() * v / (v + noise), 1e-9);
  EXPECT_NEAR(p.deviation[0], std::sqrt(v * noise / (v + noise)), 1e-9);
}

}  // namespace
}  // namespace nascent::gp
