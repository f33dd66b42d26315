// Trainer `torch`: gradient descent on LibTorch.
#pragma once

#include <array>

#include "nascent/trainer.hpp"
#include "settings.hpp"

namespace nascent::libtorch {

class TorchTrainer : public Trainer {
 public:
  static constexpr About about{"org.nascent.trainer.torch", "torch", "1.0.0", "Gradient descent on LibTorch: SGD, Adam, AdamW"};
  static constexpr auto options = torch_options;
  static constexpr std::uint32_t training_needs = NAS_NEEDS_GRAPH | NAS_NEEDS_DATA;
  static constexpr std::array reported{
      reported_metric("train_loss", "mean over the epoch's steps, label smoothing and mixup included", Direction::minimize),
      reported_metric("val_loss", "mean over the validation rows", Direction::minimize),
      reported_metric("val_accuracy", "share of validation rows whose class is right", Direction::maximize, NAS_NEEDS_CLASSES),
      reported_metric("val_rmse", "root of the mean squared error of the validation rows", Direction::minimize, NAS_NEEDS_NUMBERS),
      reported_metric("epoch_seconds", "time since the last report", Direction::minimize),
      reported_metric("batch_size", "where it had to be halved for want of memory")};

  // Throws InvalidOption when `device` asks for CUDA where there is none, or `processes` for more than one where they could
  // not meet: no trial could be trained.
  TorchTrainer(const Options& given, const TrainerKind::Setup& setup);

  [[nodiscard]] std::unique_ptr<Model> train(const Task& task, const TrainRequest& request) override;
  [[nodiscard]] std::unique_ptr<Model> load(const Task& task, const std::string& path) override;

 private:
  Host host_;
};

}  // namespace nascent::libtorch
