#include "nascent/core/posterior.hpp"

#include <gtest/gtest.h>

namespace nascent::core {
namespace {

StudyPosterior worth(double n_effective, std::vector<Metric> diagnostics = {}) {
  StudyPosterior posterior;
  posterior.n_effective = n_effective;
  posterior.diagnostics = std::move(diagnostics);
  return posterior;
}

TEST(StudyPosteriorTrust, grows_with_independent_draws) {
  EXPECT_EQ(worth(9).trust(), Trust::none);
  EXPECT_EQ(worth(10).trust(), Trust::rough);
  EXPECT_EQ(worth(100).trust(), Trust::good);
}

TEST(StudyPosteriorTrust, needs_chains_that_agree) {
  EXPECT_EQ(worth(500, {{"r_hat_max", 1.04}}).trust(), Trust::good);
  EXPECT_EQ(worth(500, {{"r_hat_max", 1.1}}).trust(), Trust::rough);
  EXPECT_EQ(worth(500, {{"r_hat_max", 1.3}}).trust(), Trust::none);
}

TEST(StudyPosteriorTrust, needs_a_distribution_that_is_like_the_target) {
  EXPECT_EQ(worth(500, {{"overlap", 0.96}}).trust(), Trust::good);
  EXPECT_EQ(worth(500, {{"overlap", 0.7}}).trust(), Trust::rough);
  EXPECT_EQ(worth(500, {{"overlap", 0.44}}).trust(), Trust::none);
}

TEST(StudyPosteriorTrust, is_never_good_where_a_sampler_chose_and_its_joint_preferences_are_unknown) {
  StudyPosterior posterior = worth(500);
  posterior.corrected = true;
  EXPECT_EQ(posterior.trust(), Trust::rough);
}

}  // namespace
}  // namespace nascent::core
