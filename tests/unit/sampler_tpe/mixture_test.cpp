#include "tpe/mixture.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "support/finite_spaces.hpp"
#include "support/spaces.hpp"
#include "support/statistics.hpp"

namespace nascent::tpe {
namespace {

// A space with its axes, and configurations as coordinates.
struct Axes {
  explicit Axes(SpaceDeclaration declared)
      : declaration(std::move(declared)), space(declaration.view()), scale(space), block(space.size()) {
    for (std::size_t i = 0; i < space.size(); ++i) axes.emplace_back(scale, i);
    std::iota(block.begin(), block.end(), std::size_t{0});
  }
  [[nodiscard]] Coordinates at(const Point& p) const {
    Coordinates c(space.size());
    for (std::size_t i = 0; i < c.size(); ++i) {
      if (p.active[i] != 0) c[i] = axes[i].coordinate(p.x[i]);
    }
    return c;
  }
  [[nodiscard]] Mixture mixture(const std::vector<Component>& told, double prior_weight = 1) const {
    Mixture mixture(axes, block);
    mixture.estimate(told, prior_weight);
    return mixture;
  }
  [[nodiscard]] Point draw(const Mixture& mixture, Rng& rng) const {
    Point p(space.size());
    const std::size_t component = mixture.draw_component(rng);
    for (std::size_t i = 0; i < space.size(); ++i) {
      p.active[i] = space.is_active(i, p.x, p.active) ? 1 : 0;
      if (p.active[i] != 0) p.x[i] = axes[i].value(mixture.draw(component, i, rng));
    }
    return p;
  }

  SpaceDeclaration declaration;
  SpaceView space;
  samplers::PriorScale scale;
  std::vector<Axis> axes;
  std::vector<std::size_t> block;
};

SpaceDeclaration one_choice(std::vector<double> weights) {
  SpaceBuilder s;
  s.choice("c", {"a", "b", "c", "d"}, std::move(weights));
  return s.declaration();
}

TEST(Mixture, of_no_trials_is_the_prior) {
  const Axes a(test::branching_space());
  const Mixture prior = a.mixture({});
  for (const Point& p : test::configurations(a.space)) {
    EXPECT_NEAR(prior.log_density(a.at(p)), a.space.log_prior(p.row()), 1e-12);
  }
}

TEST(Mixture, of_choices_is_the_formula_by_hand) {
  const Axes a(one_choice({1, 2, 0, 5}));
  const Coordinates on_a{{0, 0}}, on_b{{1, 0}};
  const Mixture m = a.mixture({{&on_a, 0.5}, {&on_b, 1.5}}, 2);
  const double b = 4.0 / 6, prior[] = {0.125, 0.25, 0, 0.625};  // b = K / (n + K)
  for (const std::size_t k : {0U, 1U, 3U}) {
    const double from_a = (k == 0 ? 1 - b : 0) + b * prior[k], from_b = (k == 1 ? 1 - b : 0) + b * prior[k];
    const double expected = (2 * prior[k] + 0.5 * from_a + 1.5 * from_b) / 4;
    EXPECT_NEAR(m.log_density({{static_cast<double>(k), 0}}), std::log(expected), 1e-12);
  }
}

TEST(Mixture, of_numbers_is_the_formula_by_hand) {
  SpaceBuilder s;
  s.real("x", 10, 20);
  const Axes a(s.declaration());
  const Coordinates low{{0.2, 0}}, high{{0.6, 0}};
  std::vector<Component> told(4, {&low, 1});
  told.insert(told.end(), 4, {&high, 1});
  const Mixture m = a.mixture(told);
  // Scott's rule in one dimension: s (4 / 3 n)^(1/5), with the prior (variance 1/12) as half a trial.
  const double sd = std::sqrt((8 * 0.2 * 0.2 + 1.0 / 24) / 8.5) * std::pow(4 / (3 * 8.5), 0.2);
  const auto cut = [sd](double x, double mean) {
    const double z = (x - mean) / sd, density = std::exp(-0.5 * z * z) / (sd * std::sqrt(2 * std::acos(-1.0)));
    return density / (normal_cdf((1 - mean) / sd) - normal_cdf(-mean / sd));
  };
  for (const double x : {0.0, 0.15, 0.5, 1.0}) {
    EXPECT_NEAR(m.log_density({a.axes[0].coordinate(10 + 10 * x)}),
                std::log((1 + 4 * cut(x, 0.2) + 4 * cut(x, 0.6)) / 9), 1e-9);
  }
}

// Many kernels of one width are normalised by interpolation; the formula must not show it.
TEST(Kernels, of_thousands_of_numbers_are_the_formula_by_hand) {
  SpaceBuilder s;
  s.real("x", 0, 1);
  const Axes a(s.declaration());
  Rng rng(4, 0);
  std::vector<Coordinate> told(5000);
  for (std::size_t j = 0; j < told.size(); ++j) {
    if (j % 10 != 0) told[j] = {rng.uniform(), j % 3 == 0 ? 0.2 * rng.uniform() : 0};
  }
  told[1].at = 0;
  told[2].at = 1;
  for (const double bandwidth : {0.01, 0.033, 0.24, 1.0}) {
    const auto kernels = make_kernels(a.axes[0]);
    kernels->place(std::vector<Coordinate>(told.size(), {0.5, 0.9}), 0.9);  // leaves nothing behind
    kernels->place(told, bandwidth);
    for (const double x : {0.0, 0.31, 1.0}) {
      std::vector<double> terms(told.size());
      kernels->add_log_density(x, 0, terms);
      for (std::size_t j = 0; j < told.size(); ++j) {
        const double mean = told[j].at, sd = std::max(bandwidth, 0.5 * told[j].width), z = (x - mean) / sd;
        const double inside = normal_cdf((1 - mean) / sd) - normal_cdf(-mean / sd);
        const double expected = -0.5 * z * z - std::log(sd * std::sqrt(2 * std::acos(-1.0)) * inside);
        ASSERT_NEAR(terms[j], told[j].is_active() ? expected : 0, 1e-7) << bandwidth << " " << mean << " " << x;
      }
    }
  }
}

TEST(Mixture, is_a_density_over_conditional_spaces_and_draws_follow_it) {
  const Axes a(test::branching_space());
  const std::vector<Point> all = test::configurations(a.space);
  std::vector<Coordinates> told;
  for (const std::size_t i : {0U, 5U, 17U, 18U, 30U}) told.push_back(a.at(all.at(i)));
  std::vector<Component> components;
  for (const Coordinates& c : told) components.push_back({&c, 1.0 + static_cast<double>(components.size())});
  const Mixture m = a.mixture(components);

  std::vector<double> probabilities, counts(all.size());
  for (const Point& p : all) probabilities.push_back(std::exp(m.log_density(a.at(p))));
  EXPECT_NEAR(std::accumulate(probabilities.begin(), probabilities.end(), 0.0), 1, 1e-12);

  Rng rng(1, 0);
  for (int i = 0; i < 50000; ++i) {
    const auto found = std::find(all.begin(), all.end(), a.draw(m, rng));
    ASSERT_NE(found, all.end()) << "drawn, but of no prior probability";
    ++counts[static_cast<std::size_t>(found - all.begin())];
  }
  // Fails by chance once in a million seeds; the seed is fixed.
  EXPECT_LT(test::chi_square(counts, probabilities), test::chi_square_limit(all.size() - 1));
}

TEST(Mixture, draws_of_numbers_follow_the_density) {
  SpaceBuilder s;
  s.real("x", 1e-4, 1, {.scale = Scale::log});
  const Axes a(s.declaration());
  const Coordinates low{{0.02, 0}}, high{{0.7, 0}};
  const Mixture m = a.mixture({{&low, 1}, {&high, 3}});
  constexpr int kCells = 4000;
  std::vector<double> below{0};  // distribution function at i / kCells, by the midpoint rule
  for (int i = 0; i < kCells; ++i) {
    below.push_back(below.back() + std::exp(m.log_density({{(i + 0.5) / kCells, 0}})) / kCells);
  }
  EXPECT_NEAR(below.back(), 1, 1e-5);
  Rng rng(2, 0);
  std::vector<double> sample;
  for (int i = 0; i < 20000; ++i) sample.push_back(a.at(a.draw(m, rng))[0].at);
  const auto cdf = [&](double u) { return below[static_cast<std::size_t>(std::lround(u * kCells))]; };
  // One seed in a million fails by chance; the table's steps of 1 / 4000 add less than 0.1 to the statistic.
  EXPECT_LT(test::kolmogorov_smirnov(sample, cdf), test::kKolmogorovSmirnovLimit + 0.1);
}

TEST(Mixture, a_kernel_departs_from_its_trial_in_one_of_many_choices) {
  SpaceBuilder s;
  for (int i = 0; i < 40; ++i) s.choice("c" + std::to_string(i), {"a", "b", "c", "d", "e"});
  const Axes a(s.declaration());
  const Coordinates told(40, Coordinate{2, 0});
  const Mixture m = a.mixture({{&told, 1}}, 1e-6);
  Rng rng(3, 0);
  double departures = 0;
  for (int i = 0; i < 1000; ++i) {
    for (const double x : a.draw(m, rng).x) departures += x == 2 ? 0 : 1;
  }
  // b = 1/40 and four of five redraws depart: 0.8, with a standard error of 0.03.
  EXPECT_NEAR(departures / 1000, 0.8, 0.15);
}

TEST(Mixture, stands_for_the_prior_where_a_trial_was_inactive) {
  SpaceBuilder s;
  const auto kind = s.choice("kind", {"a", "b"});
  s.when(s.is(kind, "b"), [](SpaceBuilder& in) { in.choice("of_b", {"x", "y", "z"}, {1, 2, 3}); });
  const Axes a(s.declaration());
  const Coordinates told{{0, 0}, {}};
  const Mixture m = a.mixture({{&told, 1}});
  const double y = m.log_density({{1, 0}, {1, 0}}), z = m.log_density({{1, 0}, {2, 0}});
  EXPECT_NEAR(z - y, std::log(1.5), 1e-12);
}

TEST(Mixture, a_ratio_is_exact_where_it_is_above_the_floor_and_not_above_it_elsewhere) {
  const Axes of(test::mixed_space());
  std::vector<Coordinates> told;
  for (std::uint64_t t = 0; t < 30; ++t) {
    Point p(of.space.size());
    Rng rng(1, t);
    of.space.sample(rng, p.row());
    told.push_back(of.at(p));
  }
  std::vector<Component> group;
  for (const Coordinates& at : told) group.push_back({&at, 1.0});
  const Mixture mixture = of.mixture(group);
  for (std::uint64_t t = 0; t < 200; ++t) {
    Point p(of.space.size());
    Rng rng(2, t);
    of.space.sample(rng, p.row());
    const double exact = 0.7 - mixture.log_density(of.at(p));
    for (const double floor : {-HUGE_VAL, exact - 3, exact - 1e-9, exact, exact + 1e-9, exact + 3}) {
      const double ratio = mixture.log_ratio(0.7, of.at(p), floor);
      if (exact > floor) {
        EXPECT_EQ(ratio, exact);
      } else {
        EXPECT_LE(ratio, floor);
      }
    }
  }
}

}  // namespace
}  // namespace nascent::tpe
