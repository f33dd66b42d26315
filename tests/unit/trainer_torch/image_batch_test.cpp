#include "image_batch.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "normalisation.hpp"

namespace {

using namespace nascent::libtorch;

// Two images of 2 channels, 3 x 4, holding 0 .. 47.
at::Tensor numbered() { return at::arange(48, at::kByte).reshape({2, 2, 3, 4}); }

at::Tensor changed(const ImageChange& change) {
  const ImageSource source(numbered(), {2, 3, 4}, {});
  const std::int64_t row = 1;
  return source.batch({&row, 1}, {&change, 1})[0];
}

TEST(ImageBatch, without_changes_equals_the_standardisation_of_the_model) {
  const Standardisation by{{10, 20}, {0.5F, 0.25F}};
  const std::vector<std::int64_t> rows{1, 0, 1};
  const at::Tensor index = at::tensor(rows, at::kLong);
  for (const at::Tensor& images : {numbered(), numbered().to(at::kFloat)}) {
    const at::Tensor batch = ImageSource(images, {2, 3, 4}, by).batch(rows, {});
    EXPECT_TRUE(at::equal(batch, standardise(images.index_select(0, index), {2, 3, 4}, by)));
  }
}

TEST(ImageBatch, flips_mirror_the_axes) {
  const at::Tensor image = numbered()[1].to(at::kFloat);
  EXPECT_TRUE(at::equal(changed({.flip_horizontal = true}), image.flip({2})));
  EXPECT_TRUE(at::equal(changed({.flip_vertical = true}), image.flip({1})));
}

TEST(ImageBatch, a_shift_moves_the_content_and_fills_with_zero) {
  const at::Tensor image = numbered()[1].to(at::kFloat);
  at::Tensor expected = at::zeros({2, 3, 4});
  expected.narrow(1, 1, 2).narrow(2, 0, 2).copy_(image.narrow(1, 0, 2).narrow(2, 2, 2));
  EXPECT_TRUE(at::equal(changed({.shift_y = 1, .shift_x = -2}), expected));
  EXPECT_TRUE(at::equal(changed({.shift_y = 30, .shift_x = -20}), at::zeros({2, 3, 4})));
}

TEST(ImageBatch, a_flip_comes_before_the_shift) {
  const at::Tensor image = numbered()[1].to(at::kFloat).flip({1, 2});
  at::Tensor expected = at::zeros({2, 3, 4});
  expected.narrow(1, 0, 2).narrow(2, 1, 3).copy_(image.narrow(1, 1, 2).narrow(2, 0, 3));
  EXPECT_TRUE(at::equal(changed({.flip_horizontal = true, .flip_vertical = true, .shift_y = -1, .shift_x = 1}), expected));
}

TEST(ImageBatch, cuts_are_zero_after_standardisation) {
  const Standardisation by{{10, 20}, {0.5F, 0.25F}};
  const ImageSource source(numbered(), {2, 3, 4}, by);
  const std::int64_t row = 0;
  const ImageChange change{.cut_y0 = 1, .cut_y1 = 3, .cut_x0 = 2, .cut_x1 = 4};
  const at::Tensor image = source.batch({&row, 1}, {&change, 1})[0];
  EXPECT_EQ(image.narrow(1, 1, 2).narrow(2, 2, 2).abs().sum().item<double>(), 0);
  EXPECT_EQ((image == 0).sum().item<std::int64_t>(), 8 + 1);  // channel 0, value 10 is the mean itself
}

TEST(ImageBatch, drawn_changes_stay_within_their_ranges_and_repeat) {
  const AugmentSettings settings{Flip::both, 2, 3, 0};
  nascent::Rng rng(1), again(1);
  std::array<int, 4> flips{};
  for (int i = 0; i < 2000; ++i) {
    const ImageChange c = draw_change(settings, 28, 20, rng), d = draw_change(settings, 28, 20, again);
    EXPECT_EQ(c.shift_x, d.shift_x);
    EXPECT_LE(std::abs(c.shift_y), 2);
    EXPECT_LE(std::abs(c.shift_x), 2);
    EXPECT_TRUE(c.cut_y0 >= 0 && c.cut_y1 <= 28 && c.cut_y1 - c.cut_y0 <= 3 && c.cut_y1 > c.cut_y0);
    EXPECT_TRUE(c.cut_x0 >= 0 && c.cut_x1 <= 20 && c.cut_x1 - c.cut_x0 <= 3 && c.cut_x1 > c.cut_x0);
    ++flips[(c.flip_horizontal ? 1U : 0U) + (c.flip_vertical ? 2U : 0U)];
  }
  // Each of four kinds 500 times of 2000: 5 standard deviations (19.4), false failures below 1e-5.
  for (const int n : flips) EXPECT_NEAR(n, 500, 97);
}

TEST(Standardisation, measures_channels_of_the_rows_named) {
  const std::vector<std::int64_t> rows{1};
  const Standardisation by = measure(numbered(), {2, 3, 4}, rows);
  EXPECT_FLOAT_EQ(by.mean[0], 29.5F);
  EXPECT_FLOAT_EQ(by.mean[1], 41.5F);
  EXPECT_NEAR(by.scale[0], 1 / std::sqrt(143.0 / 12), 1e-6);
}

TEST(Standardisation, a_constant_feature_keeps_scale_one) {
  const at::Tensor x = at::full({5, 2}, 3.5F);
  const std::vector<std::int64_t> rows{0, 1, 2, 3, 4};
  const Standardisation by = measure(x, {2}, rows);
  EXPECT_EQ(by.scale, (std::vector<float>{1, 1}));
  EXPECT_EQ(by.mean, (std::vector<float>{3.5F, 3.5F}));
}

}  // namespace
