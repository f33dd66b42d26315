#include "strategy.hpp"

#include <algorithm>
#include <cmath>

namespace nascent::cmaes {

std::size_t default_population(std::size_t n) {
  return 4 + static_cast<std::size_t>(3 * std::log(static_cast<double>(std::max<std::size_t>(n, 1))));
}

Strategy::Strategy(std::size_t dimensions, std::size_t population) : lambda(population), mu(population / 2) {
  const double n = static_cast<double>(dimensions), half = (static_cast<double>(lambda) + 1) / 2;
  double positive = 0, positive_squares = 0, negative = 0, negative_squares = 0;
  for (std::size_t i = 0; i < lambda; ++i) {
    const double w = std::log(half) - std::log(static_cast<double>(i) + 1);  // equation 49
    weights.push_back(w);
    (i < mu ? positive : negative) += std::abs(w);
    (i < mu ? positive_squares : negative_squares) += w * w;
  }
  mu_eff = positive * positive / positive_squares;
  const double mu_eff_negative = negative * negative / negative_squares;

  c_sigma = (mu_eff + 2) / (n + mu_eff + 5);
  d_sigma = 1 + 2 * std::max(0.0, std::sqrt((mu_eff - 1) / (n + 1)) - 1) + c_sigma;
  c_c = (4 + mu_eff / n) / (n + 4 + 2 * mu_eff / n);
  c_1 = 2 / ((n + 1.3) * (n + 1.3) + mu_eff);
  c_mu = std::min(1 - c_1, 2 * (mu_eff - 2 + 1 / mu_eff) / ((n + 2) * (n + 2) + mu_eff));
  chi_n = std::sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));

  // Equations 50 to 53: together the negative weights weigh so little that the covariance stays positive definite.
  const double alpha =
      std::min({1 + c_1 / c_mu, 1 + 2 * mu_eff_negative / (mu_eff + 2), (1 - c_1 - c_mu) / (n * c_mu)});
  for (std::size_t i = 0; i < lambda; ++i) weights[i] *= i < mu ? 1 / positive : alpha / negative;
}

}  // namespace nascent::cmaes
