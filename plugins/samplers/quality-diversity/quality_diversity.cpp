#include "quality_diversity.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>

#include "nascent/pareto.hpp"
#include "shared/crossover.hpp"

namespace nascent::quality_diversity {
namespace {

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

std::string short_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return text.data();
}

constexpr std::size_t kScoredObjectivesMax = 3;  // beyond, exact hypervolumes take too long

}  // namespace

QualityDiversity::QualityDiversity(const Settings& settings, const SamplerSetup& setup)
    : space_(setup.space),
      host_(setup.host),
      seed_(setup.seed),
      settings_(settings),
      n_objectives_(setup.n_objectives),
      archive_(settings.axes),
      measured_(settings.axes.size()) {
  for (const AxisSettings& axis : settings.axes) descriptors_.push_back(axis.metric);
}

QualityDiversity::QualityDiversity(const Options& given, const SamplerSetup& setup)
    : QualityDiversity(settings_of(given), setup) {}

void QualityDiversity::ask(const Ask& ask, Row row) {
  const bool initial = archive_.size() == 0 || archive_.size() + ask.pending.size() < settings_.initial;
  Rng rng(seed_, ask.trial_id);
  samplers::propose_unseen(space_, samplers::Taken(known_, ask.pending), rng, row, [&] {
    if (initial) return space_.sample(rng, row);
    const Point& mother = archive_.draw(rng).point;
    if (rng.uniform() < settings_.crossover) {
      samplers::cross(space_, mother.row(), archive_.draw(rng).point.row(), rng, row);
    } else {
      mother.copy_to(row);
    }
    samplers::mutate(space_, row, settings_.mutation, rng);
  });
}

void QualityDiversity::tell(const Observation& observation) {
  known_.add(observation.at());
  if (observation.completed() && all_finite(observation.values())) enter(observation);
  ++told_;
  constexpr std::uint64_t kFirstReport = 64;
  if (told_ >= kFirstReport && std::has_single_bit(told_)) report();
}

void QualityDiversity::enter(const Observation& observation) {
  const auto metrics = observation.metrics();
  for (std::size_t k = 0; k < metrics.size(); ++k) measured_[k] += std::isfinite(metrics[k]) ? 1 : 0;
  if (++completed_ == settings_.initial) warn_of_unmeasured();
  if (metrics.size() != descriptors_.size() || !all_finite(metrics)) return;
  const auto values = observation.values();
  archive_.add({Point(observation.at()),
                {{values.begin(), values.end()}, pareto::total_violation(observation.constraints())},
                {metrics.begin(), metrics.end()}});
}

void QualityDiversity::warn_of_unmeasured() const {
  for (std::size_t k = 0; k < descriptors_.size(); ++k) {
    if (measured_[k] > 0) continue;
    host_.log(NAS_LOG_WARN, about.alias,
              "descriptor=" + descriptors_[k] + " measured=0 completed=" + std::to_string(completed_) +
                  " reason=\"no trial has it, so none enters the archive; add an [[evaluator]] that measures it\"");
  }
}

void QualityDiversity::report() const {
  const double coverage = static_cast<double>(archive_.n_filled()) / static_cast<double>(archive_.n_cells());
  std::string line = "told=" + std::to_string(told_) + " cells=" + std::to_string(archive_.n_cells()) +
                     " filled=" + std::to_string(archive_.n_filled()) + " coverage=" + short_text(coverage);
  if (n_objectives_ <= kScoredObjectivesMax) line += " qd_score=" + short_text(archive_.qd_score());
  for (std::size_t k = 0; k < descriptors_.size(); ++k) {
    const Axis& axis = archive_.axes()[k];
    line += ' ' + descriptors_[k] + "=[" + short_text(axis.min()) + ',' + short_text(axis.max()) +
            (axis.is_log() ? ",log]" : "]");
  }
  host_.log(NAS_LOG_INFO, about.alias, line);
}

}  // namespace nascent::quality_diversity
