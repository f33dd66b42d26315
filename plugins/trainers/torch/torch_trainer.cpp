#include "torch_trainer.hpp"

#include <ATen/Parallel.h>

#include "device.hpp"
#include "session.hpp"

namespace nascent::libtorch {

TorchTrainer::TorchTrainer(const Options& given, const TrainerKind::Setup& setup) : host_(setup.host) {
  if (given.has("device") && given.text("device") == "cuda") require_cuda();
}

std::unique_ptr<Model> TorchTrainer::train(const Task& task, const TrainRequest& request) {
  if (!request.graph) throw Error(NAS_E_INVALID, "trainer torch needs an architecture; this space builds none (use trainer command)");
  if (request.train.empty()) throw Error(NAS_E_INVALID, "trainer torch needs a dataset; add [dataset] to the study");
  if (task.raw()->world_size > 1) throw Error(NAS_E_UNSUPPORTED, "trainer torch trains in one process; set world_size to 1");
  prepare_process(host_);
  at::set_num_threads(task.threads());
  return Session(task, request, parse_settings(request.options), host_).run();
}

std::unique_ptr<Model> TorchTrainer::load(const Task& task, const std::string& path) {
  prepare_process(host_);
  at::set_num_threads(task.threads());
  return TorchModel::load(path, choose_device(DeviceChoice::automatic, task));
}

}  // namespace nascent::libtorch
