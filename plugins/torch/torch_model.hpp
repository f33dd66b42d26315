// A model of the torch plugins: architecture, weights, normalisation; predicts, saves as "nascent" and "torchscript".
#pragma once

#include "model_file.hpp"
#include "nascent/model.hpp"
#include "plan.hpp"

namespace nascent::libtorch {

class TorchModel : public Model {
 public:
  // weights: of this graph, on the device to predict on; not copied.
  TorchModel(Graph graph, Weights weights, std::vector<Standardisation> inputs, Standardisation target,
             std::vector<std::string> class_names);
  // Throws Error naming the path and what is wrong with the file.
  static std::unique_ptr<TorchModel> load(const std::string& path, at::Device device);

  [[nodiscard]] const Graph* architecture() const override { return &graph_; }
  // Zero-copy for a model on the CPU.
  [[nodiscard]] std::vector<NamedTensor> weights() const override;
  // inputs[k]: raw rows for the graph's k-th Input. In float32, by LibTorch's own operators; any number of rows.
  [[nodiscard]] Tensor predict(std::vector<Tensor> inputs) override;
  // "nascent", "torchscript"
  void save(std::string_view format, const std::string& path) override;

  [[nodiscard]] at::Tensor predict(const std::vector<at::Tensor>& inputs) const;
  [[nodiscard]] const std::vector<Standardisation>& input_standardisation() const { return inputs_; }
  [[nodiscard]] const Standardisation& target_standardisation() const { return target_; }
  [[nodiscard]] const Weights& weight_buffers() const { return weights_; }

 private:
  Graph graph_;
  Plan plan_;
  Weights weights_;
  std::vector<Standardisation> inputs_;
  Standardisation target_;
  std::vector<std::string> class_names_;
  std::int64_t rows_at_once_;
};

// The model as a TorchScript module file that Python's torch.jit.load and C++'s torch::jit::load read: raw inputs in,
// what predict() returns out. Throws Error(NAS_E_IO) naming the path.
void save_torchscript(const TorchModel& model, const std::string& path);
// Its source, for readers and tests.
std::string torchscript_source(const TorchModel& model);

}  // namespace nascent::libtorch
