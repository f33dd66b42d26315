#include <gtest/gtest.h>

#include <map>

#include "support/plugin_library.hpp"
#include "support/sampler_instance.hpp"
#include "support/spaces.hpp"
#include "support/statistics.hpp"

namespace nascent {
namespace {

const nas_sampler_vt& table() {
  static const auto& vt = *static_cast<const nas_sampler_vt*>(test::load_plugin("random").components[0]->vt);
  return vt;
}

test::SamplerInstance make(const SpaceDeclaration& space, std::uint64_t seed = 1) {
  return {table(), space, test::Config(), {.seed = seed}};
}

TEST(RandomSampler, describes_itself) {
  const nas_plugin& plugin = test::load_plugin("random");
  EXPECT_EQ(plugin.magic, NAS_MAGIC);
  ASSERT_EQ(plugin.n_components, 1U);
  EXPECT_EQ(view(plugin.components[0]->kind), NAS_KIND_SAMPLER);
  EXPECT_EQ(view(plugin.components[0]->alias), "random");
  EXPECT_EQ(plugin.components[0]->n_options, 0U);
}

TEST(RandomSampler, same_seed_gives_the_same_configurations) {
  const SpaceDeclaration space = test::mixed_space();
  auto a = make(space), b = make(space), other = make(space, 2);
  EXPECT_EQ(a.ask({0, 1, 2, 3}), b.ask({0, 1, 2, 3}));
  EXPECT_NE(a.ask_one(0), other.ask_one(0));
}

TEST(RandomSampler, a_trial_depends_on_its_number_and_not_on_batch_history_or_order) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make(space);
  const Point seventh = sampler.ask_one(7);
  test::History h;
  h.add(0, TrialState::completed, {1.0}, seventh).add(1, TrialState::failed, {}, seventh);
  sampler.tell(h);
  EXPECT_EQ(sampler.ask({9, 7, 8})[1], seventh);
}

TEST(RandomSampler, configurations_lie_in_the_space) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make(space);
  std::vector<std::uint64_t> trials(2000);
  for (std::uint64_t t = 0; t < trials.size(); ++t) trials[t] = t;
  for (const Point& p : sampler.ask(trials)) ASSERT_TRUE(SpaceView(space.view()).contains(p.row()));
}

TEST(RandomSampler, draws_follow_the_prior) {
  const SpaceDeclaration space = test::mixed_space();
  const SpaceView view(space.view());
  auto sampler = make(space, 5);
  std::vector<std::uint64_t> trials(20000);
  for (std::uint64_t t = 0; t < trials.size(); ++t) trials[t] = t;
  const auto points = sampler.ask(trials);
  const std::size_t rate = view.find("rate"), kind = view.find("kind"), share = view.find("share");
  std::vector<double> rates, shares, kinds(4);
  for (const Point& p : points) {
    rates.push_back(p.x[rate]);
    shares.push_back(p.x[share]);
    ++kinds[static_cast<std::size_t>(p.x[kind])];
  }
  const auto cdf_of = [&](std::size_t i) { return [&view, i](double x) { return view[i].cdf(x); }; };
  EXPECT_LT(test::kolmogorov_smirnov(rates, cdf_of(rate)), test::kKolmogorovSmirnovLimit);
  EXPECT_LT(test::kolmogorov_smirnov(shares, cdf_of(share)), test::kKolmogorovSmirnovLimit);
  EXPECT_EQ(kinds[2], 0) << "a choice of weight 0";
  EXPECT_LT(test::chi_square({kinds[0], kinds[1], kinds[3]}, {0.25, 0.5, 0.25}), test::chi_square_limit(2));
}

}  // namespace
}  // namespace nascent
