// Spaces of mixed kinds and spaces whose parameters exist only under conditions.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>

#include "nascent/space_builder.hpp"
#include "synthetic.hpp"

namespace nascent::search_quality {
namespace {

// Position of a value in its range on its scale, in [0, 1].
double position(ParamView p, double value) {
  return (p.scaled(value) - p.scaled(p.raw().lo)) / (p.scaled(p.raw().hi) - p.scaled(p.raw().lo));
}

// Each of six algorithms has its own valley for the same four numbers; the best of them wins by little.
Problem mixed(std::uint64_t instance) {
  constexpr std::size_t kAlgorithms = 6, kNumbers = 4;
  SpaceBuilder space;
  space.choice<std::int64_t>("algorithm", {0, 1, 2, 3, 4, 5});
  space.choice<bool>("flag", {false, true});
  space.real("rate", 1e-6, 1, {.scale = Scale::log});
  space.real("share", 0, 1);
  space.integer("units", 4, 4096, {.scale = Scale::log});
  space.real("slope", -5, 5);
  const SpaceDeclaration declared = space.declaration();
  Rng rng(0x3173DU, instance);
  std::array<double, kAlgorithms> offset{};
  std::array<std::array<double, kNumbers>, kAlgorithms> centre{}, weight{};
  for (std::size_t a = 0; a < kAlgorithms; ++a) {
    offset[a] = 0.3 * rng.uniform();
    for (double& c : centre[a]) c = rng.uniform(0.1, 0.9);
    for (double& w : weight[a]) w = std::exp(rng.uniform(-2, 1));
    const ParamView units = SpaceView(declared.view())[4];  // so that the optimum is a value of the space
    centre[a][2] = position(units, units.clamp(4 * std::pow(1024.0, centre[a][2])));
  }
  const double optimum = *std::min_element(offset.begin(), offset.end());
  return plain_problem(declared, [=](ConstRow row) {
    const SpaceView view(declared.view());
    const auto a = static_cast<std::size_t>(row.x[0]);
    double sum = offset[a] + (row.x[1] == static_cast<double>(a % 2) ? 0 : 0.2);
    for (std::size_t i = 0; i < kNumbers; ++i) {
      const double off = position(view[2 + i], row.x[2 + i]) - centre[a][i];
      sum += weight[a][i] * (off * off + 0.02 * (1 - std::cos(8 * std::numbers::pi * off)));
    }
    return sum;
  }, optimum);
}

// Jenatton, Archambeau, Gonzalez, Seeger, "Bayesian Optimization with Tree-structured Dependencies" (ICML 2017), section
// 5.1; the leaves' floors differ here.
Problem tree(std::uint64_t instance) {
  SpaceBuilder space;
  const auto x1 = space.choice<bool>("x1", {false, true});
  std::array<Choice<bool>, 2> deeper{};
  std::array<Real, 2> shared{};
  std::array<Real, 4> leaf{};
  for (std::size_t branch = 0; branch < 2; ++branch) {
    space.when(space.is(x1, branch == 1), [&](SpaceBuilder& s) {
      deeper[branch] = s.choice<bool>(fmt::format("x{}", 2 + branch), {false, true});
      shared[branch] = s.real(fmt::format("r{}", 8 + branch), 0, 1);
      for (std::size_t k = 0; k < 2; ++k) {
        s.when(s.is(deeper[branch], k == 1), [&](SpaceBuilder& t) {
          leaf[2 * branch + k] = t.real(fmt::format("x{}", 4 + 2 * branch + k), -1, 1);
        });
      }
    });
  }
  const SpaceDeclaration declared = space.declaration();
  Rng rng(0x74EEU, instance);
  std::array<double, 4> floor{};
  for (double& f : floor) f = 0.1 + 0.1 * rng.uniform();
  return plain_problem(declared, [=](ConstRow row) {
    const Values v(SpaceView(declared.view()), row);
    const std::size_t branch = v[x1] ? 1 : 0, at = 2 * branch + (v[deeper[branch]] ? 1 : 0);
    return v[leaf[at]] * v[leaf[at]] + floor[at] + v[shared[branch]];
  }, *std::min_element(floor.begin(), floor.end()));
}

// Choosing an optimiser with numbers of its own beside numbers that all share.
Problem pipeline(std::uint64_t instance) {
  constexpr std::size_t kMethods = 4;
  SpaceBuilder space;
  const auto method = space.choice<std::int64_t>("method", {0, 1, 2, 3});
  space.real("rate", 1e-5, 1e-1, {.scale = Scale::log});
  space.real("smoothing", 0, 1);
  for (std::int64_t m = 0; m < static_cast<std::int64_t>(kMethods); ++m) {
    space.when(space.is(method, m), [&](SpaceBuilder& s) {
      s.nested(fmt::format("method{}", m), [&](SpaceBuilder& own) {
        for (std::int64_t k = 0; k <= m % 3; ++k) own.real(fmt::format("p{}", k), 0, 1);
        own.real("scale", 1e-3, 1e3, {.scale = Scale::log});
      });
    });
  }
  const SpaceDeclaration declared = space.declaration();
  Rng rng(0x919EU, instance);
  std::vector<double> centre(declared.size()), weight(declared.size());
  for (double& c : centre) c = rng.uniform(0.1, 0.9);
  for (double& w : weight) w = rng.uniform(0.2, 2);
  std::array<double, kMethods> offset{}, shift{};
  for (double& o : offset) o = 0.4 * rng.uniform();
  for (double& s : shift) s = rng.uniform(-0.1, 0.1);  // of the best rate, by method
  return plain_problem(declared, [=](ConstRow row) {
    const SpaceView view(declared.view());
    const auto m = static_cast<std::size_t>(row.x[0]);
    double sum = offset[m];
    for (std::size_t i = 1; i < view.size(); ++i) {
      if (row.active[i] == 0) continue;
      sum += weight[i] * std::pow(position(view[i], row.x[i]) - centre[i] - (i == 1 ? shift[m] : 0), 2);
    }
    return sum;
  }, *std::min_element(offset.begin(), offset.end()));
}

// One to four layers, each with an operation that brings parameters of its own.
struct Network {
  struct Layer {
    Choice<std::string> operation;
    Choice<std::int64_t> width, kernel;
    Choice<bool> residual;
  };
  explicit Network(std::uint64_t instance) {
    SpaceBuilder space;
    layers = space.repeat("layer", 1, 4, [](SpaceBuilder& s, std::size_t) {
      Layer l;
      l.operation = s.choice("operation", {"convolution", "pooling", "dense"});
      l.width = s.ordinal<std::int64_t>("width", {16, 32, 64, 128});
      s.when(s.is(l.operation, "convolution"), [&](SpaceBuilder& own) {
        l.kernel = own.ordinal<std::int64_t>("kernel", {1, 3});
      });
      return l;
    });
    declared = space.declaration();
    Rng rng(0x2E7U, instance);
    capacity = rng.uniform(12, 22);
    for (auto& before : follows) {
      for (double& v : before) v = rng.uniform(0, 0.6);
    }
    kernel = rng.uniform(0.1, 0.4);
  }
  [[nodiscard]] double loss(ConstRow row) const {
    const Values v(SpaceView(declared.view()), row);
    double bits = 0, clash = 0;
    std::size_t before = 3;
    for (const Layer& l : v[layers]) {
      const auto operation = static_cast<std::size_t>(row.x[l.operation.index]);
      bits += std::log2(static_cast<double>(v[l.width]));
      clash += follows[before][operation];
      if (operation == 0 && v[l.kernel] == 1) clash += kernel;
      before = operation;
    }
    return 0.02 * std::pow(bits - capacity, 2) + clash;
  }
  [[nodiscard]] double size(ConstRow row) const {
    const Values v(SpaceView(declared.view()), row);
    double weights = 0;
    for (const Layer& l : v[layers]) weights += static_cast<double>(v[l.width]) * (v[l.operation] == "pooling" ? 0.2 : 1);
    return weights;
  }
  Repeat<Layer> layers;
  SpaceDeclaration declared;
  double capacity = 0, kernel = 0;
  std::array<std::array<double, 3>, 4> follows{};  // cost of an operation after another, or at the start
};

Problem network(std::uint64_t instance) {
  const Network net(instance);
  Problem p = plain_problem(net.declared, [net](ConstRow row) { return net.loss(row); }, 0);
  solve(p);
  return p;
}

Problem network_and_size(std::uint64_t instance) {
  const Network net(instance);
  Problem p = plain_problem(net.declared, {}, 0);
  p.n_objectives = 2;
  p.evaluate = [net](ConstRow row, Rng&) { return Outcome{{net.loss(row), net.size(row)}, {}}; };
  solve(p);
  return p;
}

Problem two_nk(std::uint64_t instance) {
  Problem p = plain_problem(letters(7, 4), {}, 0);
  p.n_objectives = 2;
  p.evaluate = [a = nk_landscape(7, 4, 1, 2 * instance), b = nk_landscape(7, 4, 1, 2 * instance + 1)](ConstRow row, Rng&) {
    return Outcome{{a(row), b(row)}, {}};
  };
  solve(p);
  return p;
}

// ZDT1 (Zitzler, Deb, Thiele 2000) in four dimensions.
Problem zdt1() {
  constexpr std::size_t kParameters = 4, kPoints = 10000;
  SpaceBuilder space;
  for (std::size_t i = 0; i < kParameters; ++i) space.real(fmt::format("x{}", i), 0, 1);
  Problem p = plain_problem(space.declaration(), {}, 0);
  p.n_objectives = 2;
  p.evaluate = [](ConstRow row, Rng&) {
    double g = 1;
    for (std::size_t i = 1; i < kParameters; ++i) g += 9 * row.x[i] / (kParameters - 1);
    return Outcome{{row.x[0], g * (1 - std::sqrt(row.x[0] / g))}, {}};
  };
  for (std::size_t k = 0; k <= kPoints; ++k) {
    const double x = static_cast<double>(k) / kPoints;
    p.front.emplace_back(x, 1 - std::sqrt(x));
  }
  return p;
}

}  // namespace

std::vector<Family> structured_families() {
  return {{"mixed", mixed}, {"tree", tree}, {"pipeline", pipeline}, {"network", network}};
}

std::vector<Family> two_objective_families() {
  return {{"two_nk", two_nk}, {"network_and_size", network_and_size}, {"zdt1", [](std::uint64_t) { return zdt1(); }}};
}

}  // namespace nascent::search_quality
