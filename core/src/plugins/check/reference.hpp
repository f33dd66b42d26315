// Small known inputs for the contracts: spaces, data, an architecture, a model, a task that writes down what it is
// told.
#pragma once

#include <nascent/abi.h>

#include <functional>
#include <nascent/compressor.hpp>
#include <nascent/dataset.hpp>
#include <nascent/graph.hpp>
#include <nascent/model.hpp>
#include <nascent/space_declaration.hpp>
#include <string>
#include <vector>

namespace nascent::core {

// Every kind of parameter: log and linear, steps, priors, weights, a condition on a choice and one on a number.
const SpaceDeclaration& mixed_space();
// 3 x 4 x 2 configurations.
const SpaceDeclaration& finite_space();
const SpaceDeclaration& empty_space();
// Every kind of parameter, each with one value of positive prior.
const SpaceDeclaration& one_point_space();
// One that is always active; the conditions of all others never hold.
const SpaceDeclaration& inactive_space();
// Two categorical parameters of a million choices, one of them weighted (half of them 0), and a number.
inline constexpr std::uint32_t kManyChoices = 1'000'000;
SpaceView many_choices_space();

// Rows drawn from fixed seeds, three classes that a linear model can tell apart; "train" of 96 rows, "validation"
// of 33.
enum class ReferenceTask { images, table_classes, table_regression };
nas_dataset reference_data(ReferenceTask task);  // lives to the end of the process
nas_subset reference_subset(ReferenceTask task, std::uint32_t split);

// A small network for that data.
Graph reference_graph(ReferenceTask task);

// A linear model on the reference data: one Gemm named "head" (after a Flatten for images). Saves in no format.
nas_model reference_model(ReferenceTask task);  // the caller releases it

// Everything a model says, for comparison: named weights, and predictions on the first rows of a subset.
struct ModelState {
  std::vector<std::pair<std::string, std::vector<std::byte>>> weights;
  std::vector<float> predictions;
  std::vector<std::int64_t> prediction_shape;
  bool operator==(const ModelState&) const = default;
};
ModelState state_of(const nas_model& model, const nas_subset& data);  // throws nascent::Error

// A task that records. `verdict` is asked at every report.
class RecordingTask {
 public:
  struct Report {
    double budget;
    std::vector<std::pair<std::string, double>> metrics;
  };
  explicit RecordingTask(std::uint64_t seed = 1, std::string artifact_dir = {});
  const nas_task* get() { return &task_; }
  std::function<std::uint32_t(double budget)> verdict = [](double) { return NAS_GO; };
  bool cancel = false;
  std::vector<Report> reports;

 private:
  std::string artifact_dir_;
  nas_task task_{};
};

// Columns of observations that grow row by row.
class ObservationColumns {
 public:
  // n_metrics: besides the objectives; some trials have not measured them.
  explicit ObservationColumns(std::size_t n_params, std::size_t n_objectives = 1, std::size_t n_constraints = 0,
                              std::size_t n_metrics = 0)
      : n_params_(n_params), n_objectives_(n_objectives), n_constraints_(n_constraints), n_metrics_(n_metrics) {}
  // `row` may be null for schedulers.
  void add(std::uint64_t trial, std::uint32_t state, double budget, double value, const Point* row = nullptr);
  [[nodiscard]] std::size_t size() const { return trial_id_.size(); }
  // Rows [from, size()); valid until the next call on this object.
  const nas_obs* view(std::size_t from = 0);

 private:
  std::size_t n_params_, n_objectives_, n_constraints_, n_metrics_;
  bool with_rows_ = false;
  std::vector<std::uint64_t> trial_id_;
  std::vector<std::uint32_t> state_;
  std::vector<double> budget_, values_, constraints_, metrics_, cost_, x_;
  std::vector<std::uint8_t> accepted_, active_;
  nas_rows rows_{};
  nas_obs obs_{};
};

}  // namespace nascent::core
