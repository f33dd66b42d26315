// The contract of samplers: proposals in the space, a pure function of what was told.
#include <fmt/format.h>

#include <cmath>
#include <nascent/space_view.hpp>

#include "nascent/core/plugins.hpp"
#include "plugins/check/contract.hpp"
#include "plugins/check/instances.hpp"
#include "plugins/check/reference.hpp"

namespace nascent::core {
namespace {

using Sampler = Instance<nas_sampler_vt>;
constexpr std::uint64_t seed = 42;

// A value in [0, 1) that follows from the configuration alone.
double outcome(const Point& p) {
  std::uint64_t h = 0x9e3779b97f4a7c15;
  for (std::size_t i = 0; i < p.x.size(); ++i)
    h = derive_seed(h, static_cast<std::uint64_t>(p.x[i] * 1e6) + p.active[i]);
  return static_cast<double>(h >> 11) * 0x1.0p-53;
}

struct Asked {
  nas_status status = NAS_OK;
  std::string reason;
  std::vector<Point> rows;
};

class SamplerCheck {
 public:
  SamplerCheck(const nas_component& component, const OptionTable& options)
      : component_(component), options_(options), list_(subject_of(component)) {}

  std::vector<CheckFinding> run() {
    list_.property("accepts_a_space");
    bool any = false;
    for (const SpaceDeclaration* space : {&mixed_space(), &finite_space()}) {
      space_ = SpaceView(space->view());
      auto sampler = make();
      if (!sampler) {
        refusal_ = sampler.error().message;
        continue;
      }
      if (!any)
        list_.property(std::string("searches_") + (space == &mixed_space() ? "a_mixed_space" : "a_finite_space"));
      any = true;
      contract(space == &mixed_space() ? "mixed_space" : "finite_space");
    }
    if (!any) list_.fails("refuses both a mixed and a finite space: " + refusal_);
    several_objectives();
    no_parameters();
    return list_.take();
  }

 private:
  PluginResult<Sampler> make(std::uint32_t n_objectives = 1, std::uint32_t n_constraints = 0) {
    const nas_sampler_arg arg{sizeof arg, n_objectives, n_constraints, 4, &space_.raw(), seed, 0};
    return fresh<nas_sampler_vt>(component_, options_, &arg);
  }

  // Observations of this space with the metrics that the sampler asks for.
  ObservationColumns columns(const Sampler& sampler, std::size_t n_objectives = 1, std::size_t n_constraints = 0) {
    constexpr std::size_t n_max = 1000;
    std::size_t n_metrics = 0;
    const auto* wanted = sampler.extension<nas_sampler_metrics>(NAS_SAMPLER_METRICS);
    for (nas_str name{}; wanted != nullptr && n_metrics <= n_max; ++n_metrics) {
      if (wanted->name(sampler.self(), n_metrics, &name) != NAS_OK) break;
      list_.that(
          is_metric_name(text_of(name)),
          fmt::format("it asks for metric {} by the name \"{}\"; names are of a-z, 0-9, _", n_metrics, text_of(name)));
    }
    list_.that(n_metrics <= n_max, fmt::format("it asks for more than {} metrics", n_max));
    return ObservationColumns(space_.size(), n_objectives, n_constraints, n_metrics);
  }

  Asked ask(const Sampler& sampler, std::uint64_t first_trial, std::size_t n, const nas_obs* pending = nullptr) {
    const std::size_t width = space_.size();
    std::vector<std::uint64_t> ids(n);
    for (std::size_t i = 0; i < n; ++i) ids[i] = first_trial + i;
    // A sentinel row behind the buffer shows a write out of bounds.
    std::vector<double> x((n + 1) * width, -7777);
    std::vector<std::uint8_t> active((n + 1) * width, 9);
    nas_rows rows{sizeof rows, static_cast<std::uint32_t>(width), n, ids.data(), x.data(), active.data()};
    std::size_t filled = n + 1;
    const nas_ask request{sizeof request, 0, &rows, &filled, pending, nullptr};
    Asked asked;
    const auto answer = sampler.call(&nas_sampler_vt::ask, &request);
    if (!answer) {
      asked.status = answer.error().status;
      asked.reason = answer.error().reason;
      return asked;
    }
    list_.that(
        filled >= 1 && filled <= n,
        fmt::format("ask for {} rows set n_filled to {}; 1 to {} are allowed, or NAS_E_EXHAUSTED", n, filled, n));
    for (std::size_t k = n * width; k < (n + 1) * width; ++k)
      list_.that(x[k] == -7777 && active[k] == 9, fmt::format("ask for {} rows writes behind the buffer", n));
    for (std::size_t r = 0; r < std::min(filled, n); ++r) {
      Point p(width);
      std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(r * width), width, p.x.begin());
      std::copy_n(active.begin() + static_cast<std::ptrdiff_t>(r * width), width, p.active.begin());
      in_the_space(p, first_trial + r);
      asked.rows.push_back(std::move(p));
    }
    return asked;
  }

  void in_the_space(const Point& p, std::uint64_t trial) {
    for (std::size_t i = 0; i < p.x.size(); ++i) {
      const std::string_view name = space_[i].name();
      const bool expected = space_.is_active(i, p.x, p.active);
      list_.that(p.active[i] == (expected ? 1 : 0),
                 fmt::format("trial {}: parameter \"{}\" is marked {}, but its condition {}", trial, name,
                             p.active[i] != 0 ? "active" : "inactive", expected ? "holds" : "does not hold"));
      if (p.active[i] != 0)
        list_.that(space_[i].contains(p.x[i]),
                   fmt::format("trial {}: parameter \"{}\" is {}, which is outside its range or between its steps",
                               trial, name, p.x[i]));
      else
        list_.that(p.x[i] == 0,
                   fmt::format("trial {}: the inactive parameter \"{}\" is {}; it has to be 0", trial, name, p.x[i]));
    }
  }

  void tell(const Sampler& sampler, const nas_obs* observations) {
    const auto told = sampler.call(&nas_sampler_vt::tell, observations);
    if (!told) list_.fails("tell is refused: " + told.error().reason);
  }

  std::vector<Point> posterior(const Sampler& sampler, const nas_sampler_posterior& offered) {
    constexpr std::size_t n_max = 50;
    const nas_posterior* columns = nullptr;
    nas_error error{};
    const nas_status status = offered.posterior(sampler.self(), n_max, &columns, &error);
    list_.that(status == NAS_OK && columns != nullptr, fmt::format("posterior() answers \"{}\"", status_name(status)));
    if (status != NAS_OK || columns == nullptr) return {};
    list_.that(columns->n <= n_max,
               fmt::format("{} draws were given where {} at most were asked for", columns->n, n_max));
    list_.that(columns->n == 0 || columns->n_params == space_.size(),
               "nas_posterior.n_params is not that of the space");
    std::vector<Point> drawn;
    for (std::size_t r = 0; r < columns->n && columns->n_params == space_.size(); ++r) {
      const std::size_t at = r * space_.size();
      drawn.emplace_back(ConstRow({columns->x + at, space_.size()}, {columns->active + at, space_.size()}));
      in_the_space(drawn.back(), r);
      list_.that(columns->weight[r] >= 0 && std::isfinite(columns->weight[r]),
                 fmt::format("draw {} has weight {}; weights are finite and not negative", r, columns->weight[r]));
    }
    columns->release(columns->owner);
    return drawn;
  }

  // States as a search meets them: mostly completed, some pruned, failed, invalid.
  static std::uint32_t state_of_trial(std::uint64_t trial) {
    constexpr std::uint32_t states[] = {NAS_TRIAL_COMPLETED, NAS_TRIAL_COMPLETED, NAS_TRIAL_FAILED,
                                        NAS_TRIAL_COMPLETED, NAS_TRIAL_PRUNED,    NAS_TRIAL_COMPLETED,
                                        NAS_TRIAL_INVALID,   NAS_TRIAL_COMPLETED};
    return states[trial % std::size(states)];
  }

  // Asks and tells `n` trials one by one. Stops early when exhausted.
  std::vector<Point> live(const Sampler& sampler, std::uint64_t n, ObservationColumns& history) {
    std::vector<Point> rows;
    for (std::uint64_t trial = 0; trial < n; ++trial) {
      Asked asked = ask(sampler, trial, 1);
      if (asked.rows.empty()) {
        list_.that(asked.status == NAS_E_EXHAUSTED, fmt::format("trial {}: ask fails: {}", trial, asked.reason));
        break;
      }
      rows.push_back(asked.rows[0]);
      history.add(trial, state_of_trial(trial), 1, outcome(rows.back()), &rows.back());
      tell(sampler, history.view(history.size() - 1));
    }
    return rows;
  }

  void contract(const std::string& space) {
    constexpr std::uint64_t n = 60;
    const auto in = [&](const std::string& name) { return name + " (" + space + ")"; };
    list_.property(in("proposals_lie_in_the_space"));
    auto first = make();
    ObservationColumns history = columns(*first);
    const std::vector<Point> rows = live(*first, n, history);
    if (list_.failed()) return;

    list_.property(in("the_same_seed_gives_the_same_proposals"), 12);
    auto second = make();
    ObservationColumns again = columns(*second);
    list_.that(live(*second, n, again) == rows,
               "two instances with equal seed and history proposed different configurations");

    list_.property(in("history_replayed_in_one_tell_gives_the_same_next_proposal"), 12);
    for (const std::size_t k : {std::size_t{1}, rows.size() / 2, rows.size() - 1}) {
      if (k >= rows.size()) continue;
      auto resumed = make();
      ObservationColumns part = columns(*resumed);
      for (std::size_t trial = 0; trial < k; ++trial)
        part.add(trial, state_of_trial(trial), 1, outcome(rows[trial]), &rows[trial]);
      if (k > 0) tell(*resumed, part.view());
      const Asked asked = ask(*resumed, k, 1);
      list_.that(
          !asked.rows.empty() && asked.rows[0] == rows[k],
          fmt::format("after {} told trials, trial {} differs from the one of the instance that lived through them", k,
                      k));
    }

    if (const auto* offered = first->extension<nas_sampler_posterior>(NAS_SAMPLER_POSTERIOR)) {
      list_.property(in("the_posterior_holds_configurations_with_weights"), 4);
      const std::vector<Point> drawn = posterior(*first, *offered);
      list_.that(drawn == posterior(*first, *offered), "asked twice, the posterior gives different draws");
    }

    list_.property(in("asking_changes_nothing"), 12);
    auto asked_twice = make();
    const Asked once = ask(*asked_twice, 5, 1), other = ask(*asked_twice, 9, 1), twice = ask(*asked_twice, 5, 1);
    list_.that(once.rows == twice.rows && once.status == twice.status,
               "the same trial asked twice gives two different configurations");

    list_.property(in("pending_trials_are_taken"), 12);
    auto waiting = make();
    ObservationColumns pending = columns(*waiting);
    for (std::uint64_t trial = 0; trial < 3 && trial < rows.size(); ++trial)
      pending.add(trial, NAS_TRIAL_PENDING, 0, 0, &rows[trial]);
    const Asked beside = ask(*waiting, 3, 1, pending.view());
    list_.that(!beside.rows.empty() || beside.status == NAS_E_EXHAUSTED,
               "ask with pending trials fails: " + beside.reason);

    list_.property(in("only_failures_are_survived"));
    auto unlucky = make();
    ObservationColumns failures = columns(*unlucky);
    for (std::size_t trial = 0; trial < std::min<std::size_t>(rows.size(), 20); ++trial)
      failures.add(trial, NAS_TRIAL_FAILED, 0, 0, &rows[trial]);
    tell(*unlucky, failures.view());
    const Asked after = ask(*unlucky, failures.size(), 1);
    list_.that(!after.rows.empty() || after.status == NAS_E_EXHAUSTED,
               "ask after failed trials only fails: " + after.reason);

    list_.property(in("equal_values_are_survived"));
    auto flat = make();
    ObservationColumns plateau = columns(*flat);
    for (std::size_t trial = 0; trial < std::min<std::size_t>(rows.size(), 40); ++trial)
      plateau.add(trial, NAS_TRIAL_COMPLETED, 1, 0.25, &rows[trial]);
    tell(*flat, plateau.view());
    const Asked on_plateau = ask(*flat, plateau.size(), 1);
    list_.that(!on_plateau.rows.empty() || on_plateau.status == NAS_E_EXHAUSTED,
               "ask on a plateau fails: " + on_plateau.reason);

    list_.property(in("a_batch_of_1000_is_filled_or_cut_short"), 11);
    auto batch = make();
    const Asked many = ask(*batch, 0, 1000);
    list_.that(!many.rows.empty() || many.status == NAS_E_EXHAUSTED, "ask for 1000 rows gives none: " + many.reason);

    list_.property(in("the_end_of_a_finite_search_is_said"));
    auto finite = make();
    const Asked late = ask(*finite, 1'000'000, 1);
    list_.that(!late.rows.empty() || late.status == NAS_E_EXHAUSTED,
               fmt::format("trial 1000000 fails with {}: {}; NAS_E_EXHAUSTED says that nothing is left",
                           status_name(late.status), late.reason));
  }

  void several_objectives() {
    list_.property("two_objectives_and_a_constraint_work_or_are_refused");
    for (const SpaceDeclaration* space : {&mixed_space(), &finite_space()}) {
      space_ = SpaceView(space->view());
      auto sampler = make(2, 1);
      if (!sampler) {
        list_.that(!sampler.error().reason.starts_with("failed without a message"),
                   "create with two objectives fails without a message");
        continue;
      }
      ObservationColumns history = columns(*sampler, 2, 1);
      live(*sampler, 30, history);
    }
  }

  void no_parameters() {
    list_.property("a_space_without_parameters_works_or_is_refused");
    space_ = SpaceView(empty_space().view());
    auto sampler = make();
    if (sampler)
      static_cast<void>(ask(*sampler, 0, 1));
    else
      list_.that(!sampler.error().reason.starts_with("failed without a message"), "create fails without a message");
  }

  const nas_component& component_;
  const OptionTable& options_;
  Checklist list_;
  SpaceView space_;
  std::string refusal_;
};

}  // namespace

std::vector<CheckFinding> check_sampler(const nas_component& component, const OptionTable& options) {
  return SamplerCheck(component, options).run();
}

}  // namespace nascent::core
