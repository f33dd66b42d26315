// Continuous test functions. Formulas: Surjanovic, Bingham, "Virtual Library of Simulation Experiments".
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>

#include "nascent/space_builder.hpp"
#include "synthetic.hpp"

namespace nascent::search_quality {
namespace {

using std::numbers::pi;

double branin(std::span<const double> x) {
  const double a = x[1] - 5.1 / (4 * pi * pi) * x[0] * x[0] + 5 / pi * x[0] - 6;
  return a * a + 10 * (1 - 1 / (8 * pi)) * std::cos(x[0]) + 10;
}
constexpr double kBraninOptimum = 0.39788735772973816;

template <std::size_t n>
double hartmann(std::span<const double> x, const std::array<std::array<double, n>, 4>& a,
                const std::array<std::array<double, n>, 4>& p) {
  constexpr std::array alpha{1.0, 1.2, 3.0, 3.2};
  double sum = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    double distance = 0;
    for (std::size_t j = 0; j < n; ++j) distance += a[i][j] * (x[j] - p[i][j]) * (x[j] - p[i][j]);
    sum -= alpha[i] * std::exp(-distance);
  }
  return sum;
}

double hartmann3(std::span<const double> x) {
  return hartmann<3>(x, {{{3, 10, 30}, {0.1, 10, 35}, {3, 10, 30}, {0.1, 10, 35}}},
                     {{{0.3689, 0.1170, 0.2673}, {0.4699, 0.4387, 0.7470}, {0.1091, 0.8732, 0.5547}, {0.0381, 0.5743, 0.8828}}});
}
constexpr double kHartmann3Optimum = -3.86278214782076;

double hartmann6(std::span<const double> x) {
  return hartmann<6>(x,
                     {{{10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}}},
                     {{{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                       {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                       {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                       {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}}});
}
constexpr double kHartmann6Optimum = -3.32236801141551;

double rosenbrock(std::span<const double> x) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    sum += 100 * std::pow(x[i + 1] - x[i] * x[i], 2) + std::pow(1 - x[i], 2);
  }
  return sum;
}

double ackley(std::span<const double> x) {
  const double n = static_cast<double>(x.size());
  double squares = 0, waves = 0;
  for (const double v : x) {
    squares += v * v;
    waves += std::cos(2 * pi * v);
  }
  return -20 * std::exp(-0.2 * std::sqrt(squares / n)) - std::exp(waves / n) + 20 + std::numbers::e;
}

double levy(std::span<const double> x) {
  const auto w = [&](std::size_t i) { return 1 + (x[i] - 1) / 4; };
  const std::size_t last = x.size() - 1;
  double sum = std::pow(std::sin(pi * w(0)), 2) + std::pow(w(last) - 1, 2) * (1 + std::pow(std::sin(2 * pi * w(last)), 2));
  for (std::size_t i = 0; i < last; ++i) sum += std::pow(w(i) - 1, 2) * (1 + 10 * std::pow(std::sin(pi * w(i) + 1), 2));
  return sum;
}

SpaceDeclaration box(std::size_t n, double lo, double hi) {
  SpaceBuilder space;
  for (std::size_t i = 0; i < n; ++i) space.real(fmt::format("x{}", i), lo, hi);
  return space.declaration();
}

SpaceDeclaration branin_box() {
  SpaceBuilder space;
  space.real("x0", -5, 10);
  space.real("x1", 0, 15);
  return space.declaration();
}

// f moved so that its optimum lies elsewhere in the box in each instance: f(x - shift), |shift| <= most.
std::function<double(ConstRow)> moved(double (*f)(std::span<const double>), std::size_t n, double most, std::uint64_t instance) {
  Rng rng(0xC047U, instance);
  std::vector<double> shift(n);
  for (double& s : shift) s = rng.uniform(-most, most);
  return [f, shift](ConstRow row) {
    std::vector<double> x(row.x.begin(), row.x.end());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] -= shift[i];
    return f(x);
  };
}

Problem noisy(Problem p, double sd) {
  p.truth = [evaluate = p.evaluate](ConstRow row) {
    Rng none(0);
    return evaluate(row, none).values[0];
  };
  p.evaluate = [truth = p.truth, sd](ConstRow row, Rng& noise) { return Outcome{{truth(row) + sd * noise.normal()}, {}}; };
  return p;
}

Problem plain(SpaceDeclaration space, double (*f)(std::span<const double>), double optimum) {
  return plain_problem(std::move(space), [f](ConstRow row) { return f(row.x); }, optimum);
}

// A corner of the box always fails, and one trial of ten anywhere.
Problem failing_hartmann3() {
  Problem p = plain(box(3, 0, 1), hartmann3, kHartmann3Optimum);
  p.evaluate = [](ConstRow row, Rng& noise) {
    if (row.x[0] + row.x[1] > 1.3 || noise.uniform() < 0.1) return Outcome{};
    return Outcome{{hartmann3(row.x)}, {}};
  };
  return p;
}

// Inside a disc that holds one of the three minima.
Problem constrained_branin() {
  Problem p = plain(branin_box(), branin, kBraninOptimum);
  p.n_constraints = 1;
  p.evaluate = [](ConstRow row, Rng&) {
    return Outcome{{branin(row.x)}, {std::pow(row.x[0] - 2.5, 2) + std::pow(row.x[1] - 7.5, 2) - 50}};
  };
  return p;
}

}  // namespace

std::vector<Family> continuous_families() {
  return {
      {"branin", [](std::uint64_t) { return plain(branin_box(), branin, kBraninOptimum); }},
      {"hartmann3", [](std::uint64_t) { return plain(box(3, 0, 1), hartmann3, kHartmann3Optimum); }},
      {"hartmann6", [](std::uint64_t) { return plain(box(6, 0, 1), hartmann6, kHartmann6Optimum); }},
      {"rosenbrock4", [](std::uint64_t i) { return plain_problem(box(4, -2, 3), moved(rosenbrock, 4, 1, i), 0); }},
      {"ackley5", [](std::uint64_t i) { return plain_problem(box(5, -8, 8), moved(ackley, 5, 6, i), 0); }},
      {"levy4", [](std::uint64_t i) { return plain_problem(box(4, -10, 10), moved(levy, 4, 6, i), 0); }},
      {"noisy_branin", [](std::uint64_t) { return noisy(plain(branin_box(), branin, kBraninOptimum), 3); }},
      {"noisy_hartmann6", [](std::uint64_t) { return noisy(plain(box(6, 0, 1), hartmann6, kHartmann6Optimum), 0.2); }},
      {"failing_hartmann3", [](std::uint64_t) { return failing_hartmann3(); }},
      {"constrained_branin", [](std::uint64_t) { return constrained_branin(); }},
  };
}

}  // namespace nascent::search_quality
