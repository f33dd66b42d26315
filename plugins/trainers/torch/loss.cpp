#include "loss.hpp"

#include <cmath>

namespace nascent::libtorch {
namespace {

at::Tensor loss_against(const at::Tensor& y, const at::Tensor& target, LossKind kind, const Settings& settings) {
  if (kind == LossKind::cross_entropy) {
    return at::cross_entropy_loss(y, target, {}, at::Reduction::Mean, -100, settings.label_smoothing);
  }
  if (kind == LossKind::huber) return at::huber_loss(y, target, at::Reduction::Mean, settings.huber_delta);
  return at::mse_loss(y, target);
}

}  // namespace

LossKind choose_loss(const Settings& settings, bool classification) {
  const LossKind natural = classification ? LossKind::cross_entropy : LossKind::mse;
  const LossKind chosen = settings.loss == LossKind::automatic ? natural : settings.loss;
  if ((chosen == LossKind::cross_entropy) == classification) return chosen;
  throw InvalidOption("loss", classification ? "loss is for regression but the dataset has classes; use \"cross_entropy\" or \"auto\""
                                             : "loss is \"cross_entropy\" but the dataset has no classes; use \"mse\", \"huber\" or \"auto\"");
}

at::Tensor loss_of(const at::Tensor& y, const Batch& batch, LossKind kind, const Settings& settings) {
  const at::Tensor loss = loss_against(y, batch.target, kind, settings);
  if (!batch.mixed_target.defined()) return loss;
  return loss * batch.kept + loss_against(y, batch.mixed_target, kind, settings) * (1 - batch.kept);
}

Scorer::Scorer(LossKind kind, const Settings& settings, Standardisation target)
    : kind_(kind), settings_(settings), target_(std::move(target)) {
  settings_.label_smoothing = 0;
}

void Scorer::add(const at::Tensor& y, const Batch& batch) {
  const std::int64_t n = y.size(0);
  loss_ += loss_against(y, batch.target, kind_, settings_).item<double>() * static_cast<double>(n);
  rows_ += n;
  if (kind_ == LossKind::cross_entropy) {
    correct_ += static_cast<double>((y.argmax(1) == batch.target).sum().item<std::int64_t>());
    return;
  }
  const at::Tensor error = (y - batch.target).to(at::kDouble) / at::tensor(target_.scale, at::kDouble).to(y.device());
  squares_ += error.square().sum().item<double>();
  values_ += y.numel();
}

void Scorer::add_from(const Team& team) {
  const at::Tensor sums = at::tensor({loss_, correct_, squares_, static_cast<double>(rows_), static_cast<double>(values_)}, at::kDouble);
  team.sum(sums);
  const auto* all = sums.data_ptr<double>();
  loss_ = all[0], correct_ = all[1], squares_ = all[2];
  rows_ = static_cast<std::int64_t>(all[3]), values_ = static_cast<std::int64_t>(all[4]);
}

Score Scorer::score() const {
  const auto mean = [](double sum, std::int64_t n) { return n > 0 ? sum / static_cast<double>(n) : 0; };
  return {mean(loss_, rows_), mean(correct_, rows_), std::sqrt(mean(squares_, values_))};
}

}  // namespace nascent::libtorch
