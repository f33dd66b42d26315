// What the trials of a study are judged by, against what its components say they measure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nascent/core/config.hpp"
#include "nascent/core/diagnostics.hpp"
#include "nascent/core/plugins.hpp"
#include "nascent/core/study_space.hpp"

namespace nascent::core::search {

class MeasuredMetrics {
 public:
  // The metrics of the trainer's reports that exist for such data; a trainer that lists none is an unknown.
  void add_trainer(const ComponentInfo& trainer, const std::optional<TaskShape>& shape);
  // All that the trainer may report, where nobody knows what the data are.
  void add_trainer(const ComponentInfo& trainer);
  // Two evaluators that measure the same are a mistake: a trial keeps one value under a name.
  void add_evaluator(const ComponentConfig& evaluator, const std::vector<MetricInfo>& metrics, Diagnostics& mistakes);
  // Somebody measures what nobody knows in advance.
  void add_unknown() { complete_ = false; }

  // Every objective, every constraint and every metric that the sampler wants has to be measured by somebody: all that
  // are not are reported at their places, with the nearest name. In a study without mistakes an objective in the
  // direction that makes the metric worse is worth a warning.
  void check(const StudyConfig& config, std::span<const std::string> sampler_wants, Diagnostics& mistakes) const;

 private:
  void add(const MetricInfo& metric);
  [[nodiscard]] const MetricInfo* find(const std::string& name) const;

  std::vector<MetricInfo> known_;
  std::map<std::string, const ComponentConfig*> evaluator_of_;  // by metric
  bool complete_ = true;
};

}  // namespace nascent::core::search
