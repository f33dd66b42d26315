// Trainer `torch`: gradient descent on LibTorch.
#pragma once

#include "nascent/trainer.hpp"
#include "settings.hpp"

namespace nascent::libtorch {

class TorchTrainer : public Trainer {
 public:
  static constexpr About about{"org.nascent.trainer.torch", "torch", "1.0.0", "Gradient descent on LibTorch: SGD, Adam, AdamW"};
  static constexpr auto options = torch_options;

  TorchTrainer(const Options&, const TrainerKind::Setup& setup) : host_(setup.host) {}

  [[nodiscard]] std::unique_ptr<Model> train(const Task& task, const TrainRequest& request) override;
  [[nodiscard]] std::unique_ptr<Model> load(const Task& task, const std::string& path) override;

 private:
  Host host_;
};

}  // namespace nascent::libtorch
