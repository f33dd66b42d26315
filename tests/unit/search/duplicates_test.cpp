// Trials that would repeat an earlier one, and configurations without an architecture.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <nascent/architectures.hpp>
#include <set>

#include "layers.hpp"
#include "search_fixture.hpp"

namespace nascent::core {
namespace {

using fakes::Layers;
using fakes::Scripted;
using fakes::ShuffledExecutor;
using test::expect_same;
using test::StudyInMemory;

// The layers plus a lifted learning rate.
StudySpace layers_space() {
  const nas_space_arg arg{sizeof(nas_space_arg), 0, nullptr};
  LiftedParameter rate;
  rate.parameter.name = "trainer.learning_rate";
  rate.parameter.kind = nascent::ParameterKind::categorical;
  rate.parameter.choices = {0.1, 0.01};
  rate.component_path = "trainer";
  rate.option_pointer = "/learning_rate";
  return test::take(StudySpace::compose(StudyInMemory::make<Layers, nas_space_vt>(arg), {rate}));
}

// depth, width index, colour, extra (of depth > 1), rate
nascent::Point layers(double depth, double width, double colour, double extra, double rate) {
  nascent::Point p(5);
  p.x = {depth, width, colour, depth > 1 ? extra : 0, rate};
  p.active = {1, 1, 1, static_cast<std::uint8_t>(depth > 1), 1};
  return p;
}

void by_depth(Trial& trial) {
  trial.cost_seconds = 1;
  trial.budget_spent = 1;
  trial.metrics = {{"loss", trial.configuration.x[0] + static_cast<double>(trial.id)}};
}

StudyConfig config(Duplicates duplicates, std::uint32_t parallel, std::uint64_t trials) {
  StudyConfig c = test::study_config(parallel, trials);
  c.duplicates = duplicates;
  return c;
}

TEST(Duplicates, reuse_copies_the_metrics_of_the_same_architecture_and_options) {
  Scripted::script = {layers(2, 0, 0, 1, 0), layers(2, 0, 1, 1, 0),   // another colour: the same
                      layers(2, 0, 0, 1, 1), layers(2, 0, 0, 0, 0)};  // another rate, another graph
  StudyInMemory study(config(Duplicates::reuse, 1, 4), layers_space());
  const auto outcome = study.run<Scripted>({}, by_depth);
  ASSERT_TRUE(outcome) << outcome.error().message;
  const auto trials = study.trials();
  EXPECT_EQ(trials[1].duplicate_of, 0U);
  EXPECT_EQ(trials[1].metrics, trials[0].metrics);
  EXPECT_EQ(trials[1].cost_seconds, 0);
  EXPECT_EQ(trials[0].architecture_hash, trials[1].architecture_hash);
  EXPECT_EQ(trials[2].duplicate_of, std::nullopt);
  EXPECT_EQ(trials[3].duplicate_of, std::nullopt);
  EXPECT_EQ(outcome->counts.duplicates, 1U);
  EXPECT_EQ(study.executor().submitted(), 3U);
}

TEST(Duplicates, a_duplicate_waits_for_the_trial_it_repeats) {
  Scripted::script.assign(6, layers(2, 0, 0, 1, 0));
  StudyInMemory study(config(Duplicates::reuse, 6, 6), layers_space());
  const auto outcome = study.run<Scripted>({.workers = 3}, by_depth);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(study.executor().submitted(), 1U);
  EXPECT_EQ(outcome->counts.duplicates, 5U);
  for (const Trial& trial : study.trials()) EXPECT_EQ(trial.metrics[0].value, 2.0);
}

TEST(Duplicates, retrain_trains_again) {
  Scripted::script.assign(3, layers(2, 0, 0, 1, 0));
  StudyInMemory study(config(Duplicates::retrain, 1, 3), layers_space());
  ASSERT_TRUE(study.run<Scripted>({}, by_depth));
  EXPECT_EQ(study.executor().submitted(), 3U);
}

TEST(Duplicates, resample_asks_again_and_repeats_nothing_while_there_is_something_new) {
  // 2 rates x {depth 1: 2 graphs, depth 2: 4, depth 3: 2 and the invalid ones} = 16 different trials.
  StudyInMemory study(config(Duplicates::resample, 1, 10), layers_space());
  ASSERT_TRUE(study.run({}, by_depth));
  std::set<std::pair<std::string, double>> seen;
  std::size_t valid = 0;
  for (const Trial& t : study.trials()) {
    if (t.state == TrialState::invalid) continue;
    ++valid;
    seen.emplace(t.architecture_hash, t.configuration.x[4]);
    EXPECT_EQ(t.duplicate_of, std::nullopt);
  }
  EXPECT_EQ(seen.size(), valid);
}

TEST(Duplicates, resample_gives_up_after_a_bounded_number_of_attempts_and_reuses) {
  Scripted::script.assign(2, layers(2, 0, 0, 1, 0));  // asked again, the script is over
  StudyInMemory study(config(Duplicates::resample, 1, 2), layers_space());
  ASSERT_TRUE(study.run<Scripted>({}, by_depth));
  EXPECT_EQ(study.trials()[1].duplicate_of, 0U);
}

TEST(Duplicates, every_rule_repeats_and_resumes) {
  for (const auto rule : {Duplicates::reuse, Duplicates::resample}) {
    StudyInMemory undisturbed(config(rule, 3, 20), layers_space());
    ASSERT_TRUE(undisturbed.run({.workers = 1}, by_depth));
    StudyInMemory other(config(rule, 3, 20), layers_space());
    ASSERT_TRUE(other.run({.workers = 3, .order = 4}, by_depth));
    expect_same(undisturbed.trials(), other.trials(), "three workers");
    for (std::size_t n = 0; n < 8; ++n) {
      for (const auto rows : {ShuffledExecutor::Rows::queued_first, ShuffledExecutor::Rows::finished_only}) {
        StudyInMemory study(config(rule, 3, 20), layers_space());
        ASSERT_FALSE(study.run({.workers = 2, .order = n, .rows = rows, .dies_after = n}, by_depth));
        const auto outcome = study.run({.workers = 2, .order = n + 1, .rows = rows}, by_depth);
        ASSERT_TRUE(outcome) << outcome.error().message;
        expect_same(undisturbed.trials(), study.trials(), fmt::format("killed after {}", n));
      }
    }
  }
}

TEST(Duplicates, a_configuration_without_architecture_is_recorded_and_never_trained) {
  Scripted::script = {layers(3, 1, 0, 0, 0), layers(1, 1, 0, 0, 0)};
  StudyInMemory study(config(Duplicates::reuse, 1, 2), layers_space());
  const auto outcome = study.run<Scripted>({}, by_depth);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->counts.invalid, 1U);
  const auto trials = study.trials();
  EXPECT_EQ(trials[0].state, TrialState::invalid);
  EXPECT_EQ(trials[0].message, "depth 3 and width 8 are too much");
  EXPECT_EQ(study.executor().submitted(), 1U);
}

TEST(Duplicates, a_sampler_hears_of_invalid_proposals) {
  Scripted::script = {layers(3, 1, 0, 0, 0), layers(1, 1, 0, 0, 0)};
  StudyInMemory study(config(Duplicates::reuse, 1, 2), layers_space());
  ASSERT_TRUE(study.run<Scripted>({}, by_depth));
  std::vector<nascent::TrialState> states;
  fakes::Telltale::on_tell = [&](const nascent::Observation& o) { states.push_back(o.state()); };
  ASSERT_TRUE(study.run({}, by_depth));
  fakes::Telltale::on_tell = {};
  EXPECT_EQ(states, std::vector<nascent::TrialState>{nascent::TrialState::invalid});
}

// Builds the architecture of what it proposes, and wants to know how large it is.
class Curious : public nascent::Sampler {
 public:
  static constexpr nascent::About about{"test.sampler.curious", "curious", "1.0.0", "Looks at architectures and metrics"};
  static inline std::vector<std::size_t> nodes;  // of each proposal; 0 where there is no architecture
  static inline std::vector<std::vector<double>> seen;

  Curious(const nascent::Options&, const nascent::SamplerSetup& setup) : architectures_(setup.architectures) {}
  void ask(const nascent::Ask& ask, nascent::Row row) override {
    Scripted::script[ask.trial_id].copy_to(row);
    const auto graph = architectures_.build(row);
    nodes.push_back(graph ? graph->nodes().size() : 0);
  }
  void tell(const nascent::Observation& o) override { seen.emplace_back(o.metrics().begin(), o.metrics().end()); }
  [[nodiscard]] std::span<const std::string> metrics() const override { return names_; }

 private:
  nascent::Architectures architectures_;
  std::vector<std::string> names_{"size", "nowhere"};
};

TEST(SamplerSetup, architectures_and_named_metrics_reach_a_sampler) {
  Scripted::script = {layers(2, 0, 0, 1, 0), layers(3, 1, 0, 0, 0), layers(1, 0, 0, 0, 0)};
  Curious::nodes.clear();
  Curious::seen.clear();
  StudyInMemory study(config(Duplicates::reuse, 1, 3), layers_space());
  ASSERT_TRUE(study.run<Curious>({}, [](Trial& trial) {
    by_depth(trial);
    trial.metrics.push_back({"size", 10 * trial.configuration.x[0]});
  }));
  EXPECT_EQ(Curious::nodes, (std::vector<std::size_t>{4, 0, 2}));  // input and layers; depth 3 of width 8 has none
  ASSERT_EQ(Curious::seen.size(), 2U);  // the last trial is told to nobody
  ASSERT_EQ(Curious::seen[0].size(), 2U);
  EXPECT_EQ(Curious::seen[0][0], 20);
  EXPECT_TRUE(std::isnan(Curious::seen[0][1]));
  EXPECT_TRUE(std::isnan(Curious::seen[1][0])) << "an invalid trial measured nothing";
}

TEST(StudySpace, parameters_are_named_by_their_place) {
  const StudySpace space = layers_space();
  std::vector<std::string> names;
  for (const auto& p : space.declaration().parameters()) names.push_back(p.name);
  EXPECT_EQ(names, (std::vector<std::string>{"space.depth", "space.width", "space.colour", "space.extra",
                                             "trainer.learning_rate"}));
  EXPECT_EQ(space.declaration().parameters()[3].conditions[0].parent, "space.depth");
  EXPECT_EQ(space.n_space_parameters(), 4U);
  EXPECT_EQ(space.value_text(4, 1), "0.01");
  EXPECT_THAT(space.to_json(), testing::HasSubstr(R"("name":"space.extra","kind":"categorical","choices":[false,true])"));
}

TEST(StudySpace, searched_options_take_their_values) {
  const StudySpace space = layers_space();
  OptionTable fixed;
  fixed.set("/momentum", 0.9);
  const nascent::Point p = layers(1, 0, 0, 0, 1);
  const OptionTable options = space.options("trainer", fixed, p.x.data());
  EXPECT_EQ(*options.get("/momentum"), OptionValue(0.9));
  EXPECT_EQ(*options.get("/learning_rate"), OptionValue(0.01));
  EXPECT_EQ(space.options("evaluator.0", fixed, p.x.data()), fixed);
}

TEST(StudySpace, names_that_clash_are_refused) {
  const nas_space_arg arg{sizeof(nas_space_arg), 0, nullptr};
  LiftedParameter twice;
  twice.parameter.name = "space.depth";
  twice.parameter.hi = 1;
  const auto space = StudySpace::compose(StudyInMemory::make<Layers, nas_space_vt>(arg), {twice});
  ASSERT_FALSE(space);
  EXPECT_THAT(space.error().message, testing::HasSubstr("'space.depth': is declared twice"));
}

}  // namespace
}  // namespace nascent::core
