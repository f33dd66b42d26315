// Studies in virtual time, against schedules that are known by hand.
#include "nascent/core/simulation.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nascent/plugin.hpp>
#include <nascent/sampler.hpp>
#include <nascent/scheduler.hpp>
#include <nascent/space.hpp>
#include <nascent/space_builder.hpp>

#include "curves.hpp"
#include "files.hpp"

namespace nascent::core {
namespace {

using nascent::test::TemporaryFolder;
using testing::HasSubstr;

// Eight places, and no architecture.
class Places : public nascent::Space {
 public:
  static constexpr nascent::About about{"test.space.places", "places", "1.0.0", "Eight places"};
  Places(const nascent::Options&, const nascent::SpaceSetup&) {
    nascent::SpaceBuilder s;
    s.integer("place", 0, 7);
    declaration_ = s.declaration();
  }
  [[nodiscard]] const nascent::SpaceDeclaration& declaration() const override { return declaration_; }
  [[nodiscard]] std::optional<nascent::Graph> build(const nascent::Values&) const override { return std::nullopt; }

 private:
  nascent::SpaceDeclaration declaration_;
};

// One place after the other.
class Stroll : public nascent::Sampler {
 public:
  static constexpr nascent::About about{"test.sampler.stroll", "stroll", "1.0.0", "One place after the other"};
  Stroll(const nascent::Options&, const nascent::SamplerSetup&) {}
  void ask(const nascent::Ask& ask, nascent::Row row) override {
    row.x[0] = static_cast<double>(ask.trial_id % 8);
    row.active[0] = 1;
  }
  void tell(const nascent::Observation&) override {}
};

// A population of which nothing becomes.
class Crowd : public nascent::PopulationScheduler {
 public:
  static constexpr nascent::About about{"test.scheduler.crowd", "crowd", "1.0.0", "A population"};
  Crowd(const nascent::Options&, const nascent::SchedulerSetup& setup) : PopulationScheduler(setup) {}
  nascent::Verdict decide(const nascent::Observations&, const nascent::Observations&) override { return nascent::Verdict::go; }
  std::vector<std::uint64_t> fork(const nascent::Observations&) override { return {}; }
  std::uint64_t admits(const nascent::Observations&, std::uint64_t) override { return 1; }
  void explore(std::uint64_t, nascent::Row) override {}
};

PluginCatalog& catalog() {
  static PluginCatalog the_catalog = [] {
    static constexpr nas_plugin plugin = nascent::describe_plugin<Places, Stroll, fakes::Curves, fakes::Halver, Crowd>("test.simulation", "1.0.0");
    PluginCatalog c = PluginCatalog::empty();
    if (auto registered = c.register_builtin(&plugin); !registered) throw std::runtime_error(registered.error().message);
    return c;
  }();
  return the_catalog;
}

class SimulationTest : public testing::Test {
 protected:
  // Trials of ten seconds to the dot, three reports each, a coordinator that takes no time.
  [[nodiscard]] SimulationSetup setup(std::uint32_t workers, std::uint64_t trials, const std::string& more = "") const {
    auto config = parse_study(
        fmt::format("[study]\nname = \"s\"\nseed = 5\nparallel = 1\nduplicates = \"retrain\"\nstore = \"s.db\"\n"
                    "deterministic = {}\n[objective]\nmetric = \"val_loss\"\ndirection = \"minimize\"\n[budget]\nepochs = 3\n"
                    "[space]\ntype = \"places\"\n[sampler]\ntype = \"stroll\"\n[trainer]\ntype = \"curves\"\n"
                    "[stop]\ntrials = {}\n{}\n",
                    deterministic_, trials, more),
        "study.toml", folder_.path());
    if (!config) throw std::runtime_error(config.error().message);
    SimulationSetup s;
    s.study = std::move(*config);
    s.workers = workers;
    s.store = ":memory:";
    s.costs.spread = 0;
    s.coordinator.kind = CoordinatorTime::Kind::free;
    return s;
  }
  static SimulationReport run(SimulationSetup setup) {
    auto report = simulate(std::move(setup), catalog());
    if (!report) throw std::runtime_error(report.error().message);
    return std::move(*report);
  }
  static std::string message_of(SimulationSetup setup) {
    const auto report = simulate(std::move(setup), catalog());
    return report ? "" : report.error().message;
  }

  TemporaryFolder folder_;
  bool deterministic_ = true;
};

TEST_F(SimulationTest, three_workers_train_seven_trials_in_three_rounds) {
  SimulationSetup s = setup(3, 7);
  s.costs.lease_seconds = 9;
  const SimulationReport r = run(std::move(s));
  EXPECT_EQ(r.search.counts.completed, 7U);
  EXPECT_EQ(r.search.reason, "trials=7");
  EXPECT_EQ(r.parallel, 3U);
  EXPECT_NEAR(r.seconds, 30, 1e-9);
  EXPECT_NEAR(r.training_seconds, 70, 1e-9);
  EXPECT_NEAR(r.utilisation(), 70.0 / 90, 1e-9);
  EXPECT_NEAR(r.fed_seconds, 20, 1e-9);
  EXPECT_NEAR(r.fed_utilisation(), 1, 1e-9);
  EXPECT_EQ(r.attempts, 7U);
  EXPECT_EQ(r.virtual_coordinator_seconds, 0);
  ASSERT_EQ(r.stretches.size(), 10U);
  EXPECT_NEAR(r.stretches[0].utilisation, 1, 1e-9);
  EXPECT_NEAR(r.stretches[9].utilisation, 1.0 / 3, 1e-9);
  EXPECT_EQ(r.stretches[9].trials, 7U);
  // Every trial: three reports, one lease, one result.
  const auto calls = [&](const std::string& name) {
    const auto call = std::ranges::find(r.store_calls, name, &StoreCall::name);
    return call == r.store_calls.end() ? 0 : call->calls;
  };
  EXPECT_EQ(calls("report"), 21U);
  EXPECT_EQ(calls("lease"), 7U);
  EXPECT_EQ(calls("finish"), 7U);
  EXPECT_EQ(calls("heartbeat"), 21U);  // a third of the lease apart
}

TEST_F(SimulationTest, a_budget_in_fraction_is_reported_after_each_doubling_of_the_data) {
  SimulationSetup s = setup(1, 1);
  s.study.config.budget = {BudgetUnit::fraction, 1};
  s.store = folder_.path("kept.db");
  run(std::move(s));
  auto store = Store::open(folder_.path("kept.db"));
  ASSERT_TRUE(store) << store.error().message;
  const auto study = (*store)->study("s");
  ASSERT_TRUE(study && *study);
  const auto reports = (*store)->reports((*study)->id, 0);
  ASSERT_TRUE(reports);
  std::vector<double> budgets;
  for (const ReportRecord& r : *reports) budgets.push_back(r.report.budget);
  EXPECT_THAT(budgets, testing::ElementsAre(0.0625, 0.125, 0.25, 0.5, 1));
}

TEST_F(SimulationTest, a_busy_coordinator_keeps_the_workers_waiting) {
  SimulationSetup s = setup(1, 3);
  s.coordinator = {CoordinatorTime::Kind::fixed, 1};
  const SimulationReport r = run(std::move(s));
  EXPECT_NEAR(r.seconds, 33, 1e-9);
  EXPECT_NEAR(r.utilisation(), 30.0 / 33, 1e-9);
  EXPECT_NEAR(r.coordinator_share(), 3.0 / 33, 1e-9);
  ASSERT_TRUE(r.workers_at_saturation());
  EXPECT_NEAR(*r.workers_at_saturation(), 10, 1e-9);
}

TEST_F(SimulationTest, measured_service_goes_into_the_virtual_clock) {
  SimulationSetup s = setup(2, 8);
  s.coordinator.kind = CoordinatorTime::Kind::measured;
  const SimulationReport r = run(std::move(s));
  EXPECT_GT(r.virtual_coordinator_seconds, 0);
  EXPECT_EQ(r.virtual_coordinator_seconds, r.coordinator_seconds);
  EXPECT_GT(r.seconds, 40);
  EXPECT_GE(r.coordinator_seconds, r.store_seconds() + r.times.ask.seconds + r.times.tell.seconds);
  EXPECT_EQ(r.times.ask.calls, 8U);
}

TEST_F(SimulationTest, a_lost_worker_costs_the_attempt_and_a_lease) {
  SimulationSetup s = setup(1, 1, "[workers]\nretries = 1\n");
  s.costs.failures = 1;
  const SimulationReport r = run(std::move(s));
  EXPECT_EQ(r.attempts, 2U);
  EXPECT_EQ(r.lost_attempts, 2U);
  EXPECT_EQ(r.search.counts.failed, 1U);
  EXPECT_GT(r.lost_seconds, 0);
  EXPECT_LT(r.lost_seconds, 20);
  EXPECT_NEAR(r.training_seconds, r.lost_seconds, 1e-9);
  EXPECT_NEAR(r.seconds, r.lost_seconds + 2 * 30, 1e-9);
}

TEST_F(SimulationTest, stragglers_take_so_many_times_as_long) {
  SimulationSetup s = setup(1, 2);
  s.costs.stragglers = 1;
  s.costs.straggler_factor = 4;
  const SimulationReport r = run(std::move(s));
  EXPECT_EQ(r.straggling_attempts, 2U);
  EXPECT_NEAR(r.seconds, 80, 1e-9);
}

TEST_F(SimulationTest, a_trial_ends_at_the_studys_limit) {
  const SimulationReport r = run(setup(1, 3, "[workers]\ntrial_seconds_max = 4\n"));
  EXPECT_EQ(r.timed_out, 3U);
  EXPECT_EQ(r.search.counts.failed, 3U);
  EXPECT_NEAR(r.seconds, 12, 1e-9);
}

TEST_F(SimulationTest, wall_time_is_virtual_and_cuts_what_runs) {
  const SimulationReport r = run(setup(1, 9, "wall_time = 25\n"));
  EXPECT_EQ(r.search.reason, "wall_time=25s");
  EXPECT_EQ(r.search.counts.completed, 2U);
  EXPECT_EQ(r.search.counts.unfinished(), 1U);
  EXPECT_TRUE(r.search.cut);
  EXPECT_NEAR(r.seconds, 25, 1e-9);
  EXPECT_NEAR(r.training_seconds, 25, 1e-9);
}

TEST_F(SimulationTest, a_deterministic_study_waits_for_its_slowest_unless_more_may_be_asked_for) {
  const auto utilisation = [&](std::uint32_t parallel) {
    SimulationSetup s = setup(10, 400);
    s.costs.spread = 0.5;
    s.parallel = parallel;
    return run(std::move(s)).fed_utilisation();
  };
  EXPECT_LT(utilisation(10), 0.8);
  EXPECT_GT(utilisation(40), 0.95);
}

TEST_F(SimulationTest, the_same_seed_gives_the_same_schedule) {
  deterministic_ = false;
  const auto once = [&](std::uint64_t seed) {
    SimulationSetup s = setup(7, 60);
    s.study.config.seed = seed;
    s.costs.spread = 0.4;
    s.costs.failures = s.costs.stragglers = 0.1;
    return run(std::move(s));
  };
  const SimulationReport a = once(5), b = once(5), other = once(6);
  EXPECT_EQ(a.seconds, b.seconds);
  EXPECT_EQ(a.training_seconds, b.training_seconds);
  EXPECT_EQ(a.lost_attempts, b.lost_attempts);
  EXPECT_GT(a.lost_attempts, 0U);
  EXPECT_NE(a.seconds, other.seconds);
}

TEST_F(SimulationTest, paused_trials_train_on_from_where_they_stood) {
  SimulationSetup s = setup(2, 8, "[scheduler]\ntype = \"halver\"\n");
  s.store = folder_.path("kept.db");
  const SimulationReport r = run(std::move(s));
  EXPECT_GT(r.search.counts.completed, 0U);
  EXPECT_GT(r.search.counts.paused, 0U);
  EXPECT_EQ(r.attempts, 8 + r.search.counts.completed);
  // A pause costs a third of a training, the rest of one two thirds.
  EXPECT_NEAR(r.training_seconds, 10 * (8 + 2.0 * static_cast<double>(r.search.counts.completed)) / 3, 1e-6);
  EXPECT_NEAR(r.search.counts.train_seconds, r.training_seconds, 1e-6);
  const auto store = Store::open(folder_.path("kept.db"), OpenMode::read_only);
  ASSERT_TRUE(store);
  const auto trials = (*store)->trials(1, {.state = TrialState::completed});
  ASSERT_TRUE(trials);
  for (const Trial& trial : *trials) EXPECT_EQ((*store)->reports(1, trial.id)->size(), 3U) << "the whole curve";
}

TEST_F(SimulationTest, curves_come_from_a_table) {
  std::string table = "place,budget,val_loss,seconds\n";
  for (int place = 0; place < 8; ++place) {
    for (int epoch = 1; epoch <= 4; ++epoch) {  // the fourth is beyond the study's budget
      table += fmt::format("{},{},{},{}\n", place, epoch, 10 - place + 1.0 / epoch, 2 * epoch + place);
    }
  }
  SimulationSetup s = setup(1, 8);
  s.curves.table = folder_.write("curves.csv", table);
  const SimulationReport r = run(std::move(s));
  EXPECT_NEAR(r.seconds, 8 * 6 + 28, 1e-9);  // 6 + place
  ASSERT_TRUE(r.optimum);
  EXPECT_NEAR(*r.optimum, 3 + 1.0 / 3, 1e-12);
  ASSERT_EQ(r.best.size(), 8U);
  EXPECT_NEAR(r.best.front().value, 10 + 1.0 / 3, 1e-12);
  EXPECT_NEAR(r.best.back().value, *r.optimum, 1e-12);
  EXPECT_NEAR(r.best.back().seconds, 76, 1e-9);
  EXPECT_EQ(r.nearest, 0U);
}

TEST_F(SimulationTest, what_a_table_lacks_has_the_curve_of_the_nearest_configuration) {
  SimulationSetup s = setup(1, 8);
  s.curves.table = folder_.write("curves.csv", "val_loss,place\n0.5,1\n,6\n");  // the second diverged
  const SimulationReport r = run(std::move(s));
  EXPECT_EQ(r.nearest, 6U);
  EXPECT_EQ(r.search.counts.completed, 4U);  // places 0 to 3
  EXPECT_EQ(r.search.counts.failed, 4U);
}

TEST_F(SimulationTest, curves_come_from_a_study_of_the_same_space) {
  SimulationSetup first = setup(2, 16);
  first.store = folder_.path("first.db");
  first.costs.spread = 0.3;
  const SimulationReport measured = run(std::move(first));
  SimulationSetup again = setup(1, 8);
  again.curves.store = folder_.path("first.db");
  const SimulationReport r = run(std::move(again));
  EXPECT_EQ(r.nearest, 0U);
  ASSERT_FALSE(r.best.empty());
  EXPECT_EQ(r.best.back().value, measured.best.back().value);
  EXPECT_GT(r.seconds, 40);
  SimulationSetup lost = setup(1, 8);
  lost.curves = {{}, folder_.path("first.db"), "other"};
  EXPECT_THAT(message_of(std::move(lost)), HasSubstr("has no study \"other\""));
}

TEST_F(SimulationTest, a_table_that_does_not_fit_is_refused_at_its_place) {
  const auto refused = [&](const std::string& table) {
    SimulationSetup s = setup(1, 8);
    s.curves.table = folder_.write("t.csv", table);
    return message_of(std::move(s));
  };
  EXPECT_THAT(refused("val_loss\n1\n"), HasSubstr("t.csv:1: no column for parameter \"place\""));
  EXPECT_THAT(refused("place,loss\n1,2\n"), HasSubstr("no column for metric \"val_loss\", which the study is judged by; valid: place, loss"));
  EXPECT_THAT(refused("place,val_loss\n1\n"), HasSubstr("t.csv:2: 1 cells where the first line has 2"));
  EXPECT_THAT(refused("place,val_loss\n1,x\n"), HasSubstr("t.csv:2: val_loss is \"x\", which is no number"));
  EXPECT_THAT(refused("place,val_loss\n1,1\n1,2\n"), HasSubstr("t.csv:3: this configuration has a row already"));
  EXPECT_THAT(refused("place,val_loss,budget\n1,1,0\n"), HasSubstr("budget is \"0\"; it has to be a number above 0"));
  EXPECT_THAT(refused("place,val_loss\n9,1\n"), HasSubstr("no row lies in the study's search space"));
  EXPECT_THAT(refused("place,val_loss,budget,seconds\n1,1,1,5\n1,1,2,4\n"), HasSubstr("seconds fall where the budget rises to 2"));
}

TEST_F(SimulationTest, a_population_is_refused) {
  SimulationSetup s = setup(1, 8, "[scheduler]\ntype = \"crowd\"");
  s.store = folder_.path("simulated.db");
  EXPECT_THAT(message_of(std::move(s)), HasSubstr("lets trials go on from the weights of others"));
}

TEST_F(SimulationTest, settings_outside_their_range_are_refused) {
  SimulationSetup s = setup(1, 8);
  s.costs.failures = 1.5;
  EXPECT_THAT(message_of(std::move(s)), HasSubstr("shares of the attempts, from 0 to 1"));
  s = setup(1, 8);
  s.costs.straggler_factor = 0.5;
  EXPECT_THAT(message_of(std::move(s)), HasSubstr("it has to be 1 or more"));
  s = setup(1, 8);
  s.curves = {"a.csv", "b.db", ""};
  EXPECT_THAT(message_of(std::move(s)), HasSubstr("not from both"));
}

}  // namespace
}  // namespace nascent::core
