#include "checkpoint.hpp"

#include <algorithm>

#include "bundle.hpp"

namespace nascent::libtorch {
namespace {

std::string file_in(const std::string& folder) { return folder + "/checkpoint.nascent"; }

[[noreturn]] void refuse(const std::string& why) { throw Error(NAS_E_INVALID, why); }

void check_architecture(const Bundle& bundle, const CheckpointKey& key) {
  if (bundle.get<std::string>("kind") != "checkpoint") refuse("it is no checkpoint");
  if (bundle.get<std::string>("graph") != key.graph) refuse("it belongs to another architecture");
}

Progress progress_of(const Bundle& bundle) {
  Progress p;
  p.batch_size = bundle.integer("batch_size");
  p.step = bundle.integer("step");
  p.epoch = bundle.integer("epoch");
  p.step_in_epoch = bundle.integer("step_in_epoch");
  p.optimizer_step = bundle.has("optimizer_step") ? bundle.integer("optimizer_step") : p.step;  // files of earlier versions lack it
  p.reports_since_best = bundle.integer("reports_since_best");
  const auto& numbers = bundle.get<std::vector<double>>("numbers");
  if (numbers.size() != 3 || p.batch_size < 1 || p.step < 0 || p.epoch < 0 || p.step_in_epoch < 0 || p.optimizer_step < 0) {
    refuse("its counters make no sense");
  }
  p.elapsed_seconds = numbers[0];
  p.loss_sum = numbers[1];
  p.best = numbers[2];
  return p;
}

void copy_to(const at::Tensor& tensor, const Bundle& bundle, const std::string& name) {
  const std::vector<float>& values = bundle.get<FloatArray>(name).values;
  if (static_cast<std::int64_t>(values.size()) != tensor.numel()) refuse("'" + name + "' has another size");
  const at::NoGradGuard no_grad;
  tensor.copy_(at::from_blob(const_cast<float*>(values.data()), {tensor.numel()}, at::kFloat));
}

Progress read(const Bundle& bundle, const CheckpointKey& key, const NamedTensors& tensors) {
  check_architecture(bundle, key);
  if (bundle.get<std::string>("optimizer") != key.optimizer) {
    refuse("it was written with optimizer \"" + bundle.get<std::string>("optimizer") + "\", now it is \"" + key.optimizer + "\"");
  }
  if (static_cast<std::uint64_t>(bundle.integer("seed")) != key.seed) refuse("it was written with another seed");
  const Progress p = progress_of(bundle);
  for (const auto& [name, tensor] : tensors) copy_to(tensor, bundle, name);
  return p;
}

Inherited inherit(const Bundle& bundle, const CheckpointKey& key, const NamedTensors& tensors) {
  check_architecture(bundle, key);
  const bool same_optimizer = bundle.get<std::string>("optimizer") == key.optimizer;
  Inherited inherited{progress_of(bundle)};
  if (!same_optimizer) inherited.progress.optimizer_step = 0;
  for (const auto& [name, tensor] : tensors) {
    const bool is_usable = bundle.has(name) && (same_optimizer || !name.starts_with("moment."));
    if (is_usable) {
      copy_to(tensor, bundle, name);
    } else {
      inherited.not_there.push_back(name);
    }
  }
  return inherited;
}

// Reads the folder's file; what is wrong with it is said of the file.
template <class Read>
auto read_file_of(const std::string& folder, const Read& read) {
  const std::string path = file_in(folder);
  const std::string bytes = read_file(path);
  try {
    return read(Bundle::parse(bytes));
  } catch (const Error& error) {
    throw Error(error.status(), path + ": " + error.what());
  }
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
  bundle.put("optimizer_step", p.optimizer_step);
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
  return read_file_of(folder, [&](const Bundle& bundle) { return read(bundle, key, tensors); });
}

Inherited inherit_checkpoint(const std::string& folder, const CheckpointKey& key, const NamedTensors& tensors) {
  return read_file_of(folder, [&](const Bundle& bundle) { return inherit(bundle, key, tensors); });
}

}  // namespace nascent::libtorch
