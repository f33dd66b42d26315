#include "gp/hyperparameters.hpp"

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>
#include <nlopt.hpp>
#include <numbers>

namespace nascent::gp {
namespace {

constexpr double kLengthScale = 3;                   // variance of the logarithm of a length scale
constexpr double kNoiseLocation = -4;                // of the logarithm of the noise's variance
constexpr double kNoiseMin = -14, kNoiseMax = 0.5;   // exp(-14): 1e-6
constexpr double kSignalMin = -6, kSignalMax = 4;    // logarithms of variances
constexpr double kLengthMin = -4.6, kLengthMax = 7;  // exp(-4.6): a hundredth of the prior's range
constexpr double kAngleMin = -3;                     // an arc of 9 degrees at least, of 180 at most
constexpr int kDensitiesMax = 50;                    // per start

double length_location(const Layout& layout) {
  return std::numbers::sqrt2 + 0.5 * std::log(static_cast<double>(std::max<std::size_t>(layout.size(), 1)));
}

// Fills theta by kind: signal (and graph), noise, lengths, angles.
Vector filled(const Layout& layout, double signal, double noise, double length, double angle) {
  const Kernel::Places places(layout);
  Vector theta = Vector::Constant(places.size, signal);
  theta[places.noise] = noise;
  theta.segment(places.lengths, places.angles - places.lengths).setConstant(length);
  theta.segment(places.angles, places.graph - places.angles).setConstant(angle);
  return theta;
}

}  // namespace

HyperPosterior::HyperPosterior(const Layout& layout, Inputs inputs, Vector targets)
    : layout_(layout), places_(layout), inputs_(std::move(inputs)), targets_(std::move(targets)) {
  if (layout_.graph == GraphKernel::with) similarities_ = similarities(inputs_.graphs, inputs_.graphs);
}

Vector HyperPosterior::prior_mode(const Layout& layout) {
  return filled(layout, -1, kNoiseLocation - 1, length_location(layout) - kLengthScale, -std::numbers::ln2);
}
Vector HyperPosterior::lowest(const Layout& layout) {
  return filled(layout, kSignalMin, kNoiseMin, kLengthMin, kAngleMin);
}
Vector HyperPosterior::highest(const Layout& layout) { return filled(layout, kSignalMax, kNoiseMax, kLengthMax, 0); }

double HyperPosterior::log_prior(const Vector& theta, Vector* gradient) const {
  double sum = 0;
  // log of the log-normal density, up to a constant, and its derivative by log x.
  const auto add = [&](Index at, double location, double variance) {
    const double z = theta[at] - location;
    sum -= theta[at] + 0.5 * z * z / variance;
    if (gradient != nullptr) (*gradient)[at] -= 1 + z / variance;
  };
  add(places_.signal, 0, 1);
  add(places_.noise, kNoiseLocation, 1);
  for (Index i = places_.lengths; i < places_.angles; ++i) add(i, length_location(layout_), kLengthScale);
  if (places_.graph < places_.size) add(places_.graph, 0, 1);
  return sum;
}

double HyperPosterior::jacobian(const Vector& theta) const {
  return theta.sum() - theta.segment(places_.angles, places_.graph - places_.angles).sum();
}

double HyperPosterior::log_density(const Vector& theta, Vector* gradient) const {
  const Kernel kernel(layout_, theta);
  const Kernel::Embedded at = kernel.embed(inputs_);
  const Kernel::Covariance k = kernel.covariance(at, similarities_);
  const Index n = targets_.size();
  Matrix noisy = k.whole;
  noisy.diagonal().array() += kernel.noise();
  const Eigen::LLT<Matrix> factored(noisy);
  if (factored.info() != Eigen::Success) {
    if (gradient != nullptr) gradient->setZero(places_.size);
    return -std::numeric_limits<double>::infinity();
  }
  const Vector alpha = factored.solve(targets_);
  const double likelihood = -0.5 * targets_.dot(alpha) - factored.matrixLLT().diagonal().array().log().sum() -
                            0.5 * static_cast<double>(n) * std::log(2 * std::numbers::pi);
  if (gradient != nullptr) {
    const Matrix weights = alpha * alpha.transpose() - factored.solve(Matrix::Identity(n, n));
    *gradient = 0.5 * kernel.gradient(inputs_, at, k, similarities_, weights);
  }
  return likelihood + log_prior(theta, gradient);
}

double HyperPosterior::log_density_of_logs(const Vector& theta) const { return log_density(theta) + jacobian(theta); }

Vector most_probable(const HyperPosterior& posterior) {
  const Layout& layout = posterior.layout();
  const Vector lowest = HyperPosterior::lowest(layout), highest = HyperPosterior::highest(layout);
  Vector best = HyperPosterior::prior_mode(layout);
  double best_density = -std::numeric_limits<double>::infinity();
  const auto density = [&](const std::vector<double>& x, std::vector<double>& slope) {
    const Vector theta = Eigen::Map<const Vector>(x.data(), static_cast<Index>(x.size()));
    Vector gradient;
    const double here = posterior.log_density(theta, slope.empty() ? nullptr : &gradient);
    if (here > best_density) {
      best_density = here;
      best = theta;
    }
    if (!slope.empty()) Eigen::Map<Vector>(slope.data(), gradient.size()) = -gradient;
    return std::isfinite(here) ? -here : std::numeric_limits<double>::max();
  };
  using Density = decltype(density);
  const auto call = [](const std::vector<double>& x, std::vector<double>& slope, void* of) {
    return (*static_cast<Density*>(of))(x, slope);
  };
  // The prior's mode; and a rough function that is mostly noise.
  for (const Vector& start :
       {HyperPosterior::prior_mode(layout), filled(layout, -0.5, -1, length_location(layout), -1)}) {
    nlopt::opt search(nlopt::LD_LBFGS, static_cast<unsigned>(start.size()));
    search.set_lower_bounds({lowest.begin(), lowest.end()});
    search.set_upper_bounds({highest.begin(), highest.end()});
    search.set_min_objective(call, const_cast<void*>(static_cast<const void*>(&density)));
    search.set_ftol_abs(0.01);  // of a log density: nothing that data could tell
    search.set_maxeval(kDensitiesMax);
    const Vector inside = start.cwiseMax(lowest).cwiseMin(highest);
    std::vector<double> x(inside.begin(), inside.end());
    double reached = 0;
    try {
      search.optimize(x, reached);
    } catch (const std::runtime_error&) {  // NLopt's "cannot get better": `best` holds the best seen
    }
  }
  return best;
}

std::vector<Vector> slice_draws(const HyperPosterior& posterior, Vector start, std::size_t n, Rng& rng) {
  constexpr std::size_t kWarmUp = 3;              // sweeps before the first draw
  constexpr int kStepsOut = 4, kShrinksMax = 30;  // the latter halve a slice to nothing
  constexpr double kWidth = 1;
  const Vector lowest = HyperPosterior::lowest(posterior.layout()),
               highest = HyperPosterior::highest(posterior.layout());
  std::vector<Vector> draws;
  Vector theta = std::move(start);
  double density = posterior.log_density_of_logs(theta);
  const auto at = [&](Index i, double value) {
    if (value < lowest[i] || value > highest[i]) return -std::numeric_limits<double>::infinity();
    Vector moved = theta;
    moved[i] = value;
    return posterior.log_density_of_logs(moved);
  };
  for (std::size_t sweep = 0; sweep < kWarmUp + n; ++sweep) {
    for (Index i = 0; i < theta.size(); ++i) {
      const double level = density + std::log(1 - rng.uniform());
      double left = theta[i] - kWidth * rng.uniform(), right = left + kWidth;
      int to_left = static_cast<int>(rng.below(kStepsOut)), to_right = kStepsOut - 1 - to_left;
      while (to_left-- > 0 && at(i, left) > level) left -= kWidth;
      while (to_right-- > 0 && at(i, right) > level) right += kWidth;
      for (int shrink = 0; shrink < kShrinksMax; ++shrink) {
        const double value = rng.uniform(left, right), here = at(i, value);
        if (here > level) {
          theta[i] = value;
          density = here;
          break;
        }
        (value < theta[i] ? left : right) = value;
      }
    }
    if (sweep >= kWarmUp) draws.push_back(theta);
  }
  return draws;
}

}  // namespace nascent::gp
