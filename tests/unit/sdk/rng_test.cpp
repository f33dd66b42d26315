#include "nascent/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "support/statistics.hpp"

namespace nascent {
namespace {

using Block = std::array<std::uint32_t, 4>;
static_assert(std::uniform_random_bit_generator<Rng>);
static_assert(philox4x32({0, 0, 0, 0}, {0, 0})[0] == 0x6627e8d5U, "usable in constant expressions");

// Known answers of the authors' own library, Random123 1.09, tests/kat_vectors.
TEST(Philox, gives_the_known_answers_of_random123) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox4x32({ones, ones, ones, ones}, {ones, ones}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Rng, draws_are_the_words_of_consecutive_blocks) {
  const std::uint64_t seed = 0x299f31d0a4093822U, trial = 0x13198a2e85a308d3U;
  Rng rng(seed, trial, 0x03707344);
  for (std::uint32_t block = 0; block < 5; ++block) {
    const Block words = philox4x32({block, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0});
    EXPECT_EQ(rng(), std::uint64_t{words[1]} << 32 | words[0]);
    EXPECT_EQ(rng(), std::uint64_t{words[3]} << 32 | words[2]);
  }
}

TEST(Rng, repeats_when_constructed_again_and_forks_when_copied) {
  Rng a(7, 3, 1), b(7, 3, 1);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(a(), b());
  Rng fork = a;
  EXPECT_EQ(fork(), a());
}

TEST(Rng, seeds_trials_and_streams_differ) {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed : {0ULL, 1ULL, 1ULL << 32, ~0ULL}) {
    for (std::uint64_t trial : {0ULL, 1ULL, 1ULL << 32}) {
      for (std::uint32_t stream : {0U, 1U}) first.insert(Rng(seed, trial, stream)());
    }
  }
  EXPECT_EQ(first.size(), 24U);
}

TEST(Rng, uniform_is_uniform_on_the_half_open_interval) {
  Rng rng(1);
  std::vector<double> sample(100000);
  for (double& u : sample) u = rng.uniform();
  EXPECT_GE(*std::min_element(sample.begin(), sample.end()), 0);
  EXPECT_LT(*std::max_element(sample.begin(), sample.end()), 1);
  EXPECT_LT(test::kolmogorov_smirnov(sample, [](double u) { return u; }), test::kKolmogorovSmirnovLimit);
}

TEST(Rng, fill_is_as_many_calls_of_uniform_from_any_state) {
  for (const std::uint64_t trial : {std::uint64_t{3}, std::uint64_t{0x12345678'9abcdef0U}}) {
    for (std::size_t before = 0; before < 4; ++before) {
      for (std::size_t n = 0; n < 20; ++n) {
        Rng one_by_one(0xfedcba98'76543210U, trial, 5), at_once = one_by_one;
        for (std::size_t i = 0; i < before; ++i) EXPECT_EQ(one_by_one.uniform(), at_once.uniform());
        std::vector<double> expected(n), filled(n);
        for (double& u : expected) u = one_by_one.uniform();
        at_once.fill(filled);
        EXPECT_EQ(filled, expected) << before << " " << n;
        EXPECT_EQ(at_once(), one_by_one()) << before << " " << n;
      }
    }
  }
}

TEST(Rng, neighbouring_trials_are_not_correlated) {
  const int n = 100000;
  double sum = 0;
  for (std::uint64_t t = 0; t < n; ++t) sum += (Rng(5, t).uniform() - 0.5) * (Rng(5, t + 1).uniform() - 0.5);
  // Each product has sd 1/12; the sum of n, 5 sd: fails by chance 6e-7.
  EXPECT_LT(std::abs(sum), 5.0 * std::sqrt(n) / 12);
}

TEST(Rng, normal_is_normal) {
  Rng rng(2);
  std::vector<double> sample(100000);
  for (double& z : sample) z = rng.normal();
  EXPECT_LT(test::kolmogorov_smirnov(sample, normal_cdf), test::kKolmogorovSmirnovLimit);
}

TEST(Rng, below_is_unbiased_also_for_ranges_that_do_not_divide_the_words) {
  Rng rng(3);
  for (const std::uint64_t n : {2U, 3U, 7U, 10U}) {
    std::vector<double> counts(n);
    for (int i = 0; i < 30000; ++i) ++counts[rng.below(n)];
    EXPECT_LT(test::chi_square(counts, std::vector<double>(n, 1.0 / static_cast<double>(n))),
              test::chi_square_limit(n - 1))
        << n;
  }
  // Taking a remainder or the high word alone would put 2/3 instead of 1/2 below the middle of this range.
  const std::uint64_t n = 3ULL << 62;
  int low = 0;
  for (int i = 0; i < 10000; ++i) low += rng.below(n) < n / 2 ? 1 : 0;
  EXPECT_NEAR(low, 5000, 245);  // 4.9 sd: 1e-6
  EXPECT_EQ(rng.below(1), 0U);
  for (int i = 0; i < 100; ++i) EXPECT_LT(rng.below(~0ULL), ~0ULL);
}

TEST(Rng, derived_seeds_differ_by_part_and_seed) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (std::uint64_t part = 0; part < 50; ++part) seeds.insert(derive_seed(seed, part));
  }
  EXPECT_EQ(seeds.size(), 2500U);
}

// Reference: mpmath, 40 digits, the root of log(erfc(-z / sqrt(2)) / 2) - log(p).
TEST(NormalQuantile, agrees_with_reference_values) {
  const struct {
    double p, z;
  } cases[] = {{0.5, 0},
               {0.975, 1.9599639845400542355},
               {0.9, 1.2815515655446004670},
               {0.01, -2.3263478740408411009},
               {1e-5, -4.2648907939228246285},
               {1e-10, -6.3613409024040562047},
               {1e-20, -9.2623400897984075737},
               {1e-100, -21.273453560965324295},
               {1e-300, -37.047096299361199237}};
  for (const auto& [p, z] : cases) EXPECT_NEAR(normal_quantile(p), z, 4e-15 * std::max(1.0, std::abs(z))) << p;
}

TEST(NormalQuantile, is_odd_monotone_and_infinite_at_the_ends) {
  double before = -HUGE_VAL;
  for (int i = 1; i < 1000; ++i) {
    const double p = i / 1000.0, z = normal_quantile(p);
    EXPECT_GT(z, before);
    before = z;
  }
  EXPECT_EQ(normal_quantile(0.25), -normal_quantile(0.75));
  EXPECT_EQ(normal_quantile(0), -HUGE_VAL);
  EXPECT_EQ(normal_quantile(1), HUGE_VAL);
}

TEST(NormalQuantile, inverts_the_distribution_function) {
  for (double z = -37; z < 5; z += 0.37)
    EXPECT_NEAR(normal_quantile(normal_cdf(z)), z, 1e-9 * std::max(1.0, std::abs(z))) << z;
}

}  // namespace
}  // namespace nascent
