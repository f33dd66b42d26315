// Studies whose scheduler keeps a population: trials that go on from the checkpoints of others.
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <iomanip>
#include <map>
#include <nascent/trainer.hpp>
#include <nascent/space.hpp>

#include "config.hpp"
#include "files.hpp"
#include "nascent/core/study_run.hpp"
#include "nursery.hpp"
#include "pbt.hpp"
#include "search_fixture.hpp"

namespace nascent::core {
namespace {

using fakes::Nursery;
using fakes::NurseryWorld;
using nascent::test::TemporaryFolder;
using test::expect_same;
using test::StudyInMemory;
using test::take;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kPopulation = 5, kGenerations = 3;
constexpr std::uint64_t kWhole = kPopulation + kGenerations;  // one child in each generation

// One to three layers.
class Depths : public nascent::Space {
 public:
  static constexpr nascent::About about{"test.space.depths", "depths", "1.0.0", "Dense layers"};
  Depths(const nascent::Options&, const nascent::SpaceSetup&) {
    nascent::SpaceBuilder s;
    depth_ = s.integer("depth", 1, 3);
    declaration_ = s.declaration();
  }
  [[nodiscard]] const nascent::SpaceDeclaration& declaration() const override { return declaration_; }
  [[nodiscard]] std::optional<nascent::Graph> build(const nascent::Values& at) const override {
    nascent::Graph graph;
    graph.input("x", {8});
    std::uint32_t last = 0;
    for (; last < at[depth_]; ++last) graph.add("Gemm", {nascent::NodeId{last}}, {{"units", std::int64_t{4}}}, "layer" + std::to_string(last), "");
    graph.output(nascent::NodeId{last});
    return graph;
  }

 private:
  nascent::Integer depth_;
  nascent::SpaceDeclaration declaration_;
};

// The layers, and a learning rate that a scheduler may change.
StudySpace rated_layers() {
  const nas_space_arg arg{sizeof(nas_space_arg), 0, nullptr};
  LiftedParameter rate;
  rate.parameter.name = "trainer.learning_rate";
  rate.parameter.kind = nascent::ParameterKind::real;
  rate.parameter.scale = nascent::Scale::log;
  rate.parameter.lo = 1e-4;
  rate.parameter.hi = 1;
  rate.component_path = "trainer";
  rate.option_pointer = "/learning_rate";
  return take(StudySpace::compose(StudyInMemory::make<Depths, nas_space_vt>(arg), {rate}));
}

StudyConfig population_config(std::uint32_t parallel, std::uint64_t trials = kWhole) {
  StudyConfig config = test::study_config(parallel, trials);
  config.budget = {BudgetUnit::epochs, 4};
  config.scheduler.emplace();
  config.scheduler->type = "pbt";
  return config;
}

// A study in memory whose trials keep their files in a folder, run after run.
class PopulationStudy {
 public:
  explicit PopulationStudy(StudyConfig config, std::int64_t population = kPopulation)
      : population_(population), config_(std::move(config)), space_(rated_layers()), store_(take(Store::open(":memory:"))) {
    StudyRecord record;
    record.name = config_.name;
    record.seed = config_.seed;
    record.parallel = config_.parallel;
    record.space_json = space_.to_json();
    id_ = take(store_->create_study(record));
  }

  template <class Scheduler = nascent::pbt::Pbt>
  Result<SearchOutcome> run(Nursery::Setup setup = {}) {
    if (coordinator_) static_cast<void>(store_->release(*coordinator_));
    coordinator_ = take(store_->acquire_coordinator(id_));
    Search search({&config_, &space_, store_.get(), *coordinator_, nullptr, folder_.root()},
                  StudyInMemory::make<fakes::Telltale, nas_sampler_vt>(search::sampler_arg(config_, space_)), scheduler<Scheduler>());
    Nursery executor(*store_, *coordinator_, folder_.root(), search.decide(), world, std::move(setup));
    const StopRequest never;
    return search.run(executor, never);
  }

  [[nodiscard]] std::vector<Trial> trials() const { return take(store_->trials(id_)); }
  [[nodiscard]] bool has_files(TrialId trial, const std::string& name) const {
    return std::filesystem::exists(folder_.root() / trial_folder(trial) / name);
  }
  Store& store() { return *store_; }
  [[nodiscard]] StudyId id() const { return id_; }
  [[nodiscard]] Coordinator coordinator() const { return *coordinator_; }
  StudyConfig& config() { return config_; }

  NurseryWorld world;

 private:
  template <class Scheduler>
  Instance<nas_scheduler_vt> scheduler() const {
    nascent::test::Config options{{"population", population_}, {"interval", 1.0}};
    options.complete<Scheduler>();
    const nas_scheduler_arg arg = search::scheduler_arg(config_, &space_);
    auto made = Instance<nas_scheduler_vt>::create(nascent::ComponentOf<Scheduler>::value, *options.get(), &arg);
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
  }

  TemporaryFolder folder_;
  std::int64_t population_;
  StudyConfig config_;
  StudySpace space_;
  std::unique_ptr<Store> store_;
  StudyId id_ = 0;
  std::optional<Coordinator> coordinator_;
};

void expect_same_lineage(const std::vector<Trial>& a, const std::vector<Trial>& b, const std::string& what) {
  expect_same(a, b, what);
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    EXPECT_EQ(a[i].parent, b[i].parent) << what << ", trial " << i;
    EXPECT_EQ(a[i].budget_spent, b[i].budget_spent) << what << ", trial " << i;
  }
}

TEST(Population, children_go_on_from_their_parents_with_other_options) {
  PopulationStudy study(population_config(1));
  const auto outcome = study.run();
  ASSERT_TRUE(outcome) << outcome.error().message;
  const auto trials = study.trials();
  ASSERT_EQ(trials.size(), kWhole);
  EXPECT_THAT(study.world.faults, IsEmpty());
  std::size_t children = 0;
  for (const Trial& t : trials) {
    EXPECT_TRUE(t.finished()) << t.id;
    EXPECT_EQ(t.parent.has_value(), t.id >= kPopulation) << t.id;
    if (!t.parent) continue;
    ++children;
    const Trial& parent = trials[*t.parent];
    EXPECT_EQ(t.architecture_hash, parent.architecture_hash);
    EXPECT_NE(t.configuration, parent.configuration);
    const auto reports = take(study.store().reports(study.id(), t.id));
    ASSERT_FALSE(reports.empty());
    EXPECT_EQ(reports.front().report.budget, static_cast<double>(t.id - kPopulation) + 2) << "one generation after another";
    EXPECT_FALSE(study.has_files(t.id, "inherited"));
  }
  EXPECT_EQ(children, kGenerations);
  EXPECT_EQ(outcome->counts.pruned, kGenerations);
  EXPECT_EQ(outcome->counts.completed, kPopulation);
  EXPECT_EQ(outcome->reason, "trials=8");
  EXPECT_EQ(study.world.epochs_trained, kPopulation * 4);
}

TEST(Population, the_same_trials_with_any_number_of_workers) {
  for (const std::uint32_t parallel : {1U, 3U, 8U}) {
    PopulationStudy alone(population_config(parallel, 2 * kWhole));
    const auto outcome = alone.run();
    ASSERT_TRUE(outcome) << outcome.error().message;
    const auto expected = alone.trials();
    EXPECT_EQ(expected.size(), 2 * kWhole) << "two populations";
    EXPECT_THAT(alone.world.faults, IsEmpty());
    for (const std::size_t workers : {2U, 4U}) {
      for (const std::uint64_t order : {1U, 2U}) {
        PopulationStudy study(population_config(parallel, 2 * kWhole));
        const auto done = study.run({.workers = workers, .order = order});
        ASSERT_TRUE(done) << done.error().message;
        expect_same_lineage(expected, study.trials(), fmt::format("parallel {}, {} workers, order {}", parallel, workers, order));
        EXPECT_THAT(study.world.faults, IsEmpty());
        EXPECT_LE(study.world.most_alive, kPopulation);
      }
    }
  }
}

TEST(Population, the_same_trials_after_any_kill) {
  for (const std::uint32_t parallel : {1U, 3U}) {
    PopulationStudy undisturbed(population_config(parallel, 2 * kWhole));
    ASSERT_TRUE(undisturbed.run());
    const auto expected = undisturbed.trials();
    for (const std::size_t dies_after : {1U, 2U, 3U, 5U, 8U, 13U, 21U, 34U}) {
      PopulationStudy study(population_config(parallel, 2 * kWhole));
      int runs = 0;
      for (bool goes_on = true; goes_on; ++runs) {
        ASSERT_LT(runs, 200);
        const auto run = study.run({.workers = 2, .order = dies_after + static_cast<std::uint64_t>(runs), .dies_after = dies_after});
        goes_on = !run;
        ASSERT_EQ(goes_on ? run.error().message : "killed", "killed");
      }
      expect_same_lineage(expected, study.trials(), fmt::format("parallel {}, killed after {} epochs, {} runs", parallel, dies_after, runs));
      EXPECT_THAT(study.world.faults, IsEmpty()) << dies_after;
    }
  }
}

// Killed after the copy was made and before the child's row was there.
TEST(Population, a_child_whose_row_was_not_stored_is_forked_again) {
  PopulationStudy undisturbed(population_config(1));
  ASSERT_TRUE(undisturbed.run());
  PopulationStudy study(population_config(1));
  ASSERT_FALSE(study.run({.dies_after = kPopulation}));
  // What a run leaves that dies right after the copy: files of a trial that is not stored, and a note in the diary.
  const auto forked = take(study.store().events(study.id()));
  const auto rows = study.trials();
  ASSERT_EQ(rows.size(), kPopulation + 1) << "the run was killed when the first child had begun";
  ASSERT_EQ(std::ranges::count(forked, "forked", &EventRecord::kind), 1);
  ASSERT_TRUE(study.store().add_event(study.id(), "forked", R"({"trial": 6, "parent": 3, "budget": 9.0, "losses": [4.0]})"));
  const auto done = study.run();
  ASSERT_TRUE(done) << done.error().message;
  expect_same_lineage(undisturbed.trials(), study.trials(), "forked again");
  EXPECT_THAT(study.world.faults, IsEmpty());
}

// As the toy of Jaderberg et al. (2017), figure 2: what is best changes on the way, and no fixed rate can follow.
TEST(Population, follows_a_best_rate_that_changes_and_beats_every_fixed_one) {
  constexpr double drift = 0.08;  // a rate that is multiplied by 0.8 falls by 0.097
  constexpr int epochs = 24;
  double fixed = 0;
  for (double log_rate = -4; log_rate <= 0; log_rate += 0.01) {
    double skill = 0;
    for (int epoch = 1; epoch <= epochs; ++epoch) skill += Nursery::gain(std::pow(10, log_rate), epoch, drift);
    fixed = std::max(fixed, skill);
  }
  double mean = 0, mean_unexploited = 0;
  constexpr int seeds = 10;
  for (int seed = 0; seed < seeds; ++seed) {
    StudyConfig config = population_config(1, 10 + (epochs - 1) * 2);
    config.seed = static_cast<std::uint64_t>(seed);
    config.budget.amount = epochs;
    PopulationStudy study(config, 10);
    const auto outcome = study.run({.budget = epochs, .drift = drift});
    ASSERT_TRUE(outcome) << outcome.error().message;
    mean += (10 - metric(outcome->incumbent->metrics, "loss").value_or(10)) / seeds;
    double best = 0;
    for (const Trial& t : study.trials()) {
      if (t.parent) continue;
      double skill = 0;
      for (int epoch = 1; epoch <= epochs; ++epoch) skill += Nursery::gain(t.configuration.x.back(), epoch, drift);
      best = std::max(best, skill);
    }
    mean_unexploited += best / seeds;
  }
  RecordProperty("result", fmt::format("population {:.2f}, best of its first rates {:.2f}, best fixed rate {:.2f}", mean, mean_unexploited, fixed));
  EXPECT_GT(mean, 1.15 * fixed);
  EXPECT_GT(fixed, mean_unexploited);
}

TEST(Population, members_that_fail_are_replaced) {
  PopulationStudy undisturbed(population_config(1));
  ASSERT_TRUE(undisturbed.run());
  const auto healthy = undisturbed.trials();
  const TrialId victim = std::ranges::find(healthy, TrialState::completed, &Trial::state)->id;
  ASSERT_LT(victim, kPopulation);
  PopulationStudy study(population_config(1, kWhole + 1));
  const auto outcome = study.run({.fails = [victim](const Trial& t, double epoch) { return t.id == victim && epoch == 2; }});
  ASSERT_TRUE(outcome) << outcome.error().message;
  std::map<double, int> born;  // by the budget of their first report
  for (const Trial& t : study.trials()) {
    if (t.parent) ++born[take(study.store().reports(study.id(), t.id)).front().report.budget];
  }
  EXPECT_EQ(born, (std::map<double, int>{{2, 1}, {3, 2}, {4, 1}})) << "at the second generation the failed one's place, too";
  EXPECT_EQ(outcome->counts.completed, kPopulation);
}

TEST(Population, a_limit_on_trials_leaves_places_empty_and_nothing_hangs) {
  for (const bool deterministic : {true, false}) {
    for (std::uint64_t trials = kPopulation; trials <= kWhole + 2; ++trials) {
      StudyConfig config = population_config(3, trials);
      config.deterministic = deterministic;
      PopulationStudy study(config);
      const auto outcome = study.run({.workers = 3});
      ASSERT_TRUE(outcome) << outcome.error().message << " trials " << trials;
      EXPECT_EQ(study.trials().size(), trials);
      EXPECT_EQ(outcome->counts.unfinished(), 0U);
      EXPECT_GE(outcome->counts.completed, kPopulation - kGenerations);
    }
  }
}

TEST(Population, with_more_trials_a_study_goes_on_as_if_it_had_had_them) {
  PopulationStudy whole(population_config(3, 2 * kWhole));
  ASSERT_TRUE(whole.run());
  PopulationStudy study(population_config(3, kWhole));
  ASSERT_TRUE(study.run());
  study.config().stop.trials = 2 * kWhole;
  ASSERT_TRUE(study.run());
  expect_same_lineage(whole.trials(), study.trials(), "gone on");
  // Where the limit had left places empty they stay so: the parents have gone on.
  for (std::uint64_t trials = kPopulation; trials < kWhole; ++trials) {
    PopulationStudy other(population_config(3, trials));
    ASSERT_TRUE(other.run());
    other.config().stop.trials = 2 * kWhole;
    const auto outcome = other.run();
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(other.trials().size(), 2 * kWhole) << trials;
    EXPECT_THAT(other.world.faults, IsEmpty()) << trials;
  }
}

TEST(Population, an_asynchronous_study_goes_on_after_kills) {
  StudyConfig config = population_config(4, 2 * kWhole);
  config.deterministic = false;
  for (std::size_t dies_after = 1; dies_after <= 40; dies_after += 3) {
    PopulationStudy study(config);
    int runs = 0;
    for (bool goes_on = true; goes_on; ++runs) {
      ASSERT_LT(runs, 200);
      const auto run = study.run({.workers = 4, .order = dies_after + static_cast<std::uint64_t>(runs), .dies_after = dies_after});
      goes_on = !run;
      ASSERT_EQ(goes_on ? run.error().message : "killed", "killed");
    }
    const auto trials = study.trials();
    EXPECT_EQ(trials.size(), 2 * kWhole);
    EXPECT_THAT(study.world.faults, IsEmpty());
    std::size_t children = 0;
    for (const Trial& t : trials) {
      EXPECT_TRUE(t.finished()) << t.id;
      children += t.parent ? 1 : 0;
    }
    EXPECT_EQ(children, 2 * kGenerations) << "dies after " << dies_after;
  }
}

TEST(Population, a_child_is_no_duplicate_and_nobody_is_a_duplicate_of_one) {
  StudyConfig config = population_config(1);
  config.duplicates = Duplicates::reuse;
  PopulationStudy study(config);
  ASSERT_TRUE(study.run());
  for (const Trial& t : study.trials()) EXPECT_FALSE(t.duplicate_of) << t.id;
}

TEST(Population, a_trainer_without_checkpoints_ends_the_study_with_a_message) {
  PopulationStudy study(population_config(1));
  const auto outcome = study.run({.writes_checkpoints = false});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("left no checkpoint in"));
  EXPECT_THAT(outcome.error().message, HasSubstr("needs a trainer that writes checkpoints"));
}

// Lets only two trials begin, ever.
class Miser : public nascent::PopulationScheduler {
 public:
  static constexpr nascent::About about{"test.scheduler.miser", "miser", "1.0.0", "Admits two"};
  static constexpr std::array options{nascent::option("population", "unused").integer(1, 10).otherwise(5),
                                      nascent::option("interval", "unused").real(0, 10).otherwise(1.0)};
  static inline std::uint64_t limit = 2;
  Miser(const nascent::Options&, const nascent::SchedulerSetup& setup) : PopulationScheduler(setup) {}
  nascent::Verdict decide(const nascent::Observations&, const nascent::Observations&) override { return nascent::Verdict::go; }
  std::vector<std::uint64_t> fork(const nascent::Observations&) override { return {}; }
  std::uint64_t admits(const nascent::Observations&, std::uint64_t n_begun) override { return limit - std::min(limit, n_begun); }
  void explore(std::uint64_t, nascent::Row row) override { row.x[0] += 1; }
};

// A trainer that keeps checkpoints. What it has learnt is one number; the nearer the rate to 0.01, the faster.
class Pupil : public nascent::Trainer {
 public:
  static constexpr nascent::About about{"test.trainer.pupil", "pupil", "1.0.0", "Learns one number"};
  static constexpr std::array options{nascent::option("rate", "best at 0.01").real(1e-6, 1).otherwise(0.1).searchable()};
  static inline std::function<void()> on_epoch;
  static inline std::vector<std::pair<std::uint64_t, double>> inherited;  // trial, budget.from

  explicit Pupil(const nascent::Options&) {}
  std::unique_ptr<nascent::Model> train(const nascent::Task& task, const nascent::TrainRequest& request) override {
    double epoch = 0, skill = 0;
    const std::string& from = request.resume_dir.empty() ? request.inherit_dir : request.resume_dir;
    if (!from.empty()) std::ifstream(from + "/state") >> epoch >> skill;
    if (!request.inherit_dir.empty()) {
      inherited.emplace_back(task.trial_id(), request.budget.from);
      if (epoch != request.budget.from || !request.resume_dir.empty()) throw nascent::Error(NAS_E_INTERNAL, "inherited at another budget");
    }
    while (epoch < request.budget.to) {
      if (on_epoch) on_epoch();
      if (task.cancelled()) throw nascent::Error(NAS_E_CANCELLED, "stopped");
      skill += 1 / (1 + std::abs(std::log10(request.options.real("rate")) + 2));
      ++epoch;
      const std::array metrics{nascent::MetricValue{"val_loss", 10 - skill}};
      const auto verdict = task.report(epoch, metrics);
      if (!request.checkpoint_dir.empty()) std::ofstream(request.checkpoint_dir + "/state") << std::setprecision(17) << epoch << ' ' << skill;
      if (verdict != nascent::Verdict::go) break;
    }
    return nullptr;
  }
};

class PopulationRun : public testing::Test {
 protected:
  void SetUp() override {
    Pupil::inherited.clear();
    Pupil::on_epoch = nullptr;
  }
  static PluginCatalog& catalog() {
    static PluginCatalog the_catalog = [] {
      static constexpr nas_plugin plugin = nascent::describe_plugin<Depths, fakes::Telltale, Pupil, nascent::pbt::Pbt>("test.population", "1.0.0");
      PluginCatalog c = PluginCatalog::empty();
      take(c.register_builtin(&plugin).map([] { return 0; }));
      return c;
    }();
    return the_catalog;
  }
  static StudyConfig config(const std::filesystem::path& folder, const std::string& rate = "{ log_uniform = [1e-4, 1] }", const std::string& store = "s.db") {
    return take(parse_study(fmt::format("[study]\nname = \"s\"\nseed = 5\nparallel = 3\nstore = \"{}\"\nduplicates = \"retrain\"\n"
                                        "[objective]\nmetric = \"val_loss\"\ndirection = \"minimize\"\n[stop]\ntrials = 16\n[budget]\nepochs = 4\n"
                                        "[space]\ntype = \"depths\"\n[sampler]\ntype = \"telltale\"\n"
                                        "[trainer]\ntype = \"pupil\"\nrate = {}\n[workers]\nexecution = \"inline\"\n"
                                        "[scheduler]\ntype = \"pbt\"\npopulation = 5\ninterval = 1\n",
                                        store, rate),
                            "study.toml", folder));
  }
  static Result<StudyResult> run(const StudyConfig& config, StudyStart start = StudyStart::create, const StopRequest* stop = nullptr) {
    StudyRun request;
    request.study = config;
    request.start = start;
    request.stop = stop;
    return run_study(request, catalog());
  }
  static std::vector<Trial> trials_of(const StudyConfig& config) { return take(take(Store::open(config.store))->trials(1)); }
};

TEST_F(PopulationRun, a_child_trains_on_from_where_its_parent_stood) {
  const TemporaryFolder folder;
  const StudyConfig study = config(folder.root());
  const auto result = run(study);
  ASSERT_TRUE(result) << result.error().message;
  std::size_t children = 0;
  for (const Trial& t : trials_of(study)) {
    if (!t.parent) continue;
    ++children;
    const auto reports = take(take(Store::open(study.store))->reports(1, t.id));
    const auto seen = std::ranges::find(Pupil::inherited, t.id, &std::pair<std::uint64_t, double>::first);
    ASSERT_NE(seen, Pupil::inherited.end());
    EXPECT_EQ(reports.front().report.budget, seen->second + 1);
    EXPECT_FALSE(std::filesystem::exists(folder.root() / "s.artifacts" / "s" / trial_folder(t.id) / "inherited"));
  }
  EXPECT_EQ(children, 6U);
  EXPECT_EQ(Pupil::inherited.size(), 6U) << "each inherits once";
}

TEST_F(PopulationRun, a_study_that_is_interrupted_gives_the_same_trials) {
  const TemporaryFolder first;
  const StudyConfig undisturbed = config(first.root());
  ASSERT_TRUE(run(undisturbed));
  for (const int each : {1, 2, 3, 5, 8}) {
    const TemporaryFolder folder;
    const StudyConfig study = config(folder.root());
    int runs = 0;
    for (bool goes_on = true; goes_on; ++runs) {
      ASSERT_LT(runs, 200);
      StopRequest stop;
      int left = each + 1;
      Pupil::on_epoch = [&] {
        if (--left == 0) stop.cancel();
      };
      const auto result = run(study, runs == 0 ? StudyStart::create : StudyStart::resume, &stop);
      ASSERT_TRUE(result) << result.error().message;
      goes_on = result->search.interrupted;
    }
    expect_same_lineage(trials_of(undisturbed), trials_of(study), fmt::format("every {} epochs, {} runs", each, runs));
  }
}

class NobodyAsks final : public TrialSession {
 public:
  Result<Verdict> report(const Report&) override { return Verdict::proceed; }
  Result<void> repeat(const Report&) override { return {}; }
  [[nodiscard]] bool cancelled() const override { return false; }
};

TEST_F(PopulationRun, a_child_that_is_killed_between_its_end_and_its_row_ends_as_it_would_have) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.root() / "trial-0" / "checkpoint");
  std::ofstream(folder.root() / "trial-0" / "checkpoint" / "state") << "2 1.5";
  ASSERT_TRUE(TrialFiles::inherit(folder.root(), 0, 1));
  const auto runner = take(component_runner(catalog(), take(resolve_study(config(folder.root()), catalog())), folder.root()));
  Trial child;
  child.id = 1;
  child.parent = 0;
  child.configuration = {{1, 0.01}, {1, 1}};
  child.budget_spent = 2;
  NobodyAsks session;
  std::vector<std::vector<Metric>> ends;
  for (child.attempts = 1; child.attempts <= 2; ++child.attempts) {
    child.budget_spent = 2;
    ASSERT_EQ(take(runner->run(child, session)), AttemptEnd::finished);
    ASSERT_EQ(child.state, TrialState::completed) << child.message;
    ends.push_back(child.metrics);
  }
  EXPECT_EQ(ends[0], ends[1]);
  EXPECT_EQ(metric(ends[0], "val_loss"), 10 - 3.5);
}

// Told to pause, and killed while the checkpoint was being written: what lies there is older, or half of a file.
TEST_F(PopulationRun, a_pause_counts_only_with_a_checkpoint_of_that_moment) {
  const TemporaryFolder folder;
  TrialFiles::let_others_inherit(folder.root());
  const auto runner = take(component_runner(catalog(), take(resolve_study(config(folder.root()), catalog())), folder.root()));
  class Pauses final : public TrialSession {
   public:
    Result<Verdict> report(const Report& r) override { return r.budget == 2 ? Verdict::pause : Verdict::proceed; }
    Result<void> repeat(const Report&) override { return {}; }
    [[nodiscard]] bool cancelled() const override { return false; }
  } session;
  Trial trial;
  trial.attempts = 1;
  trial.configuration = {{1, 0.01}, {1, 1}};
  ASSERT_EQ(take(runner->run(trial, session)), AttemptEnd::paused);
  const auto state = [&] {
    std::string text;
    std::getline(std::ifstream(folder.root() / "trial-0" / "checkpoint" / "state"), text);
    return text;
  };
  ASSERT_EQ(state(), "2 2");
  std::ofstream(folder.root() / "trial-0" / "checkpoint" / "state") << "1 1";  // as if the second had not been written
  std::filesystem::remove(folder.root() / "trial-0" / "paused");
  trial.attempts = 2;
  trial.budget_spent = 0;
  ASSERT_EQ(take(runner->run(trial, session)), AttemptEnd::paused);
  EXPECT_EQ(trial.budget_spent, 2);
  EXPECT_EQ(state(), "2 2") << "a child would go on from there";
  // With its checkpoint it ends where it was told to, untrained.
  std::ofstream(folder.root() / "trial-0" / "checkpoint" / "state") << "2 2 untouched";
  trial.attempts = 3;
  trial.budget_spent = 0;
  ASSERT_EQ(take(runner->run(trial, session)), AttemptEnd::paused);
  EXPECT_EQ(state(), "2 2 untouched");
}

TEST_F(PopulationRun, is_refused_where_no_files_are_kept_and_where_no_option_is_searched) {
  const TemporaryFolder folder;
  const auto in_memory = run(config(folder.root(), "{ log_uniform = [1e-4, 1] }", ":memory:"));
  ASSERT_FALSE(in_memory);
  EXPECT_THAT(in_memory.error().message, HasSubstr("keeps no files"));
  const auto architectures = run(config(folder.root(), "0.1"));
  ASSERT_FALSE(architectures);
  EXPECT_THAT(architectures.error().message, HasSubstr("searches architectures only"));
}

TEST_F(PopulationRun, a_child_is_not_replayed_from_nothing) {
  const TemporaryFolder folder;
  const StudyConfig study = config(folder.root());
  ASSERT_TRUE(run(study));
  const auto trials = trials_of(study);
  const auto child = std::ranges::find_if(trials, [](const Trial& t) { return t.parent.has_value(); });
  auto resolved = take(resolve_study(study, catalog()));
  const auto runner = take(component_runner(catalog(), resolved, {}));
  const auto replay = replay_trial(*take(Store::open(study.store)), 1, child->id, *runner);
  ASSERT_FALSE(replay);
  EXPECT_THAT(replay.error().message, HasSubstr(fmt::format("trial {} went on from a checkpoint of trial {}", child->id, *child->parent)));
}

TEST(Population, a_scheduler_that_admits_nobody_any_more_ends_the_study) {
  for (const bool deterministic : {true, false}) {
    StudyConfig config = population_config(3);
    config.deterministic = deterministic;
    PopulationStudy study(config);
    const auto outcome = study.run<Miser>({.workers = 2});
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->reason, "nothing_admitted");
    EXPECT_EQ(study.trials().size(), 2U);
    EXPECT_EQ(outcome->counts.completed, 2U);
  }
}

}  // namespace
}  // namespace nascent::core
