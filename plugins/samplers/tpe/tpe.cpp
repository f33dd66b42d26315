#include "tpe.hpp"

#include <algorithm>
#include <limits>

namespace nascent::tpe {
namespace {

bool same_conditions(SpaceView space, std::size_t a, std::size_t b) {
  const auto conditions = [&](std::size_t i) {
    return std::span(space.raw().conds + space.param(i).cond_first, space.param(i).cond_count);
  };
  return std::ranges::equal(conditions(a), conditions(b), [](const nas_cond& left, const nas_cond& right) {
    return left.group == right.group && left.parent == right.parent && left.op == right.op && left.value == right.value;
  });
}

std::vector<std::vector<std::size_t>> blocks_of(SpaceView space, Estimate estimate) {
  std::vector<std::vector<std::size_t>> blocks;
  for (std::size_t i = 0; i < space.size(); ++i) {
    const auto home = std::ranges::find_if(blocks, [&](const std::vector<std::size_t>& block) {
      return estimate == Estimate::joint || (estimate == Estimate::grouped && same_conditions(space, block.front(), i));
    });
    if (home == blocks.end()) {
      blocks.push_back({i});
    } else {
      home->push_back(i);
    }
  }
  return blocks;
}

// Those in which a parameter of the block was active.
std::vector<Component> within(std::span<const std::size_t> block, const std::vector<Component>& all) {
  std::vector<Component> some;
  for (const Component& c : all) {
    if (std::ranges::any_of(block, [&](std::size_t i) { return (*c.at)[i].is_active(); })) some.push_back(c);
  }
  return some;
}

Settings settings_from(const Options& given) {
  const auto count = [&](const char* name) { return static_cast<std::size_t>(given.integer(name)); };
  const auto estimate = given.text("estimate");
  Settings s;
  s.estimate = estimate == "joint" ? Estimate::joint : estimate == "grouped" ? Estimate::grouped : Estimate::univariate;
  s.initial = count("initial");
  s.candidates = count("candidates");
  s.split = {given.real("good_share"), count("good_max"), count("bad_max")};
  s.prior_weight = given.real("prior_weight");
  s.fidelity = given.text("fidelity") == "foreseen" ? Fidelity::foreseen : Fidelity::largest;
  return s;
}

}  // namespace

Tpe::Tpe(const Settings& settings, const SamplerSetup& setup)
    : space_(setup.space),
      seed_(setup.seed),
      with_scheduler_(setup.budget.to > 0),
      settings_(settings),
      scale_(setup.space),
      blocks_(blocks_of(setup.space, settings.estimate)),
      history_(settings.split) {
  for (std::size_t i = 0; i < space_.size(); ++i) axes_.emplace_back(scale_, i);
  for (const auto& block : blocks_) densities_.push_back({block, Mixture(axes_, block), Mixture(axes_, block)});
}

Tpe::Tpe(const Options& given, const SamplerSetup& setup) : Tpe(settings_from(given), setup) {}

Coordinates Tpe::coordinates(ConstRow row) const {
  Coordinates at(space_.size());
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (row.active[i] != 0) at[i] = axes_[i].coordinate(row.x[i]);
  }
  return at;
}

void Tpe::estimate() {
  const std::vector<Component> good = history_.good();
  std::vector<Component> bad = history_.bad();
  for (const Pending::Trial& trial : pending_.trials()) bad.push_back({&trial.at, 1.0});
  for (Densities& of : densities_) {
    of.good.estimate(within(of.block, good), settings_.prior_weight);
    of.bad.estimate(within(of.block, bad), settings_.prior_weight);
  }
  estimated_ = true;
}

void Tpe::propose(const Densities& of, const samplers::Taken& taken, Rng& rng, Row row) const {
  if (!space_.is_active(of.block.front(), row.x, row.active)) {  // so are the others: they share its conditions
    for (const std::size_t i : of.block) row.x[i] = row.active[i] = 0;
    return;
  }
  const bool is_whole = blocks_.size() == 1;
  Coordinates at(space_.size());
  Point candidate{ConstRow(row)}, best;
  double highest = -std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < settings_.candidates; ++c) {
    const std::size_t component = of.good.draw_component(rng);
    for (std::size_t d = 0; d < of.block.size(); ++d) {
      const std::size_t i = of.block[d];
      candidate.active[i] = space_.is_active(i, candidate.x, candidate.active) ? 1 : 0;
      candidate.x[i] = candidate.active[i] != 0 ? axes_[i].value(of.good.draw(component, d, rng)) : 0;
      at[i] = candidate.active[i] != 0 ? axes_[i].coordinate(candidate.x[i]) : Coordinate{};
    }
    if (is_whole && taken.contains(candidate.row())) continue;
    const double ratio = of.bad.log_ratio(of.good.log_density(at), at, highest);
    if (best.x.empty() || ratio > highest) {
      highest = ratio;
      best = candidate;
    }
  }
  (best.x.empty() ? candidate : best).copy_to(row);
}

void Tpe::ask(const Ask& ask, Row row) {
  Rng rng(seed_, ask.trial_id);
  if (pending_.update(ask.pending, [this](ConstRow at) { return coordinates(at); })) estimated_ = false;
  const samplers::Taken taken(known_, pending_.known());
  if (!judged_) judge_curves();
  if (told_ + ask.pending.size() < settings_.initial) {
    samplers::propose_unseen(space_, taken, rng, row, [&] { space_.sample(rng, row); });
    return;
  }
  if (!estimated_) estimate();
  samplers::propose_unseen(space_, taken, rng, row, [&] {
    for (const Densities& of : densities_) propose(of, taken, rng, row);
  });
}

void Tpe::tell(const Observation& observation) {
  estimated_ = false;
  known_.add(observation.at());
  if (with_scheduler_) {
    curves_.end(observation);
    told_ = curves_.size();
    judged_ = false;
  } else {
    ++told_;
    history_.add(told_from(observation, coordinates(observation.at())));
  }
}

void Tpe::tell_report(const Observation& report) {
  known_.add(report.at());
  curves_.report(report);
  told_ = curves_.size();
  judged_ = estimated_ = false;
}

void Tpe::judge_curves() {
  history_ = History(settings_.split);
  const bool foresees = settings_.fidelity == Fidelity::foreseen;
  const std::vector<samplers::Foreseen> trials = foresees ? curves_.foreseen() : curves_.at_largest(space_.size() + 3);
  for (const samplers::Foreseen& trial : trials) history_.add(told_from(trial, coordinates(trial.at->row())));
  judged_ = true;
}

}  // namespace nascent::tpe
