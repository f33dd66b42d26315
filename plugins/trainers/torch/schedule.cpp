#include "schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nascent::libtorch {
namespace {

// From `begin` to `end` along half a cosine; t in [0, 1].
double cosine(double begin, double end, double t) {
  const double share = 0.5 * (1 + std::cos(std::numbers::pi * t));
  return begin * share + end * (1 - share);
}

}  // namespace

double learning_rate(const ScheduleSettings& s, double position) {
  const double t = std::clamp(position, 0.0, 1.0);
  const bool rising = t < s.warmup;
  const double risen = rising ? t / s.warmup : 1;
  const double fallen = rising ? 0 : (t - s.warmup) / (1 - s.warmup);
  switch (s.kind) {
    case ScheduleKind::one_cycle:
      return s.learning_rate * (rising ? cosine(1.0 / 25, 1, risen) : cosine(1, 1e-4, fallen));
    case ScheduleKind::cosine:
      return s.learning_rate * risen * cosine(1, 0, fallen);
    case ScheduleKind::step:
      return s.learning_rate * risen * std::pow(s.step_factor, std::floor(t / s.step_share));
    case ScheduleKind::constant:
      break;
  }
  return s.learning_rate * risen;
}

}  // namespace nascent::libtorch
