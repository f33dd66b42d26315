#include "auto/auto.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "gp/gp.hpp"
#include "support/losses.hpp"
#include "support/sampler_run.hpp"
#include "support/spaces.hpp"
#include "surrogate/surrogate.hpp"
#include "tpe/tpe.hpp"

namespace nascent::automatic {
namespace {

using test::Config;
using test::History;
using test::SamplerInstance;

template <class T>
SamplerInstance make(const SpaceDeclaration& space,
                     std::initializer_list<std::pair<std::string, test::OptionValue>> given = {},
                     test::SamplerCase c = {}) {
  Config config(given);
  if constexpr (HasOptions<T>) config.complete<T>();
  return {SamplerKind::table<T>, space, config, c};
}

// Prior draws, of which none after `best` is better than it.
History stalled(const SpaceDeclaration& space, std::uint64_t n, std::uint64_t best, std::size_t n_objectives = 1) {
  History h(n_objectives);
  for (std::uint64_t t = 0; t < n; ++t) {
    const double value = t == best ? -1.0 : static_cast<double>(t % 7);
    h.add(t, TrialState::completed, std::vector<double>(n_objectives, value), test::prior_draw(space, 1, t));
  }
  return h;
}

TEST(Auto, with_one_objective_begins_as_gp) {
  const SpaceDeclaration space = test::mixed_space();
  auto chosen = make<Auto>(space), process = make<gp::GaussianProcessSearch>(space);
  EXPECT_EQ(test::run_study(chosen, test::failing_mixed_loss, 30, 3),
            test::run_study(process, test::failing_mixed_loss, 30, 3));
}

TEST(Auto, with_a_scheduler_is_tpe_and_passes_reports_on) {
  const SpaceDeclaration space = test::mixed_space();
  auto chosen = make<Auto>(space, {}, {.full_budget = 9}), tpe = make<tpe::Tpe>(space, {}, {.full_budget = 9});
  for (std::uint64_t t = 0; t < 40; ++t) {
    const Point at = chosen.ask_one(t);
    EXPECT_EQ(at, tpe.ask_one(t)) << t;
    History reports;
    reports.add(t, TrialState::paused, {test::mixed_loss(at)}, at, {}, 1);
    for (SamplerInstance* sampler : {&chosen, &tpe}) EXPECT_TRUE(sampler->tell_reports(reports));
  }
}

TEST(Auto, draws_at_most_a_third_of_a_short_search_blindly) {
  const SpaceDeclaration space = test::mixed_space();
  auto chosen = make<Auto>(space, {}, {.trials_max = 15});
  auto process = make<gp::GaussianProcessSearch>(space, {{"initial", std::int64_t{5}}});
  EXPECT_EQ(test::run_study(chosen, test::failing_mixed_loss, 15, 1),
            test::run_study(process, test::failing_mixed_loss, 15, 1));
}

TEST(Auto, lets_tpe_take_turns_later) {
  const SpaceDeclaration space = test::mixed_space();
  auto chosen = make<Auto>(space), tpe = make<tpe::Tpe>(space), process = make<gp::GaussianProcessSearch>(space);
  for (SamplerInstance* sampler : {&chosen, &tpe, &process}) {
    History h = stalled(space, 120, 10);
    sampler->tell(h);
  }
  EXPECT_EQ(chosen.ask_one(120), process.ask_one(120));
  EXPECT_EQ(chosen.ask_one(121), tpe.ask_one(121));
  EXPECT_NE(process.ask_one(121), tpe.ask_one(121));
}

TEST(Auto, lets_the_surrogate_take_turns_where_a_long_search_no_longer_improves) {
  const SpaceDeclaration space = test::mixed_space();
  auto chosen = make<Auto>(space), tpe = make<tpe::Tpe>(space);
  auto surrogate = make<surrogate::Surrogate>(space, {{"acquisition", "thompson"}});  // rate is continuous
  for (SamplerInstance* sampler : {&chosen, &tpe, &surrogate}) {
    History h = stalled(space, 600, 10);
    sampler->tell(h);
  }
  EXPECT_EQ(chosen.ask_one(600), tpe.ask_one(600));
  EXPECT_EQ(chosen.ask_one(601), surrogate.ask_one(601));
  EXPECT_NE(surrogate.ask_one(601), tpe.ask_one(601));
}

TEST(Auto, an_infeasible_trial_is_no_progress) {
  const SpaceDeclaration space = test::mixed_space();
  auto chosen = make<Auto>(space, {}, {.n_constraints = 1}), tpe = make<tpe::Tpe>(space, {}, {.n_constraints = 1});
  for (SamplerInstance* sampler : {&chosen, &tpe}) {
    History h(1, 1);
    for (std::uint64_t t = 0; t < 600; ++t) {
      h.add(t, TrialState::completed, {-static_cast<double>(t)}, test::prior_draw(space, 1, t), {t < 10 ? -1.0 : 1.0});
    }
    sampler->tell(h);
  }
  EXPECT_EQ(chosen.ask_one(600), tpe.ask_one(600));
  EXPECT_NE(chosen.ask_one(601), tpe.ask_one(601)) << "the tenth trial was the last that counts";
}

TEST(Auto, with_several_objectives_takes_turns_and_judges_distinct_values_by_improvement) {
  SpaceBuilder s;
  for (int i = 0; i < 6; ++i) s.choice("c" + std::to_string(i), {"a", "b", "c"});
  const SpaceDeclaration space = s.declaration();
  const test::SamplerCase two{.n_objectives = 2};
  auto chosen = make<Auto>(space, {}, two), tpe = make<tpe::Tpe>(space, {}, two);
  auto surrogate = make<surrogate::Surrogate>(space, {{"acquisition", "expected_improvement"}}, two);
  for (SamplerInstance* sampler : {&chosen, &tpe, &surrogate}) {
    History h = stalled(space, 30, 0, 2);
    sampler->tell(h);
  }
  EXPECT_EQ(chosen.ask_one(30), tpe.ask_one(30));
  EXPECT_EQ(chosen.ask_one(31), surrogate.ask_one(31));
}

TEST(Auto, told_again_in_a_new_instance_the_history_gives_the_same_next_proposals) {
  const SpaceDeclaration space = test::mixed_space();
  const std::vector<Point> rows = test::prior_draws(space, 1, 120);
  auto lived = make<Auto>(space), replayed = make<Auto>(space);
  History all;
  for (std::uint64_t t = 0; t < rows.size(); ++t) {
    if (t % 20 == 15) lived.ask_one(t);
    History one;
    test::add_outcome(one, t, rows[t], test::failing_mixed_loss(rows[t]));
    test::add_outcome(all, t, rows[t], test::failing_mixed_loss(rows[t]));
    lived.tell(one);
  }
  replayed.tell(all);
  EXPECT_EQ(lived.ask({120, 121}), replayed.ask({120, 121}));
}

TEST(Auto, ends_when_every_configuration_was_tried) {
  SpaceBuilder s;
  s.choice("c", {"a", "b", "c"});
  const SpaceDeclaration space = s.declaration();
  auto sampler = make<Auto>(space);
  std::set<double> tried;
  for (const Point& p : test::run_study(
           sampler, [](const Point& at) { return at.x[0]; }, 3))
    tried.insert(p.x[0]);
  EXPECT_EQ(tried.size(), 3U);
  EXPECT_TRUE(test::is_exhausted(sampler, 3));
}

TEST(Auto, says_in_the_log_what_it_uses_and_why_once_for_each_change) {
  struct Log {
    std::vector<std::string> lines;
    static void add(void* self, std::uint32_t level, nas_str who, nas_str line) noexcept {
      EXPECT_EQ(level, NAS_LOG_INFO);
      EXPECT_EQ(view(who), "auto");
      static_cast<Log*>(self)->lines.emplace_back(view(line));
    }
  } log;
  nas_host host{};
  host.size = sizeof host;
  host.ctx = &log;
  host.log = Log::add;
  const SpaceDeclaration space = test::mixed_space();
  SamplerSetup setup;
  setup.host = Host(&host);
  setup.space = SpaceView(space.view());
  const nas_config none{sizeof none, 0, 0, nullptr};
  Auto sampler(Options(&none), setup);
  Point row(space.size());
  for (std::uint64_t t = 0; t < 3; ++t) sampler.ask({t, Observations(nullptr), nullptr}, row.row());
  History h = stalled(space, 120, 0);
  for (std::size_t i = 0; i < h.size(); ++i) sampler.tell(h.view()[i]);
  for (std::uint64_t t = 120; t < 123; ++t) sampler.ask({t, Observations(nullptr), nullptr}, row.row());
  ASSERT_EQ(log.lines.size(), 2U);
  EXPECT_EQ(log.lines[0],
            "engine=gp trial=0 why=\"one objective, short history: a process makes the most of few trials\"");
  EXPECT_EQ(log.lines[1], "engine=gp,tpe trial=120 why=\"one objective: two models that err differently\"");
}

}  // namespace
}  // namespace nascent::automatic
