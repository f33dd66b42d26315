#include "generations.hpp"

#include <algorithm>
#include <map>

#include "nascent/rng.hpp"
#include "shared/best_first.hpp"
#include "shared/rungs.hpp"

namespace nascent::pbt {
namespace {

using schedulers::Curve;

constexpr std::uint32_t kParentStream = 1;

struct Population {
  std::size_t begun = 0;  // by the sampler, of those in the history
  std::vector<Member> members;
};

std::vector<Population> populations_of(const Observations& history, const Rules& rules) {
  std::vector<Population> populations;
  std::map<std::uint64_t, std::size_t> population_of;  // by trial
  std::size_t n_begun = 0;
  for (const Curve& curve : schedulers::curves_of(history)) {
    const Member member(curve, rules);
    const auto parents = member.parent() ? population_of.find(*member.parent()) : population_of.end();
    const bool is_child = parents != population_of.end();
    const std::size_t p = is_child ? parents->second : n_begun++ / rules.population;
    population_of[member.trial_id()] = p;
    populations.resize(std::max(populations.size(), p + 1));
    if (!is_child) ++populations[p].begun;
    populations[p].members.push_back(member);
  }
  return populations;
}

bool is_complete(const Population& population, std::size_t generation, const Rules& rules) {
  return population.begun == rules.population && std::ranges::all_of(population.members, [generation](const Member& m) {
           return !m.lives() || m.stands() >= generation;
         });
}

bool has(const std::vector<std::uint64_t>& trials, std::uint64_t trial) { return std::ranges::find(trials, trial) != trials.end(); }

// Truncation selection: Jaderberg et al. (2017), section 4.1.1.
void select(const std::vector<Member>& members, std::size_t generation, const Rules& rules, Decisions& decisions) {
  std::vector<Curve> reports;
  for (const Member& m : members) {
    if (const auto report = m.report_at(generation, rules)) reports.push_back(*report);
  }
  const std::vector<Curve> ranked = schedulers::best_first(std::move(reports), 0);
  const std::size_t n = ranked.size();
  const auto share = static_cast<std::size_t>(schedulers::floor_of(rules.quantile * static_cast<double>(n)));
  const std::size_t cut = std::min(std::max<std::size_t>(share, 1), n / 2);

  std::vector<std::uint64_t> losers;
  for (std::size_t i = n - cut; i < n; ++i) losers.push_back(ranked[i].trial_id());
  // Those who go on, best first; parents are among the first.
  std::vector<std::uint64_t> stay;
  std::size_t n_best = 0;
  for (std::size_t i = 0; i + cut < n; ++i) {
    const auto member = std::ranges::find(members, ranked[i].trial_id(), &Member::trial_id);
    if (!member->waits_at(generation)) continue;
    stay.push_back(member->trial_id());
    if (i < cut && schedulers::all_finite(ranked[i].newest().values())) ++n_best;
  }
  n_best = std::min(std::max<std::size_t>(n_best, 1), stay.size());

  // A generation's children replace its losers and those that ended on the way to it, in order of trial.
  std::size_t n_children = 0, n_replaced = 0;
  for (const Member& m : members) n_children += m.born() == generation && m.parent() ? 1 : 0;
  for (const Member& m : members) {
    const bool is_loser = has(losers, m.trial_id());
    if (is_loser && m.waits_at(generation)) decisions.out.push_back(m.trial_id());
    if (!is_loser && !m.pruned_at(generation) && !m.failed_after(generation - 1)) continue;
    if (++n_replaced <= n_children || n_best == 0) continue;
    Rng rng(rules.seed, m.trial_id(), kParentStream);
    decisions.parents.push_back(stay[rng.below(n_best)]);
  }
  for (const std::uint64_t trial : stay) {
    decisions.promotions.push_back({trial, std::min(rules.budget, static_cast<double>(generation + 1) * rules.interval)});
  }
}

}  // namespace

std::size_t Rules::generation_at(double budget_spent) const {
  const double last = schedulers::ceil_of(budget / interval) - 1;
  return static_cast<std::size_t>(std::min(schedulers::floor_of(budget_spent / interval), last));
}

Member::Member(Curve curve, const Rules& rules)
    : curve_(curve), stands_(rules.generation_at(curve.newest().budget())), born_(parent() ? rules.generation_at(curve[0].budget()) : 0) {}

bool Member::failed_after(std::size_t generation) const {
  return (curve_.state() == TrialState::failed || curve_.state() == TrialState::invalid) && stands_ == generation;
}

std::optional<Curve> Member::report_at(std::size_t generation, const Rules& rules) const {
  for (std::size_t i = parent() ? 1 : 0; i < curve_.size(); ++i) {
    const std::size_t here = rules.generation_at(curve_[i].budget());
    if (here > generation) return std::nullopt;
    if (here == generation) return curve_.row(i);
  }
  return std::nullopt;
}

Decisions decide(const Observations& history, const Rules& rules) {
  Decisions decisions;
  const std::size_t last = rules.generation_at(rules.budget);
  for (const Population& population : populations_of(history, rules)) {
    for (std::size_t k = 1; k <= last && is_complete(population, k, rules); ++k) {
      const bool is_past = std::ranges::none_of(population.members, [k](const Member& m) { return m.waits_at(k); });
      if (!is_past) select(population.members, k, rules, decisions);
    }
  }
  return decisions;
}

std::uint64_t admits(const Observations& history, const Rules& rules, std::uint64_t n_begun) {
  const std::uint64_t left = rules.population - n_begun % rules.population;
  if (n_begun == 0 || left < rules.population) return left;
  std::uint64_t n_seen = 0;
  for (const Curve& curve : schedulers::curves_of(history)) {
    const Member member(curve, rules);
    if (member.lives()) return 0;
    n_seen += member.parent() ? 0 : 1;
  }
  return n_seen == n_begun ? rules.population : 0;
}

}  // namespace nascent::pbt
