#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "schema.hpp"

namespace nascent::core::test {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view full_study = R"([study]
name = "fashion"
seed = 9007199254740993
parallel = 3
deterministic = false
duplicates = "retrain"
store = "fashion.db"
[[objective]]
metric = "val_accuracy"
direction = "maximize"
[[objective]]
metric = "latency_ms_p50"
direction = "minimize"
[[constraint]]
metric = "parameters"
max = 500_000
[[constraint]]
metric = "val_accuracy"
min = 0.5
[stop]
trials = 100
wall_time = "15min"
no_improvement = 20
train_seconds = "2h"
[budget]
steps = 300
[validation]
share = 0.2
[dataset]
type = "idx"
images = "train.gz"
[space]
type = "declared"
[space.parameters]
b.uniform = [0, 1]
a = { choice = ["x", "y\n\"\u0001"] }
[sampler]
type = "evolution"
population = 20
[scheduler]
type = "median"
[trainer]
type = "torch"
learning_rate = { log_uniform = [1e-4, 1e-1] }
[[evaluator]]
type = "classification"
[[evaluator]]
type = "table"
[[compressor]]
type = "prune"
[workers]
execution = "workers"
count = 2
trial_seconds_max = "10min"
memory_bytes_max = "4GiB"
retries = 0
[final]
top = 2
seeds = 3
epochs = 12
[plugins]
path = ["./plugins", "/opt/p"]
allow = ["sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]
)";

TEST(Study, has_every_setting_of_its_file) {
  const auto study = parse_study(full_study, "study.toml", "/data/./x/..");
  ASSERT_TRUE(study) << study.error().message;
  EXPECT_EQ(study->name, "fashion");
  EXPECT_EQ(study->seed, 9007199254740993U);
  EXPECT_EQ(study->parallel, 3U);
  EXPECT_FALSE(study->deterministic);
  EXPECT_EQ(study->duplicates, Duplicates::retrain);
  EXPECT_EQ(study->store, "/data/fashion.db");
  ASSERT_EQ(study->objectives.size(), 2U);
  EXPECT_EQ(study->objectives[1].metric, "latency_ms_p50");
  EXPECT_EQ(study->objectives[1].direction, Direction::minimize);
  ASSERT_EQ(study->constraints.size(), 2U);
  EXPECT_EQ(study->constraints[0].max, 500000);
  EXPECT_EQ(study->constraints[0].min, std::nullopt);
  EXPECT_EQ(study->acceptance.rule, AcceptanceRule::pareto);
  EXPECT_EQ(study->stop.trials, 100U);
  EXPECT_EQ(study->stop.wall_seconds, 900);
  EXPECT_EQ(study->stop.target, std::nullopt);
  EXPECT_EQ(study->stop.no_improvement, 20U);
  EXPECT_EQ(study->stop.train_seconds, 7200);
  EXPECT_EQ(study->budget.unit, BudgetUnit::steps);
  EXPECT_EQ(study->budget.amount, 300);
  EXPECT_EQ(study->validation.share, 0.2);
  EXPECT_EQ(study->dataset->type, "idx");
  EXPECT_EQ(study->scheduler->type, "median");
  EXPECT_EQ(study->evaluators[1].path, "evaluator.1");
  EXPECT_EQ(study->compressors[0].type, "prune");
  EXPECT_EQ(study->workers.execution, Execution::workers);
  EXPECT_EQ(study->workers.trial_seconds_max, 600);
  EXPECT_EQ(study->workers.memory_bytes_max, std::uint64_t{4} << 30);
  EXPECT_EQ(study->workers.retries, Retries::of_accidents(0));
  EXPECT_EQ(study->final.top, 2U);
  EXPECT_EQ(study->final.seeds, 3U);
  EXPECT_EQ(study->final.budget.amount, 12);
  EXPECT_EQ(study->plugins.path, (std::vector<fs::path>{"/data/plugins", "/opt/p"}));
  EXPECT_EQ(study->directory, "/data/");
}

TEST(Study, fills_in_what_is_not_said) {
  const auto study = parse_study(minimal_study, "dir/my-search.toml", "/data");
  ASSERT_TRUE(study) << study.error().message;
  EXPECT_EQ(study->name, "my-search");
  EXPECT_EQ(study->store, "/data/my-search.db");
  EXPECT_EQ(study->seed, 1U);
  EXPECT_TRUE(study->deterministic);
  EXPECT_EQ(study->duplicates, Duplicates::reuse);
  EXPECT_EQ(study->acceptance.rule, AcceptanceRule::best);
  EXPECT_EQ(study->sampler.type, "auto");
  EXPECT_FALSE(study->dataset || study->scheduler || study->trainer);
  EXPECT_EQ(study->workers.execution, Execution::in_process);
  EXPECT_EQ(study->workers.count, 2U);
  EXPECT_EQ(study->final.top, 0U);
}

TEST(Study, resolved_toml_gives_the_same_study_again) {
  const auto study = parse_study(full_study, "study.toml", "/data");
  ASSERT_TRUE(study) << study.error().message;
  const std::string resolved = resolved_toml(*study);
  const auto again = parse_study(resolved, "store", "/elsewhere");
  ASSERT_TRUE(again) << again.error().message << "\n" << resolved;
  EXPECT_EQ(resolved_toml(*again), resolved);
  EXPECT_EQ(resolved_json(*again), resolved_json(*study));
  EXPECT_EQ(again->store, study->store);
  EXPECT_EQ(again->name, study->name);
  EXPECT_EQ(to_toml(*find(again->space.options, "parameters")), to_toml(*find(study->space.options, "parameters")));
}

TEST(Study, earlier_studies_are_written_with_their_absolute_path) {
  const std::string text =
      std::string(minimal_study) + "[warm_start]\nstudies = [\"earlier.db\", \"../other.db#name\"]\n";
  const auto study = parse_study(text, "study.toml", "/data/x");
  ASSERT_TRUE(study) << study.error().message;
  const std::string resolved = resolved_toml(*study);
  EXPECT_NE(resolved.find("studies = [\"/data/x/earlier.db\", \"/data/other.db#name\"]\n"), std::string::npos)
      << resolved;
  const auto again = parse_study(resolved, "store", "/elsewhere");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(resolved_toml(*again), resolved);
}

TEST(Study, mistakes_stand_in_the_order_of_the_file_and_what_has_no_place_comes_last) {
  Diagnostics mistakes;
  mistakes.add({"study.toml", 9, 1}, "nine");
  mistakes.add(Error{ErrorKind::plugin, "a library is broken", {}});
  mistakes.add(mistake({"study.toml", 3, 7}, "three"));
  mistakes.add({"--set", 0, 0}, "set");
  EXPECT_EQ(mistakes.error().message, "study.toml:3:7: three\nstudy.toml:9:1: nine\na library is broken\n--set: set");
  EXPECT_EQ(mistakes.error().kind, ErrorKind::invalid_input);
}

TEST(Study, a_mistake_that_is_alone_keeps_its_kind) {
  Diagnostics mistakes;
  mistakes.add(Error{ErrorKind::plugin, "a library is broken", {}});
  EXPECT_EQ(mistakes.error().kind, ErrorKind::plugin);
  mistakes.add(mistake({"study.toml", 3, 7}, "three"));
  EXPECT_EQ(mistakes.error().kind, ErrorKind::invalid_input);
}

TEST(Study, resolved_json_is_json_of_the_same_shape) {
  const auto study = parse_study(full_study, "study.toml", "/data");
  ASSERT_TRUE(study);
  const auto json = nlohmann::json::parse(resolved_json(*study));
  EXPECT_EQ(json["study"]["seed"], 9007199254740993);
  EXPECT_EQ(json["evaluator"][1]["type"], "table");
  EXPECT_EQ(json["space"]["parameters"]["a"]["choice"][1], "y\n\"\x01");
}

TEST(Study, components_come_in_the_order_of_the_reference) {
  auto study = parse_study(full_study, "study.toml", "/data");
  ASSERT_TRUE(study);
  std::vector<std::string> paths;
  for (const ComponentConfig* c : components(*study)) paths.push_back(c->path);
  EXPECT_EQ(paths, (std::vector<std::string>{"dataset", "space", "sampler", "scheduler", "trainer", "compressor.0",
                                             "evaluator.0", "evaluator.1"}));
}

TEST(Study, options_keep_the_order_of_the_file) {
  const auto study = parse_study(full_study, "study.toml", "/data");
  ASSERT_TRUE(study);
  const auto* parameters = find(study->space.options, "parameters")->table();
  EXPECT_EQ((*parameters)[0].key, "b");
  EXPECT_EQ((*parameters)[1].key, "a");
}

TEST(Study, the_example_of_the_reference_is_one) {
  std::ifstream in(NASCENT_SOURCE_DIR "/docs/reference/configuration.md");
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  const std::size_t begin = page.find("```toml\n") + 8;
  const auto study = parse_study(page.substr(begin, page.find("```", begin) - begin), "example.toml", "/data");
  ASSERT_TRUE(study) << study.error().message;
  EXPECT_EQ(study->final.budget.amount, 12);
}

TEST(LoadStudy, reads_a_file_and_starts_paths_in_its_folder) {
  const fs::path folder = fs::temp_directory_path() / "nascent_config_test";
  fs::create_directories(folder);
  std::ofstream(folder / "small.toml") << minimal_study;
  const auto study = load_study(folder / "small.toml");
  ASSERT_TRUE(study) << study.error().message;
  EXPECT_EQ(study->store, (folder / "small.db").string());
  EXPECT_EQ(study->file, folder / "small.toml");
  fs::remove_all(folder);
}

TEST(LoadStudy, says_why_a_file_cannot_be_read) {
  EXPECT_EQ(load_study("/nonexistent/x.toml").error().message, "/nonexistent/x.toml: no such file");
  EXPECT_EQ(load_study("/usr").error().message, "/usr: is a folder; name the TOML file in it");
  EXPECT_EQ(load_study("/dev/zero").error().message,
            "/dev/zero: the file has 1048577 bytes; a study has at most 1048576: is this the right file?");
}

}  // namespace
}  // namespace nascent::core::test
