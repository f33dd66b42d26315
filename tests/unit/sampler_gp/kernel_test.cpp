#include "gp/kernel.hpp"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>

#include "data.hpp"

namespace nascent::gp {
namespace {

using fixture::layout;
using fixture::random_inputs;

Vector theta_with_graph() {
  Vector theta(8);
  theta << 0.5, -3, -0.9, 0.3, -0.2, -0.1, -0.5, 0.7;
  return theta;
}

Kernel::Covariance among(const Kernel& kernel, const Inputs& at) {
  return kernel.covariance(kernel.embed(at), similarities(at.graphs, at.graphs));
}

TEST(Kernel, its_gradient_is_that_of_finite_differences) {
  const Inputs at = random_inputs(15, 3, GraphKernel::with);
  const Layout with = layout(GraphKernel::with);
  Rng rng(4);
  Matrix weights(15, 15);
  for (Index i = 0; i < 15; ++i) {
    for (Index j = 0; j <= i; ++j) weights(i, j) = weights(j, i) = rng.normal();
  }
  const auto sum = [&](const Vector& theta) {
    const Kernel kernel(with, theta);
    return among(kernel, at).whole.cwiseProduct(weights).sum() + kernel.noise() * weights.trace();
  };
  const Vector theta = theta_with_graph();
  const Kernel kernel(with, theta);
  const Vector gradient =
      kernel.gradient(at, kernel.embed(at), among(kernel, at), similarities(at.graphs, at.graphs), weights);
  for (Index i = 0; i < theta.size(); ++i) {
    const double step = 1e-5;
    Vector up = theta, down = theta;
    up[i] += step;
    down[i] -= step;
    EXPECT_NEAR(gradient[i], (sum(up) - sum(down)) / (2 * step), 1e-7) << i;
  }
}

TEST(Kernel, covariances_have_no_negative_eigenvalue) {
  const Inputs at = random_inputs(80, 5, GraphKernel::with);
  const Kernel kernel(layout(GraphKernel::with), theta_with_graph());
  const Eigen::SelfAdjointEigenSolver<Matrix> values(kernel(kernel.embed(at), kernel.embed(at)));
  EXPECT_GT(values.eigenvalues().minCoeff(), -1e-12 * values.eigenvalues().maxCoeff());
  EXPECT_LT((among(kernel, at).whole - kernel(kernel.embed(at), kernel.embed(at))).cwiseAbs().maxCoeff(), 1e-12);
}

TEST(Kernel, an_inactive_number_is_equally_far_from_all_active_ones_and_at_no_distance_from_itself) {
  const Kernel kernel(layout(), fixture::vector_of(reference::kTheta));
  Inputs at{Matrix::Constant(4, 4, 0.5), {}};
  at.x.col(3).setZero();
  at.x(0, 2) = at.x(1, 2) = std::nan("");
  at.x(2, 2) = 0.1;
  at.x(3, 2) = 0.9;
  const Matrix k = kernel(kernel.embed(at), kernel.embed(at));
  EXPECT_DOUBLE_EQ(k(0, 1), kernel.variance());
  EXPECT_NEAR(k(0, 2), k(0, 3), 1e-14);
  EXPECT_LT(k(0, 2), k(0, 1));
}

TEST(Kernel, a_categorical_of_a_million_choices_takes_no_memory_for_them) {
  const Layout one{{}, 1};
  const Kernel kernel(one, Vector::Zero(3));
  Inputs at{Matrix(3, 1), {}};
  at.x << 0, 999999, 999999;
  const Matrix k = kernel(kernel.embed(at), kernel.embed(at));
  EXPECT_DOUBLE_EQ(k(1, 2), 1);
  EXPECT_DOUBLE_EQ(k(0, 1), std::exp(-0.5));
}

}  // namespace
}  // namespace nascent::gp
