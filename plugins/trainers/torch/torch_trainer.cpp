#include "torch_trainer.hpp"

#include <ATen/Parallel.h>

#include "device.hpp"
#include "distributed.hpp"
#include "session.hpp"

namespace nascent::libtorch {

TorchTrainer::TorchTrainer(const Options& given, const TrainerKind::Setup& setup) : host_(setup.host) {
  if (given.has("device") && given.text("device") == "cuda") require_cuda();
  if (given.has("processes") && given.integer("processes") > 1 && !has_distributed(at::kCPU)) {
    throw InvalidOption("processes", "processes is " + std::to_string(given.integer("processes")) +
                                         ", and this trainer was built without Gloo; set it to 1, or install libgloo-dev and build again");
  }
}

std::unique_ptr<Model> TorchTrainer::train(const Task& task, const TrainRequest& request) {
  if (!request.graph) throw Error(NAS_E_INVALID, "trainer torch needs an architecture; this space builds none (use trainer command)");
  if (request.train.empty()) throw Error(NAS_E_INVALID, "trainer torch needs a dataset; add [dataset] to the study");
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
