#include "plan.hpp"

#include <gtest/gtest.h>

#include "networks.hpp"

namespace {

using namespace nascent::libtorch;

std::vector<at::Tensor> inputs_for(const nascent::Graph& graph, std::int64_t rows) {
  std::vector<at::Tensor> inputs;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(7);
  const nascent::GraphSummary summary = infer(graph);
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    if (graph.nodes()[i].op != "Input") continue;
    std::vector<std::int64_t> shape{rows};
    shape.insert(shape.end(), summary.shapes[i][0].begin(), summary.shapes[i][0].end());
    const bool tokens = nascent::attributes_of(graph.nodes()[i]).text("dtype") == "int64";
    inputs.push_back(tokens ? at::randint(7, shape, generator, at::kLong) : at::randn(shape, generator));
  }
  return inputs;
}

Weights initial_weights(const nascent::Graph& graph) {
  Weights weights(infer(graph).weights);
  initialise(weights, graph, 3);
  return weights;
}

class EveryOperator : public testing::TestWithParam<networks::Network> {};
INSTANTIATE_TEST_SUITE_P(Networks, EveryOperator, testing::ValuesIn(networks::all()), [](const auto& network) { return network.param.name; });

TEST_P(EveryOperator, gives_the_shape_that_was_inferred) {
  const Plan plan(GetParam().graph);
  const at::NoGradGuard no_grad;
  const at::Tensor y = plan.run(inputs_for(GetParam().graph, 5), initial_weights(GetParam().graph), {})[0];
  EXPECT_EQ(y.sizes(), at::IntArrayRef({5, 3}));
  EXPECT_TRUE(y.isfinite().all().item<bool>());
}

TEST_P(EveryOperator, fast_path_equals_exact_path_in_values_gradients_and_statistics) {
  // Meant: dropout has a test of its own, Plan.dropout_repeats_with_its_seed_and_is_off_at_inference.
  if (GetParam().name == "dropout") GTEST_SKIP() << "which elements are dropped depends on their order in memory";
  const Plan plan(GetParam().graph);
  const auto inputs = inputs_for(GetParam().graph, 6);
  const auto trained = [&](Path path) {
    Weights weights = initial_weights(GetParam().graph);
    const at::Tensor gradients = weights.attach_gradients();
    const at::Tensor y = plan.run(inputs, weights, {Phase::training, path, at::kFloat, 5})[0];
    (y * y).sum().backward();
    return std::tuple(y.detach(), gradients, weights.statistics());
  };
  const auto [exact, exact_gradients, exact_statistics] = trained(Path::exact);
  const auto [fast, fast_gradients, fast_statistics] = trained(Path::fast);
  const double scale = exact_gradients.abs().max().item<double>() + 1;
  EXPECT_TRUE(at::allclose(exact, fast, 1e-4, 1e-4)) << (exact - fast).abs().max();
  EXPECT_LT((exact_gradients - fast_gradients).abs().max().item<double>(), 2e-4 * scale);
  EXPECT_TRUE(at::allclose(exact_statistics, fast_statistics, 1e-4, 1e-5));
}

TEST_P(EveryOperator, runs_forward_and_backward_in_bfloat16) {
  const Plan plan(GetParam().graph);
  Weights weights = initial_weights(GetParam().graph);
  const at::Tensor gradients = weights.attach_gradients();
  const auto inputs = inputs_for(GetParam().graph, 4);
  const at::Tensor exact = plan.run(inputs, weights, {Phase::inference, Path::exact, at::kFloat, 0})[0];
  const at::Tensor y = plan.run(inputs, weights, {Phase::inference, Path::fast, at::kBFloat16, 0})[0];
  plan.run(inputs, weights, {Phase::training, Path::fast, at::kBFloat16, 0})[0].sum().backward();
  EXPECT_EQ(y.scalar_type(), at::kFloat);
  EXPECT_TRUE(gradients.isfinite().all().item<bool>());
  // 8 bits of mantissa: a few per cent of the largest value after several layers.
  EXPECT_LT((y - exact).abs().max().item<double>(), 0.05 * (exact.abs().max().item<double>() + 1));
}

TEST(Plan, dropout_repeats_with_its_seed_and_is_off_at_inference) {
  nascent::Graph graph;
  graph.output(graph.dropout(graph.input("x", {1000}), 0.25));
  const Plan plan(graph);
  const Weights none;
  const at::Tensor x = at::ones({4, 1000});
  const auto run = [&](Phase phase, std::uint64_t seed) { return plan.run({x}, none, {phase, Path::fast, at::kFloat, seed})[0]; };
  EXPECT_TRUE(at::equal(run(Phase::inference, 1), x));
  EXPECT_TRUE(at::equal(run(Phase::training, 1), run(Phase::training, 1)));
  EXPECT_FALSE(at::equal(run(Phase::training, 1), run(Phase::training, 2)));
  // 4000 values kept with probability 3/4: 5 standard deviations, false failures below 1e-6.
  EXPECT_NEAR((run(Phase::training, 1) > 0).to(at::kFloat).mean().item<double>(), 0.75, 5 * 0.00685);
}

TEST(Plan, nodes_that_reach_no_output_are_not_run) {
  nascent::Graph graph;
  const nascent::Edge x = graph.input("x", {4});
  graph.linear(x, 1000, nascent::Bias::with, "dead");
  graph.output(graph.linear(x, 2, nascent::Bias::with, "alive"));
  const Plan plan(graph);
  const Weights weights(plan.summary().weights);
  EXPECT_EQ(weights.entries().size(), 2U);
  EXPECT_EQ(plan.run({at::ones({3, 4})}, weights, {})[0].sizes(), at::IntArrayRef({3, 2}));
}

TEST(Weights, entries_are_views_of_one_buffer_and_gradients_arrive_in_another) {
  nascent::Graph graph;
  graph.output(graph.linear(graph.input("x", {3}), 2, nascent::Bias::with, "layer"));
  Weights weights(infer(graph).weights);
  const at::Tensor gradients = weights.attach_gradients();
  (weights[0] * 2).sum().backward();
  (weights[1] * 3).sum().backward();
  EXPECT_EQ(gradients.sum().item<double>(), 2 * 6 + 3 * 2);
  weights.parameters().data_ptr<float>()[weights.entries()[1].offset] = 7;
  EXPECT_EQ(weights[1][0].item<double>(), 7);
}

TEST(Weights, initial_values_depend_on_the_seed_alone) {
  const nascent::Graph graph = networks::all()[0].graph;
  const auto values = [&](std::uint64_t seed) {
    Weights weights(infer(graph).weights);
    initialise(weights, graph, seed);
    return weights.parameters();
  };
  EXPECT_TRUE(at::equal(values(1), values(1)));
  EXPECT_FALSE(at::equal(values(1), values(2)));
}

}  // namespace
