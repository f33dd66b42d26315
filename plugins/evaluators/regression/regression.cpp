// How well a regression does on a subset of the data, in the units of the target.
#include <numeric>

#include "metrics.hpp"
#include "nascent/evaluator.hpp"

namespace {

constexpr std::uint32_t on_data = NAS_NEEDS_MODEL | NAS_NEEDS_DATA;

class Regression : public nascent::Evaluator {
 public:
  static constexpr nascent::About about{"org.nascent.evaluator.regression", "regression", "1.0.0",
                                        "RMSE, MSE, MAE and R2 of a regression"};
  static constexpr std::array options{nascent::option("batch", "rows predicted at once").integer(1, 1'000'000).otherwise(512)};

  Regression(const nascent::Options&, const nascent::EvaluatorSetup& setup) {
    if (setup.n_classes != 0) {
      throw nascent::Error(NAS_E_INVALID, "the dataset has classes; evaluator \"regression\" needs numbers to predict, use \"classification\"");
    }
  }

  const std::vector<nascent::MetricDeclaration>& metrics() const override { return metrics_; }

  void evaluate(const nascent::Task& task, const nascent::EvalRequest& request, const nascent::Emit& emit) override {
    const nascent::Subset& data = request.data;
    if (request.model.empty()) throw nascent::Error(NAS_E_INVALID, "the trainer returned no model; use a trainer that makes one");
    if (data.rows() == 0) throw nascent::Error(NAS_E_INVALID, "the subset to evaluate on has no rows");
    const std::size_t input = data.field(nascent::FieldRole::input), target = data.field(nascent::FieldRole::target);
    std::int64_t targets = 1;
    const nas_field& field = data.fields()[target];
    for (int d = 0; d < field.ndim; ++d) targets *= field.shape[d];
    regression::Tally tally(static_cast<std::size_t>(targets));
    const std::int64_t batch = request.options.integer("batch");
    for (std::int64_t first = 0; first < data.rows(); first += batch) {
      if (task.cancelled()) throw nascent::Error(NAS_E_CANCELLED, "evaluation was cancelled");
      std::vector<std::int64_t> positions(static_cast<std::size_t>(std::min(batch, data.rows() - first)));
      std::iota(positions.begin(), positions.end(), first);
      std::vector<nascent::Tensor> rows = data.gather(positions);
      std::vector<nascent::Tensor> inputs;
      inputs.push_back(std::move(rows[input]));
      const nascent::Tensor predicted = request.model.predict(std::move(inputs));
      const std::vector<double> truth = numbers(rows[target]);
      if (predicted.elements() != static_cast<std::int64_t>(truth.size())) {
        throw nascent::Error(NAS_E_INVALID, "the model predicts " + std::to_string(predicted.elements()) + " numbers where the data has " +
                                                std::to_string(truth.size()));
      }
      tally.add(predicted.values<float>(), truth);
    }
    if (!std::isfinite(tally.mse())) throw nascent::Error(NAS_E_NUMERIC, "the model predicts NaN or infinite values");
    emit.metric("rmse", tally.rmse());
    emit.metric("mse", tally.mse());
    emit.metric("mae", tally.mae());
    emit.metric("r2", tally.r2());
  }

 private:
  // The target as doubles, whether stored as float32 or float64.
  static std::vector<double> numbers(const nascent::Tensor& t) {
    if (t.dtype() == nascent::dtype_of<double>()) {
      const auto v = t.values<double>();
      return {v.begin(), v.end()};
    }
    const auto v = t.values<float>();
    return {v.begin(), v.end()};
  }

  std::vector<nascent::MetricDeclaration> metrics_{
      {"rmse", "root of the mean squared error", nascent::Direction::minimize, on_data},
      {"mse", "mean squared error", nascent::Direction::minimize, on_data},
      {"mae", "mean absolute error", nascent::Direction::minimize, on_data},
      {"r2", "coefficient of determination", nascent::Direction::maximize, on_data}};
};

}  // namespace

NASCENT_PLUGIN("org.nascent.regression", "1.0.0", Regression)
