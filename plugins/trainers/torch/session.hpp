// One training, from the first weights or a checkpoint to a model.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "checkpoint.hpp"
#include "distributed.hpp"
#include "loss.hpp"
#include "nascent/trainer.hpp"
#include "optimizer.hpp"
#include "parts.hpp"
#include "torch_model.hpp"

namespace nascent::libtorch {

// A budget in fraction goes through growing parts of the training rows, several epochs over each: a part is what the training rows are to
// the epochs over it.
//
// Random streams: every draw is keyed (task seed, what for, epoch or step).
//
// In a team every process holds all weights and takes the same steps; each computes with its share of every batch and of the
// validation rows, and what is summed over rows is summed over processes. Only the leader reads and writes checkpoints, reports,
// and looks at the clock and at cancelled(); the others learn it from the leader.
class Session {
 public:
  // Throws Error where request, settings and data do not fit.
  Session(const Task& task, const TrainRequest& request, const Settings& settings, const Host& host);
  // Trains up to the end of the budget, or until the verdict on a report says stop or pause. When memory does not
  // suffice before the first report, begins again with half the batch size.
  std::unique_ptr<Model> run();

 private:
  using Clock = std::chrono::steady_clock;
  void divide();
  void begin();
  void inherit();
  void train();
  void step();
  // The step's loss, of all rows; `own`: mean over `share` of the step's `rows`. Leaves the gradients.
  at::Tensor backward(const at::Tensor& own, Share share, std::int64_t rows);
  void agree_on_start();
  void end_epoch();
  void report();
  [[nodiscard]] std::unique_ptr<Model> finish();

  [[nodiscard]] bool cancelled() const { return team_ ? team_cancelled_ : task_.cancelled(); }
  [[nodiscard]] Share share(std::int64_t rows) const { return team_ ? team_->share(rows) : Share{0, rows}; }
  [[nodiscard]] bool is_spent() const;
  [[nodiscard]] double position() const;  // share of the schedule done
  [[nodiscard]] double spent() const;     // in the budget's unit
  [[nodiscard]] double steps_in(double budget) const;
  [[nodiscard]] std::int64_t rows_in(std::int64_t epoch) const;
  [[nodiscard]] std::int64_t steps_over(std::int64_t rows) const;
  [[nodiscard]] std::int64_t steps_per_epoch() const;  // the current one
  [[nodiscard]] std::int64_t smallest_batch() const;   // of those to come
  [[nodiscard]] std::span<const std::int64_t> positions_of_step();
  [[nodiscard]] double elapsed_seconds() const;  // in a team: by the leader's clock, at its last step
  [[nodiscard]] double own_elapsed_seconds() const;
  [[nodiscard]] Score validate() const;
  void note_quality(double quality);
  [[nodiscard]] const Weights& current() const { return average_ ? *average_ : weights_; }
  [[nodiscard]] NamedTensors state() const;
  void save_checkpoint();
  Batch on_device(Batch batch) const;

  const Task& task_;
  const TrainRequest& request_;
  const Settings settings_;
  const Host host_;
  const Plan plan_;
  Rows train_, validation_;
  Preparation preparation_;
  LossKind loss_kind_;
  at::Device device_;
  at::ScalarType compute_;
  CheckpointKey key_;
  std::unique_ptr<Team> team_;  // none when alone
  std::optional<Parts> parts_;  // of a budget in fraction
  std::vector<std::int64_t> order_of_parts_;
  std::int64_t rows_of_schedule_ = 0;

  std::int64_t batch_size_;
  Progress progress_;
  Weights weights_;
  at::Tensor gradients_;
  std::unique_ptr<GradientSum> gradient_sum_;  // in a team
  std::unique_ptr<Optimizer> optimizer_;
  std::optional<Weights> average_, best_;
  std::vector<std::int64_t> order_;
  std::int64_t order_epoch_ = -1;

  Clock::time_point begun_{}, reported_at_{}, saved_at_{};
  double elapsed_before_ = 0, team_elapsed_ = 0;
  bool team_cancelled_ = false;
  std::int64_t reports_ = 0, last_reported_step_ = -1, losses_ = 0;
  at::Tensor pending_loss_;
  Verdict verdict_ = Verdict::go;
};

}  // namespace nascent::libtorch
