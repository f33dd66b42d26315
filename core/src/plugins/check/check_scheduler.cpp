// The contract of schedulers: verdicts that follow from the history shown, and promotions of paused trials only.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "plugins/check/contract.hpp"
#include "plugins/check/instances.hpp"
#include "plugins/check/reference.hpp"

namespace nascent::core {
namespace {

using Scheduler = Instance<nas_scheduler_vt>;
constexpr double full_budget = 9;
constexpr std::uint32_t n_architecture_params = 2;  // of mixed_space()

// Learning curves that fall at different speeds to different floors.
double loss(std::uint64_t trial, double budget) {
  const double floor = 0.1 + 0.05 * static_cast<double>((trial * 7) % 11);
  return floor + 1.0 / (1.0 + budget * (0.3 + 0.1 * static_cast<double>(trial % 3)));
}

struct TrialSoFar {
  double spent = 0;
  std::uint32_t state = NAS_TRIAL_PENDING;
};

class SchedulerCheck {
 public:
  SchedulerCheck(const nas_component& component, const OptionTable& options)
      : component_(component), options_(options), list_(subject_of(component)) {}

  std::vector<CheckFinding> run() {
    list_.property("create");
    auto scheduler = make(1);
    if (!scheduler) {
      list_.fails(scheduler.error().message);
      return list_.take();
    }
    list_.property("verdicts_are_legal");
    run_trials(*scheduler);
    list_.property("verdicts_follow_from_the_history_shown", 12);
    repeat(*scheduler);
    list_.property("only_paused_trials_are_promoted");
    poll(*scheduler);
    if (population(*scheduler) != nullptr) {
      list_.property("a_population_begins");
      admit(*scheduler);
      list_.property("children_keep_the_architecture_and_are_of_the_space", 32);
      explore(*scheduler);
    }
    list_.property("no_report_is_refused");
    ObservationColumns none(0), empty(0);
    nas_verdict verdict{};
    list_.that(!scheduler->call(&nas_scheduler_vt::decide, none.view(), empty.view(), &verdict),
               "decide without a report of the trial has to be NAS_E_INVALID");
    list_.property("two_objectives_work_or_are_refused");
    if (auto two = make(2); !two)
      list_.that(!two.error().reason.starts_with("failed without a message"),
                 "create with two objectives fails without a message");
    return list_.take();
  }

 private:
  PluginResult<Scheduler> make(std::uint32_t n_objectives) {
    const nas_scheduler_arg arg{sizeof arg, n_objectives, 2, n_architecture_params, {NAS_UNIT_EPOCH, 0, 0, full_budget}, 42, mixed_space().view()};
    return fresh<nas_scheduler_vt>(component_, options_, &arg);
  }

  // History of all but `trial`, in (trial, budget) order.
  ObservationColumns others(std::uint64_t trial) const {
    ObservationColumns columns(0);
    for (const auto& [id, t] : trials_) {
      for (double b = 1; id != trial && b <= t.spent; ++b) columns.add(id, t.state, b, loss(id, b));
    }
    return columns;
  }
  ObservationColumns own(std::uint64_t trial, double spent) const {
    ObservationColumns columns(0);
    for (double b = 1; b <= spent; ++b) columns.add(trial, NAS_TRIAL_PENDING, b, loss(trial, b));
    return columns;
  }

  nas_verdict decide(const Scheduler& scheduler, std::uint64_t trial, double spent) {
    ObservationColumns history = others(trial), reports = own(trial, spent);
    nas_verdict verdict{~std::uint64_t{0}, 99, 0, -1};
    const auto answer = scheduler.call(&nas_scheduler_vt::decide, history.view(), reports.view(), &verdict);
    if (!answer) list_.fails(fmt::format("decide fails: {}", answer.error().reason));
    return verdict;
  }

  void run_trials(const Scheduler& scheduler) {
    for (std::uint64_t trial = 0; trial < 12 && !list_.failed(); ++trial) {
      trials_[trial];
      for (double spent = 1; spent <= full_budget; ++spent) {
        const nas_verdict v = decide(scheduler, trial, spent);
        decisions_.push_back({trial, spent, trials_, v});
        list_.that(v.trial_id == trial, fmt::format("decide on trial {} answers for trial {}", trial, v.trial_id));
        list_.that(v.verdict <= NAS_PAUSE,
                   fmt::format("decide gives the verdict {}; go, stop and pause are allowed", v.verdict));
        trials_[trial].spent = spent;
        if (v.verdict == NAS_STOP) trials_[trial].state = NAS_TRIAL_PRUNED;
        if (v.verdict == NAS_PAUSE) trials_[trial].state = NAS_TRIAL_PAUSED;
        if (v.verdict != NAS_GO) break;
      }
      if (trials_[trial].state == NAS_TRIAL_PENDING) trials_[trial].state = NAS_TRIAL_COMPLETED;
    }
  }

  void repeat(const Scheduler& scheduler) {
    auto second = make(1);
    if (!second) return list_.fails(second.error().message);
    const auto now = trials_;
    // Newest first: an instance that remembers, instead of reading the history, is found out.
    for (auto d = decisions_.rbegin(); d != decisions_.rend(); ++d) {
      trials_ = d->trials;
      for (const Scheduler* s : std::initializer_list<const Scheduler*>{&scheduler, &*second}) {
        const nas_verdict v = decide(*s, d->trial, d->spent);
        list_.that(v.verdict == d->verdict.verdict,
                   fmt::format("trial {} at budget {}: {} for one instance, {} for another with the same history",
                               d->trial, d->spent, d->verdict.verdict, v.verdict));
      }
    }
    trials_ = now;
  }

  void poll(const Scheduler& scheduler) {
    for (const std::size_t cap : {std::size_t{0}, std::size_t{1}, std::size_t{16}}) {
      ObservationColumns history = others(~std::uint64_t{0});
      std::vector<nas_verdict> out(cap + 1, nas_verdict{77, 77, 77, 77});
      std::size_t n = 99;
      const auto answer = scheduler.call(&nas_scheduler_vt::poll, history.view(), out.data(), cap, &n);
      if (!answer) return list_.fails("poll fails: " + answer.error().reason);
      if (!list_.that(n <= cap, fmt::format("poll for at most {} trials gives {}", cap, n))) return;
      list_.that(out[cap].trial_id == 77, "poll writes behind the buffer");
      std::vector<std::uint64_t> seen;
      for (std::size_t i = 0; i < n; ++i) {
        const auto trial = trials_.find(out[i].trial_id);
        if (!list_.that(trial != trials_.end() && trial->second.state == NAS_TRIAL_PAUSED,
                        fmt::format("poll decides about trial {}, which is not paused", out[i].trial_id)))
          return;
        if (out[i].verdict == NAS_FORK && population(scheduler) != nullptr) continue;  // as many as it likes
        const bool promotes = out[i].verdict == NAS_PROMOTE;
        list_.that(promotes || out[i].verdict == NAS_STOP,
                   "poll gives a verdict that is neither NAS_PROMOTE nor NAS_STOP, nor NAS_FORK with " NAS_SCHEDULER_POPULATION);
        list_.that(!promotes || (out[i].budget > trial->second.spent && out[i].budget <= full_budget),
                   fmt::format("poll promotes trial {} from {} to {}; it must lie above, and at most at {}",
                               out[i].trial_id, trial->second.spent, out[i].budget, full_budget));
        list_.that(std::ranges::find(seen, out[i].trial_id) == seen.end(), "poll decides about a trial twice");
        seen.push_back(out[i].trial_id);
      }
    }
  }

  static const nas_scheduler_population* population(const Scheduler& scheduler) {
    return scheduler.extension<nas_scheduler_population>(NAS_SCHEDULER_POPULATION);
  }

  void admit(const Scheduler& scheduler) {
    std::uint64_t first = 0, again = 1;
    nas_error error{};
    if (population(scheduler)->admits(scheduler.self(), nullptr, 0, &first, &error) != NAS_OK ||
        population(scheduler)->admits(scheduler.self(), nullptr, 0, &again, &error) != NAS_OK) {
      return list_.fails(std::string("admits fails: ") + error.message);
    }
    list_.that(first > 0, "admits no trial to a study that has none; nothing would ever run");
    list_.that(first == again, fmt::format("admits {} trials, and {} when asked again", first, again));
  }

  void explore(const Scheduler& scheduler) {
    const SpaceView space(mixed_space().view());
    for (std::uint64_t child = 0; child < 32 && !list_.failed(); ++child) {
      Point parent(space.size());
      Rng rng(42, child);
      space.sample(rng, parent.row());
      const Point explored = explore(scheduler, child, parent), again = explore(scheduler, child, parent);
      list_.that(explored == again, fmt::format("trial {} explores two configurations from one parent", child));
      list_.that(space.contains(explored.row()), fmt::format("trial {} explores a configuration that is none of the space", child));
      list_.that(std::equal(parent.x.begin(), parent.x.begin() + n_architecture_params, explored.x.begin()),
                 fmt::format("trial {} explores another architecture than its parent's, whose weights would not fit", child));
    }
  }
  Point explore(const Scheduler& scheduler, std::uint64_t child, const Point& parent) {
    Point explored(parent.x.size());
    nas_error error{};
    const nas_status status =
        population(scheduler)->explore(scheduler.self(), child, parent.x.data(), parent.active.data(), explored.x.data(), explored.active.data(), &error);
    if (status != NAS_OK) list_.fails(std::string("explore fails: ") + error.message);
    return explored;
  }

  struct Decision {
    std::uint64_t trial;
    double spent;
    std::map<std::uint64_t, TrialSoFar> trials;
    nas_verdict verdict;
  };
  const nas_component& component_;
  const OptionTable& options_;
  Checklist list_;
  std::map<std::uint64_t, TrialSoFar> trials_;
  std::vector<Decision> decisions_;
};

}  // namespace

std::vector<CheckFinding> check_scheduler(const nas_component& component, const OptionTable& options) {
  return SchedulerCheck(component, options).run();
}

}  // namespace nascent::core
