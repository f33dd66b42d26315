#include "checkpoint.hpp"

#include <algorithm>

#include "bundle.hpp"

namespace nascent::libtorch {
namespace {

std::string file_in(const std::string& folder) { return folder + "/checkpoint.nascent"; }

Progress read(const Bundle& bundle, const CheckpointKey& key, const NamedTensors& tensors) {
  const auto refuse = [](const std::string& why) { throw Error(NAS_E_INVALID, why); };
  if (bundle.get<std::string>("kind") != "checkpoint") refuse("it is no checkpoint");
  if (bundle.get<std::string>("graph") != key.graph) refuse("it belongs to another architecture");
  if (bundle.get<std::string>("optimizer") != key.optimizer) {
    refuse("it was written with optimizer \"" + bundle.get<std::string>("optimizer") + "\", now it is \"" + key.optimizer + "\"");
  }
  if (static_cast<std::uint64_t>(bundle.integer("seed")) != key.seed) refuse("it was written with another seed");
  Progress p;
  p.batch_size = bundle.integer("batch_size");
  p.step = bundle.integer("step");
  p.epoch = bundle.integer("epoch");
  p.step_in_epoch = bundle.integer("step_in_epoch");
  p.reports_since_best = bundle.integer("reports_since_best");
  const auto& numbers = bundle.get<std::vector<double>>("numbers");
  if (numbers.size() != 3 || p.batch_size < 1 || p.step < 0 || p.epoch < 0 || p.step_in_epoch < 0) refuse("its counters make no sense");
  p.elapsed_seconds = numbers[0];
  p.loss_sum = numbers[1];
  p.best = numbers[2];
  for (const auto& [name, tensor] : tensors) {
    const std::vector<float>& values = bundle.get<FloatArray>(name).values;
    if (static_cast<std::int64_t>(values.size()) != tensor.numel()) refuse("'" + name + "' has another size");
    const at::NoGradGuard no_grad;
    tensor.copy_(at::from_blob(const_cast<float*>(values.data()), {tensor.numel()}, at::kFloat));
  }
  return p;
}

}  // namespace

void write_checkpoint(const std::string& folder, const CheckpointKey& key, const Progress& p, const NamedTensors& tensors) {
  Bundle bundle;
  bundle.put("kind", std::string("checkpoint"));
  bundle.put("graph", key.graph);
  bundle.put("optimizer", key.optimizer);
  bundle.put("seed", static_cast<std::int64_t>(key.seed));
  bundle.put("batch_size", p.batch_size);
  bundle.put("step", p.step);
  bundle.put("epoch", p.epoch);
  bundle.put("step_in_epoch", p.step_in_epoch);
  bundle.put("reports_since_best", p.reports_since_best);
  bundle.put("numbers", std::vector<double>{p.elapsed_seconds, p.loss_sum, p.best});
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor values = tensor.detach().cpu().contiguous();
    const float* data = values.data_ptr<float>();
    bundle.put(name, FloatArray{{values.numel()}, {data, data + values.numel()}});
  }
  write_file_atomically(file_in(folder), bundle.serialise());
}

Progress read_checkpoint(const std::string& folder, const CheckpointKey& key, const NamedTensors& tensors) {
  const std::string path = file_in(folder);
  const std::string bytes = read_file(path);
  try {
    return read(Bundle::parse(bytes), key, tensors);
  } catch (const Error& error) {
    throw Error(error.status(), path + ": " + error.what());
  }
}

}  // namespace nascent::libtorch
