#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "support/finite_spaces.hpp"
#include "support/spaces.hpp"
#include "support/statistics.hpp"
#include "vi/autoregressive.hpp"
#include "vi/factorised.hpp"

namespace nascent::vi {
namespace {

// Moves a family away from the prior by samples with arbitrary rewards.
void disturb(Family& family, const Encoding& encoding, int steps) {
  Rng rng(5);
  for (int step = 0; step < steps; ++step) {
    std::vector<Code> codes;
    for (int j = 0; j < 30; ++j) {
      Point p(encoding.size());
      family.draw(rng, p.row());
      codes.push_back(encoding.encode(p.row()));
    }
    std::vector<Sample> samples;
    for (const Code& c : codes) samples.push_back({&c, 1, rng.normal()});
    family.ascend(samples, 0.5);
  }
}

std::vector<std::unique_ptr<Family>> families(const Encoding& encoding) {
  std::vector<std::unique_ptr<Family>> all;
  all.push_back(std::make_unique<Factorised>(encoding));
  all.push_back(std::make_unique<Autoregressive>(encoding));
  return all;
}

TEST(Family, begins_as_the_prior) {
  const SpaceDeclaration space = test::mixed_space();
  const Encoding encoding{SpaceView(space.view())};
  for (const auto& family : families(encoding)) {
    for (std::uint64_t t = 0; t < 200; ++t) {
      Rng rng(1, t), same(1, t);
      Point drawn(space.size()), prior(space.size());
      family->draw(rng, drawn.row());
      SpaceView(space.view()).sample(same, prior.row());
      ASSERT_EQ(drawn.active, prior.active);
      for (std::size_t i = 0; i < drawn.x.size(); ++i) ASSERT_NEAR(drawn.x[i], prior.x[i], 1e-9 * std::abs(prior.x[i]) + 1e-12);
      EXPECT_NEAR(family->log_ratio(encoding.encode(drawn.row())), 0, 1e-9);
    }
  }
}

TEST(Family, draws_with_the_probabilities_it_says) {
  const SpaceDeclaration space = test::branching_space();
  const SpaceView view(space.view());
  const Encoding encoding(view);
  for (const auto& family : families(encoding)) {
    disturb(*family, encoding, 20);
    std::map<std::vector<double>, std::size_t> row_of;
    std::vector<double> probabilities, counts;
    double total = 0, moved = 0;
    for (const Point& p : test::configurations(view)) {
      row_of.emplace(p.x, probabilities.size());
      const double log_ratio = family->log_ratio(encoding.encode(p.row()));
      probabilities.push_back(std::exp(view.log_prior(p.row()) + log_ratio));
      total += probabilities.back();
      moved = std::max(moved, std::abs(log_ratio));
    }
    EXPECT_NEAR(total, 1, 1e-9);
    EXPECT_GT(moved, 1) << "it is far from the prior";
    counts.resize(probabilities.size());
    Rng rng(9);
    for (int n = 0; n < 50000; ++n) {
      Point p(view.size());
      family->draw(rng, p.row());
      ++counts[row_of.at(p.x)];
    }
    EXPECT_LT(test::chi_square(counts, probabilities), test::chi_square_limit(counts.size() - 1));  // 10^-6
  }
}

TEST(Family, a_clone_goes_its_own_way) {
  const SpaceDeclaration space = test::branching_space();
  const Encoding encoding{SpaceView(space.view())};
  for (const auto& family : families(encoding)) {
    const auto clone = family->clone();
    disturb(*family, encoding, 3);
    Point p(space.size());
    Rng rng(1);
    SpaceView(space.view()).sample(rng, p.row());
    EXPECT_NE(family->log_ratio(encoding.encode(p.row())), 0);
    EXPECT_NEAR(clone->log_ratio(encoding.encode(p.row())), 0, 1e-9);
  }
}

// Derivatives of a cell's log mass, against differences.
TEST(NormalView, slopes_are_derivatives) {
  for (const Cell cell : {Cell{0.3, 0.3}, Cell{-0.4, 0.9}, Cell{-HUGE_VAL, -0.5}, Cell{1.2, HUGE_VAL}, Cell{4, 4.5}, Cell{6, HUGE_VAL}}) {
    for (const double mean : {-1.0, 0.2, 2.0}) {
      for (const double log_sd : {-1.5, -0.3, 0.4}) {
        const double step = 1e-5, sd = std::exp(log_sd);
        const auto at = [&](double m, double l) { return look(cell, m, std::exp(l)).log_ratio; };
        const NormalView view = look(cell, mean, sd);
        const double slope = sd * (at(mean + step, log_sd) - at(mean - step, log_sd)) / (2 * step);
        const double spread = (at(mean, log_sd + step) - at(mean, log_sd - step)) / (2 * step);
        EXPECT_NEAR(view.slope, slope, 1e-4 * std::max(1.0, std::abs(slope))) << cell.from << ' ' << mean << ' ' << log_sd;
        EXPECT_NEAR(view.spread, spread, 1e-4 * std::max(1.0, std::abs(spread))) << cell.from << ' ' << mean << ' ' << log_sd;
      }
    }
  }
}

TEST(NormalView, stays_finite_far_out) {
  for (const Cell cell : {Cell{-HUGE_VAL, -3}, Cell{3, 3.1}, Cell{7.9, HUGE_VAL}, Cell{8, 8}, Cell{1, 1 + 1e-9}}) {
    for (const double mean : {-40.0, 0.0, 40.0}) {
      for (const double sd : {1e-3, 1.0, 2.5}) {
        const NormalView view = look(cell, mean, sd);
        EXPECT_TRUE(std::isfinite(view.log_ratio) && std::isfinite(view.slope) && std::isfinite(view.spread))
            << cell.from << ' ' << mean << ' ' << sd;
      }
    }
  }
}

TEST(Baseline, is_the_mean_of_the_others_in_which_the_parameter_is_active) {
  const SpaceDeclaration space = test::branching_space();
  Code active, inactive;
  active.cells = inactive.cells = std::vector<Cell>(space.size());
  active.active = {1, 1, 1, 1, 0};
  inactive.active = {1, 1, 0, 0, 0};
  const std::vector<Sample> samples{{&active, 1, 2}, {&active, 3, 6}, {&inactive, 5, 100}, {&active, 1, 10}};
  const Baseline baseline(samples, 2);
  EXPECT_DOUBLE_EQ(baseline.weight(), 5);
  EXPECT_DOUBLE_EQ(baseline.advantage(samples[0]), 2 - (3 * 6 + 10) / 4.0);
  EXPECT_DOUBLE_EQ(baseline.advantage(samples[1]), 6 - (2 + 10) / 2.0);
  EXPECT_DOUBLE_EQ(Baseline(samples, 4).weight(), 0);
}

TEST(Autoregressive, shortens_its_context_in_a_wide_space) {
  SpaceBuilder s;
  for (int i = 0; i < 400; ++i) s.choice("c" + std::to_string(i), {"a", "b", "c", "d", "e", "f"});
  const SpaceDeclaration space = s.declaration();
  const Encoding encoding{SpaceView(space.view())};
  const Autoregressive family(encoding);
  EXPECT_LT(family.context_length(), 400U);
  EXPECT_GT(family.context_length(), 20U);
}

}  // namespace
}  // namespace nascent::vi
