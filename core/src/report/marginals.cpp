#include "report/marginals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <cmath>

namespace nascent::core::report {
namespace {

constexpr std::uint64_t kLevelsListed = 10;
constexpr int kRanges = 4;
constexpr std::uint64_t kPriorDraws = 20000;  // standard error of a probability: at most 0.0035

// Values from `from` to `to`, with their prior and their weight among the good.
struct Class {
  double from = 0, to = 0, prior = 0, weight = 0;
};

// The classes of one parameter, ascending.
struct Classes {
  std::vector<Class> list;
  [[nodiscard]] Class& of(double value) {
    const auto after = std::upper_bound(list.begin() + 1, list.end(), value, [](double v, const Class& c) { return v < c.from; });
    return *(after - 1);
  }
};

Classes levels_of(nascent::ParamView param) {
  const std::vector<double> prior = level_priors(param);
  Classes classes;
  for (std::uint64_t k = 0; k < prior.size(); ++k) classes.list.push_back({param.level(k), param.level(k), prior[k], 0});
  return classes;
}

// Prior mass below `value`.
double below(nascent::ParamView param, double value) {
  return param.cdf(value) - (param.levels() > 0 ? 0.5 * std::exp(param.log_prior(value)) : 0);
}

Classes ranges_of(nascent::ParamView param) {
  std::vector<double> starts{param.clamp(param.raw().lo)};
  for (int k = 1; k < kRanges; ++k) {
    const double start = param.quantile(static_cast<double>(k) / kRanges);
    if (start > starts.back()) starts.push_back(start);
  }
  Classes classes;
  for (std::size_t k = 0; k < starts.size(); ++k) {
    const bool last = k + 1 == starts.size();
    const double mass = (last ? 1 : below(param, starts[k + 1])) - (k == 0 ? 0 : below(param, starts[k]));
    classes.list.push_back({starts[k], last ? param.clamp(param.raw().hi) : starts[k + 1], mass, 0});
  }
  return classes;
}

// Takes out all but the most frequent classes; the sum of the others, and how many they are.
struct Others {
  std::size_t n = 0;
  double prior = 0, weight = 0;
};
Others shorten(std::vector<Class>& classes, std::size_t listed_max) {
  std::erase_if(classes, [](const Class& c) { return c.prior == 0 && c.weight == 0; });
  if (classes.size() <= listed_max) return {};
  std::stable_sort(classes.begin(), classes.end(), [](const Class& a, const Class& b) { return a.weight > b.weight; });
  const std::size_t listed = std::max<std::size_t>(listed_max, 2) - 1;
  Others others{classes.size() - listed, 0, 0};
  for (std::size_t k = listed; k < classes.size(); ++k) {
    others.prior += classes[k].prior;
    others.weight += classes[k].weight;
  }
  classes.resize(listed);
  std::sort(classes.begin(), classes.end(), [](const Class& a, const Class& b) { return a.from < b.from; });
  return others;
}

std::string class_text(const StudySpace& space, std::size_t i, const Class& c) {
  return c.from == c.to ? space.value_text(i, c.from)
                        : fmt::format("{} to {}", space.value_text(i, c.from), space.value_text(i, c.to));
}

// `share` of n observations around `prior`.
ValuePosterior estimate(std::string text, double prior, double share, double n, double credibility) {
  ValuePosterior value{std::move(text), prior, share, share, share, {}};
  const double a = n * share + prior, b = n * (1 - share) + 1 - prior;
  value.posterior = a / (a + b);
  if (a <= 0 || b <= 0) {
    value.low = value.high = value.posterior;
    return value;
  }
  const boost::math::beta_distribution<> beta(a, b);
  value.low = boost::math::quantile(beta, (1 - credibility) / 2);
  value.high = boost::math::quantile(beta, (1 + credibility) / 2);
  return value;
}

// P(good | value) = P(value | good) P(good) / P(value).
std::optional<double> good_with(const std::optional<double>& good_share, double posterior, double prior) {
  if (!good_share || !(prior > 0)) return std::nullopt;
  return std::min(1.0, posterior * *good_share / prior);
}

ParameterPosterior marginal(const StudySpace& space, std::size_t i, double activity, const WeightedRows& good,
                            const PosteriorRequest& request) {
  const nascent::ParamView param = nascent::SpaceView(space.view())[i];
  const bool listed = param.is_choice() || (param.levels() > 0 && param.levels() <= kLevelsListed);
  Classes classes = listed ? levels_of(param) : ranges_of(param);
  double active = 0, total = 0;
  for (std::size_t r = 0; r < good.rows.size(); ++r) {
    total += good.weights[r];
    if (good.rows[r].active[i] == 0) continue;
    active += good.weights[r];
    classes.of(good.rows[r].x[i]).weight += good.weights[r];
  }
  ParameterPosterior parameter{std::string(param.name()), {}, {}};
  const double active_share = total > 0 ? active / total : 0;
  double lift = 1;
  if (param.raw().cond_count > 0) {
    parameter.active = estimate("active", activity, active_share, good.n_effective, request.credibility);
    parameter.active->good = good_with(good.good_share, parameter.active->posterior, activity);
    lift = activity > 0 ? parameter.active->posterior / activity : 0;
  }
  const auto add = [&](std::string text, double prior, double weight) {
    const double share = active > 0 ? weight / active : 0;
    ValuePosterior value = estimate(std::move(text), prior, share, good.n_effective * active_share, request.credibility);
    value.good = good_with(good.good_share, value.posterior * lift, prior);
    parameter.values.push_back(std::move(value));
  };
  const Others others = shorten(classes.list, request.values_max);
  for (const Class& c : classes.list) add(class_text(space, i, c), c.prior, c.weight);
  if (others.n > 0) add(fmt::format("{} others", others.n), others.prior, others.weight);
  return parameter;
}

}  // namespace

bool can_vary(nascent::ParamView param) {
  return param.levels() != 1 && (param.is_choice() || param.raw().hi > param.raw().lo);
}

std::vector<double> prior_activity(const StudySpace& space) {
  const nascent::SpaceView view(space.view());
  std::vector<double> share(view.size());
  nascent::Point point(view.size());
  nascent::Rng rng(0);
  for (std::uint64_t d = 0; d < kPriorDraws; ++d) {
    view.sample(rng, point.row());
    for (std::size_t i = 0; i < share.size(); ++i) share[i] += point.active[i] != 0 ? 1.0 / kPriorDraws : 0;
  }
  return share;
}

std::vector<double> level_priors(nascent::ParamView param) {
  std::vector<double> prior;
  double total = 0;
  for (std::uint64_t k = 0; k < param.levels(); ++k) {
    const bool weighted = param.is_choice() && param.raw().prior == NAS_PRIOR_WEIGHTS;
    prior.push_back(weighted ? param.raw().weights[k] : param.is_choice() ? 1.0 : std::exp(param.log_prior(param.level(k))));
    total += prior.back();
  }
  for (double& p : prior) p /= total;
  return prior;
}

std::vector<ParameterPosterior> marginals(const StudySpace& space, const WeightedRows& good, const PosteriorRequest& request) {
  const std::vector<double> activity = prior_activity(space);
  std::vector<ParameterPosterior> all;
  for (std::size_t i = 0; i < space.size(); ++i) {
    if (can_vary(nascent::SpaceView(space.view())[i])) all.push_back(marginal(space, i, activity[i], good, request));
  }
  return all;
}

}  // namespace nascent::core::report
