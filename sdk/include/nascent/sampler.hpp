// Writing a sampler: ask proposes configurations, tell learns from finished trials.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "nascent/plugin.hpp"
#include "nascent/space_view.hpp"

NASCENT_SDK_BEGIN

enum class TrialState : std::uint32_t {
  completed = NAS_TRIAL_COMPLETED,
  failed = NAS_TRIAL_FAILED,
  pruned = NAS_TRIAL_PRUNED,
  pending = NAS_TRIAL_PENDING,
  invalid = NAS_TRIAL_INVALID,
  paused = NAS_TRIAL_PAUSED,
};

// One trial as a sampler or scheduler sees it. A view into columns; valid during the call.
class Observation {
 public:
  Observation(const nas_obs& columns, std::size_t i) : c_(&columns), i_(i) {}
  [[nodiscard]] std::uint64_t trial_id() const { return c_->trial_id[i_]; }
  [[nodiscard]] TrialState state() const { return static_cast<TrialState>(c_->state[i_]); }
  [[nodiscard]] bool completed() const { return state() == TrialState::completed; }
  // Completed, or pruned with the values of its last report.
  [[nodiscard]] bool has_values() const { return completed() || state() == TrialState::pruned; }
  // Objectives, always minimised; [n_objectives], 0 where the state has none.
  [[nodiscard]] std::span<const double> values() const { return {c_->values + i_ * c_->n_objectives, c_->n_objectives}; }
  [[nodiscard]] double value() const { return values()[0]; }
  // Satisfied when <= 0; [n_constraints].
  [[nodiscard]] std::span<const double> constraints() const {
    return {c_->constraints + i_ * c_->n_constraints, c_->n_constraints};
  }
  [[nodiscard]] bool feasible() const {
    for (const double violation : constraints()) {
      if (violation > 0) return false;
    }
    return true;
  }
  [[nodiscard]] double budget() const { return c_->budget[i_]; }
  [[nodiscard]] double cost_seconds() const { return c_->cost_seconds[i_]; }
  [[nodiscard]] bool accepted() const { return c_->accepted[i_] != 0; }
  // What Sampler::metrics() asks for, in that order; NaN where the trial did not measure it.
  [[nodiscard]] std::span<const double> metrics() const { return {c_->metrics + i_ * c_->n_metrics, c_->n_metrics}; }
  // The configuration; not for schedulers.
  [[nodiscard]] ConstRow at() const {
    const std::size_t n = c_->at->n_params;
    return {{c_->at->x + i_ * n, n}, {c_->at->active + i_ * n, n}};
  }

 private:
  const nas_obs* c_;
  std::size_t i_;
};

// A list of observations, sorted by (trial, budget).
class Observations {
 public:
  explicit Observations(const nas_obs* columns) : columns_(columns) {}
  [[nodiscard]] std::size_t size() const { return columns_ == nullptr ? 0 : columns_->n; }
  Observation operator[](std::size_t i) const { return {*columns_, i}; }
  [[nodiscard]] const nas_obs* raw() const { return columns_; }

 private:
  const nas_obs* columns_;
};

struct SamplerSetup {
  Host host;
  SpaceView space;                // outlives the sampler
  std::uint64_t seed = 0;
  std::size_t n_objectives = 1;
  std::size_t n_constraints = 0;
  std::size_t parallel = 1;       // trials that may run at once
  std::uint64_t trials_max = 0;   // 0 = not limited by count
  nas_space_ref architectures{};  // for the class Architectures (architectures.hpp)
};

// The circumstances of one proposal.
struct Ask {
  std::uint64_t trial_id;
  Observations pending;             // asked and not yet told
  const nas_distribution* learnt;   // from a trainer prepared once per study, or null
};

struct SamplerKind;
// A search strategy. Calls come one at a time. A proposal may depend on options, seed, what was told, what is pending
// and the trial's number, and on nothing else: then a study repeats, resumes and replays. Draw from
// Rng(seed, ask.trial_id), never from a generator that lives on between calls.
class Sampler {
 public:
  using Kind = SamplerKind;
  virtual ~Sampler() = default;
  // Fills one row; every active parameter within its range. Throws Error(NAS_E_EXHAUSTED) when nothing is left.
  virtual void ask(const Ask& ask, Row row) = 0;
  // One finished trial; trials come in order of their numbers, each once. The same calls replay a stored history.
  virtual void tell(const Observation& observation) { static_cast<void>(observation); }
  // Names of metrics to be told besides the objectives (Observation::metrics); the same for the sampler's whole life.
  [[nodiscard]] virtual std::span<const std::string> metrics() const { return {}; }
};

struct SamplerKind {
  static constexpr std::string_view id = NAS_KIND_SAMPLER;
  template <class T>
  static nas_status NAS_CALL create(const nas_host* host, const nas_config* config, const void* kind_arg, void** self, nas_error* error) noexcept {
    return guarded(error, [&] {
      const auto& arg = detail::required<nas_sampler_arg>(kind_arg, "nas_sampler_arg");
      if (arg.space == nullptr) throw Error(NAS_E_INVALID, "nas_sampler_arg.space is null; a sampler needs a space");
      return detail::create<T>(config, SamplerSetup{Host(host), SpaceView(arg.space), arg.seed, arg.n_objectives, arg.n_constraints,
                                                    arg.parallel, arg.trials_max, arg.architectures},
                               self, error);
    });
  }
  template <class T>
  static nas_status NAS_CALL ask(void* self, const nas_ask* request, nas_error* error) noexcept {
    return guarded(error, [&] {
      T& sampler = detail::self_of<T>(self);
      nas_rows& rows = *request->out;
      *request->n_filled = 0;
      for (std::size_t i = 0; i < rows.n_rows; ++i) {
        try {
          sampler.ask({rows.trial_id[i], Observations(request->pending), request->learnt},
                      {{rows.x + i * rows.n_params, rows.n_params}, {rows.active + i * rows.n_params, rows.n_params}});
        } catch (const Error& e) {
          if (e.status() == NAS_E_EXHAUSTED && i > 0) return;  // the rows so far are good; the next ask says exhausted
          throw;
        }
        *request->n_filled = i + 1;
      }
    });
  }
  template <class T>
  static nas_status NAS_CALL tell(void* self, const nas_obs* observations, nas_error* error) noexcept {
    return guarded(error, [&] {
      const Observations all(observations);
      for (std::size_t i = 0; i < all.size(); ++i) detail::self_of<T>(self).tell(all[i]);
    });
  }
  template <class T>
  static nas_status NAS_CALL metric_name(void* self, std::size_t index, nas_str* out) noexcept {
    const std::span<const std::string> names = detail::self_of<T>(self).metrics();
    if (index >= names.size()) return NAS_E_EXHAUSTED;
    *out = str(names[index]);
    return NAS_OK;
  }
  template <class T>
  static constexpr nas_sampler_metrics metrics_table{sizeof(nas_sampler_metrics), 0, &metric_name<T>};
  template <class T>
  static const void* NAS_CALL extension(void* self, const char* id) noexcept {
    if (id != nullptr && std::string_view(id) == NAS_SAMPLER_METRICS) return &metrics_table<T>;
    return detail::extension<T>(self, id);
  }
  template <class T>
  static constexpr nas_sampler_vt table{sizeof(nas_sampler_vt), 0, &create<T>, &detail::destroy<T>, &extension<T>,
                                        &ask<T>, &tell<T>};
};

NASCENT_SDK_END
