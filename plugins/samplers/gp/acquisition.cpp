#include "gp/acquisition.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "nascent/rng.hpp"
#include "shared/ranking.hpp"

namespace nascent::gp {
namespace {

constexpr std::size_t kBaseline = 16;  // feasible trials that noisy_ei draws
constexpr Index kWorlds = 16;          // draws of them

Matrix normal_draws(Index rows, Index columns, Rng& rng) {
  Matrix draws(rows, columns);
  for (Index i = 0; i < draws.size(); ++i) draws.data()[i] = rng.normal();
  return draws;
}

// Of rows of values, the n best by Pareto rank and crowding distance.
std::vector<std::size_t> best_rows(const Matrix& values, std::size_t n) {
  std::vector<samplers::Outcome> outcomes(static_cast<std::size_t>(values.rows()));
  for (Index i = 0; i < values.rows(); ++i) {
    for (Index k = 0; k < values.cols(); ++k) outcomes[static_cast<std::size_t>(i)].values.push_back(values(i, k));
  }
  std::vector<std::size_t> best = samplers::Ranking(outcomes).best_first;
  best.resize(std::min(best.size(), n));
  return best;
}

// Rows of `pending` that are more likely to succeed than not.
std::vector<std::size_t> hopeful(const Model& model, const Inputs& pending) {
  std::vector<std::size_t> rows;
  const Vector log_success = model.log_success(pending);
  for (Index i = 0; i < pending.size(); ++i) {
    if (log_success[i] > std::log(0.5)) rows.push_back(static_cast<std::size_t>(i));
  }
  return rows;
}

// What one model says: its processes, conditioned on what is pending or uncertain, and the front in each world.
struct View {
  const Model* model;
  std::vector<Process> objectives;
  std::vector<Front> fronts;  // [worlds], or none where nothing is feasible
};

View unconditioned(const Model& model) {
  View view{&model, {}, {}};
  for (std::size_t k = 0; k < model.n_objectives(); ++k) view.objectives.push_back(model.objective(k));
  return view;
}

View believing(const Model& model, const Inputs& pending) {
  View view = unconditioned(model);
  const std::vector<std::size_t> likely = hopeful(model, pending);
  const Index known = model.feasible_means().rows();
  Matrix points(known + static_cast<Index>(likely.size()), model.feasible_means().cols());
  points.topRows(known) = model.feasible_means();
  for (std::size_t k = 0; k < view.objectives.size() && pending.size() > 0; ++k) {
    Process& process = view.objectives[k];
    const Process::Posterior p = process.posterior(pending);
    for (std::size_t i = 0; i < likely.size(); ++i) {
      points(known + static_cast<Index>(i), static_cast<Index>(k)) = p.mean(static_cast<Index>(likely[i]), 0);
    }
    process.condition(p, process.joint_factor(p, process.kernel().noise()), Matrix::Zero(pending.size(), 1));
  }
  if (known > 0) view.fronts.emplace_back(points);
  return view;
}

View drawing(const Model& model, const Inputs& pending, Rng& rng) {
  View view = unconditioned(model);
  if (model.feasible().size() == 0) return view;
  const Inputs baseline = chosen(model.feasible(), best_rows(model.feasible_means(), kBaseline));
  const Inputs awaited = chosen(pending, hopeful(model, pending));
  const Inputs at = stacked(std::array{&baseline, &awaited});
  std::vector<Matrix> worlds;  // [n_objectives] of [at][kWorlds]
  for (Process& process : view.objectives) {
    const Process::Posterior p = process.posterior(at);
    const Matrix factor = process.joint_factor(p, 0), innovations = normal_draws(at.size(), kWorlds, rng);
    worlds.push_back(p.mean.replicate(1, kWorlds) + factor * innovations);
    process.condition(p, factor, innovations);
  }
  for (Index s = 0; s < kWorlds; ++s) {
    Matrix points(at.size(), static_cast<Index>(worlds.size()));
    for (std::size_t k = 0; k < worlds.size(); ++k) points.col(static_cast<Index>(k)) = worlds[k].col(s);
    view.fronts.emplace_back(points);
  }
  return view;
}

// log of the mean of exp.
double log_mean_exp(const std::vector<double>& logs) {
  const double most = *std::ranges::max_element(logs);
  double sum = 0;
  for (const double v : logs) sum += std::exp(v - most);
  return most + std::log(sum / static_cast<double>(logs.size()));
}

class Improvement : public Acquisition {
 public:
  Improvement(std::vector<View> views, const Settings& settings) : views_(std::move(views)), settings_(settings) {}

  Vector operator()(const Inputs& at) override {
    std::vector<std::vector<double>> worth(static_cast<std::size_t>(at.size()));
    for (const View& view : views_) add(view, at, worth);
    Vector logs(at.size());
    for (Index i = 0; i < at.size(); ++i) logs[i] = log_mean_exp(worth[static_cast<std::size_t>(i)]);
    return logs;
  }

 private:
  // Appends to each configuration's list its worth in every world of the view.
  void add(const View& view, const Inputs& at, std::vector<std::vector<double>>& worth) const {
    const Vector log_success = view.model->log_success(at);
    std::vector<Process::Posterior> predicted;
    for (const Process& process : view.objectives) predicted.push_back(process.posterior(at));
    std::vector<double> means(predicted.size()), deviations(predicted.size());
    for (Index i = 0; i < at.size(); ++i) {
      std::vector<double>& list = worth[static_cast<std::size_t>(i)];
      if (view.fronts.empty()) list.push_back(log_success[i]);
      for (std::size_t s = 0; s < view.fronts.size(); ++s) {
        for (std::size_t k = 0; k < predicted.size(); ++k) {
          means[k] = predicted[k].mean(i, static_cast<Index>(s));
          deviations[k] = predicted[k].deviation[i];
        }
        list.push_back(log_success[i] + gain(view.fronts[s], means, deviations));
      }
    }
  }
  [[nodiscard]] double gain(const Front& front, std::vector<double>& means,
                            const std::vector<double>& deviations) const {
    if (settings_.acquisition != AcquisitionKind::ucb) return front.log_expected_gain(means, deviations);
    for (std::size_t k = 0; k < means.size(); ++k) means[k] -= settings_.kappa * deviations[k];
    return front.log_gain(means);
  }

  std::vector<View> views_;
  Settings settings_;
};

class Drawn : public Acquisition {
 public:
  Drawn(const Model& model, std::uint64_t seed) : view_(unconditioned(model)), rng_(seed) {
    if (model.feasible().size() > 0) view_.fronts.emplace_back(model.feasible_means());
  }

  Vector operator()(const Inputs& at) override {
    Vector logs = view_.model->log_success(at);
    if (view_.fronts.empty()) return logs;
    Matrix values(at.size(), static_cast<Index>(view_.objectives.size()));
    for (std::size_t k = 0; k < view_.objectives.size(); ++k) {
      Process& process = view_.objectives[k];
      const Process::Posterior p = process.posterior(at);
      const Matrix factor = process.joint_factor(p, 0), innovations = normal_draws(at.size(), 1, rng_);
      values.col(static_cast<Index>(k)) = p.mean + factor * innovations;
      process.condition(p, factor, innovations);
    }
    for (Index i = 0; i < at.size(); ++i) {
      const Vector y = values.row(i);
      logs[i] += view_.fronts.front().log_gain({y.data(), static_cast<std::size_t>(y.size())});
    }
    return logs;
  }

 private:
  View view_;
  Rng rng_;
};

}  // namespace

std::unique_ptr<Acquisition> acquisition_of(const Settings& settings, std::span<const Model> models,
                                            const Inputs& pending, std::uint64_t seed) {
  Rng rng(seed);
  if (settings.acquisition == AcquisitionKind::thompson) {
    const Model& model = models[rng.below(models.size())];
    return std::make_unique<Drawn>(model, rng());
  }
  std::vector<View> views;
  for (const Model& model : models) {
    views.push_back(settings.acquisition == AcquisitionKind::noisy_ei ? drawing(model, pending, rng)
                                                                      : believing(model, pending));
  }
  return std::make_unique<Improvement>(std::move(views), settings);
}

}  // namespace nascent::gp
