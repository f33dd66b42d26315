#include "channel_kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "nascent/rng.hpp"

namespace {

using namespace nascent::libtorch;

std::vector<float> normals(std::size_t n, std::uint64_t seed, double mean = 0) {
  nascent::Rng rng(seed);
  std::vector<float> values(n);
  for (float& v : values) v = static_cast<float>(mean + rng.normal());
  return values;
}

// Rows and channels that fill tiles exactly, leave a rest, and are smaller than one tile.
class ChannelKernels : public testing::TestWithParam<Extent> {};
INSTANTIATE_TEST_SUITE_P(Extents, ChannelKernels,
                         testing::Values(Extent{Element::float32, 4096, 16}, Extent{Element::float32, 1001, 24}, Extent{Element::float32, 3, 5},
                                         Extent{Element::float32, 777, 200}, Extent{Element::float32, 50, 1}));

TEST_P(ChannelKernels, moments_agree_with_two_passes_in_float64) {
  const Extent e = GetParam();
  const auto channels = static_cast<std::size_t>(e.channels), rows = static_cast<std::size_t>(e.rows);
  const std::vector<float> x = normals(rows * channels, 1, 100);  // a mean of a hundred deviations
  std::vector<float> mean(channels), variance(channels);
  channel_moments(x.data(), e, mean.data(), variance.data());
  for (std::size_t c = 0; c < channels; ++c) {
    double m = 0, v = 0;
    for (std::size_t r = 0; r < rows; ++r) m += x[r * channels + c];
    m /= static_cast<double>(rows);
    for (std::size_t r = 0; r < rows; ++r) v += std::pow(x[r * channels + c] - m, 2);
    EXPECT_NEAR(mean[c], m, 1e-5 * std::abs(m));
    EXPECT_NEAR(variance[c], v / static_cast<double>(rows), 2e-5);
  }
}

TEST_P(ChannelKernels, scale_adds_and_rectifies) {
  const Extent e = GetParam();
  const auto channels = static_cast<std::size_t>(e.channels), n = static_cast<std::size_t>(e.rows) * channels;
  const std::vector<float> x = normals(n, 2), added = normals(n, 3), scale = normals(channels, 4), shift = normals(channels, 5);
  std::vector<float> y(n);
  channel_scale(x.data(), scale.data(), shift.data(), added.data(), Rectify::yes, e, y.data());
  for (std::size_t i = 0; i < n; ++i) {
    EXPECT_NEAR(y[i], std::max(0.0, static_cast<double>(x[i]) * scale[i % channels] + shift[i % channels] + added[i]), 1e-5);
  }
}

TEST_P(ChannelKernels, gradient_passes_where_the_output_is_positive) {
  const Extent e = GetParam();
  const auto channels = static_cast<std::size_t>(e.channels), n = static_cast<std::size_t>(e.rows) * channels;
  const std::vector<float> x = normals(n, 6), dy = normals(n, 7), y = normals(n, 8);
  const std::vector<float> mean = normals(channels, 9), a = normals(channels, 10), b = normals(channels, 11), d = normals(channels, 12);
  std::vector<float> sum(channels), sum_x(channels), dx(n), d_added(n);
  channel_gradient_sums(x.data(), dy.data(), y.data(), mean.data(), Rectify::yes, e, sum.data(), sum_x.data());
  channel_gradient(x.data(), dy.data(), y.data(), a.data(), b.data(), d.data(), Rectify::yes, e, dx.data(), d_added.data());
  std::vector<double> expected(channels), expected_x(channels);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t c = i % channels;
    const double g = y[i] > 0 ? dy[i] : 0;
    expected[c] += g;
    expected_x[c] += g * (static_cast<double>(x[i]) - mean[c]);
    EXPECT_NEAR(dx[i], g * a[c] + x[i] * b[c] + d[c], 1e-4);
    EXPECT_EQ(d_added[i], static_cast<float>(g));
  }
  for (std::size_t c = 0; c < channels; ++c) {
    EXPECT_NEAR(sum[c], expected[c], 1e-4 * std::sqrt(static_cast<double>(e.rows)));
    EXPECT_NEAR(sum_x[c], expected_x[c], 3e-4 * std::sqrt(static_cast<double>(e.rows)));
  }
}

TEST(MaxPool, largest_of_each_square_and_its_gradient_to_the_first_place) {
  // One channel: a 4 x 5 image (the last column is left out), with a tie in the first square.
  const std::vector<float> x{1, 1, 2, 3, 9, 0, 1, 5, 4, 9, -1, -2, 0, 0, 9, -3, -4, 0, 0, 9};
  const Image image{Element::float32, 1, 4, 5, 1};
  std::vector<float> y(4), dx(20, 7.0F);
  max_pool_2x2(x.data(), image, y.data());
  EXPECT_EQ(y, (std::vector<float>{1, 5, -1, 0}));
  const std::vector<float> dy{10, 20, 30, 40};
  max_pool_2x2_gradient(x.data(), y.data(), dy.data(), image, dx.data());
  EXPECT_EQ(dx, (std::vector<float>{10, 0, 0, 0, 0, 0, 0, 20, 0, 0, 30, 0, 40, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(MaxPool, not_a_number_wins) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t place = 0; place < 4; ++place) {
    std::vector<float> x{1, 2, 3, 4}, y(1);
    x[place] = nan;
    max_pool_2x2(x.data(), {Element::float32, 1, 2, 2, 1}, y.data());
    EXPECT_TRUE(std::isnan(y[0])) << place;
  }
}

TEST(Drop, keeps_the_share_asked_for_scales_it_and_repeats_with_its_seed) {
  const std::vector<float> ones(100003, 1.0F);
  std::vector<float> y(ones.size()), again(ones.size()), other(ones.size());
  const std::uint32_t keep = 49152;  // three quarters
  const auto n = static_cast<std::int64_t>(ones.size());
  drop(ones.data(), Element::float32, n, 1, 0, keep, 2.0F, y.data());
  drop(ones.data(), Element::float32, n, 1, 0, keep, 2.0F, again.data());
  drop(ones.data(), Element::float32, n, 2, 0, keep, 2.0F, other.data());
  EXPECT_EQ(y, again);
  EXPECT_NE(y, other);
  std::size_t kept = 0;
  for (const float v : y) {
    EXPECT_TRUE(v == 0 || v == 2);
    kept += v > 0 ? 1U : 0U;
  }
  // 5 standard deviations: false failures below 1e-6.
  EXPECT_NEAR(static_cast<double>(kept) / static_cast<double>(y.size()), 0.75, 5 * 0.00137);
}

TEST(Drop, parts_of_an_array_drop_what_the_whole_drops_wherever_it_is_cut) {
  std::vector<float> x(23);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i + 1);
  std::vector<float> whole(x.size());
  const auto n = static_cast<std::int64_t>(x.size());
  drop(x.data(), Element::float32, n, 7, 0, 32768, 2.0F, whole.data());
  for (std::int64_t cut = 0; cut <= n; ++cut) {
    for (std::int64_t second = cut; second <= n; ++second) {
      std::vector<float> parts(x.size());
      drop(x.data(), Element::float32, cut, 7, 0, 32768, 2.0F, parts.data());
      drop(x.data() + cut, Element::float32, second - cut, 7, cut, 32768, 2.0F, parts.data() + cut);
      drop(x.data() + second, Element::float32, n - second, 7, second, 32768, 2.0F, parts.data() + second);
      ASSERT_EQ(parts, whole) << "cut at " << cut << " and " << second;
    }
  }
}

}  // namespace
