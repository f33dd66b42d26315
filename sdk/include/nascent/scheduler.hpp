// Writing a scheduler: decides from intermediate reports whether a trial goes on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "nascent/sampler.hpp"

NASCENT_SDK_BEGIN

enum class Verdict : std::uint32_t { go = NAS_GO, stop = NAS_STOP, pause = NAS_PAUSE };

// A paused trial that should go on, up to `budget` units.
struct Promotion {
  std::uint64_t trial_id;
  double budget;
};

struct SchedulerSetup {
  Host host;
  std::size_t n_objectives = 1;
  std::size_t parallel = 1;
  nas_budget budget{};        // the full budget of a trial
  std::uint64_t seed = 0;
};

struct SchedulerKind;
// Multi-fidelity decisions. A verdict may depend on options, seed, the history it is shown and the trial's own reports,
// and on nothing else: the host shows a deterministic study the same history in every run.
class Scheduler {
 public:
  using Kind = SchedulerKind;
  virtual ~Scheduler() = default;
  // history: the reports of all other trials this decision may see, sorted by (trial, budget), with each trial's state
  // now; one that ended without a report has one row, of what it ended with. trial: the reports of the trial in question,
  // the newest last. Values are minimised.
  virtual Verdict decide(const Observations& history, const Observations& trial) = 0;
  // Paused trials to promote now, the most urgent first; asked again before every leg of training that is handed out.
  virtual std::vector<Promotion> poll(const Observations& history) {
    static_cast<void>(history);
    return {};
  }
  // Paused trials that are never promoted, whatever comes after this history. They end, pruned, with what they have reached,
  // and their checkpoints are deleted. Asked together with poll().
  virtual std::vector<std::uint64_t> give_up(const Observations& history) {
    static_cast<void>(history);
    return {};
  }
};

struct SchedulerKind {
  static constexpr std::string_view id = NAS_KIND_SCHEDULER;
  template <class T>
  static nas_status NAS_CALL create(const nas_host* host, const nas_config* config, const void* kind_arg, void** self, nas_error* error) noexcept {
    return guarded(error, [&] {
      const auto& arg = detail::required<nas_scheduler_arg>(kind_arg, "nas_scheduler_arg");
      return detail::create<T>(config, SchedulerSetup{Host(host), arg.n_objectives, arg.parallel, arg.budget, arg.seed}, self, error);
    });
  }
  template <class T>
  static nas_status NAS_CALL decide(void* self, const nas_obs* history, const nas_obs* trial, nas_verdict* out, nas_error* error) noexcept {
    return guarded(error, [&] {
      const Observations reports(trial);
      if (reports.size() == 0) throw Error(NAS_E_INVALID, "decide needs at least one report of the trial");
      const Observation newest = reports[reports.size() - 1];
      const Verdict verdict = detail::self_of<T>(self).decide(Observations(history), reports);
      *out = {newest.trial_id(), static_cast<std::uint32_t>(verdict), 0, newest.budget()};
    });
  }
  template <class T>
  static nas_status NAS_CALL poll(void* self, const nas_obs* history, nas_verdict* out, std::size_t cap, std::size_t* n, nas_error* error) noexcept {
    return guarded(error, [&] {
      T& scheduler = detail::self_of<T>(self);
      std::vector<nas_verdict> due;  // giving up takes no time and frees the disk: first
      for (const std::uint64_t trial : scheduler.give_up(Observations(history))) due.push_back({trial, NAS_STOP, 0, 0});
      for (const Promotion& p : scheduler.poll(Observations(history))) due.push_back({p.trial_id, NAS_PROMOTE, 0, p.budget});
      *n = std::min(cap, due.size());
      std::copy_n(due.begin(), *n, out);
    });
  }
  template <class T>
  static constexpr nas_scheduler_vt table{sizeof(nas_scheduler_vt), 0, &create<T>, &detail::destroy<T>, &detail::extension<T>,
                                          &decide<T>, &poll<T>};
};

NASCENT_SDK_END
