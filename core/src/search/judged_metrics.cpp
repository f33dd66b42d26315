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
    if (exists_for(metric, shape)) add(metric);
  }
}

void MeasuredMetrics::add_trainer(const ComponentInfo& trainer) {
  if (trainer.metrics.empty()) return add_unknown();
  for (const MetricInfo& metric : trainer.metrics) add(metric);
}

void MeasuredMetrics::add_evaluator(const ComponentConfig& evaluator, const std::vector<MetricInfo>& metrics,
                                    Diagnostics& mistakes) {
  bool told = false;
  for (const MetricInfo& metric : metrics) {
    add(metric);
    const auto [known, is_new] = evaluator_of_.emplace(metric.name, &evaluator);
    if (is_new || told) continue;
    told = true;
    const ComponentConfig& other = *known->second;
    mistakes.add(evaluator.type_where, fmt::format("{} {} measures {}, and so does {} {} at {}; leave one out",
                                                   evaluator.path, toml_text(evaluator.type), toml_text(metric.name),
                                                   other.path, toml_text(other.type), to_string(other.type_where)));
  }
}

void MeasuredMetrics::add(const MetricInfo& metric) {
  if (find(metric.name) == nullptr) known_.push_back(metric);
}

const MetricInfo* MeasuredMetrics::find(const std::string& name) const {
  const auto at = std::ranges::find(known_, name, &MetricInfo::name);
  return at == known_.end() ? nullptr : &*at;
}

void MeasuredMetrics::check(const StudyConfig& config, std::span<const std::string> sampler_wants,
                            Diagnostics& mistakes) const {
  std::vector<std::string> names;
  for (const MetricInfo& metric : known_) names.push_back(metric.name);
  const auto look = [&](const std::string& what, const std::string& metric, const SourceLocation& where) {
    if (!complete_ || metric.empty() || find(metric) != nullptr) return;
    mistakes.add(where, fmt::format("{} {}, which nothing in this study measures; {}", what, toml_text(metric),
                                    way_out(metric, names)));
  };
  for (const Objective& objective : config.objectives)
    look(objective.path + ".metric is", objective.metric, objective.where);
  for (const Constraint& constraint : config.constraints)
    look(constraint.path + ".metric is", constraint.metric, constraint.where);
  for (const std::string& metric : sampler_wants) {
    look(fmt::format("sampler {} asks for metric", toml_text(config.sampler.type)), metric,
         place_of(metric, config.sampler));
  }
  if (!mistakes.empty()) return;
  for (const Objective& objective : config.objectives) {
    const MetricInfo* metric = find(objective.metric);
    const bool up = objective.direction == Direction::maximize;
    if (metric != nullptr && metric->direction == (up ? NAS_MINIMIZE : NAS_MAXIMIZE)) {
      spdlog::warn("objective={} direction={} place={} reason=\"{} values of it are better\"", objective.metric,
                   up ? "maximize" : "minimize", to_string(objective.where), up ? "small" : "large");
    }
  }
}

}  // namespace nascent::core::search
