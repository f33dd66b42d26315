#include "judged_metrics.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "nascent/core/diagnostics.hpp"
#include "nascent/core/nearest.hpp"

namespace nascent::core::search {
namespace {

bool exists_for(const MetricInfo& metric, const std::optional<TaskShape>& shape) {
  const bool classes = shape && shape->n_classes() > 0, numbers = shape && shape->n_classes() == 0;
  return ((metric.needs & NAS_NEEDS_CLASSES) == 0 || classes) && ((metric.needs & NAS_NEEDS_NUMBERS) == 0 || numbers);
}

// "objective" of one, "objective.1" of several.
std::string numbered(std::string_view section, std::size_t i, std::size_t n) {
  return n == 1 ? std::string(section) : fmt::format("{}.{}", section, i);
}

// Where the sampler's options say `text`; the sampler itself where they do not.
SourceLocation place_of(const std::string& text, const ComponentConfig& sampler) {
  std::vector<const ConfigValue*> open;
  for (const ConfigMember& option : sampler.options) open.push_back(&option.value);
  while (!open.empty()) {
    const ConfigValue& value = *open.back();
    open.pop_back();
    if (const std::string* said = value.text(); said != nullptr && *said == text) return value.where;
    if (const auto* array = value.array()) {
      for (const ConfigValue& element : *array) open.push_back(&element);
    }
  }
  return sampler.type_where;
}

}  // namespace

void MeasuredMetrics::add_trainer(const ComponentInfo& trainer, const std::optional<TaskShape>& shape) {
  if (trainer.metrics.empty()) return add_unknown();
  for (const MetricInfo& metric : trainer.metrics) {
    if (exists_for(metric, shape)) add({metric});
  }
}

void MeasuredMetrics::add(const std::vector<MetricInfo>& metrics) {
  for (const MetricInfo& metric : metrics) {
    if (find(metric.name) == nullptr) known_.push_back(metric);
  }
}

const MetricInfo* MeasuredMetrics::find(const std::string& name) const {
  const auto at = std::ranges::find(known_, name, &MetricInfo::name);
  return at == known_.end() ? nullptr : &*at;
}

Result<void> MeasuredMetrics::check(const StudyConfig& config, std::span<const std::string> sampler_wants) const {
  std::vector<std::string> names;
  for (const MetricInfo& metric : known_) names.push_back(metric.name);
  Diagnostics diagnostics;
  const auto look = [&](const std::string& what, const std::string& metric, const SourceLocation& where) {
    if (!complete_ || find(metric) != nullptr) return;
    diagnostics.add(where, fmt::format("{} {}, which nothing in this study measures; {}", what, toml_text(metric),
                                       way_out(metric, names)));
  };
  for (std::size_t i = 0; i < config.objectives.size(); ++i) {
    const Objective& objective = config.objectives[i];
    look(numbered("objective", i, config.objectives.size()) + ".metric is", objective.metric, objective.where);
    const MetricInfo* metric = find(objective.metric);
    const bool up = objective.direction == Direction::maximize;
    if (metric != nullptr && metric->direction == (up ? NAS_MINIMIZE : NAS_MAXIMIZE)) {
      spdlog::warn("objective={} direction={} place={} reason=\"{} values of it are better\"", objective.metric,
                   up ? "maximize" : "minimize", to_string(objective.where), up ? "small" : "large");
    }
  }
  for (std::size_t i = 0; i < config.constraints.size(); ++i) {
    const Constraint& constraint = config.constraints[i];
    look(numbered("constraint", i, config.constraints.size()) + ".metric is", constraint.metric, constraint.where);
  }
  for (const std::string& metric : sampler_wants) {
    look(fmt::format("sampler {} asks for metric", toml_text(config.sampler.type)), metric,
         place_of(metric, config.sampler));
  }
  if (!diagnostics.empty()) return tl::unexpected(diagnostics.error());
  return {};
}

}  // namespace nascent::core::search
