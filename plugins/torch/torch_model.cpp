#include "torch_model.hpp"

#include <algorithm>

#include "dlpack.hpp"
#include "normalisation.hpp"

namespace nascent::libtorch {
namespace {

// Keeps the largest intermediate result of one run below a quarter of a gibibyte.
std::int64_t rows_for(const GraphSummary& summary) {
  std::int64_t largest = 1;
  for (const std::vector<Shape>& outputs : summary.shapes) {
    for (const Shape& shape : outputs) largest = std::max(largest, elements(shape));
  }
  return std::clamp<std::int64_t>((std::int64_t{1} << 26) / largest, 1, 1000);
}

}  // namespace

TorchModel::TorchModel(Graph graph, Weights weights, std::vector<Standardisation> inputs, Standardisation target,
                       std::vector<std::string> class_names)
    : graph_(std::move(graph)),
      plan_(graph_),
      weights_(std::move(weights)),
      inputs_(std::move(inputs)),
      target_(std::move(target)),
      class_names_(std::move(class_names)),
      rows_at_once_(rows_for(plan_.summary())) {}

std::unique_ptr<TorchModel> TorchModel::load(const std::string& path, at::Device device) {
  ModelFile file = read_model_file(path);
  Weights weights(infer(file.graph).weights);
  for (std::size_t i = 0; i < file.weights.size(); ++i) {
    const std::vector<float>& values = file.weights[i].second.values;
    std::copy(values.begin(), values.end(), weights[i].data_ptr<float>());
  }
  return std::make_unique<TorchModel>(std::move(file.graph), device.is_cpu() ? weights : weights.to(device), std::move(file.inputs),
                                      std::move(file.target), std::move(file.class_names));
}

std::vector<NamedTensor> TorchModel::weights() const {
  std::vector<NamedTensor> all;
  for (const Weights::Entry& entry : weights_.entries()) all.push_back({entry.info.name, to_dlpack(entry.tensor.cpu())});
  return all;
}

Tensor TorchModel::predict(std::vector<Tensor> inputs) {
  std::vector<at::Tensor> tensors;
  for (Tensor& input : inputs) tensors.push_back(from_dlpack(std::move(input)));
  return to_dlpack(predict(tensors).cpu().contiguous());
}

at::Tensor TorchModel::predict(const std::vector<at::Tensor>& inputs) const {
  const std::size_t needed = plan_.input_shapes().size();
  if (inputs.size() != needed) {
    throw Error(NAS_E_INVALID, "predict() was given " + std::to_string(inputs.size()) + " inputs; this model has " + std::to_string(needed));
  }
  const at::NoGradGuard no_grad;
  const at::Device device = weights_.parameters().device();
  std::vector<at::Tensor> parts;
  const std::int64_t rows = inputs[0].size(0);
  for (std::int64_t begin = 0; begin < rows || begin == 0; begin += rows_at_once_) {
    const std::int64_t n = std::min(rows_at_once_, rows - begin);
    std::vector<at::Tensor> batch;
    for (std::size_t k = 0; k < needed; ++k) {
      batch.push_back(standardise(inputs[k].narrow(0, begin, n).to(device), plan_.input_shapes()[k], inputs_[k]));
    }
    parts.push_back(unstandardise(plan_.run(batch, weights_, Pass{})[0], target_));
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts, 0);
}

void TorchModel::save(std::string_view format, const std::string& path) {
  if (format == "torchscript") return save_torchscript(*this, path);
  if (format != "nascent") {
    throw Error(NAS_E_UNSUPPORTED, "format \"" + std::string(format) + "\" is unknown to the torch trainer; it writes \"nascent\" and \"torchscript\"");
  }
  ModelFile file{graph_, inputs_, target_, class_names_, {}};
  for (const Weights::Entry& entry : weights_.entries()) {
    const at::Tensor values = entry.tensor.detach().cpu().contiguous();
    const float* data = values.data_ptr<float>();
    file.weights.emplace_back(entry.info.name, FloatArray{entry.info.shape, {data, data + values.numel()}});
  }
  write_file_atomically(path, file.serialise());
}

}  // namespace nascent::libtorch
