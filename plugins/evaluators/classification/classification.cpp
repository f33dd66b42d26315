// How well a classifier does on a subset of the data.
#include <numeric>

#include "metrics.hpp"
#include "nascent/evaluator.hpp"

namespace {

constexpr std::uint32_t on_data = NAS_NEEDS_MODEL | NAS_NEEDS_DATA;

class Classification : public nascent::Evaluator {
 public:
  static constexpr nascent::About about{"org.nascent.evaluator.classification", "classification", "1.0.0",
                                        "Accuracy, F1, log-loss, calibration and confusion matrix of a classifier"};
  static constexpr std::array options{
      nascent::option("batch", "rows predicted at once").integer(1, 1'000'000).otherwise(512),
      nascent::option("bins", "confidence bins of the calibration error").integer(1, 1000).otherwise(15)};

  Classification(const nascent::Options&, const nascent::EvaluatorSetup& setup) : classes_(setup.n_classes) {
    if (classes_ < 2) {
      throw nascent::Error(NAS_E_INVALID, "the dataset has no classes; evaluator \"classification\" needs at least 2, use \"regression\"");
    }
  }

  const std::vector<nascent::MetricDeclaration>& metrics() const override { return metrics_; }

  void evaluate(const nascent::Task& task, const nascent::EvalRequest& request, const nascent::Emit& emit) override {
    const nascent::Subset& data = request.data;
    if (request.model.empty()) throw nascent::Error(NAS_E_INVALID, "the trainer returned no model; use a trainer that makes one");
    if (data.rows() == 0) throw nascent::Error(NAS_E_INVALID, "the subset to evaluate on has no rows");
    classification::Tally tally(static_cast<std::size_t>(classes_), static_cast<std::size_t>(request.options.integer("bins")));
    const std::int64_t batch = request.options.integer("batch");
    const std::size_t input = data.field(nascent::FieldRole::input), target = data.field(nascent::FieldRole::target);
    for (std::int64_t first = 0; first < data.rows(); first += batch) {
      if (task.cancelled()) throw nascent::Error(NAS_E_CANCELLED, "evaluation was cancelled");
      std::vector<std::int64_t> positions(static_cast<std::size_t>(std::min(batch, data.rows() - first)));
      std::iota(positions.begin(), positions.end(), first);
      std::vector<nascent::Tensor> rows = data.gather(positions);
      std::vector<nascent::Tensor> inputs;
      inputs.push_back(std::move(rows[input]));
      const nascent::Tensor logits = request.model.predict(std::move(inputs));
      if (logits.elements() != static_cast<std::int64_t>(positions.size()) * classes_) {
        throw nascent::Error(NAS_E_INVALID, "the model predicts " + std::to_string(logits.elements()) + " numbers for " +
                                                std::to_string(positions.size()) + " rows of " + std::to_string(classes_) + " classes");
      }
      const auto truth = rows[target].values<std::int64_t>();
      for (const std::int64_t c : truth) {
        if (c < 0 || c >= classes_) {
          throw nascent::Error(NAS_E_INVALID, "class " + std::to_string(c) + " is outside 0.." + std::to_string(classes_ - 1));
        }
      }
      tally.add(logits.values<float>(), truth);
    }
    if (!std::isfinite(tally.log_loss())) throw nascent::Error(NAS_E_NUMERIC, "the model predicts NaN or infinite logits");
    emit.metric("accuracy", tally.accuracy());
    emit.metric("balanced_accuracy", tally.balanced_accuracy());
    emit.metric("f1", tally.f1());
    emit.metric("log_loss", tally.log_loss());
    emit.metric("calibration_error", tally.calibration_error());
    emit.detail("confusion_matrix", tally.confusion());
  }

 private:
  std::int64_t classes_;
  std::vector<nascent::MetricDeclaration> metrics_{
      {"accuracy", "share of rows classified right", nascent::Direction::maximize, on_data},
      {"balanced_accuracy", "mean recall over classes", nascent::Direction::maximize, on_data},
      {"f1", "F1, macro average over classes", nascent::Direction::maximize, on_data},
      {"log_loss", "mean negative log-likelihood in nats", nascent::Direction::minimize, on_data},
      {"calibration_error", "expected calibration error", nascent::Direction::minimize, on_data}};
};

}  // namespace

NASCENT_PLUGIN("org.nascent.classification", "1.0.0", Classification)
