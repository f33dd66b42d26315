#include "autoregressive.hpp"

#include <algorithm>
#include <cmath>

#include "factorised.hpp"

namespace nascent::vi {
namespace {

// Scores beyond count as this far out: one extreme value does not swing the means that depend on it.
constexpr double kFeatureMax = 3;

}  // namespace

struct Autoregressive::Slope {
  explicit Slope(const Conditional& c)
      : bias(c.bias.size()), bias_fisher(c.bias.size()), coefficients(c.coefficients.size()), fisher(c.coefficients.size()) {}
  // `gradient` and `fisher_of` of output k, which is linear in the bias and the features.
  void add(std::size_t k, std::size_t width, const std::vector<Feature>& features, double gradient, double fisher_of) {
    bias[k] += gradient;
    bias_fisher[k] += fisher_of;
    for (const Feature& f : features) {
      coefficients[k * width + f.at] += gradient * f.value;
      fisher[k * width + f.at] += fisher_of * f.value * f.value;
    }
  }
  std::vector<double> bias, bias_fisher, coefficients, fisher;
  double log_sd = 0;
};

Autoregressive::Autoregressive(const Encoding& encoding) : Family(encoding), context_length_(encoding.size()) {
  while (context_length_ > 0 && count_coefficients() > kCoefficientsMax) context_length_ /= 2;
  for (std::size_t i = 0; i < encoding.size(); ++i) {
    Conditional& c = conditionals_.emplace_back();
    if (!encoding.is_free(i)) continue;
    c.bias = encoding.is_choice(i) ? prior_log_probabilities(encoding, i) : std::vector<double>{0.0};
    if (c.bias.size() > kChoicesMax) continue;
    for (std::size_t j = first_of_context(i); j < i; ++j) c.width += n_features(j);
    c.coefficients.resize(c.bias.size() * c.width);
  }
}

std::size_t Autoregressive::n_features(std::size_t i) const {
  if (!encoding().is_choice(i)) return 2;  // is it active, and its score
  return encoding().n_choices(i) <= kChoicesMax ? encoding().n_choices(i) : 0;
}

std::size_t Autoregressive::count_coefficients() const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < encoding().size(); ++i) {
    const std::size_t outputs = encoding().is_choice(i) ? encoding().n_choices(i) : 1;
    if (!encoding().is_free(i) || outputs > kChoicesMax) continue;
    for (std::size_t j = first_of_context(i); j < i; ++j) count += outputs * n_features(j);
  }
  return count;
}

void Autoregressive::features(std::size_t i, const Code& code, std::vector<Feature>& out) const {
  out.clear();
  if (conditionals_[i].width == 0) return;
  std::size_t at = 0;
  for (std::size_t j = first_of_context(i); j < i; at += n_features(j), ++j) {
    if (code.active[j] == 0 || n_features(j) == 0) continue;
    if (encoding().is_choice(j)) {
      out.push_back({at + code.cells[j].index(), 1});
    } else {
      const double from = std::clamp(code.cells[j].from, -kFeatureMax, kFeatureMax);
      const double to = std::clamp(code.cells[j].to, -kFeatureMax, kFeatureMax);
      out.push_back({at, 1});
      out.push_back({at + 1, 0.5 * (from + to)});
    }
  }
}

double Autoregressive::output(const Conditional& c, std::size_t k, const std::vector<Feature>& features) const {
  double sum = c.bias[k];
  for (const Feature& f : features) sum += c.coefficients[k * c.width + f.at] * f.value;
  return sum;
}

std::span<const double> Autoregressive::choice(std::size_t i, const Code& before, std::vector<double>& scratch) const {
  const Conditional& c = conditionals_[i];
  if (c.width == 0) return c.bias;
  std::vector<Feature> context;
  features(i, before, context);
  scratch.resize(c.bias.size());
  for (std::size_t k = 0; k < scratch.size(); ++k) scratch[k] = output(c, k, context);
  normalise(scratch);
  return scratch;
}

Normal Autoregressive::number(std::size_t i, const Code& before) const {
  std::vector<Feature> context;
  features(i, before, context);
  return {output(conditionals_[i], 0, context), conditionals_[i].log_sd};
}

void Autoregressive::ascend(std::span<const Sample> samples, double rate) {
  for (std::size_t i = 0; i < encoding().size(); ++i) {
    Conditional& c = conditionals_[i];
    if (!encoding().is_free(i)) continue;
    if (c.width > 0) {
      ascend(i, samples, rate);
    } else if (encoding().is_choice(i)) {
      ascend_choice(c.bias, i, samples, rate);
    } else {
      Normal normal{c.bias[0], c.log_sd};
      ascend_number(normal, i, samples, rate);
      c.bias[0] = normal.mean;
      c.log_sd = normal.log_sd;
    }
  }
}

void Autoregressive::ascend(std::size_t i, std::span<const Sample> samples, double rate) {
  const Baseline baseline(samples, i);
  if (!(baseline.weight() > 0)) return;
  Conditional& c = conditionals_[i];
  Slope slope(c);
  std::vector<Feature> context;
  std::vector<double> log_probability;
  double together = 1;  // coefficients that move an output at once, on average
  for (const Sample& s : samples) {
    if (s.code->active[i] == 0) continue;
    const double share = s.weight / baseline.weight(), gain = share * baseline.advantage(s);
    features(i, *s.code, context);
    together += share * static_cast<double>(context.size());
    if (encoding().is_choice(i)) {
      choice(i, *s.code, log_probability);  // into the vector, as there is a context
      for (std::size_t k = 0; k < log_probability.size(); ++k) {
        const double p = std::exp(log_probability[k]);
        slope.add(k, c.width, context, gain * ((k == s.code->cells[i].index() ? 1 : 0) - p), share * p * (1 - p));
      }
    } else {
      const Normal n = number(i, *s.code);
      const double sd = std::exp(n.log_sd);
      const NormalView view = look(s.code->cells[i], n.mean, sd);
      slope.add(0, c.width, context, gain * view.slope / sd, share / (sd * sd));
      slope.log_sd += gain * view.spread / 2;
    }
  }
  const double ridge = baseline.mean_weight() / baseline.weight();  // of a standard normal prior beside the samples
  const double unit = encoding().is_choice(i) ? 1 : std::exp(c.log_sd);
  for (std::size_t k = 0; k < c.bias.size(); ++k) {
    c.bias[k] += unit * bounded(rate * slope.bias[k] / (slope.bias_fisher[k] + ridge) / together / unit);
  }
  for (std::size_t f = 0; f < c.coefficients.size(); ++f) {
    const double gradient = slope.coefficients[f] - ridge * c.coefficients[f];
    c.coefficients[f] += unit * bounded(rate * gradient / (slope.fisher[f] + ridge) / together / unit);
  }
  c.log_sd = bounded_log_sd(c.log_sd + bounded(rate * slope.log_sd));
}

}  // namespace nascent::vi
