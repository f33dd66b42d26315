#include "optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "nascent/graph.hpp"

namespace {

using namespace nascent::libtorch;

// A weight [2, 8] that decays, and a bias [2] that does not.
struct Problem {
  Weights weights;
  at::Tensor gradients;
  explicit Problem(std::uint64_t seed = 1) {
    nascent::Graph graph;
    graph.output(graph.linear(graph.input("x", {8}), 2, nascent::Bias::with, "layer"));
    weights = Weights(infer(graph).weights);
    initialise(weights, graph, seed);
    gradients = at::zeros_like(weights.parameters());
  }
};

// The rules as written in the papers, on one number in float64.
double reference(const OptimizerSettings& s, double p, const std::vector<double>& gradients, double rate, bool decayed) {
  double m = 0, v = 0;
  const double decay = decayed ? s.weight_decay : 0;
  for (std::size_t k = 0; k < gradients.size(); ++k) {
    const double t = static_cast<double>(k) + 1;
    double g = gradients[k] + (s.kind == OptimizerKind::adamw ? 0 : decay * p);
    if (s.kind == OptimizerKind::sgd) {
      m = s.momentum * m + g;
      p -= rate * (s.nesterov ? g + s.momentum * m : m);
      continue;
    }
    if (s.kind == OptimizerKind::adamw) p -= rate * decay * p;
    m = s.momentum * m + (1 - s.momentum) * g;
    v = s.beta2 * v + (1 - s.beta2) * g * g;
    p -= rate * (m / (1 - std::pow(s.momentum, t))) / (std::sqrt(v / (1 - std::pow(s.beta2, t))) + 1e-8);
  }
  return p;
}

class Rules : public testing::TestWithParam<OptimizerSettings> {};
INSTANTIATE_TEST_SUITE_P(All, Rules,
                         testing::Values(OptimizerSettings{OptimizerKind::sgd, 0.0, 0.999, false, 0.1}, OptimizerSettings{OptimizerKind::sgd, 0.9, 0.999, false, 0.1},
                                         OptimizerSettings{OptimizerKind::sgd, 0.9, 0.999, true, 0.1}, OptimizerSettings{OptimizerKind::adam, 0.9, 0.99, true, 0.1},
                                         OptimizerSettings{OptimizerKind::adamw, 0.9, 0.99, true, 0.1}));

TEST_P(Rules, agree_with_the_papers_and_spare_biases_from_decay) {
  Problem problem;
  Optimizer optimizer(GetParam(), problem.weights);
  const double weight = problem.weights[0][1][3].item<double>();
  problem.weights[1].fill_(0.5);
  std::vector<double> gradients;
  for (int step = 1; step <= 5; ++step) {
    gradients.push_back(0.3 * step - 0.7);
    problem.gradients.fill_(gradients.back());
    optimizer.step(problem.weights.parameters(), problem.gradients, 0.05, step);
  }
  EXPECT_NEAR(problem.weights[0][1][3].item<double>(), reference(GetParam(), weight, gradients, 0.05, true), 2e-6);
  EXPECT_NEAR(problem.weights[1][1].item<double>(), reference(GetParam(), 0.5, gradients, 0.05, false), 2e-6);
}

}  // namespace
