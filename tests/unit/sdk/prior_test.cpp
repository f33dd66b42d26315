// Priors: quantile, distribution function and density belong together, and samples follow them.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "nascent/space_builder.hpp"
#include "support/statistics.hpp"

namespace nascent {
namespace {

struct Case {
  const char* name;
  Parameter parameter;
};

Parameter numeric(ParameterKind kind, double lo, double hi, Scale scale = Scale::linear, double step = 0,
                  std::optional<NormalPrior> normal = {}) {
  Parameter p;
  p.name = "p";
  p.kind = kind;
  p.lo = lo;
  p.hi = hi;
  p.scale = scale;
  p.step = step;
  p.normal = normal;
  return p;
}
Parameter choice(std::vector<double> weights) {
  Parameter p;
  p.name = "p";
  p.kind = ParameterKind::categorical;
  for (std::int64_t i = 0; i < 5; ++i) p.choices.emplace_back(i);
  p.weights = std::move(weights);
  return p;
}

std::vector<Case> cases() {
  constexpr auto real = ParameterKind::real, integer = ParameterKind::integer;
  return {{"uniform", numeric(real, -2, 3)},
          {"log_uniform", numeric(real, 1e-5, 1, Scale::log)},
          {"normal", numeric(real, -1, 4, Scale::linear, 0, NormalPrior{1, 2})},
          {"log_normal", numeric(real, 1e-4, 1e-1, Scale::log, 0, NormalPrior{-5, 1})},
          {"right_tail", numeric(real, 8, 12, Scale::linear, 0, NormalPrior{0, 1})},
          {"left_tail", numeric(real, -30, -20, Scale::linear, 0, NormalPrior{0, 1})},
          {"int", numeric(integer, -2, 5)},
          {"int_log", numeric(integer, 1, 64, Scale::log)},
          {"int_normal", numeric(integer, 0, 10, Scale::linear, 0, NormalPrior{3, 2})},
          {"int_steps", numeric(integer, 3, 30, Scale::linear, 5)},
          {"stepped", numeric(real, 0, 1, Scale::linear, 0.1)},
          {"stepped_log", numeric(real, 0.5, 8, Scale::log, 0.5)},
          {"choice", choice({})},
          {"weights", choice({1, 0, 2, 0.5, 0})}};
}

class Prior : public testing::TestWithParam<Case> {
 protected:
  Prior() : space_({GetParam().parameter}), view_(space_.view()) {}
  [[nodiscard]] ParamView param() const { return view_[0]; }
  SpaceDeclaration space_;
  SpaceView view_;
};
INSTANTIATE_TEST_SUITE_P(Kinds, Prior, testing::ValuesIn(cases()),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(Prior, quantile_ascends_within_the_range) {
  double before = -HUGE_VAL;
  for (int i = 0; i < 2000; ++i) {
    const double value = param().quantile(i / 2000.0);
    ASSERT_TRUE(param().contains(value)) << value;
    ASSERT_GE(value, before);
    before = value;
  }
  EXPECT_TRUE(param().contains(param().quantile(std::nextafter(1.0, 0.0))));
}

TEST_P(Prior, cdf_inverts_quantile) {
  for (int i = 1; i < 500; ++i) {
    const double u = i / 500.0, value = param().quantile(u), back = param().cdf(value);
    ASSERT_GE(back, 0);
    ASSERT_LE(back, 1);
    if (param().levels() == 0) {
      ASSERT_NEAR(back, u, 1e-9);
    } else {
      ASSERT_EQ(param().quantile(back), value);
    }
  }
}

TEST_P(Prior, samples_follow_the_density) {
  constexpr int n = 40000;
  Rng rng(11);
  if (param().levels() == 0) {
    std::vector<double> sample(n);
    for (double& x : sample) x = param().quantile(rng.uniform());
    EXPECT_LT(test::kolmogorov_smirnov(sample, [&](double x) { return param().cdf(x); }),
              test::kKolmogorovSmirnovLimit);
    return;
  }
  std::map<double, double> counted;
  for (int i = 0; i < n; ++i) ++counted[param().quantile(rng.uniform())];
  std::vector<double> counts, probabilities;
  for (std::uint64_t k = 0; k < param().levels(); ++k) {
    const double p = std::exp(param().log_prior(param().level(k)));
    if (p == 0) {
      EXPECT_EQ(counted.count(param().level(k)), 0U) << "of probability 0";
      continue;
    }
    counts.push_back(counted[param().level(k)]);
    probabilities.push_back(p);
  }
  EXPECT_LT(test::chi_square(counts, probabilities), test::chi_square_limit(counts.size() - 1));
}

TEST_P(Prior, density_integrates_to_one) {
  double total = 0;
  if (param().levels() != 0) {
    for (std::uint64_t k = 0; k < param().levels(); ++k) total += std::exp(param().log_prior(param().level(k)));
    EXPECT_NEAR(total, 1, 1e-9);
    return;
  }
  const nas_param& raw = param().raw();
  const double from = param().scaled(raw.lo), to = param().scaled(raw.hi);
  constexpr int n = 20000;  // midpoint rule: error of order (range/n)^2
  for (int i = 0; i < n; ++i) {
    const double at = from + (to - from) * (i + 0.5) / n;
    total += std::exp(param().log_prior(param().is_log() ? std::exp(at) : at)) * (to - from) / n;
  }
  EXPECT_NEAR(total, 1, 1e-5);
}

TEST(PriorShape, log_uniform_puts_a_third_into_each_of_three_decades) {
  const SpaceDeclaration space({numeric(ParameterKind::real, 1e-4, 1e-1, Scale::log)});
  const ParamView p = SpaceView(space.view())[0];
  EXPECT_NEAR(p.quantile(1 / 3.0), 1e-3, 1e-12);
  EXPECT_NEAR(p.quantile(2 / 3.0), 1e-2, 1e-11);
}

TEST(PriorShape, every_level_of_a_uniform_integer_has_the_same_mass_also_the_ends) {
  const SpaceDeclaration space({numeric(ParameterKind::integer, 1, 4)});
  const ParamView p = SpaceView(space.view())[0];
  for (const double v : {1.0, 2.0, 3.0, 4.0}) EXPECT_NEAR(std::exp(p.log_prior(v)), 0.25, 1e-12);
}

TEST(PriorShape, a_tail_far_from_the_mean_is_sampled_as_it_falls_off) {
  // Z given Z > 8: exceeds its lower end by 0.12137 on average (mpmath).
  const SpaceDeclaration space({numeric(ParameterKind::real, 8, 12, Scale::linear, 0, NormalPrior{0, 1})});
  const ParamView p = SpaceView(space.view())[0];
  double sum = 0;
  constexpr int n = 100000;
  for (int i = 0; i < n; ++i) sum += p.quantile((i + 0.5) / n);
  EXPECT_NEAR(sum / n, 8.12137, 1e-4);
}

TEST(PriorShape, a_range_of_one_point_is_certain) {
  for (const auto& normal : {std::optional<NormalPrior>(), std::optional(NormalPrior{0, 1})}) {
    const SpaceDeclaration space({numeric(ParameterKind::real, 0.5, 0.5, Scale::linear, 0, normal)});
    const ParamView p = SpaceView(space.view())[0];
    EXPECT_EQ(p.quantile(0.3), 0.5);
    EXPECT_EQ(p.cdf(0.5), 0.5);
    EXPECT_EQ(p.log_prior(0.5), 0);
  }
}

}  // namespace
}  // namespace nascent
