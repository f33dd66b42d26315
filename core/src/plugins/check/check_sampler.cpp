// The contract of samplers: proposals in the space, a pure function of what was told.
#include <fmt/format.h>

#include <cmath>
#include <nascent/space_view.hpp>

#include "plugins/check/contract.hpp"
#include "plugins/check/reference.hpp"
#include "plugins/check/sampler_subject.hpp"

namespace nascent::core {
namespace {

// A value in [0, 1) that follows from the configuration alone.
double outcome(const Point& p) {
  std::uint64_t h = 0x9e3779b97f4a7c15;
  for (std::size_t i = 0; i < p.x.size(); ++i)
    h = derive_seed(h, static_cast<std::uint64_t>(p.x[i] * 1e6) + p.active[i]);
  return static_cast<double>(h >> 11) * 0x1.0p-53;
}

class SamplerCheck {
 public:
  SamplerCheck(const nas_component& component, const OptionTable& options)
      : list_(subject_of(component)), subject_(component, options, list_) {}

  std::vector<CheckFinding> run() {
    list_.property("accepts_a_space");
    bool any = false;
    for (const SpaceDeclaration* space : {&mixed_space(), &finite_space()}) {
      subject_.search(SpaceView(space->view()));
      auto sampler = subject_.make();
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
    return list_.take();
  }

 private:
  [[nodiscard]] std::size_t width() const { return subject_.space().size(); }

  std::vector<Point> posterior(const CheckedSampler& sampler, const nas_sampler_posterior& offered) {
    constexpr std::size_t n_max = 50;
    const nas_posterior* columns = nullptr;
    nas_error error{};
    const nas_status status = offered.posterior(sampler.self(), n_max, &columns, &error);
    list_.that(status == NAS_OK && columns != nullptr, fmt::format("posterior() answers \"{}\"", status_name(status)));
    if (status != NAS_OK || columns == nullptr) return {};
    list_.that(columns->n <= n_max,
               fmt::format("{} draws were given where {} at most were asked for", columns->n, n_max));
    list_.that(columns->n == 0 || columns->n_params == width(), "nas_posterior.n_params is not that of the space");
    std::vector<Point> drawn;
    for (std::size_t r = 0; r < columns->n && columns->n_params == width(); ++r) {
      const std::size_t at = r * width();
      drawn.emplace_back(ConstRow({columns->x + at, width()}, {columns->active + at, width()}));
      subject_.in_the_space(drawn.back(), r);
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

  static TrialEnd mixed_end(std::uint64_t trial, const Point& at) { return {state_of_trial(trial), outcome(at)}; }

  void contract(const std::string& space) {
    constexpr std::uint64_t n = 60;
    const auto in = [&](const std::string& name) { return name + " (" + space + ")"; };
    list_.property(in("proposals_lie_in_the_space"));
    auto first = subject_.make();
    ObservationColumns history = subject_.columns(*first);
    const std::vector<Point> rows = subject_.live(*first, n, history, &mixed_end);
    if (list_.failed()) return;

    list_.property(in("the_same_seed_gives_the_same_proposals"), 12);
    auto second = subject_.make();
    ObservationColumns again = subject_.columns(*second);
    list_.that(subject_.live(*second, n, again, &mixed_end) == rows,
               "two instances with equal seed and history proposed different configurations");

    list_.property(in("history_replayed_in_one_tell_gives_the_same_next_proposal"), 12);
    for (const std::size_t k : {std::size_t{1}, rows.size() / 2, rows.size() - 1}) {
      if (k >= rows.size()) continue;
      auto resumed = subject_.make();
      ObservationColumns part = subject_.columns(*resumed);
      for (std::size_t trial = 0; trial < k; ++trial)
        part.add(trial, state_of_trial(trial), 1, outcome(rows[trial]), &rows[trial]);
      if (k > 0) subject_.tell(*resumed, part.view());
      const Asked asked = subject_.ask(*resumed, k, 1);
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
    auto asked_twice = subject_.make();
    const Asked once = subject_.ask(*asked_twice, 5, 1), other = subject_.ask(*asked_twice, 9, 1),
                twice = subject_.ask(*asked_twice, 5, 1);
    list_.that(once.rows == twice.rows && once.status == twice.status,
               "the same trial asked twice gives two different configurations");

    list_.property(in("pending_trials_are_taken"), 12);
    auto waiting = subject_.make();
    ObservationColumns pending = subject_.columns(*waiting);
    for (std::uint64_t trial = 0; trial < 3 && trial < rows.size(); ++trial)
      pending.add(trial, NAS_TRIAL_PENDING, 0, 0, &rows[trial]);
    const Asked beside = subject_.ask(*waiting, 3, 1, pending.view());
    list_.that(beside.answered(), "ask with pending trials fails: " + beside.reason);

    list_.property(in("only_failures_are_survived"));
    auto unlucky = subject_.make();
    ObservationColumns failures = subject_.columns(*unlucky);
    for (std::size_t trial = 0; trial < std::min<std::size_t>(rows.size(), 20); ++trial)
      failures.add(trial, NAS_TRIAL_FAILED, 0, 0, &rows[trial]);
    subject_.tell(*unlucky, failures.view());
    const Asked after = subject_.ask(*unlucky, failures.size(), 1);
    list_.that(after.answered(), "ask after failed trials only fails: " + after.reason);

    list_.property(in("equal_values_are_survived"));
    auto flat = subject_.make();
    ObservationColumns plateau = subject_.columns(*flat);
    for (std::size_t trial = 0; trial < std::min<std::size_t>(rows.size(), 40); ++trial)
      plateau.add(trial, NAS_TRIAL_COMPLETED, 1, 0.25, &rows[trial]);
    subject_.tell(*flat, plateau.view());
    const Asked on_plateau = subject_.ask(*flat, plateau.size(), 1);
    list_.that(on_plateau.answered(), "ask on a plateau fails: " + on_plateau.reason);

    list_.property(in("a_batch_of_1000_is_filled_or_cut_short"), 11);
    auto batch = subject_.make();
    const Asked many = subject_.ask(*batch, 0, 1000);
    list_.that(many.answered(), "ask for 1000 rows gives none: " + many.reason);

    list_.property(in("the_end_of_a_finite_search_is_said"));
    auto finite = subject_.make();
    const Asked late = subject_.ask(*finite, 1'000'000, 1);
    list_.that(late.answered(),
               fmt::format("trial 1000000 fails with {}: {}; NAS_E_EXHAUSTED says that nothing is left",
                           status_name(late.status), late.reason));
  }

  void several_objectives() {
    list_.property("two_objectives_and_a_constraint_work_or_are_refused");
    for (const SpaceDeclaration* space : {&mixed_space(), &finite_space()}) {
      subject_.search(SpaceView(space->view()));
      auto sampler = subject_.make(2, 1);
      if (!sampler) {
        list_.that(!sampler.error().reason.starts_with("failed without a message"),
                   "create with two objectives fails without a message");
        continue;
      }
      ObservationColumns history = subject_.columns(*sampler, 2, 1);
      subject_.live(*sampler, 30, history, &mixed_end);
    }
  }

  Checklist list_;
  SamplerSubject subject_;
  std::string refusal_;
};

}  // namespace

std::vector<CheckFinding> check_sampler(const nas_component& component, const OptionTable& options) {
  std::vector<CheckFinding> all = SamplerCheck(component, options).run();
  for (CheckFinding& f : check_sampler_on_bad_input(component, options)) all.push_back(std::move(f));
  return all;
}

}  // namespace nascent::core
