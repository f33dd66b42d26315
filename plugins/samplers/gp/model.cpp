#include "gp/model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gp/front.hpp"

namespace nascent::gp {
namespace {

constexpr std::size_t kDraws = 6;  // of the hyper-parameters' posterior

Inputs inputs_of(const ToldList& trials, std::span<const std::size_t> rows, Index columns) {
  std::vector<const Inputs*> parts;
  for (const std::size_t i : rows) parts.push_back(&trials[i]->input);
  return parts.empty() ? Inputs{Matrix(0, columns), {}} : stacked(parts);
}

// Places in a lesson: the best quarter and an even part of the others, ascending.
std::vector<std::size_t> fitted_places(const Vector& targets) {
  const auto n = static_cast<std::size_t>(targets.size());
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (n <= kFitRowsMax) return order;
  const std::size_t best = kFitRowsMax / 4, others = kFitRowsMax - best;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return targets[static_cast<Index>(i)]; });
  std::ranges::sort(order.begin() + static_cast<std::ptrdiff_t>(best), order.end());
  for (std::size_t k = 0; k < others; ++k) order[best + k] = order[best + k * (n - best) / others];
  order.resize(kFitRowsMax);
  std::ranges::sort(order);
  return order;
}

}  // namespace

std::vector<Thetas> learnt_thetas(const Layout& layout, const ToldList& trials, std::size_t n_objectives,
                                  std::size_t n_constraints, Hyperparameters kind, std::uint64_t seed) {
  std::vector<Thetas> draws(kind == Hyperparameters::slice ? kDraws : 1);
  const std::vector<Lesson> all = lessons(trials, n_objectives, n_constraints);
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (all[k].rows.empty()) {
      for (Thetas& draw : draws) draw.push_back(HyperPosterior::prior_mode(layout));
      continue;
    }
    const std::vector<std::size_t> places = fitted_places(all[k].targets);
    std::vector<std::size_t> rows;
    Vector targets(static_cast<Index>(places.size()));
    for (const std::size_t place : places) {
      targets[static_cast<Index>(rows.size())] = all[k].targets[static_cast<Index>(place)];
      rows.push_back(all[k].rows[place]);
    }
    const HyperPosterior posterior(layout, inputs_of(trials, rows, static_cast<Index>(layout.size())), targets);
    const Vector best = most_probable(posterior);
    if (kind == Hyperparameters::map) {
      draws.front().push_back(best);
      continue;
    }
    Rng rng(seed, k);
    const std::vector<Vector> sampled = slice_draws(posterior, best, draws.size(), rng);
    for (std::size_t s = 0; s < draws.size(); ++s) draws[s].push_back(sampled[s]);
  }
  return draws;
}

void Model::learn(const ToldList& trials) {
  const std::vector<Lesson> all = lessons(trials, n_objectives_, n_constraints_);
  while (processes_.size() < all.size()) {
    if (thetas_.size() <= processes_.size()) thetas_.push_back(HyperPosterior::prior_mode(layout_));
    processes_.emplace_back(Kernel(layout_, thetas_[processes_.size()]));
  }
  thresholds_.resize(all.size());
  for (std::size_t k = 0; k < all.size(); ++k) learn(processes_[k], trials, all[k]);
  for (std::size_t k = 0; k < all.size(); ++k) thresholds_[k] = all[k].threshold;
  started_ = true;
  predict_feasible(trials, all);
}

void Model::learn(Process& process, const ToldList& trials, const Lesson& lesson) const {
  const auto known = static_cast<std::size_t>(process.size());
  const Inputs more = inputs_of(trials, std::span(lesson.rows).subspan(known), static_cast<Index>(layout_.size()));
  if (more.size() > 0) started_ ? process.observe_each(more) : process.observe_all(more);
  if (process.size() > 0) process.set_values(lesson.targets);
}

void Model::predict_feasible(const ToldList& trials, const std::vector<Lesson>& all) {
  const auto is_feasible = [&](std::size_t i) {
    return trials[i]->state == State::completed && trials[i]->violation <= 0;
  };
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (is_feasible(i)) rows.push_back(i);
  }
  feasible_ = inputs_of(trials, rows, static_cast<Index>(layout_.size()));
  feasible_means_.resize(feasible_.size(), static_cast<Index>(n_objectives_));
  for (std::size_t k = 0; k < n_objectives_; ++k) {
    if (rows.empty()) continue;
    const Vector smoothed = processes_[k].smoothed(all[k].targets);
    Index at = 0;
    for (std::size_t place = 0; place < all[k].rows.size(); ++place) {
      if (!is_feasible(all[k].rows[place])) continue;
      feasible_means_(at++, static_cast<Index>(k)) = smoothed[static_cast<Index>(place)];
    }
  }
}

Vector Model::log_success(const Inputs& at) const {
  Vector sum = Vector::Zero(at.size());
  for (std::size_t k = n_objectives_; k < processes_.size(); ++k) {
    const Process::Posterior p = processes_[k].posterior(at);
    for (Index i = 0; i < at.size(); ++i) {
      const double deviation = std::sqrt(p.deviation[i] * p.deviation[i] + processes_[k].kernel().noise());
      sum[i] += log_normal_cdf((thresholds_[k] - p.mean(i, 0)) / deviation);
    }
  }
  return sum;
}

}  // namespace nascent::gp
