// Writing a sampler: ask proposes configurations, tell learns from finished trials.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  // For schedulers: from whose checkpoint the trial went on; none: it began from nothing.
  [[nodiscard]] std::optional<std::uint64_t> parent() const {
    if (!NAS_HAS(c_, nas_obs, parent) || c_->parent[i_] == NAS_NO_TRIAL) return std::nullopt;
    return c_->parent[i_];
  }
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
  nas_budget budget{};            // the full one of a trial where a scheduler may end or pause it before; else `to` is 0
};

// The circumstances of one proposal.
struct Ask {
  std::uint64_t trial_id;
  Observations pending;             // asked and not yet told
  const nas_distribution* learnt;   // from a trainer prepared once per study, or null
};

// Weighted draws from the distribution over configurations that a sampler has inferred.
struct Posterior {
  std::vector<Point> draws;
  std::vector<double> weights;  // [draws] >= 0, not normalised
  double n_effective = 0;       // independent draws that these are worth; 0 when nobody can tell yet
  std::vector<std::pair<std::string, double>> diagnostics{};  // {{"acceptance_rate", 0.31}, ...}
};

// A sampler that infers a distribution offers it by declaring
//   Posterior posterior(std::size_t draws_max) const;
// at most draws_max draws, following from what was told; see NAS_SAMPLER_POSTERIOR.
template <class T>
concept HasPosterior = requires(const T& sampler) {
  { sampler.posterior(std::size_t{}) } -> std::same_as<Posterior>;
};

namespace detail {
// A Posterior in flat columns, until the host releases it.
class PosteriorColumns {
 public:
  explicit PosteriorColumns(Posterior posterior) : of_(std::move(posterior)) {
    for (const Point& p : of_.draws) {
      x_.insert(x_.end(), p.x.begin(), p.x.end());
      active_.insert(active_.end(), p.active.begin(), p.active.end());
    }
    for (const auto& [name, value] : of_.diagnostics) diagnostics_.push_back({str(name), value});
    view_.size = sizeof view_;
    view_.n_params = of_.draws.empty() ? 0 : static_cast<std::uint32_t>(of_.draws[0].x.size());
    view_.n = of_.draws.size();
    view_.n_diagnostics = diagnostics_.size();
    view_.x = x_.data();
    view_.active = active_.data();
    view_.weight = of_.weights.data();
    view_.n_effective = of_.n_effective;
    view_.diagnostics = diagnostics_.data();
    view_.owner = this;
    view_.release = [](void* owner) noexcept { delete static_cast<PosteriorColumns*>(owner); };
  }
  PosteriorColumns(const PosteriorColumns&) = delete;
  PosteriorColumns& operator=(const PosteriorColumns&) = delete;
  [[nodiscard]] const nas_posterior* view() const { return &view_; }

 private:
  Posterior of_;
  std::vector<double> x_;
  std::vector<std::uint8_t> active_;
  std::vector<nas_metric> diagnostics_;
  nas_posterior view_{};
};
}  // namespace detail

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
  // In a study with a scheduler: one report of a trial that has paused or ended, by rising budget, each once; a trial that
  // ended is told after its last report. state() is what became of the trial then: paused, or what it ended as. Reports of a
  // trial that fails are left out, and constraints are not known. Only samplers that override it cause the work.
  virtual void tell_report(const Observation& report) { static_cast<void>(report); }
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
                                                    arg.parallel, arg.trials_max, arg.architectures, arg.budget},
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
  static nas_status NAS_CALL tell_reports(void* self, const nas_obs* reports, nas_error* error) noexcept {
    return guarded(error, [&] {
      const Observations all(reports);
      for (std::size_t i = 0; i < all.size(); ++i) detail::self_of<T>(self).tell_report(all[i]);
    });
  }
  template <class T>
  static constexpr nas_sampler_fidelity fidelity_table{sizeof(nas_sampler_fidelity), 0, &tell_reports<T>};
  template <class T>
  static constexpr bool learns_from_reports = !std::same_as<decltype(&T::tell_report), decltype(&Sampler::tell_report)>;
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
  static nas_status NAS_CALL posterior(void* self, std::size_t draws_max, const nas_posterior** out, nas_error* error) noexcept {
    return guarded(error, [&] {
      auto columns = std::make_unique<detail::PosteriorColumns>(detail::self_of<T>(self).posterior(draws_max));
      *out = columns.release()->view();
    });
  }
  template <class T>
  static constexpr nas_sampler_posterior posterior_table{sizeof(nas_sampler_posterior), 0, &posterior<T>};
  template <class T>
  static const void* NAS_CALL extension(void* self, const char* id) noexcept {
    if (id != nullptr && std::string_view(id) == NAS_SAMPLER_METRICS) return &metrics_table<T>;
    if constexpr (learns_from_reports<T>) {
      if (id != nullptr && std::string_view(id) == NAS_SAMPLER_FIDELITY) return &fidelity_table<T>;
    }
    if constexpr (HasPosterior<T>) {
      if (id != nullptr && std::string_view(id) == NAS_SAMPLER_POSTERIOR) return &posterior_table<T>;
    }
    return detail::extension<T>(self, id);
  }
  template <class T>
  static constexpr nas_sampler_vt table{sizeof(nas_sampler_vt), 0, &create<T>, &detail::destroy<T>, &extension<T>,
                                        &ask<T>, &tell<T>};
};

NASCENT_SDK_END
