// A study's search space: what the space plugin declares plus the options the file searches, and the way back from a
// configuration to an architecture and to each component's options.
#pragma once

#include <nascent/abi.h>

#include <cstdint>
#include <memory>
#include <nascent/space_declaration.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/instance.hpp"
#include "nascent/core/options.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core {

// What the data demands of an architecture, owned.
class TaskShape {
 public:
  // Errors: ErrorKind::invalid_input when the dataset has no field of role input or target, or several inputs.
  static Result<TaskShape> of(const nas_dataset_info& info);

  [[nodiscard]] const std::vector<std::int64_t>& input_shape() const { return input_shape_; }  // without the batch
  [[nodiscard]] std::uint32_t n_classes() const { return n_classes_; }                         // 0 = regression
  [[nodiscard]] std::uint32_t n_outputs() const { return n_outputs_; }  // classes, or regression targets
  // Borrows from this object.
  [[nodiscard]] nas_task_shape view() const;

 private:
  std::vector<std::int64_t> input_shape_;
  std::uint32_t n_classes_ = 0, n_outputs_ = 0;
};

// An architecture graph that a space built; released with its owner.
struct GraphRelease {
  void operator()(nas_graph* graph) const {
    if (graph->release != nullptr) graph->release(graph->owner);
  }
};
using GraphPtr = std::unique_ptr<nas_graph, GraphRelease>;

// Parameters in this order: those of the space, named "space.<name>", then the lifted ones, named by their path in the
// file ("trainer.learning_rate"). Everything is const and may be called from any thread. Coordinator and workers compose
// the same space from the same study.
class StudySpace {
 public:
  // Takes the space instance. Errors: ErrorKind::plugin when its declaration breaks a rule, or two names clash.
  static Result<StudySpace> compose(Instance<nas_space_vt> space, std::vector<LiftedParameter> lifted = {});
  // A space of a program that embeds the search: parameters only, names as they are.
  explicit StudySpace(nascent::SpaceDeclaration declaration);

  [[nodiscard]] const nascent::SpaceDeclaration& declaration() const { return declaration_; }
  [[nodiscard]] const nas_space* view() const { return declaration_.view(); }
  [[nodiscard]] std::size_t size() const { return declaration_.size(); }
  // Parameters [0, n_space_parameters()) are the space's, the rest are lifted.
  [[nodiscard]] std::size_t n_space_parameters() const { return size() - lifted_.size(); }
  [[nodiscard]] const std::vector<LiftedParameter>& lifted() const { return lifted_; }

  // The architecture of a configuration: rows of x and active as wide as size(). Null for a space without
  // architectures. status NAS_E_INVALID: this configuration has none, `reason` says why.
  [[nodiscard]] PluginResult<GraphPtr> build(const double* x, const std::uint8_t* active) const;

  // The same for samplers: build() of a table of the host's; vt null for a study without a space plugin. Borrows this object.
  [[nodiscard]] nas_space_ref architectures() const;

  // A component's options with the searched values of one configuration (x as wide as size()) in place.
  [[nodiscard]] OptionTable options(std::string_view component_path, const OptionTable& fixed, const double* x) const;

  // What parameter i of a configuration stands for, for people: "0.001", "relu", "true".
  [[nodiscard]] std::string value_text(std::size_t i, double x) const;

  // JSON array with one object per parameter: name, kind, scale, bounds, choices, prior, conditions.
  [[nodiscard]] std::string to_json() const;

 private:
  StudySpace(std::optional<Instance<nas_space_vt>> space, std::vector<LiftedParameter> lifted,
             nascent::SpaceDeclaration declaration);

  std::optional<Instance<nas_space_vt>> space_;
  std::vector<LiftedParameter> lifted_;
  nascent::SpaceDeclaration declaration_;
};

}  // namespace nascent::core
