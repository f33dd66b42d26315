// What a child tries: its parent's options, changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "nascent/space_builder.hpp"
#include "pbt.hpp"
#include "support/config.hpp"

namespace nascent::pbt {
namespace {

using test::Config;
using testing::UnorderedElementsAre;

SpaceDeclaration options_space() {
  SpaceBuilder s;
  s.integer("space.depth", 1, 9);                             // 0
  s.choice("space.kind", {"a", "b"});                         // 1
  s.real("rate", 1e-4, 1e-1, {.scale = Scale::log});          // 2
  s.real("decay", 0, 1, {.step = 0.25});                      // 3
  s.integer("workers", 1, 8);                                 // 4
  s.ordinal<std::int64_t>("batch", {32, 64, 128, 256});       // 5
  const auto kind = s.choice("optimizer", {"sgd", "adam"});   // 6
  s.when(s.is(kind, "sgd"), [](SpaceBuilder& b) { return b.real("momentum", 0.1, 0.9); });  // 7
  return s.declaration();
}

class Explore : public testing::Test {
 protected:
  Pbt rule(double resample, std::uint64_t seed = 1) {
    const Config config{{"population", std::int64_t{4}}, {"interval", 1.0}, {"quantile", 0.25}, {"perturb", 0.2}, {"resample", resample}};
    return {config.options(), {.budget = {NAS_UNIT_EPOCH, 0, 0, 5}, .seed = seed, .space = SpaceView(space_.view()), .n_architecture_params = 2}};
  }
  [[nodiscard]] Point parent() const {
    Point p(8);
    p.x = {5, 1, 1e-2, 0.5, 5, 1, 0, 0.5};
    p.active.assign(8, 1);
    return p;
  }
  static Point explored(Pbt& rule, std::uint64_t child, const Point& from) {
    Point p = from;
    rule.explore(child, p.row());
    return p;
  }
  const SpaceDeclaration space_ = options_space();
};

TEST_F(Explore, numbers_are_multiplied_by_two_factors_and_choices_move_to_a_neighbour) {
  Pbt perturbs = rule(0);
  std::set<double> rates, decays, workers, batches, optimizers, momenta;
  for (std::uint64_t child = 0; child < 64; ++child) {
    const Point p = explored(perturbs, child, parent());
    rates.insert(p.x[2]);
    decays.insert(p.x[3]);
    workers.insert(p.x[4]);
    batches.insert(p.x[5]);
    optimizers.insert(p.x[6]);
    momenta.insert(p.x[7]);
  }
  EXPECT_THAT(rates, UnorderedElementsAre(testing::DoubleEq(0.8e-2), testing::DoubleEq(1.2e-2)));
  EXPECT_THAT(decays, UnorderedElementsAre(0.25, 0.75)) << "0.4 and 0.6 are both nearest to 0.5: a level on";
  EXPECT_THAT(workers, UnorderedElementsAre(4, 6));
  EXPECT_THAT(batches, UnorderedElementsAre(0, 2));
  EXPECT_THAT(optimizers, UnorderedElementsAre(0)) << "a categorical choice stays";
  EXPECT_THAT(momenta, UnorderedElementsAre(testing::DoubleEq(0.4), testing::DoubleEq(0.6)));
}

TEST_F(Explore, values_stay_within_their_bounds) {
  Pbt perturbs = rule(0);
  for (const double rate : {1e-4, 1e-1}) {
    for (const double batch : {0.0, 3.0}) {
      Point from = parent();
      from.x[2] = rate;
      from.x[3] = batch == 0 ? 0 : 1;
      from.x[5] = batch;
      for (std::uint64_t child = 0; child < 16; ++child) {
        const Point p = explored(perturbs, child, from);
        EXPECT_TRUE(SpaceView(space_.view()).contains(p.row())) << child;
      }
    }
  }
}

TEST_F(Explore, the_architecture_stays_and_the_rest_is_of_the_space) {
  Pbt both = rule(0.5);
  const SpaceView space(space_.view());
  for (std::uint64_t child = 0; child < 500; ++child) {
    Point from(8);
    Rng rng(9, child);
    space.sample(rng, from.row());
    const Point p = explored(both, child, from);
    EXPECT_EQ(p.x[0], from.x[0]);
    EXPECT_EQ(p.x[1], from.x[1]);
    EXPECT_TRUE(space.contains(p.row())) << child;
    EXPECT_TRUE(p.active[7] != 0 || p.x[7] == 0);
  }
}

TEST_F(Explore, with_the_probability_resample_an_option_is_drawn_anew) {
  Pbt some = rule(0.25);
  constexpr int n = 4000;
  int anew = 0, other_optimizer = 0;
  for (std::uint64_t child = 0; child < n; ++child) {
    const Point p = explored(some, child, parent());
    const bool is_perturbed = std::abs(p.x[2] - 0.8e-2) < 1e-12 || std::abs(p.x[2] - 1.2e-2) < 1e-12;
    anew += is_perturbed ? 0 : 1;
    other_optimizer += p.x[6] == 1 ? 1 : 0;
  }
  // Four and a half standard errors: wrong once in 150,000.
  EXPECT_NEAR(static_cast<double>(anew) / n, 0.25, 4.5 * std::sqrt(0.25 * 0.75 / n));
  EXPECT_NEAR(static_cast<double>(other_optimizer) / n, 0.125, 4.5 * std::sqrt(0.125 * 0.875 / n)) << "half of the draws";
}

TEST_F(Explore, a_child_is_a_function_of_seed_number_and_parent) {
  Pbt one = rule(0.25), same = rule(0.25), other = rule(0.25, 2);
  int differ = 0;
  for (std::uint64_t child = 31; child-- > 0;) {
    EXPECT_EQ(explored(one, child, parent()), explored(same, child, parent()));
    differ += explored(one, child, parent()) == explored(other, child, parent()) ? 0 : 1;
  }
  EXPECT_EQ(explored(one, 3, parent()), explored(same, 3, parent()));
  EXPECT_GT(differ, 20);
}

}  // namespace
}  // namespace nascent::pbt
