#include "session.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "device.hpp"
#include "model_file.hpp"

namespace nascent::libtorch {
namespace {

constexpr std::int64_t kValidationRows = 500;  // at once
constexpr std::int64_t kStepsBetweenLooksOnCuda = 50;
enum Stream : std::uint64_t { kInitialWeights = 1, kOrder = 2, kAugmentation = 3, kDropout = 4 };

std::int64_t n_targets(const Plan& plan, const Graph& graph) {
  const Edge output = graph.outputs()[0];
  return elements(plan.summary().shapes[output.node.value][output.output]);
}

void check_fit(const Rows& rows, const Plan& plan, const Graph& graph, const Settings& settings) {
  const std::int64_t width = n_targets(plan, graph), needed = rows.outputs();
  if (width != needed) {
    throw Error(NAS_E_INVALID, "the architecture has " + std::to_string(width) + " outputs; this dataset needs " + std::to_string(needed));
  }
  if (settings.augment.needs_images() && !rows.is_images()) {
    const AugmentSettings& a = settings.augment;
    const bool flips = a.flip != Flip::none, shifts = a.shift > 0;
    const std::string name = flips ? "flip" : shifts ? "shift" : "cutout";
    throw InvalidOption(name, name + " changes images, and an input row of this dataset is no image [channels, height, width] of uint8 or float32; " +
                                  (flips ? "set flip = \"none\"" : "set " + name + " = 0"));
  }
  if (settings.augment.mixup > 0 && !rows.can_mix()) {
    throw InvalidOption("mixup", "mixup needs numeric inputs; this dataset has token numbers; leave it at 0");
  }
}

}  // namespace

Session::Session(const Task& task, const TrainRequest& request, const Settings& settings, const Host& host)
    : task_(task),
      request_(request),
      settings_(settings),
      host_(host),
      plan_(*request.graph),
      train_(request.train, plan_),
      validation_(request.validation, plan_),
      loss_kind_(choose_loss(settings, train_.is_classification())),
      device_(choose_device(settings.device, task)),
      compute_(choose_compute(settings.precision, device_, plan_)),
      key_{encode_graph(*request.graph), request.options.text("optimizer"), task.seed()},
      batch_size_(std::min(settings.batch_size, train_.size())) {
  if (train_.size() == 0) throw Error(NAS_E_INVALID, "there are no rows to train on");
  check_fit(train_, plan_, *request.graph, settings_);
  if (const nas_task& raw = *task.raw(); raw.world_size > 1) {
    team_ = std::make_unique<Team>(raw.rank, raw.world_size, std::string(view(raw.rendezvous)), device_);
  }
  if (request.budget.unit == NAS_UNIT_FRACTION) divide();
  preparation_ = train_.measure();
  train_.prepare(preparation_);
  validation_.prepare(preparation_);
}

void Session::divide() {
  const double length = settings_.schedule_length > 0 ? settings_.schedule_length : request_.budget.to;
  if (length > 1) {
    throw InvalidOption("schedule_length", "schedule_length is " + std::to_string(length) +
                                               "; with a budget in fraction it is a share of the training rows, at most 1");
  }
  parts_.emplace(train_.size(), settings_.fraction_first, request_.budget.to, settings_.passes);
  const Parts of_schedule(train_.size(), settings_.fraction_first, length, settings_.passes);
  rows_of_schedule_ = of_schedule.rows_before(of_schedule.epochs());
  order_of_parts_ = order_of_parts(train_.size(), train_.is_classification() ? train_.labels() : std::vector<std::int64_t>());
}

std::unique_ptr<Model> Session::run() {
  for (;;) {
    try {
      begin();
      train();
      return finish();
    } catch (const std::exception& error) {
      if (!is_out_of_memory(error)) throw;
      if (team_ || reports_ > 0 || batch_size_ == 1) {  // a team cannot begin again: the others are in the middle of a step
        throw Error(NAS_E_NOMEM, "out of memory at batch_size " + std::to_string(batch_size_) + ", step " + std::to_string(progress_.step));
      }
    }
    batch_size_ = (batch_size_ + 1) / 2;
    host_.log(NAS_LOG_WARN, "torch", "trial=" + std::to_string(task_.trial_id()) + " event=out_of_memory batch_size=" + std::to_string(batch_size_));
  }
}

void Session::begin() {
  optimizer_.reset();
  gradient_sum_.reset();
  gradients_.reset();
  Weights initial(plan_.summary().weights);
  initialise(initial, *request_.graph, derive_seed(task_.seed(), kInitialWeights));
  take_weights(initial, request_.initial_weights);
  weights_ = device_.is_cpu() ? std::move(initial) : initial.to(device_);
  optimizer_ = std::make_unique<Optimizer>(settings_.optimizer, weights_);
  if (settings_.ema_decay > 0) average_ = weights_.clone();
  if (settings_.patience > 0) best_ = weights_.clone();
  progress_ = {};
  progress_.batch_size = batch_size_;
  if (!request_.resume_dir.empty()) {
    progress_ = read_checkpoint(request_.resume_dir, key_, state());
    batch_size_ = progress_.batch_size;
  } else if (!request_.inherit_dir.empty()) {
    inherit();
  }
  if (team_) agree_on_start();
  gradients_ = weights_.attach_gradients();
  if (team_) gradient_sum_ = std::make_unique<GradientSum>(*team_, weights_, gradients_);
  elapsed_before_ = team_elapsed_ = progress_.elapsed_seconds;
  begun_ = reported_at_ = saved_at_ = Clock::now();
  order_epoch_ = -1;
  verdict_ = Verdict::go;
  last_reported_step_ = progress_.step;
}

// Goes on where another training with the same architecture stood. Its place is kept as a share of epochs, which another batch
// size divides otherwise. Patience begins anew: it is that of other options.
void Session::inherit() {
  const Inherited inherited = inherit_checkpoint(request_.inherit_dir, key_, state());
  const auto lacks = [&](const char* name) { return std::ranges::find(inherited.not_there, name) != inherited.not_there.end(); };
  const Progress& of = inherited.progress;
  if (average_ && lacks("average.parameters")) average_->copy_from(weights_);
  const bool keeps_best = best_ && !lacks("best.parameters");
  if (best_ && !keeps_best) best_->copy_from(current());
  const std::int64_t steps = steps_per_epoch(), its_steps = (train_.size() + of.batch_size - 1) / of.batch_size;
  Progress& p = progress_;
  p.step = of.step;
  if (request_.budget.unit != NAS_UNIT_STEP) p.step = std::llround(static_cast<double>(of.step) * static_cast<double>(steps) / static_cast<double>(its_steps));
  p.epoch = p.step / steps;
  p.step_in_epoch = p.step % steps;
  p.optimizer_step = of.optimizer_step;
  if (keeps_best) p.best = of.best;
  p.elapsed_seconds = request_.budget.unit == NAS_UNIT_SECOND ? request_.budget.from : of.elapsed_seconds;
  if (of.step_in_epoch > 0) p.loss_sum = of.loss_sum / static_cast<double>(of.step_in_epoch) * static_cast<double>(p.step_in_epoch);
}

// The leader's checkpoint, or its first weights, are everybody's.
void Session::agree_on_start() {
  Progress& p = progress_;
  const at::Tensor numbers = at::tensor({static_cast<double>(p.batch_size), static_cast<double>(p.step), static_cast<double>(p.epoch),
                                         static_cast<double>(p.step_in_epoch), static_cast<double>(p.optimizer_step),
                                         static_cast<double>(p.reports_since_best), p.elapsed_seconds, p.loss_sum, p.best},
                                        at::kDouble);
  team_->take_from_leader(numbers);
  const auto* n = numbers.data_ptr<double>();
  const auto whole = [&](std::size_t i) { return static_cast<std::int64_t>(n[i]); };
  p = {whole(0), whole(1), whole(2), whole(3), whole(4), whole(5), n[6], n[7], n[8]};
  batch_size_ = p.batch_size;
  for (const auto& [name, tensor] : state()) team_->take_from_leader(tensor);
  if (smallest_batch() >= team_->size()) return;
  throw InvalidOption("batch_size", "a batch of " + std::to_string(smallest_batch()) + " rows is too small for processes = " +
                                        std::to_string(team_->size()) + ": each needs a row of every batch; use a larger batch_size" +
                                        (parts_ ? ", a larger fraction_first" : "") + " or fewer processes");
}

void Session::train() {
  while (!is_spent() && verdict_ == Verdict::go) {
    if (cancelled()) {
      if (!request_.checkpoint_dir.empty()) save_checkpoint();
      throw Error(NAS_E_CANCELLED, "training was stopped after step " + std::to_string(progress_.step));
    }
    step();
    if (progress_.step_in_epoch == steps_per_epoch()) end_epoch();
  }
  if (last_reported_step_ != progress_.step && verdict_ == Verdict::go) report();
  if (!request_.checkpoint_dir.empty()) save_checkpoint();
}

// Batches of an epoch differ in size by at most one row, and every row is seen once.
std::span<const std::int64_t> Session::positions_of_step() {
  if (order_epoch_ != progress_.epoch) {
    order_.resize(static_cast<std::size_t>(rows_in(progress_.epoch)));
    if (parts_) std::copy_n(order_of_parts_.begin(), order_.size(), order_.begin());
    else std::iota(order_.begin(), order_.end(), 0);
    Rng rng(derive_seed(task_.seed(), kOrder), static_cast<std::uint64_t>(progress_.epoch));
    for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[rng.below(i)]);
    order_epoch_ = progress_.epoch;
  }
  const std::int64_t n = rows_in(progress_.epoch), k = progress_.step_in_epoch, steps = steps_per_epoch();
  const std::int64_t begin = n * k / steps, end = n * (k + 1) / steps;
  return std::span(order_).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
}

Batch Session::on_device(Batch batch) const {
  if (device_.is_cpu()) return batch;
  for (at::Tensor& x : batch.inputs) x = x.to(device_);
  batch.target = batch.target.to(device_);
  if (batch.mixed_target.defined()) batch.mixed_target = batch.mixed_target.to(device_);
  return batch;
}

void Session::step() {
  const auto number = static_cast<std::uint64_t>(progress_.step);
  const std::span<const std::int64_t> positions = positions_of_step();
  const auto rows = static_cast<std::int64_t>(positions.size());
  const Share mine = share(rows);
  const Batch batch = on_device(train_.batch(positions, settings_.augment, Rng(derive_seed(task_.seed(), kAugmentation), number), mine));
  gradients_.zero_();
  const Pass pass{Phase::training, Path::fast, compute_, derive_seed(derive_seed(task_.seed(), kDropout), number), team_.get(), mine.begin};
  const at::Tensor loss = backward(loss_of(plan_.run(batch.inputs, weights_, pass)[0], batch, loss_kind_, settings_), mine, rows);
  const at::NoGradGuard no_grad;
  if (settings_.clip_norm > 0) {
    const double norm = gradients_.norm().item<double>();
    if (norm > settings_.clip_norm) gradients_.mul_(settings_.clip_norm / norm);
  }
  const double rate = learning_rate(settings_.schedule, position());
  ++progress_.step;
  optimizer_->step(weights_.parameters(), gradients_, rate, ++progress_.optimizer_step);
  ++progress_.step_in_epoch;
  if (average_) {
    // The average begins as the weights themselves and slows down as steps go by.
    const double t = static_cast<double>(progress_.step), keep = std::min(settings_.ema_decay, (1 + t) / (10 + t));
    average_->parameters().lerp_(weights_.parameters(), 1 - keep);
    average_->statistics().lerp_(weights_.statistics(), 1 - keep);
  }
  // Reading a loss back from CUDA waits for the device: there it is done now and then.
  pending_loss_ = pending_loss_.defined() ? pending_loss_ + loss : loss;
  const bool look = device_.is_cpu() || ++losses_ % kStepsBetweenLooksOnCuda == 0 || progress_.step_in_epoch == steps_per_epoch();
  if (!look) return;
  progress_.loss_sum += pending_loss_.item<double>();
  pending_loss_.reset();
  if (!std::isfinite(progress_.loss_sum)) {
    throw Diverged("the training loss became NaN or infinite at step " + std::to_string(progress_.step) +
                   "; try a smaller learning_rate or a clip_norm");
  }
}

at::Tensor Session::backward(const at::Tensor& own, Share share, std::int64_t rows) {
  if (!team_) {
    own.backward();
    return own.detach();
  }
  // Sums over the processes are means over the batch: a share counts by its rows.
  const at::Tensor weighted = own * (static_cast<double>(share.size()) / static_cast<double>(rows));
  const bool leads = team_->leads();
  const at::Tensor signals = at::tensor({weighted.item<double>(), leads && task_.cancelled() ? 1.0 : 0.0, leads ? own_elapsed_seconds() : 0.0}, at::kDouble);
  Team::Pending exchanged = team_->begin_sum(signals);  // while the gradients are computed
  gradient_sum_->begin();
  weighted.backward();
  gradient_sum_->finish();
  exchanged.wait();
  team_cancelled_ = signals[1].item<double>() != 0;
  team_elapsed_ = signals[2].item<double>();
  return signals[0];
}

void Session::end_epoch() {
  if (!parts_ || parts_->ends_part(progress_.epoch)) report();
  ++progress_.epoch;
  progress_.step_in_epoch = 0;
  progress_.loss_sum = 0;
  const double since_saved = std::chrono::duration<double>(Clock::now() - saved_at_).count();
  if (!request_.checkpoint_dir.empty() && since_saved >= settings_.checkpoint_seconds) save_checkpoint();
}

void Session::report() {
  if (pending_loss_.defined()) progress_.loss_sum += pending_loss_.item<double>();
  pending_loss_.reset();
  const double train_loss = progress_.step_in_epoch > 0 ? progress_.loss_sum / static_cast<double>(progress_.step_in_epoch) : 0;
  std::vector<MetricValue> metrics{{"train_loss", train_loss}};
  double quality = -train_loss;
  if (validation_.size() > 0) {
    const Score score = validate();
    if (!std::isfinite(score.loss)) throw Diverged("the validation loss is NaN or infinite after step " + std::to_string(progress_.step));
    const bool classes = train_.is_classification();
    metrics.push_back({"val_loss", score.loss});
    metrics.push_back(classes ? MetricValue{"val_accuracy", score.accuracy} : MetricValue{"val_rmse", score.rmse});
    quality = classes ? score.accuracy : -score.rmse;
  }
  const Clock::time_point now = Clock::now();
  metrics.push_back({"epoch_seconds", std::chrono::duration<double>(now - reported_at_).count()});
  reported_at_ = now;
  if (batch_size_ != std::min(settings_.batch_size, train_.size())) metrics.push_back({"batch_size", static_cast<double>(batch_size_)});
  ++reports_;
  last_reported_step_ = progress_.step;
  const auto ask = [&] { return static_cast<std::int64_t>(task_.report(spent(), metrics)); };
  verdict_ = static_cast<Verdict>(team_ ? team_->answer_of_leader(ask) : ask());
  note_quality(quality);
}

void Session::note_quality(double quality) {
  if (settings_.patience == 0) return;
  if (quality > progress_.best) {
    progress_.best = quality;
    progress_.reports_since_best = 0;
    best_->copy_from(current());
  } else if (++progress_.reports_since_best >= settings_.patience && verdict_ == Verdict::go) {
    verdict_ = Verdict::stop;
  }
}

Score Session::validate() const {
  const at::NoGradGuard no_grad;
  Scorer scorer(loss_kind_, settings_, preparation_.target);
  std::vector<std::int64_t> positions;
  const Share mine = share(validation_.size());
  for (std::int64_t begin = mine.begin; begin < mine.end; begin += kValidationRows) {
    positions.resize(static_cast<std::size_t>(std::min(kValidationRows, mine.end - begin)));
    std::iota(positions.begin(), positions.end(), begin);
    const Batch batch = on_device(validation_.batch(positions));
    scorer.add(plan_.run(batch.inputs, current(), {Phase::inference, Path::fast, compute_, 0})[0], batch);
  }
  if (team_) scorer.add_from(*team_);
  return scorer.score();
}

std::unique_ptr<Model> Session::finish() {
  std::vector<std::string> class_names;
  const nas_dataset_info& info = request_.train.info();
  for (std::uint32_t i = 0; info.class_names != nullptr && i < info.n_classes; ++i) class_names.emplace_back(view(info.class_names[i]));
  const bool has_best = best_ && std::isfinite(progress_.best);
  return std::make_unique<TorchModel>(*request_.graph, (has_best ? *best_ : current()).clone(), preparation_.inputs, preparation_.target,
                                      std::move(class_names));
}

NamedTensors Session::state() const {
  NamedTensors all{{"parameters", weights_.parameters()}, {"statistics", weights_.statistics()}};
  for (std::size_t i = 0; i < optimizer_->moments().size(); ++i) all.emplace_back("moment." + std::to_string(i), optimizer_->moments()[i]);
  if (average_) all.insert(all.end(), {{"average.parameters", average_->parameters()}, {"average.statistics", average_->statistics()}});
  if (best_) all.insert(all.end(), {{"best.parameters", best_->parameters()}, {"best.statistics", best_->statistics()}});
  return all;
}

void Session::save_checkpoint() {
  progress_.elapsed_seconds = elapsed_seconds();
  write_checkpoint(request_.checkpoint_dir, key_, progress_, state());
  saved_at_ = Clock::now();
}

std::int64_t Session::rows_in(std::int64_t epoch) const { return parts_ ? parts_->rows(epoch) : train_.size(); }

std::int64_t Session::steps_over(std::int64_t rows) const { return (rows + batch_size_ - 1) / batch_size_; }

std::int64_t Session::steps_per_epoch() const { return steps_over(rows_in(progress_.epoch)); }

std::int64_t Session::smallest_batch() const {
  const std::int64_t end = parts_ ? parts_->epochs() : progress_.epoch + 1;
  std::int64_t smallest = batch_size_;
  for (std::int64_t epoch = progress_.epoch; epoch < end; ++epoch) smallest = std::min(smallest, rows_in(epoch) / steps_over(rows_in(epoch)));
  return smallest;
}

double Session::elapsed_seconds() const { return team_ ? team_elapsed_ : own_elapsed_seconds(); }

double Session::own_elapsed_seconds() const {
  return elapsed_before_ + std::chrono::duration<double>(Clock::now() - begun_).count();
}

double Session::steps_in(double budget) const {
  return request_.budget.unit == NAS_UNIT_EPOCH ? budget * static_cast<double>(steps_per_epoch()) : budget;
}

double Session::spent() const {
  if (request_.budget.unit == NAS_UNIT_SECOND) return elapsed_seconds();
  if (request_.budget.unit == NAS_UNIT_STEP) return static_cast<double>(progress_.step);
  if (parts_) return parts_->share(progress_.epoch);
  return static_cast<double>(progress_.step) / static_cast<double>(steps_per_epoch());
}

bool Session::is_spent() const {
  if (request_.budget.unit == NAS_UNIT_SECOND) return elapsed_seconds() >= request_.budget.to;
  if (parts_) return progress_.epoch >= parts_->epochs();
  return static_cast<double>(progress_.step) >= std::round(steps_in(request_.budget.to));
}

double Session::position() const {
  if (parts_) {
    const double done = (static_cast<double>(progress_.step_in_epoch) + 0.5) / static_cast<double>(steps_per_epoch());
    const double rows = static_cast<double>(parts_->rows_before(progress_.epoch)) + done * static_cast<double>(rows_in(progress_.epoch));
    return rows / static_cast<double>(rows_of_schedule_);
  }
  const double length = settings_.schedule_length > 0 ? settings_.schedule_length : request_.budget.to;
  if (request_.budget.unit == NAS_UNIT_SECOND) return elapsed_seconds() / length;
  return (static_cast<double>(progress_.step) + 0.5) / steps_in(length);
}

}  // namespace nascent::libtorch
