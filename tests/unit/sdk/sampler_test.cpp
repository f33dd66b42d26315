// The sampler thunks: batches, exhaustion, exceptions.
#include "nascent/sampler.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "nascent/space_builder.hpp"
#include "support/sampler_instance.hpp"

namespace nascent {
namespace {

// Counts upwards; exhausted from trial `last` on; throws something odd at trial 99.
class Counting : public Sampler {
 public:
  static constexpr About about{"test.counting", "counting", "1.0.0", "Counts"};
  Counting(const Options& given, const SamplerSetup& setup)
      : last_(given.has("last") ? given.integer("last") : 1000), space_(setup.space) {
    if (given.has("refuse")) throw InvalidOption("refuse", "refuse is set; leave it out");
  }
  void ask(const Ask& ask, Row row) override {
    if (ask.trial_id == 99) throw 42;
    if (static_cast<std::int64_t>(ask.trial_id) >= last_) throw Error(NAS_E_EXHAUSTED, "nothing left");
    row.x[0] = static_cast<double>(ask.trial_id + told_ + 100 * ask.pending.size());
    row.active[0] = 1;
  }
  void tell(const Observation& o) override { told_ += o.has_values() ? 1 : 0; }

 private:
  std::int64_t last_;
  SpaceView space_;
  std::uint64_t told_ = 0;
};

SpaceDeclaration space() {
  SpaceBuilder s;
  s.real("x", 0, 1e6);
  return s.declaration();
}
test::SamplerInstance make(std::initializer_list<std::pair<std::string, test::OptionValue>> given = {}) {
  return {SamplerKind::table<Counting>, space(), test::Config(given)};
}

TEST(SamplerKind, fills_a_batch_row_by_row) {
  auto sampler = make();
  const auto points = sampler.ask({5, 7, 6});
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[1].x[0], 7);
}

TEST(SamplerKind, a_batch_ends_early_when_the_sampler_is_exhausted) {
  auto sampler = make({{"last", 2}});
  EXPECT_EQ(sampler.ask({0, 1, 2, 3}).size(), 2U);
  try {
    sampler.ask({2});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), NAS_E_EXHAUSTED);
    EXPECT_STREQ(e.what(), "nothing left");
  }
}

TEST(SamplerKind, tells_each_observation_and_shows_what_is_pending) {
  auto sampler = make();
  test::History told, pending;
  Point p(1);
  told.add(0, TrialState::completed, {1.0}, p).add(1, TrialState::failed, {}, p).add(2, TrialState::pruned, {2.0}, p);
  pending.add(3, TrialState::pending, {}, p);
  sampler.tell(told);
  EXPECT_EQ(sampler.ask_one(10).x[0], 12);
  EXPECT_EQ(sampler.ask_one(10, pending.get()).x[0], 112);
}

TEST(SamplerKind, exceptions_become_statuses) {
  auto sampler = make();
  try {
    sampler.ask({99});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), NAS_E_INTERNAL);
    EXPECT_STREQ(e.what(), "an exception that is no std::exception");
  }
  try {
    make({{"refuse", true}});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), NAS_E_INVALID);
    EXPECT_EQ(e.option(), "/refuse");
  }
}

TEST(SamplerKind, create_needs_a_space) {
  void* self = nullptr;
  nas_error error{};
  EXPECT_EQ(SamplerKind::table<Counting>.create(nullptr, nullptr, nullptr, &self, &error), NAS_E_INVALID);
  EXPECT_STREQ(error.message, "nas_sampler_arg is missing; the host has to pass it to create");
  const nas_sampler_arg arg{sizeof arg, 1, 0, 1, nullptr, 0, 0};
  EXPECT_EQ(SamplerKind::table<Counting>.create(nullptr, nullptr, &arg, &self, &error), NAS_E_INVALID);
  EXPECT_EQ(self, nullptr) << "stays untouched on failure";
  EXPECT_EQ(SamplerKind::table<Counting>.create(nullptr, nullptr, &arg, &self, nullptr), NAS_E_INVALID)
      << "the error may be null";
}

// Draws as many configurations as it is asked for.
class Inferring : public Sampler {
 public:
  static constexpr About about{"org.nascent.test.inferring", "inferring", "1.0.0", "Offers a posterior"};
  explicit Inferring(const nascent::Options&, const SamplerSetup&) {}
  void ask(const Ask&, Row) override {}
  [[nodiscard]] Posterior posterior(std::size_t draws_max) const {
    if (draws_max == 13) throw Error(NAS_E_UNSUPPORTED, "no thirteen draws");
    Posterior p;
    for (std::size_t i = 0; i < draws_max; ++i) {
      p.draws.emplace_back(1).x[0] = static_cast<double>(i);
      p.weights.push_back(0.5);
    }
    p.n_effective = 1.5;
    p.diagnostics = {{"r_hat_max", 1.01}};
    return p;
  }
};

TEST(SamplerKind, a_posterior_is_offered_where_it_is_declared) {
  SpaceBuilder s;
  s.real("x", 0, 10);
  const SpaceDeclaration space = s.declaration();
  const test::Config none;
  const test::SamplerInstance sampler(SamplerKind::table<Inferring>, space, none);
  const Posterior p = *sampler.posterior(3);
  ASSERT_EQ(p.draws.size(), 3U);
  EXPECT_EQ(p.draws[2].x[0], 2);
  EXPECT_EQ(p.weights, (std::vector<double>{0.5, 0.5, 0.5}));
  EXPECT_EQ(p.n_effective, 1.5);
  EXPECT_EQ(p.diagnostics.at(0), (std::pair<std::string, double>("r_hat_max", 1.01)));
  EXPECT_TRUE(sampler.posterior(0)->draws.empty());
  EXPECT_THROW(static_cast<void>(sampler.posterior(13)), Error);
  EXPECT_FALSE(make().posterior(3).has_value());
}

TEST(Observation, reads_its_columns) {
  test::History h(2, 1);
  Point p(1);
  p.x = {0.5};
  p.active = {1};
  h.add(4, TrialState::completed, {1, 2}, p, {-1}, 3)
      .add(5, TrialState::pruned, {3, 4}, p, {0.1}, 1)
      .add(6, TrialState::failed, {}, p, {0});
  const Observations all = h.view();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].trial_id(), 4U);
  EXPECT_EQ(all[1].values()[1], 4);
  EXPECT_TRUE(all[0].feasible());
  EXPECT_FALSE(all[1].feasible());
  EXPECT_TRUE(all[1].has_values());
  EXPECT_FALSE(all[1].completed());
  EXPECT_FALSE(all[2].has_values());
  EXPECT_EQ(all[0].budget(), 3);
  EXPECT_EQ(all[2].at().x[0], 0.5);
  EXPECT_EQ(Observations(nullptr).size(), 0U);
}

}  // namespace
}  // namespace nascent
