// 1x1 convolutions with a stride: oneDNN overwrites memory where their channels are few, see Window::thins_first().
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <vector>

#include "plan.hpp"
#include "torch_model.hpp"
#include "torchscript.hpp"

namespace {

using namespace nascent::libtorch;
using Ints = std::vector<std::int64_t>;
using testing::HasSubstr;
using testing::Not;

// A convolution with a kernel of one element, of x [n, channels, edge, edge], alone in its graph.
struct Point {
  std::int64_t channels, edge;
  Ints strides{2, 2}, pads{0, 0, 0, 0};
  std::int64_t filters = 8, groups = 1;

  [[nodiscard]] nascent::Graph graph() const {
    nascent::Graph graph;
    const nascent::Edge x = graph.input("x", {channels, edge, edge});
    graph.output(graph.add("Conv", {x}, {{"out_channels", filters}, {"kernel_shape", Ints{1, 1}}, {"strides", strides}, {"pads", pads}, {"group", groups}}));
    return graph;
  }
};
void PrintTo(const Point& point, std::ostream* out) {
  *out << point.channels << " channels, edge " << point.edge << ", strides " << at::IntArrayRef(point.strides) << ", pads "
       << at::IntArrayRef(point.pads) << ", " << point.groups << " groups";
}

// An output and the gradients of weights, bias and input under the gradient `dy` of the output, in float64.
using Results = std::vector<at::Tensor>;
Results backward(const at::Tensor& y, const at::Tensor& dy, const Results& of) {
  Results all{y.detach().to(at::kDouble)};
  y.backward(dy.to(y.scalar_type()));
  for (const at::Tensor& tensor : of) all.push_back(tensor.grad().to(at::kDouble));
  return all;
}

class StridedPoint : public testing::TestWithParam<Point> {};
INSTANTIATE_TEST_SUITE_P(Points, StridedPoint,
                         testing::Values(Point{1, 64}, Point{2, 64}, Point{3, 64}, Point{4, 64}, Point{6, 64}, Point{7, 64}, Point{8, 64}, Point{12, 64},
                                         Point{16, 32}, Point{4, 7}, Point{4, 63, {3, 3}}, Point{4, 64, {2, 1}}, Point{4, 64, {1, 2}},
                                         Point{4, 63, {2, 2}, {1, 0, 0, 1}}, Point{4, 62, {2, 2}, {1, 1, 1, 1}}, Point{4, 64, {2, 2}, {0, 0, 0, 0}, 8, 2}));

// Against LibTorch's strided convolution in float64, which oneDNN does not compute. A broken library ends the process here.
TEST_P(StridedPoint, equals_the_strided_convolution_in_values_and_gradients_each_time) {
  const Point& point = GetParam();
  const Plan plan(point.graph());
  Weights weights(plan.summary().weights);
  initialise(weights, point.graph(), 3);
  auto generator = at::make_generator<at::CPUGeneratorImpl>(7);
  const at::Tensor x = at::randn({32, point.channels, point.edge, point.edge}, generator);

  const auto leaf = [](const at::Tensor& t) { return t.detach().to(at::kDouble).clone().set_requires_grad(true); };
  const at::Tensor x64 = leaf(x), w64 = leaf(weights[0]), b64 = leaf(weights[1]);
  const at::Tensor padded = at::constant_pad_nd(x64, {point.pads[1], point.pads[3], point.pads[0], point.pads[2]});
  const at::Tensor y64 = at::conv2d(padded, w64, b64, point.strides, at::IntArrayRef{0, 0}, at::IntArrayRef{1, 1}, point.groups);
  const at::Tensor dy = at::randn(y64.sizes(), generator);
  const Results reference = backward(y64, dy, {w64, b64, x64});

  for (const Path path : {Path::fast, Path::exact}) {
    for (int repetition = 0; repetition < 5; ++repetition) {
      const at::Tensor leaf_x = x.clone().set_requires_grad(true);
      weights.attach_gradients();
      const at::Tensor y = plan.run({leaf_x}, weights, {Phase::training, path, at::kFloat, 0})[0];
      const Results found = backward(y, dy.contiguous(y.suggest_memory_format()), {weights[0], weights[1], leaf_x});
      for (std::size_t i = 0; i < reference.size(); ++i) {
        const double scale = reference[i].abs().max().item<double>();
        EXPECT_LT((found[i] - reference[i]).abs().max().item<double>(), 1e-4 * scale) << "tensor " << i << ", repetition " << repetition;
      }
    }
  }
}

TEST(StridedPoints, are_exported_as_they_are_run_and_only_where_channels_are_few) {
  const auto source = [](const Point& point) {
    Weights weights(infer(point.graph()).weights);
    return torchscript_source(TorchModel(point.graph(), std::move(weights), {{}}, {}, {}));
  };
  EXPECT_THAT(source({4, 8}), HasSubstr("torch.slice(torch.slice(v0_0, 2, 0, None, 2), 3, 0, None, 2), self.conv1_weight, self.conv1_bias, [1, 1]"));
  EXPECT_THAT(source({16, 8}), Not(HasSubstr("torch.slice")));
  EXPECT_THAT(source({4, 8, {1, 1}}), Not(HasSubstr("torch.slice")));
  EXPECT_THAT(source({4, 8, {2, 2}, {1, 1, 1, 1}}), Not(HasSubstr("torch.slice")));
}

}  // namespace
