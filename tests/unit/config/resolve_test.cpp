#include <gtest/gtest.h>

#include <nascent/error.hpp>
#include <nascent/options.hpp>

#include "schema.hpp"

namespace nascent::core::test {
namespace {

TEST(Resolve, given_options_come_first_in_their_order_then_the_defaults) {
  const ResolvedComponent resolved = resolve_trainer("shuffle = false\nbatch_size = 32");
  std::vector<std::string> pointers;
  for (const auto& [pointer, value] : resolved.options.items()) pointers.push_back(pointer);
  EXPECT_EQ(pointers, (std::vector<std::string>{"/shuffle", "/batch_size", "/learning_rate", "/momentum", "/threads"}));
  EXPECT_EQ(*resolved.options.get("/momentum"), OptionValue(std::string("classic")));
  EXPECT_EQ(*resolved.options.get("/threads"), OptionValue(std::int64_t{1}));
}

TEST(Resolve, values_take_the_type_of_their_option) {
  const ResolvedComponent resolved = resolve_trainer(R"(learning_rate = 1
warm_up = "2min"
weights = "../start.pt"
milestones = [10, 20]
betas = [0, 0.5]
columns = ["a", "b"])");
  EXPECT_EQ(*resolved.options.get("/learning_rate"), OptionValue(1.0));
  EXPECT_EQ(*resolved.options.get("/warm_up"), OptionValue(120.0));
  EXPECT_EQ(*resolved.options.get("/weights"), OptionValue(std::string("/start.pt")));
  EXPECT_EQ(*resolved.options.get("/milestones"), OptionValue(std::vector<std::int64_t>{10, 20}));
  EXPECT_EQ(*resolved.options.get("/betas"), OptionValue(std::vector<double>{0, 0.5}));
  const nas_config view = resolved.options.view();
  EXPECT_EQ(nascent::Options(&view).texts("columns"), (std::vector<std::string>{"a", "b"}));
}

TEST(Resolve, one_value_counts_as_a_list_of_one_and_an_empty_list_stays_empty) {
  const ResolvedComponent one = resolve_trainer("milestones = 10\nbetas = 0.5\ncolumns = \"width\"");
  EXPECT_EQ(*one.options.get("/milestones"), OptionValue(std::vector<std::int64_t>{10}));
  EXPECT_EQ(*one.options.get("/betas"), OptionValue(std::vector<double>{0.5}));
  EXPECT_EQ(*one.options.get("/columns/0"), OptionValue(std::string("width")));
  const ResolvedComponent none = resolve_trainer("milestones = []\nbetas = []\ncolumns = []");
  EXPECT_EQ(*none.options.get("/milestones"), OptionValue(std::vector<std::int64_t>{}));
  EXPECT_EQ(*none.options.get("/betas"), OptionValue(std::vector<double>{}));
  const nas_config view = none.options.view();
  EXPECT_TRUE(nascent::Options(&view).texts("columns").empty());
}

TEST(Resolve, free_tables_are_flattened_in_document_order) {
  const ResolvedComponent resolved = resolve_trainer(R"(augment.z = "flip"
augment.list = [{ p = 0.5, size = [1, 2] }, {}, { mixed = [1, 2.5], odd = [1, "x"] }]
augment."a/b" = true)");
  std::vector<std::string> pointers;
  for (const auto& [pointer, value] : resolved.options.items()) {
    if (pointer.starts_with("/augment")) pointers.push_back(pointer);
  }
  EXPECT_EQ(pointers, (std::vector<std::string>{"/augment/z", "/augment/list/0/p", "/augment/list/0/size",
                                                "/augment/list/1", "/augment/list/2/mixed", "/augment/list/2/odd/0",
                                                "/augment/list/2/odd/1", "/augment/a~1b"}));
  EXPECT_EQ(*resolved.options.get("/augment/list/0/size"), OptionValue(std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(*resolved.options.get("/augment/list/2/mixed"), OptionValue(std::vector<double>{1, 2.5}));
  EXPECT_EQ(*resolved.options.get("/augment/list/1"), OptionValue(std::monostate{}));
}

TEST(Resolve, every_mistake_is_reported_at_once) {
  EXPECT_EQ(mistakes("columns = 7"), "trainer.columns is 7; it has to be a list of texts, as [\"...\"], or one text");
  EXPECT_EQ(
      mistakes("learning_rate = 0\nbatch_size = 1.5\nbatchsize = 3\nshuffle = 1\ncolumns = [1]\nmilestones = [-1]"),
      "trainer.learning_rate is 0; it has to be a number from 1e-09 to 10\n"
      "trainer.batch_size is 1.5; it has to be a whole number from 1 to 4096\n"
      "unknown option \"batchsize\" of trainer \"torch\"; did you mean \"batch_size\"?\n"
      "trainer.shuffle is 1; it has to be true or false\n"
      "trainer.columns.0 is 1; it has to be text in quotes\n"
      "trainer.milestones.0 is -1; it has to be a whole number from 0 to 1000");
}

TEST(Resolve, the_complete_component_resolves_to_the_same_options_again) {
  const ResolvedComponent first = resolve_trainer(
      "weights = { choice = [\"a.pt\", \"b.pt\"] }\nbetas = [0.5]\nwarm_up = \"1s\"\naugment = { x = [] }");
  Diagnostics diagnostics;
  ComponentConfig elsewhere = first.complete;
  elsewhere.directory = "/somewhere/else";
  const ResolvedComponent second = resolve_component(elsewhere, schema("trainer", "torch"), diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.error().message;
  for (const auto& [pointer, value] : first.options.items()) {
    ASSERT_NE(second.options.get(pointer), nullptr) << pointer;
    EXPECT_EQ(*second.options.get(pointer), value) << pointer;
  }
  EXPECT_EQ(second.options.items().size(), first.options.items().size());
  ASSERT_EQ(second.lifted.size(), 1U);
  EXPECT_EQ(second.lifted[0].parameter.choices, first.lifted[0].parameter.choices);
}

TEST(Resolve, defaults_take_the_type_of_their_option_and_paths_begin_at_the_file) {
  ComponentConfig config;
  config.path = "dataset";
  config.type = "idx";
  config.directory = "/data";
  config.options.push_back({"images", {}, {std::string("train.gz"), {}}});
  Diagnostics diagnostics;
  const ResolvedComponent resolved = resolve_component(config, schema("dataset", "idx"), diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.error().message;
  EXPECT_EQ(resolved.options.to_json(),
            R"({"images":"/data/train.gz","kernel":[3,5],"cache":"/data/cache","timeout":120.0})");
}

TEST(Resolve, the_default_of_a_list_of_texts_is_written_out_where_nothing_is_given) {
  OptionInfo mirrors;
  mirrors.name = "mirrors";
  mirrors.type = NAS_O_STRS;
  mirrors.dflt = std::string("first\n\nsecond");
  ComponentInfo component;
  component.options = {mirrors};
  const auto resolved = [&](ConfigValue::Table given) {
    ComponentConfig config;
    config.path = "dataset";
    config.options = std::move(given);
    Diagnostics diagnostics;
    ResolvedComponent all = resolve_component(config, component, diagnostics);
    EXPECT_TRUE(diagnostics.empty()) << diagnostics.error().message;
    return std::pair(all.options.to_json(), to_toml(all.complete.options.at(0).value));
  };
  EXPECT_EQ(resolved({}), std::pair(std::string(R"({"mirrors":["first","","second"]})"),
                                    std::string(R"(["first", "", "second"])")));
  EXPECT_EQ(resolved({{"mirrors", {}, {std::string("third"), {}}}}),
            std::pair(std::string(R"({"mirrors":["third"]})"), std::string("\"third\"")));
  EXPECT_EQ(resolved({{"mirrors", {}, {ConfigValue::Array{}, {}}}}), std::pair(std::string("{}"), std::string("[]")));
}

ComponentConfig evolution() {
  constexpr std::string_view text = "[sampler]\ntype = \"evolution\"\npopulation = 1\n[sampler.deep]\nlist = [1, 2]\n";
  const auto study = parse_study(std::string(minimal_study) + std::string(text), "study.toml", "/data");
  return study ? study->sampler : ComponentConfig{};
}

std::string located(std::string_view message, std::string_view option) {
  nas_error error{};
  nascent::set_error(&error, NAS_E_INVALID, message, option);
  return locate(evolution(), error).message;
}

TEST(Locate, puts_a_plugins_words_at_the_place_of_the_option) {
  EXPECT_EQ(located("population is 1; evolution needs at least 2 parents", "/population"),
            "study.toml:14:14: sampler.population is 1; evolution needs at least 2 parents");
  EXPECT_EQ(located("evolution needs at least 2 parents", "/population"),
            "study.toml:14:14: sampler.population: evolution needs at least 2 parents");
  EXPECT_EQ(located("2 is too large", "/deep/list/1"), "study.toml:16:12: sampler.deep.list.1: 2 is too large");
  EXPECT_EQ(located("is too large", "/deep/list/7"), "study.toml:16:8: sampler.deep.list.7: is too large");
}

TEST(Locate, falls_back_to_the_section) {
  EXPECT_EQ(located("mutation is 2; it is a share", "/mutation"),
            "study.toml:12:1: sampler.mutation is 2; it is a share");
  EXPECT_EQ(located("no space", ""), "study.toml:12:1: sampler \"evolution\": no space");
}

TEST(Locate, survives_an_error_without_its_nul) {
  nas_error error{};
  std::fill(std::begin(error.message), std::end(error.message), 'm');
  std::fill(std::begin(error.option), std::end(error.option), '/');
  EXPECT_NE(locate(evolution(), error).message.find("study.toml:12:1: sampler"), std::string::npos);
}

TEST(Locate, blames_a_file_on_the_option_that_names_it) {
  ComponentConfig config;
  config.path = "dataset";
  config.type = "idx";
  config.where = {"study.toml", 2, 1};
  const auto path = [](std::string name, std::string text, std::uint32_t line) {
    return ConfigMember{std::move(name), {}, {std::move(text), {"study.toml", line, 8}}};
  };
  config.options = {path("folder", "/data", 4), path("labels", "/data/labels", 5), path("cache", "/da", 6)};
  const auto complaint = [&](std::string_view message) {
    nas_error error{};
    nascent::set_error(&error, NAS_E_IO, message);
    return locate(config, error).message;
  };
  EXPECT_EQ(complaint("/data/labels: No such file or directory"),
            "study.toml:5:8: dataset.labels: /data/labels: No such file or directory");
  EXPECT_EQ(complaint("/data/images: is empty"), "study.toml:4:8: dataset.folder: /data/images: is empty");
  EXPECT_EQ(complaint("/database: is empty"), "study.toml:2:1: dataset \"idx\": /database: is empty");
  config.options[1].value.where = {"--set", 0, 0};
  EXPECT_EQ(complaint("/data/labels:3:1: odd"), "--set: dataset.labels: /data/labels:3:1: odd");
}

}  // namespace
}  // namespace nascent::core::test
