// What a new study takes over from its file and from earlier studies.
#include "nascent/core/warm_start.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "files.hpp"
#include "search_fixture.hpp"

namespace nascent::core {
namespace {

using test::take;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class WarmStarted : public ::testing::Test {
 protected:
  // A study of completed trials: rows of x, all active, and their loss.
  struct Row {
    std::vector<double> x;
    double loss;
  };
  std::string earlier(const std::string& file, const std::string& name, const nascent::SpaceDeclaration& declared,
                      const std::vector<Row>& rows, const std::string& metric = "loss",
                      const std::string& config = "") {
    const std::string path = folder_.root() / file;
    const StudySpace space(declared);
    const auto store = take(Store::open(path));
    StudyRecord record;
    record.name = name;
    record.space_json = space.to_json();
    record.resolved_config = config;
    const auto coordinator = take(store->acquire_coordinator(take(store->create_study(record))));
    std::vector<Trial> trials;
    for (const Row& row : rows) {
      Trial& t = trials.emplace_back();
      t.id = trials.size() - 1;
      t.state = TrialState::completed;
      t.configuration = {row.x, std::vector<std::uint8_t>(row.x.size(), 1)};
      t.metrics = {{metric, row.loss}};
    }
    EXPECT_TRUE(store->record_finished(coordinator, trials));
    return path;
  }
  std::vector<QueuedConfiguration> queue() {
    Diagnostics mistakes;
    auto queue = warm_start_queue(config_, space_, mistakes);
    EXPECT_TRUE(mistakes.empty()) << mistakes.error().message;
    return queue;
  }
  std::string refusal() {
    Diagnostics mistakes;
    warm_start_queue(config_, space_, mistakes);
    return mistakes.empty() ? "none" : mistakes.error().message;
  }
  void start_from(const std::string& store, const std::string& name = "") {
    config_.warm_start.studies.push_back({store, name, {"study.toml", 7, 3}});
  }

  nascent::test::TemporaryFolder folder_;
  StudyConfig config_ = test::study_config();
  StudySpace space_{test::plane()};
};

std::vector<double> xs(const std::vector<QueuedConfiguration>& queue) {
  std::vector<double> all;
  for (const QueuedConfiguration& q : queue) all.push_back(q.configuration.x[0]);
  return all;
}

TEST_F(WarmStarted, given_configurations_come_first_in_their_order) {
  const SourceLocation where{"study.toml", 5, 1};
  config_.warm_start.configurations = {
      {ConfigValue::Table{{"x", where, {0.75, where}}}, where},
      {ConfigValue::Table{{"x", where, {0.25, where}}, {"y", where, {0.5, where}}}, where}};
  start_from(earlier("a.db", "a", test::plane(), {{{0.125, 0.5}, 1}}));
  const auto all = queue();
  EXPECT_THAT(xs(all), ElementsAre(0.75, 0.25, 0.125));
  EXPECT_EQ(all[1].configuration.x[1], 0.5);
  EXPECT_EQ(all[0].origin, "warm_start.configurations.0");
  EXPECT_EQ(all[0].configuration, queue()[0].configuration) << "what is drawn repeats";
  config_.warm_start.configurations[1].table()->push_back({"z", {"study.toml", 6, 4}, {0.5, {}}});
  EXPECT_THAT(refusal(), HasSubstr("study.toml:6:4: unknown parameter \"z\""));
}

TEST_F(WarmStarted, the_best_of_an_earlier_study_are_taken_best_first_and_once) {
  start_from(earlier("a.db", "a", test::plane(), {{{0.1, 0.5}, 3}, {{0.2, 0.5}, 1}, {{0.3, 0.5}, 2}, {{0.4, 0.5}, 4}}));
  start_from(earlier("b.db", "b", test::plane(), {{{0.2, 0.5}, 0}, {{0.6, 0.5}, 9}}));
  config_.warm_start.top = 3;
  EXPECT_THAT(xs(queue()), ElementsAre(0.2, 0.3, 0.1, 0.6));
}

TEST_F(WarmStarted, only_what_fits_is_taken) {
  nascent::SpaceBuilder s;
  s.choice("kind", {"a", "b"});
  s.real("y", 0, 10);
  s.real("x", -1, 1);
  start_from(earlier("a.db", "a", s.declaration(), {{{1, 0.5, 0.25}, 1}, {{1, 7, 0.75}, 2}, {{1, 7, -1}, 3}}));
  const auto all = queue();
  EXPECT_THAT(xs(all), ElementsAre(0.25, 0.75)) << "nothing of the third fits";
  EXPECT_EQ(all[0].configuration.x[1], 0.5);
  EXPECT_TRUE(nascent::SpaceView(space_.view()).contains({all[1].configuration.x, all[1].configuration.active}));
}

TEST_F(WarmStarted, choices_are_found_by_their_value) {
  nascent::SpaceBuilder then, now;
  then.choice("kind", {"a", "b"});
  now.choice("kind", {"c", "b", "a"});
  space_ = StudySpace(now.declaration());
  start_from(earlier("a.db", "a", then.declaration(), {{{1}, 1}, {{0}, 2}}));
  EXPECT_THAT(xs(queue()), ElementsAre(1, 2));
}

TEST_F(WarmStarted, a_study_that_measured_something_else_is_ranked_by_its_own_objective) {
  start_from(earlier("a.db", "a", test::plane(), {{{0.1, 0.5}, 1}, {{0.2, 0.5}, 2}}, "accuracy", R"(
[objective]
metric = "accuracy"
direction = "maximize"
[stop]
trials = 3
[space]
type = "declared"
[[evaluator]]
type = "table"
)"));
  EXPECT_THAT(xs(queue()), ElementsAre(0.2, 0.1));
}

TEST_F(WarmStarted, a_study_without_good_trials_gives_nothing) {
  start_from(earlier("a.db", "a", test::plane(), {}, "loss",
                     "[objective]\nmetric = \"loss\"\ndirection = \"minimize\"\n"
                     "[stop]\ntrials = 3\n[space]\ntype = \"declared\"\n[[evaluator]]\ntype = \"table\"\n"));
  EXPECT_TRUE(queue().empty());
}

TEST_F(WarmStarted, a_study_that_is_not_there_is_a_mistake_at_its_place) {
  const std::string path = earlier("a.db", "a", test::plane(), {{{0.1, 0.5}, 1}});
  earlier("a.db", "b", test::plane(), {{{0.2, 0.5}, 1}});
  start_from(path, "c");
  EXPECT_EQ(refusal(), "study.toml:7:3: " + path + " has no study \"c\"; it holds a, b: write \"" + path + "#name\"");
  config_.warm_start.studies[0].name = "";
  EXPECT_EQ(refusal(), "study.toml:7:3: " + path + " is not one study; it holds a, b: write \"" + path + "#name\"");
  config_.warm_start.studies[0].name = "b";
  EXPECT_THAT(xs(queue()), ElementsAre(0.2));
  config_.warm_start.studies[0].store = folder_.root() / "none.db";
  EXPECT_THAT(refusal(), HasSubstr("study.toml:7:3: store " + folder_.path("none.db") + " does not exist"));
}

}  // namespace
}  // namespace nascent::core
