#include <gtest/gtest.h>
#include <gmock/gmock.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <filesystem>
#include <fstream>

#include "dlpack.hpp"
#include "networks.hpp"
#include "tasks.hpp"
#include "torch_model.hpp"

namespace {

using namespace nascent::libtorch;
namespace fs = std::filesystem;

fs::path folder() {
  const fs::path path = fs::current_path() / "exported";
  fs::create_directories(path);
  return path;
}

// A model with arbitrary weights and, where inputs are numbers, a standardisation.
TorchModel model_of(const nascent::Graph& graph) {
  const nascent::GraphSummary summary = infer(graph);
  Weights weights(summary.weights);
  initialise(weights, graph, 11);
  for (const Weights::Entry& entry : weights.entries()) {
    if (entry.info.name.ends_with("running_mean")) entry.tensor.fill_(0.25);
    if (entry.info.name.ends_with("running_var")) entry.tensor.fill_(1.5);
  }
  std::vector<Standardisation> inputs;
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    if (graph.nodes()[i].op != "Input") continue;
    const auto width = static_cast<std::size_t>(standardised_width(summary.shapes[i][0]));
    const bool tokens = nascent::attributes_of(graph.nodes()[i]).text("dtype") == "int64";
    inputs.push_back(tokens ? Standardisation{} : Standardisation{std::vector<float>(width, 0.125F), std::vector<float>(width, 2.0F)});
  }
  return TorchModel(graph, std::move(weights), std::move(inputs), {{0.5F, 1, 2}, {0.1F, 0.2F, 0.3F}}, {});
}

std::vector<at::Tensor> raw_inputs(const nascent::Graph& graph) {
  std::vector<at::Tensor> inputs;
  const nascent::GraphSummary summary = infer(graph);
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    if (graph.nodes()[i].op != "Input") continue;
    std::vector<std::int64_t> shape{3};
    shape.insert(shape.end(), summary.shapes[i][0].begin(), summary.shapes[i][0].end());
    const at::Tensor numbers = at::arange(3 * nascent::elements(summary.shapes[i][0]), at::kLong).reshape(shape);
    const bool tokens = nascent::attributes_of(graph.nodes()[i]).text("dtype") == "int64";
    inputs.push_back(tokens ? numbers.remainder(7) : (numbers * 37).remainder(101).to(at::kFloat) / 50 - 1);
  }
  return inputs;
}

class EveryOperatorExported : public testing::TestWithParam<networks::Network> {};
INSTANTIATE_TEST_SUITE_P(Networks, EveryOperatorExported, testing::ValuesIn(networks::all()), [](const auto& network) { return network.param.name; });

// The files stay: the Python test reads them afterwards and compares with "outputs".
TEST_P(EveryOperatorExported, torchscript_gives_the_same_bits_as_the_model) {
  const TorchModel model = model_of(GetParam().graph);
  const std::vector<at::Tensor> inputs = raw_inputs(GetParam().graph);
  const at::Tensor expected = model.predict(inputs);
  const std::string path = (folder() / (GetParam().name + ".pt")).string();
  save_torchscript(model, path);
  torch::jit::Module module = torch::jit::load(path);
  std::vector<c10::IValue> arguments(inputs.begin(), inputs.end());
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(at::equal(module.forward(arguments).toTensor(), expected)) << torchscript_source(model);
  const auto write = [&](const std::string& suffix, const at::Tensor& values) {
    std::ofstream(folder() / (GetParam().name + suffix), std::ios::binary)
        .write(static_cast<const char*>(values.contiguous().data_ptr()), static_cast<std::streamsize>(values.nbytes()));
  };
  for (std::size_t k = 0; k < inputs.size(); ++k) write(".input" + std::to_string(k), inputs[k]);
  write(".output", expected);
}

TEST_P(EveryOperatorExported, the_model_file_gives_the_same_bits_after_loading) {
  TorchModel model = model_of(GetParam().graph);
  const std::string path = (folder() / (GetParam().name + ".nascent")).string();
  model.save("nascent", path);
  const auto loaded = TorchModel::load(path, at::kCPU);
  EXPECT_EQ(*loaded->architecture(), GetParam().graph);
  EXPECT_TRUE(at::equal(loaded->predict(raw_inputs(GetParam().graph)), model.predict(raw_inputs(GetParam().graph))));
}

TEST(TorchModel, a_trained_model_predicts_the_same_after_saving_and_loading) {
  const auto data = tasks::bars(300);
  tasks::Training run{tasks::small_cnn(), data.all(), data.all(), tasks::epochs(2)};
  const auto model = run.run();
  const auto predict = [&](nascent::Model& m) {
    std::vector<nascent::Tensor> inputs;
    inputs.push_back(data.inputs({0, 5, 7, 299}));
    return from_dlpack(m.predict(std::move(inputs)));
  };
  const std::string path = (folder() / "trained.nascent").string();
  model->save("nascent", path);
  nascent::libtorch::TorchTrainer trainer(nascent::Options(nullptr), {});
  training::KeptReports kept(1);
  EXPECT_TRUE(at::equal(predict(*trainer.load(kept.task(), path)), predict(*model)));
}

TEST(TorchModel, unknown_formats_are_refused_naming_the_known_ones) {
  TorchModel model = model_of(networks::all()[0].graph);
  try {
    model.save("onnx", "model.onnx");
    FAIL();
  } catch (const nascent::Error& error) {
    EXPECT_EQ(error.status(), NAS_E_UNSUPPORTED);
    EXPECT_STREQ(error.what(), "format \"onnx\" is unknown to the torch trainer; it writes \"nascent\" and \"torchscript\"");
  }
}

TEST(TorchModel, weights_are_views_that_outlive_the_model) {
  std::vector<nascent::NamedTensor> weights;
  {
    const TorchModel model = model_of(networks::all()[0].graph);
    weights = model.weights();
    EXPECT_EQ(weights[0].tensor.values<float>().data(), model.weight_buffers()[0].data_ptr<float>());
  }
  EXPECT_EQ(weights[0].name, "conv1.weight");
  EXPECT_EQ(weights[0].tensor.values<float>().size(), 6U * 4 * 3 * 3);
}

TEST(Dlpack, strides_and_offsets_are_kept_and_the_deleter_runs_once) {
  const at::Tensor x = at::arange(24, at::kFloat).reshape({4, 6}).narrow(1, 2, 3).t();
  const at::Tensor y = from_dlpack(to_dlpack(x));
  EXPECT_EQ(y.data_ptr(), x.data_ptr());
  EXPECT_TRUE(at::equal(x, y));
  auto owner = std::make_shared<int>(1);
  {
    const std::vector<std::int32_t> values{1, 2, 3};
    const at::Tensor z = from_dlpack(nascent::Tensor::view(values.data(), nascent::dtype_of<std::int32_t>(), {3}, owner));
    EXPECT_EQ(owner.use_count(), 2);
    EXPECT_EQ(z.sum().item<std::int64_t>(), 6);
  }
  EXPECT_EQ(owner.use_count(), 1);
}

}  // namespace
