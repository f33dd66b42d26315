// How long the trained model takes to predict, on the machine and with the threads of the trial.
#include <chrono>

#include "nascent/evaluator.hpp"
#include "quantile.hpp"

namespace {

class Latency : public nascent::Evaluator {
 public:
  static constexpr nascent::About about{"org.nascent.evaluator.latency", "latency", "1.0.0",
                                        "Prediction time: p50 and p95 at batch 1 and batch n"};
  static constexpr std::array options{
      nascent::option("batch", "rows of the larger batch").integer(1, 1'000'000).otherwise(32),
      nascent::option("warm_up", "predictions before measuring").integer(0, 10'000).otherwise(10),
      nascent::option("repeats", "predictions measured").integer(1, 100'000).otherwise(100)};

  explicit Latency(const nascent::Options&) {}

  const std::vector<nascent::MetricDeclaration>& metrics() const override { return metrics_; }

  void evaluate(const nascent::Task& task, const nascent::EvalRequest& request, const nascent::Emit& emit) override {
    if (request.model.empty()) throw nascent::Error(NAS_E_INVALID, "the trainer returned no model; latency needs one");
    const Sample single = measure(task, request, 1);
    emit.metric("latency_ms_p50", single.p50);
    emit.metric("latency_ms_p95", single.p95);
    const Sample batched = measure(task, request, request.options.integer("batch"));
    emit.metric("latency_batch_ms_p50", batched.p50);
    emit.metric("latency_batch_ms_p95", batched.p95);
  }

 private:
  struct Sample {
    double p50, p95;  // milliseconds
  };
  static Sample measure(const nascent::Task& task, const nascent::EvalRequest& request, std::int64_t batch) {
    const nascent::Subset& data = request.data;
    if (data.rows() == 0) throw nascent::Error(NAS_E_INVALID, "the subset to measure on has no rows");
    const std::size_t input = data.field(nascent::FieldRole::input);
    const std::int64_t warm_up = request.options.integer("warm_up"), repeats = request.options.integer("repeats");
    std::vector<double> milliseconds;
    for (std::int64_t i = 0; i < warm_up + repeats; ++i) {
      if (task.cancelled()) throw nascent::Error(NAS_E_CANCELLED, "measuring was cancelled");
      std::vector<std::int64_t> positions(static_cast<std::size_t>(batch));
      for (std::int64_t k = 0; k < batch; ++k) positions[static_cast<std::size_t>(k)] = (i * batch + k) % data.rows();
      std::vector<nascent::Tensor> rows = data.gather(positions);
      std::vector<nascent::Tensor> inputs;
      inputs.push_back(std::move(rows[input]));
      const auto started = std::chrono::steady_clock::now();
      const nascent::Tensor logits = request.model.predict(std::move(inputs));
      const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - started;
      if (i >= warm_up) milliseconds.push_back(took.count());
    }
    return {latency::quantile(milliseconds, 0.5), latency::quantile(milliseconds, 0.95)};
  }

  static constexpr std::uint32_t needs = NAS_NEEDS_MODEL | NAS_NEEDS_INPUT;
  std::vector<nascent::MetricDeclaration> metrics_{
      {"latency_ms_p50", "median prediction time of one row", nascent::Direction::minimize, needs},
      {"latency_ms_p95", "95th percentile of the prediction time of one row", nascent::Direction::minimize, needs},
      {"latency_batch_ms_p50", "median prediction time of one batch", nascent::Direction::minimize, needs},
      {"latency_batch_ms_p95", "95th percentile of the prediction time of one batch", nascent::Direction::minimize, needs}};
};

}  // namespace

NASCENT_PLUGIN("org.nascent.latency", "1.0.0", Latency)
