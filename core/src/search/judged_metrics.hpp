// What the trials of a study are judged by, against what its components say they measure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nascent/core/config.hpp"
#include "nascent/core/plugins.hpp"
#include "nascent/core/study_space.hpp"

namespace nascent::core::search {

class MeasuredMetrics {
 public:
  // The metrics of the trainer's reports that exist for such data; a trainer that lists none is an unknown.
  void add_trainer(const ComponentInfo& trainer, const std::optional<TaskShape>& shape);
  void add(const std::vector<MetricInfo>& metrics);
  // Somebody measures what nobody knows in advance.
  void add_unknown() { complete_ = false; }

  // Every objective, every constraint and every metric that the sampler wants has to be measured by somebody: all that
  // are not are reported at their places, with the nearest name. An objective in the direction that makes the metric
  // worse is worth a warning.
  [[nodiscard]] Result<void> check(const StudyConfig& config, std::span<const std::string> sampler_wants = {}) const;

 private:
  [[nodiscard]] const MetricInfo* find(const std::string& name) const;

  std::vector<MetricInfo> known_;
  bool complete_ = true;
};

}  // namespace nascent::core::search
