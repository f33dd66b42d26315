// Writing a scheduler: decides from intermediate reports whether a trial goes on.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string_view>
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
  SpaceView space{};          // outlives the scheduler; of no parameters where the host does not know it
  std::size_t n_architecture_params = 0;  // the first ones make the architecture, the others are options
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

// A scheduler that keeps a population (NAS_SCHEDULER_POPULATION): it decides how many trials the sampler begins, and trials
// of its own go on from the checkpoints of paused ones, with other options. Such a trial, a child, is in the history from its
// beginning: its first row is what its parent had reached, and Observation::parent() names the parent.
class PopulationScheduler : public Scheduler {
 public:
  explicit PopulationScheduler(const SchedulerSetup& setup) : space_(setup.space) {}
  // Parents of children to begin now, the most urgent first; a trial that is named twice gets two. Only paused trials.
  // Asked together with poll(), whose promotions come after all forks: a parent stands where it paused until they are done.
  // One child at a time comes into the history, and then this is asked again.
  virtual std::vector<std::uint64_t> fork(const Observations& history) = 0;
  // How many more trials the sampler, or the queue, may begin now, of which it has begun `n_begun`.
  virtual std::uint64_t admits(const Observations& history, std::uint64_t n_begun) = 0;
  // Makes the parent's configuration that of child `trial_id`. The first n_architecture_params stay.
  virtual void explore(std::uint64_t trial_id, Row row) = 0;

  [[nodiscard]] SpaceView space() const { return space_; }

 private:
  SpaceView space_;
};

struct SchedulerKind {
  static constexpr std::string_view id = NAS_KIND_SCHEDULER;
  template <class T>
  static nas_status NAS_CALL create(const nas_host* host, const nas_config* config, const void* kind_arg, void** self, nas_error* error) noexcept {
    return guarded(error, [&] {
      const auto& arg = detail::required<nas_scheduler_arg>(kind_arg, "nas_scheduler_arg");
      const SpaceView space(NAS_HAS(&arg, nas_scheduler_arg, space) ? arg.space : nullptr);
      return detail::create<T>(
          config, SchedulerSetup{Host(host), arg.n_objectives, arg.parallel, arg.budget, arg.seed, space, arg.n_architecture_params}, self, error);
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
      if constexpr (keeps_population<T>) {
        for (const std::uint64_t parent : scheduler.fork(Observations(history))) due.push_back({parent, NAS_FORK, 0, 0});
      }
      for (const Promotion& p : scheduler.poll(Observations(history))) due.push_back({p.trial_id, NAS_PROMOTE, 0, p.budget});
      *n = std::min(cap, due.size());
      std::copy_n(due.begin(), *n, out);
    });
  }
  template <class T>
  static constexpr bool keeps_population = std::derived_from<T, PopulationScheduler>;
  template <class T>
  static nas_status NAS_CALL admits(void* self, const nas_obs* history, std::uint64_t n_begun, std::uint64_t* out, nas_error* error) noexcept {
    return guarded(error, [&] { *out = detail::self_of<T>(self).admits(Observations(history), n_begun); });
  }
  template <class T>
  static nas_status NAS_CALL explore(void* self, std::uint64_t trial_id, const double* x, const std::uint8_t* active, double* out_x,
                                     std::uint8_t* out_active, nas_error* error) noexcept {
    return guarded(error, [&] {
      T& scheduler = detail::self_of<T>(self);
      const std::size_t n = scheduler.space().size();
      std::copy_n(x, n, out_x);
      std::copy_n(active, n, out_active);
      scheduler.explore(trial_id, {{out_x, n}, {out_active, n}});
    });
  }
  template <class T>
  static constexpr nas_scheduler_population population_table{sizeof(nas_scheduler_population), 0, &admits<T>, &explore<T>};
  template <class T>
  static const void* NAS_CALL extension(void* self, const char* id) noexcept {
    if constexpr (keeps_population<T>) {
      if (id != nullptr && std::string_view(id) == NAS_SCHEDULER_POPULATION) return &population_table<T>;
    }
    return detail::extension<T>(self, id);
  }
  template <class T>
  static constexpr nas_scheduler_vt table{sizeof(nas_scheduler_vt), 0, &create<T>, &detail::destroy<T>, &extension<T>,
                                          &decide<T>, &poll<T>};
};

NASCENT_SDK_END
