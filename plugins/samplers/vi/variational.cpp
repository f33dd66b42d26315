#include "variational.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

#include "autoregressive.hpp"
#include "factorised.hpp"

namespace nascent::vi {
namespace {

constexpr double kRewardRange = 10;       // below the median, in which rewards differ
constexpr std::uint64_t kDrawsPart = 1;   // of the seed, for draws() to be independent of the trials

std::unique_ptr<Family> first_member(Form form, const Encoding& encoding) {
  if (form == Form::factorised) return std::make_unique<Factorised>(encoding);
  return std::make_unique<Autoregressive>(encoding);
}

}  // namespace

Variational::Variational(const VariationalSettings& settings, const SamplerSetup& setup)
    : settings_(settings),
      host_(setup.host),
      seed_(setup.seed),
      encoding_(setup.space),
      utility_(settings.temperature, settings.unit, setup.n_objectives),
      members_max_(2 + setup.parallel / settings.batch) {
  members_.push_front(first_member(settings.form, encoding_));
}

void Variational::ask(const Ask& ask, Row row) {
  Rng rng(seed_, ask.trial_id);
  members_.front()->draw(rng, row);
}

void Variational::tell(const Observation& observation) {
  ++told_;
  Trial trial{encoding_.encode(observation.at()), samplers::usable_losses(observation), 0};
  if (trial.losses && (told_ <= settings_.initial || !utility_.has_spread())) utility_.collect(*trial.losses);
  // A configuration that the prior excludes says nothing about those that it allows.
  if (!std::isnan(members_.back()->log_ratio(trial.code))) {
    trial.log_ratio = drawn_with(observation.trial_id(), observation.at(), trial.code);
    window_.push_back(std::move(trial));
    if (window_.size() > settings_.window) window_.pop_front();
  }
  if (told_ >= settings_.initial && told_ % settings_.batch == 0) update();
  constexpr std::uint64_t kFirstReport = 64;
  if (told_ >= kFirstReport && std::has_single_bit(told_)) report();
}

double Variational::drawn_with(std::uint64_t trial, ConstRow row, const Code& code) const {
  const Point told(row);
  for (const auto& member : members_) {
    Point drawn(row.x.size());
    Rng rng(seed_, trial);
    member->draw(rng, drawn.row());
    if (drawn == told) return member->log_ratio(code);
  }
  return 0;
}

std::vector<double> Variational::log_ratios() const {
  std::vector<double> all;
  for (const Trial& t : window_) all.push_back(members_.front()->log_ratio(t.code));
  return all;
}

std::vector<double> Variational::weights(const std::vector<double>& log_ratios) const {
  std::vector<double> all;
  for (std::size_t j = 0; j < window_.size(); ++j) all.push_back(std::exp(log_ratios[j] - window_[j].log_ratio));
  const double n = static_cast<double>(all.size());
  const double limit = std::sqrt(n) * std::accumulate(all.begin(), all.end(), 0.0) / n;
  for (double& w : all) w = std::min(w, limit);
  return all;
}

std::vector<double> Variational::rewards() const {
  std::vector<double> all, usable;
  for (const Trial& t : window_) {
    all.push_back(t.losses ? utility_.log_weight(*t.losses) : -std::numeric_limits<double>::infinity());
    if (t.losses) usable.push_back(all.back());
  }
  if (usable.empty()) return all;
  std::sort(usable.begin(), usable.end());
  const double lowest = std::max(usable.front(), usable[usable.size() / 2] - kRewardRange);
  for (double& reward : all) reward = std::max(reward, lowest);
  return all;
}

bool Variational::anything_usable() const {
  return std::any_of(window_.begin(), window_.end(), [](const Trial& t) { return t.losses.has_value(); });
}

void Variational::update() {
  if (!anything_usable()) return;
  const std::vector<double> rewards = this->rewards();
  members_.push_front(members_.front()->clone());
  if (members_.size() > members_max_) members_.pop_back();
  for (std::size_t epoch = 0; epoch < settings_.epochs; ++epoch) {
    const std::vector<double> log_ratios = this->log_ratios(), weights = this->weights(log_ratios);
    std::vector<Sample> samples;
    for (std::size_t j = 0; j < window_.size(); ++j) {
      samples.push_back({&window_[j].code, weights[j], rewards[j] - settings_.divergence * log_ratios[j]});
    }
    members_.front()->ascend(samples, settings_.rate);
  }
  ++updates_;
}

Variational::Fit Variational::fit() const {
  const std::vector<double> rewards = this->rewards(), log_ratios = this->log_ratios(), weights = this->weights(log_ratios);
  Fit fit;
  const double best = *std::max_element(rewards.begin(), rewards.end());
  double target = 0, target_squares = 0, q = 0, q_to_target = 0, q_squares = 0;
  for (std::size_t j = 0; j < window_.size(); ++j) {
    const double drawn = std::exp(rewards[j] - best - window_[j].log_ratio), ratio = std::exp(rewards[j] - best - log_ratios[j]);
    target += drawn;
    target_squares += drawn * drawn;
    q += weights[j];
    q_to_target += weights[j] * ratio;
    q_squares += weights[j] * ratio * ratio;
    fit.divergence += weights[j] * log_ratios[j];
  }
  fit.n_effective = target * target / target_squares;
  fit.overlap = q_to_target * q_to_target / (q_squares * q);
  fit.divergence /= q;
  return fit;
}

Posterior Variational::draws(std::size_t draws_max) const {
  Posterior result;
  if (updates_ == 0) return result;
  for (std::size_t d = 0; d < draws_max; ++d) {
    Rng rng(derive_seed(seed_, kDrawsPart), d);
    members_.front()->draw(rng, result.draws.emplace_back(encoding_.size()).row());
  }
  result.weights.assign(draws_max, 1);
  const Fit fit = this->fit();
  result.n_effective = fit.n_effective;
  result.diagnostics = {{"temperature", settings_.temperature}, {"objective_unit", utility_.spread()[0]},
                        {"updates", static_cast<double>(updates_)}, {"divergence_from_prior", fit.divergence},
                        {"overlap", fit.overlap},               {"ess_trials", fit.n_effective}};
  return result;
}

void Variational::report() const {
  if (updates_ == 0) return;
  const Fit fit = this->fit();
  std::array<char, 160> line{};
  std::snprintf(line.data(), line.size(), "told=%llu updates=%llu divergence_from_prior=%.3g overlap=%.3g ess_trials=%.3g",
                static_cast<unsigned long long>(told_), static_cast<unsigned long long>(updates_), fit.divergence, fit.overlap,
                fit.n_effective);
  host_.log(NAS_LOG_INFO, "vi", line.data());
}

}  // namespace nascent::vi
