#include "archive.hpp"

#include <algorithm>
#include <utility>

#include "nascent/pareto.hpp"

namespace nascent::quality_diversity {
namespace {

using samplers::Outcome;

// Is a nowhere worse than b, under constrained domination?
bool covers(const Outcome& a, const Outcome& b) {
  if (a.violation != b.violation) return a.violation < b.violation;
  return std::equal(a.values.begin(), a.values.end(), b.values.begin(), [](double x, double y) { return x <= y; });
}

}  // namespace

Archive::Archive(std::vector<AxisSettings> axes) : settings_(std::move(axes)) {
  for (const AxisSettings& s : settings_) axes_.emplace_back(s, std::vector<double>{});
  const bool fixed = std::all_of(settings_.begin(), settings_.end(), [](const auto& s) { return s.is_fixed(); });
  if (fixed) learn_at_ = 0;
}

void Archive::add(Candidate candidate) {
  if (candidate.outcome.violation <= 0) {
    const std::vector<double>& values = candidate.outcome.values;
    if (worst_.empty()) worst_ = values;
    for (std::size_t k = 0; k < values.size(); ++k) worst_[k] = std::max(worst_[k], values[k]);
  }
  candidates_.push_back(std::move(candidate));
  if (candidates_.size() == learn_at_) {
    learn_axes();
  } else {
    place(candidates_.size() - 1);
  }
}

void Archive::learn_axes() {
  for (std::size_t k = 0; k < axes_.size(); ++k) {
    std::vector<double> seen;
    for (const Candidate& c : candidates_) seen.push_back(c.descriptors[k]);
    axes_[k] = Axis(settings_[k], std::move(seen));
  }
  cells_.clear();
  number_.clear();
  feasible_.clear();
  for (std::size_t i = 0; i < candidates_.size(); ++i) place(i);
  learn_at_ = candidates_.size() + candidates_.size() / 10 + 1;
}

void Archive::place(std::size_t candidate) {
  const Candidate& c = candidates_[candidate];
  std::vector<std::size_t> cell;
  for (std::size_t k = 0; k < axes_.size(); ++k) cell.push_back(axes_[k].cell(c.descriptors[k]));
  const auto [at, is_new] = number_.try_emplace(index_of(cell), cells_.size());
  if (is_new) cells_.emplace_back();
  Elites& elites = cells_[at->second];
  const auto outcome = [this](std::size_t i) -> const Outcome& { return candidates_[i].outcome; };
  if (std::any_of(elites.begin(), elites.end(), [&](std::size_t e) { return covers(outcome(e), c.outcome); })) return;
  const bool was_feasible = is_feasible(elites);
  std::erase_if(elites, [&](std::size_t e) { return covers(c.outcome, outcome(e)); });
  elites.push_back(candidate);
  if (!was_feasible && is_feasible(elites)) feasible_.push_back(at->second);
}

std::size_t Archive::index_of(std::span<const std::size_t> cell) const {
  std::size_t index = 0;
  for (std::size_t k = 0; k < axes_.size(); ++k) index = index * axes_[k].cells() + cell[k];
  return index;
}

// All elites of a cell have the same violation.
bool Archive::is_feasible(const Elites& elites) const {
  return !elites.empty() && candidates_[elites.front()].outcome.violation <= 0;
}

const Candidate& Archive::draw(Rng& rng) const {
  const Elites& elites =
      feasible_.empty() ? cells_[rng.below(cells_.size())] : cells_[feasible_[rng.below(feasible_.size())]];
  return candidates_[elites[rng.below(elites.size())]];
}

std::size_t Archive::n_cells() const {
  std::size_t n = 1;
  for (const Axis& axis : axes_) n *= axis.cells();
  return n;
}

double Archive::qd_score() const {
  double sum = 0;
  for (const std::size_t cell : feasible_) {
    std::vector<double> values;
    for (const std::size_t e : cells_[cell]) {
      const std::vector<double>& of_elite = candidates_[e].outcome.values;
      values.insert(values.end(), of_elite.begin(), of_elite.end());
    }
    sum += pareto::hypervolume({values, worst_.size()}, worst_);
  }
  return sum;
}

std::vector<const Candidate*> Archive::elites(std::span<const std::size_t> cell) const {
  std::vector<const Candidate*> all;
  const auto at = number_.find(index_of(cell));
  if (at == number_.end()) return all;
  for (const std::size_t e : cells_[at->second]) all.push_back(&candidates_[e]);
  return all;
}

}  // namespace nascent::quality_diversity
