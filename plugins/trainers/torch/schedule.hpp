// The course of the learning rate: a pure function of how much of the budget is spent.
#pragma once

namespace nascent::libtorch {

enum class ScheduleKind { one_cycle, cosine, step, constant };

struct ScheduleSettings {
  ScheduleKind kind = ScheduleKind::one_cycle;
  double learning_rate = 0.003;  // the largest
  double warmup = 0.2;           // share of the budget
  double step_share = 0.3, step_factor = 0.1;
};

// position: share of the budget spent, in [0, 1]; beyond 1 counts as 1.
// one_cycle: Smith and Topin, "Super-Convergence" (2018): cosine rise from 1/25 over the warm-up, cosine fall to 1e-4.
// The others rise linearly over the warm-up; cosine: Loshchilov and Hutter, "SGDR" (2017), one period, down to 0.
double learning_rate(const ScheduleSettings& settings, double position);

}  // namespace nascent::libtorch
