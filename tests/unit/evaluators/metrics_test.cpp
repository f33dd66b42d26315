// Metrics of classifiers, regressions and latencies against values worked out by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "classification/metrics.hpp"
#include "latency/quantile.hpp"
#include "regression/metrics.hpp"

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// Logits whose softmax is `probabilities`.
std::vector<float> logits_of(const std::vector<double>& probabilities) {
  std::vector<float> z;
  for (const double p : probabilities) z.push_back(static_cast<float>(std::log(p)));
  return z;
}

// Six rows of three classes: predicted 0, 1, 1, 1, 0, 2.
const std::vector<double> six_rows{0.7, 0.2, 0.1,    //
                                   0.3, 0.6, 0.1,    //
                                   0.1, 0.8, 0.1,    //
                                   0.2, 0.55, 0.25,  //
                                   0.45, 0.35, 0.2,  //
                                   0.1, 0.1, 0.8};
const std::vector<std::int64_t> six_classes{0, 0, 1, 1, 1, 2};

TEST(Classification, metrics_of_six_rows_by_hand) {
  classification::Tally tally(3, 4);
  tally.add(logits_of(six_rows), six_classes);
  EXPECT_EQ(tally.rows(), 6);
  EXPECT_DOUBLE_EQ(tally.accuracy(), 4.0 / 6);
  EXPECT_DOUBLE_EQ(tally.balanced_accuracy(), (1.0 / 2 + 2.0 / 3 + 1) / 3);
  EXPECT_DOUBLE_EQ(tally.f1(), (2.0 / 4 + 4.0 / 6 + 1) / 3);
  EXPECT_NEAR(tally.log_loss(), 0.60909899602, 1e-7);
  // bins of a quarter: {0.45}, {0.7, 0.6, 0.55}, {0.8, 0.8} with 0, 2 and 2 right
  EXPECT_NEAR(tally.calibration_error(), (0.45 + (2 - 1.85) + (2 - 1.6)) / 6, 1e-7);
  const std::vector<std::int64_t> confusion(tally.confusion().begin(), tally.confusion().end());
  EXPECT_EQ(confusion, (std::vector<std::int64_t>{1, 1, 0, 1, 2, 0, 0, 0, 1}));
}

TEST(Classification, batches_add_up_to_the_whole) {
  classification::Tally whole(3), parts(3);
  const std::vector<float> z = logits_of(six_rows);
  whole.add(z, six_classes);
  for (std::size_t i = 0; i < 6; ++i) parts.add(std::span(z).subspan(3 * i, 3), std::span(six_classes).subspan(i, 1));
  EXPECT_EQ(parts.accuracy(), whole.accuracy());
  EXPECT_DOUBLE_EQ(parts.log_loss(), whole.log_loss());
  EXPECT_DOUBLE_EQ(parts.calibration_error(), whole.calibration_error());
}

TEST(Classification, a_class_that_does_not_occur_has_no_part_in_the_means) {
  classification::Tally tally(4);
  tally.add(std::vector<float>{9, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 9}, std::vector<std::int64_t>{0, 1, 1});
  EXPECT_DOUBLE_EQ(tally.balanced_accuracy(), (1 + 0.5) / 2);
  EXPECT_DOUBLE_EQ(tally.f1(), (1 + 2.0 / 3) / 2);
}

TEST(Classification, log_loss_is_exact_where_the_probability_underflows) {
  classification::Tally tally(2);
  tally.add(std::vector<float>{1e4F, -1e4F}, std::vector<std::int64_t>{1});
  EXPECT_DOUBLE_EQ(tally.log_loss(), 2e4);
  EXPECT_DOUBLE_EQ(tally.calibration_error(), 1);
}

TEST(Classification, large_equal_logits_do_not_overflow) {
  classification::Tally tally(2);
  const float large = std::numeric_limits<float>::max();
  tally.add(std::vector<float>{large, large, -large, -large}, std::vector<std::int64_t>{0, 1});
  EXPECT_DOUBLE_EQ(tally.log_loss(), std::log(2.0));
  EXPECT_DOUBLE_EQ(tally.accuracy(), 0.5);
}

TEST(Classification, logits_that_are_not_finite_show_in_the_log_loss) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), infinity}) {
    classification::Tally tally(2);
    tally.add(std::vector<float>{bad, 0}, std::vector<std::int64_t>{0});
    EXPECT_FALSE(std::isfinite(tally.log_loss())) << bad;
  }
}

TEST(Classification, a_perfectly_sure_classifier_falls_into_the_last_bin) {
  classification::Tally tally(2, 10);
  tally.add(std::vector<float>{0, -infinity}, std::vector<std::int64_t>{0});
  EXPECT_EQ(tally.log_loss(), 0);
  EXPECT_EQ(tally.calibration_error(), 0);
}

// The example of scikit-learn's r2_score: 0.948..., its mean squared error 0.375 and mean absolute error 0.5.
TEST(Regression, metrics_of_four_rows) {
  regression::Tally tally(1);
  tally.add(std::vector<float>{2.5F, 0, 2, 8}, std::vector<double>{3, -0.5, 2, 7});
  EXPECT_DOUBLE_EQ(tally.mse(), 0.375);
  EXPECT_DOUBLE_EQ(tally.rmse(), std::sqrt(0.375));
  EXPECT_DOUBLE_EQ(tally.mae(), 0.5);
  EXPECT_NEAR(tally.r2(), 0.9486081370449679, 1e-12);
}

// The example of scikit-learn's r2_score with several targets: [0.965..., 0.908...], mean 0.936...
TEST(Regression, r2_of_two_targets_is_the_mean_of_each) {
  regression::Tally tally(2);
  tally.add(std::vector<float>{0, 2, -1, 2}, std::vector<double>{0.5, 1, -1, 1});
  tally.add(std::vector<float>{8, -5}, std::vector<double>{7, -6});
  EXPECT_NEAR(tally.r2(), 0.9368005266622779, 1e-12);
  EXPECT_NEAR(tally.mse(), 4.25 / 6, 1e-12);
}

TEST(Regression, r2_keeps_its_digits_far_from_zero) {
  regression::Tally tally(1);
  const double far = 1 << 20;
  tally.add(std::vector<float>{static_cast<float>(far), static_cast<float>(far + 1), static_cast<float>(far + 1)},
            std::vector<double>{far, far + 1, far + 2});
  EXPECT_DOUBLE_EQ(tally.r2(), 1 - 1.0 / 2);
}

TEST(Regression, r2_of_a_constant_target_is_zero) {
  regression::Tally tally(1);
  tally.add(std::vector<float>{1, 2}, std::vector<double>{5, 5});
  EXPECT_EQ(tally.r2(), 0);
}

// Hyndman and Fan (1996), type 7: the default of R and NumPy.
TEST(Quantile, is_linear_between_order_statistics) {
  EXPECT_DOUBLE_EQ(latency::quantile({4, 1, 3, 2}, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(latency::quantile({4, 1, 3, 2}, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(latency::quantile({4, 1, 3, 2}, 0), 1);
  EXPECT_DOUBLE_EQ(latency::quantile({4, 1, 3, 2}, 1), 4);
  EXPECT_DOUBLE_EQ(latency::quantile({7}, 0.95), 7);
  std::vector<double> hundred;
  for (int i = 100; i > 0; --i) hundred.push_back(i);
  EXPECT_DOUBLE_EQ(latency::quantile(hundred, 0.95), 95.05);
}

}  // namespace
