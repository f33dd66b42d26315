// The kernels that the components of a mixture place on one parameter.
#pragma once

#include <memory>
#include <span>

#include "axis.hpp"

namespace nascent::tpe {

// One kernel per component, on coordinates. Densities of numbers are relative to the prior, those of levels and choices
// are probabilities. May be placed again and again, which reuses the memory.
class Kernels {
 public:
  Kernels() = default;
  Kernels(const Kernels&) = delete;
  Kernels& operator=(const Kernels&) = delete;
  virtual ~Kernels() = default;

  // told [components]: where each component's kernel stands; an inactive one stands for the prior.
  //   number   a Gaussian cut to [0, 1], no narrower than half of the level it stands on.
  //   levels   the masses of such a Gaussian on the levels' shares of [0, 1].
  //   choice   1 - b on the told choice, b spread by the prior (Aitchison and Aitken, "Multivariate binary discrimination
  //            by the kernel method", Biometrika 63, 1976, for any prior).
  // bandwidth: standard deviation on the prior's scale for number and levels, b for choice.
  virtual void place(std::span<const Coordinate> told, double bandwidth) = 0;
  // A coordinate from the kernel of one component.
  [[nodiscard]] virtual double draw(std::size_t component, Rng& rng) const = 0;
  // terms[j] += log density of component first + j at the coordinate.
  virtual void add_log_density(double at, std::size_t first, std::span<double> terms) const = 0;
};

// For one parameter; to be placed.
std::unique_ptr<Kernels> make_kernels(const Axis& axis);

}  // namespace nascent::tpe
