// The constants of CMA-ES that follow from dimension and population size.
#pragma once

#include <cstddef>
#include <vector>

namespace nascent::cmaes {

// 4 + floor(3 ln n), at least 4. Source: Hansen, "The CMA Evolution Strategy: A Tutorial" (2016, arXiv:1604.00772),
// equation 48.
std::size_t default_population(std::size_t n);

// Hansen 2016, table 1, with the symbols of the tutorial. The learning rate of the mean is 1.
struct Strategy {
  // n >= 1 dimensions, population >= 4.
  Strategy(std::size_t n, std::size_t population);

  std::size_t lambda, mu;       // population and parents
  std::vector<double> weights;  // [lambda] falling; the first mu are positive and sum to 1
  double mu_eff;                // variance effective selection mass of the parents
  double c_sigma, d_sigma;      // step size: rate of its path, damping
  double c_c, c_1, c_mu;        // covariance: rate of its path, of the rank-one and of the rank-mu update
  double chi_n;                 // expected length of n standard normal numbers
};

}  // namespace nascent::cmaes
