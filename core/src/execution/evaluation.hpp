// The evaluators of a study: what they declare, and what they measure on one trial.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nascent/core/instance.hpp"
#include "nascent/core/resolved_study.hpp"
#include "nascent/core/trial.hpp"
#include "trial_task.hpp"

namespace nascent::core {

// What an evaluator may look at. Borrowed for the call.
struct EvaluationSubject {
  const Configuration* configuration = nullptr;
  const nas_graph* graph = nullptr;  // null for a space without architectures
  nas_model model{};                 // vt null = none
  nas_subset data{};                 // vt null = none
  nas_budget budget{};               // what was spent on the trial
};

// One evaluator of the study, created once.
class Evaluation {
 public:
  // `component`, of `study`, and `space` must outlive it. Refused: one that needs models or data that the study has not.
  static Result<Evaluation> create(PluginCatalog& catalog, const ResolvedStudy& study, const StudyComponent& component,
                                   const StudySpace& space, std::uint32_t n_classes);

  // What it measures, under the names that trials have.
  [[nodiscard]] std::vector<MetricInfo> metrics() const;
  // NAS_NEEDS_* of all its metrics together.
  [[nodiscard]] std::uint32_t needs() const { return needs_; }

  // What came out of one call.
  struct Findings {
    std::vector<Metric> metrics;
    std::string details_json;  // members of a JSON object without its braces, or ""
  };
  // Metrics that need data are named "<split>_<metric>". NAS_E_NUMERIC when a value is not finite; NAS_E_INTERNAL when
  // the evaluator did not emit exactly what it declared.
  PluginResult<void> evaluate(const nas_task& task, const EvaluationSubject& subject, std::string_view split,
                              Findings& into);

 private:
  struct Declared {
    std::string name;  // as the evaluator calls it
    MetricInfo info;   // as a trial calls it: "val_accuracy", "parameters"
    bool emitted = false;
  };
  struct Call;
  Evaluation(const StudyComponent& component, const StudySpace& space, Instance<nas_evaluator_vt> instance)
      : component_(&component), space_(&space), instance_(std::move(instance)) {}
  static void NAS_CALL emit(void* ctx, const nas_named_value* item) noexcept;

  const StudyComponent* component_;
  const StudySpace* space_;
  Instance<nas_evaluator_vt> instance_;
  std::vector<Declared> declared_;
  std::uint32_t needs_ = 0;
};

}  // namespace nascent::core
