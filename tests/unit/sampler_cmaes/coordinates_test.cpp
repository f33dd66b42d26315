#include "cmaes/coordinates.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/spaces.hpp"

namespace nascent::cmaes {
namespace {

Vector normal_point(Eigen::Index n, std::uint64_t seed) {
  Rng rng(seed);
  Vector point(n);
  for (double& z : point) z = rng.normal();
  return point;
}

TEST(Coordinates, what_was_decoded_encodes_to_the_same_point_but_never_beyond_the_ends_of_a_continuum) {
  const SpaceDeclaration declared = test::mixed_space();
  const SpaceView space(declared.view());
  const Coordinates coordinates(space);
  ASSERT_EQ(coordinates.size(), static_cast<Eigen::Index>(space.size()));
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Vector drawn = normal_point(coordinates.size(), seed);
    Point p(space.size());
    coordinates.decode(drawn, p.row());
    ASSERT_TRUE(space.contains(p.row()));
    const Vector encoded = coordinates.encode(p.row(), drawn);
    for (Eigen::Index i = 0; i < coordinates.size(); ++i) {
      const nas_param& param = space.param(static_cast<std::size_t>(i));
      const double x = p.x[static_cast<std::size_t>(i)];
      const bool at_an_end = !coordinates.is_discrete(i) && (x == param.lo || x == param.hi);
      if (at_an_end) {
        EXPECT_LE(std::abs(encoded[i]), std::abs(drawn[i])) << i;
      } else {
        EXPECT_EQ(encoded[i], drawn[i]) << i;
      }
    }
  }
}

TEST(Coordinates, from_elsewhere_a_configuration_encodes_to_the_nearest_point_that_leads_to_it) {
  const SpaceDeclaration declared = test::mixed_space();
  const SpaceView space(declared.view());
  const Coordinates coordinates(space);
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Point p(space.size());
    coordinates.decode(normal_point(coordinates.size(), seed), p.row());
    const Vector near = normal_point(coordinates.size(), seed + 1000), encoded = coordinates.encode(p.row(), near);
    Vector inside = encoded;
    for (Eigen::Index i = 0; i < coordinates.size(); ++i) {
      if (p.active[static_cast<std::size_t>(i)] == 0) {
        EXPECT_EQ(encoded[i], near[i]) << "inactive";
      } else if (coordinates.is_discrete(i) && encoded[i] != near[i]) {
        // On the edge of its cell: a little further it has the value.
        const double further = near[i] < encoded[i] ? 1e-7 : -1e-7;
        inside[i] += further;
        const Cell cell = coordinates.cell_at(i, inside[i]);
        EXPECT_NEAR(further > 0 ? cell.from : cell.to, encoded[i], 1e-9);
      }
    }
    Point again(space.size());
    coordinates.decode(inside, again.row());
    EXPECT_EQ(again.active, p.active);
    for (std::size_t k = 0; k < space.size(); ++k) EXPECT_NEAR(again.x[k], p.x[k], 1e-12) << k;
  }
}

TEST(Coordinates, priors_have_mean_0_and_deviation_1) {
  SpaceBuilder s;
  s.real("uniform", 2, 6);
  s.real("rate", 1e-4, 1e-1, {.scale = Scale::log});
  s.real("normal", -100, 100, {.normal = NormalPrior{20, 5}});
  const SpaceDeclaration declared = s.declaration();
  const SpaceView space(declared.view());
  const Coordinates coordinates(space);
  for (Eigen::Index i = 0; i < 3; ++i) {
    double sum = 0, squares = 0;
    for (std::uint64_t t = 0; t < 4000; ++t) {
      Rng rng(1, t);
      Point p(3);
      space.sample(rng, p.row());
      const double z = coordinates.encode(p.row(), Vector::Zero(3))[i];
      sum += z;
      squares += z * z;
    }
    EXPECT_NEAR(sum / 4000, 0, 5 / std::sqrt(4000.0)) << i;          // five standard deviations, 6e-7
    EXPECT_NEAR(squares / 4000, 1, 5 * std::sqrt(2 / 4000.0)) << i;  // of a normal prior; less for a uniform one
  }
}

TEST(Coordinates, a_prior_wider_than_its_range_or_beside_it_begins_inside) {
  SpaceBuilder s;
  s.real("x", 0, 1, {.normal = NormalPrior{3, 50}});
  const SpaceDeclaration declared = s.declaration();
  const Coordinates coordinates(SpaceView(declared.view()));
  Point p(1);
  coordinates.decode(Vector::Zero(1), p.row());
  EXPECT_EQ(p.x[0], 1);
  coordinates.decode(Vector::Constant(1, -1), p.row());
  EXPECT_NEAR(p.x[0], 1 - 1 / std::sqrt(12.0), 1e-12);
}

TEST(Coordinates, parameters_of_one_value_have_none) {
  SpaceBuilder s;
  s.choice("only", {"a"});
  s.choice("in effect", {"a", "b"}, {0, 1});
  s.real("x", 0, 1);
  const SpaceDeclaration declared = s.declaration();
  const Coordinates coordinates(SpaceView(declared.view()));
  ASSERT_EQ(coordinates.size(), 1);
  Point p(3);
  coordinates.decode(Vector::Zero(1), p.row());
  EXPECT_EQ(p.x, (std::vector<double>{0, 1, 0.5}));
}

}  // namespace
}  // namespace nascent::cmaes
