// nascent plugin check: passes good plugins, and survives and names what is wrong with bad ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "nascent/core/plugin_check.hpp"

namespace nascent::core {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

CheckReport check(const fs::path& path, std::chrono::seconds limit = std::chrono::seconds(60)) {
  const auto report = check_plugin(path, {.prober = PLUGIN_PROBER, .limit = limit, .options = {}});
  EXPECT_TRUE(report) << report.error().message;
  return report ? *report : CheckReport{};
}
fs::path bad(const std::string& name) { return fs::path(BAD_PLUGIN_DIR) / ("nascent-" + name + ".so"); }
fs::path good(const std::string& name) { return fs::path(ABI_PLUGIN_DIR) / ("nascent-" + name + ".so"); }

// "test: message" of everything that failed.
std::vector<std::string> failures(const CheckReport& report) {
  std::vector<std::string> all;
  for (const CheckFinding& f : report.findings) {
    if (f.outcome == CheckOutcome::failed) all.push_back(f.test + ": " + f.message);
  }
  return all;
}

class GoodPlugin : public testing::TestWithParam<const char*> {};

TEST_P(GoodPlugin, passes_every_test) {
  const CheckReport report = check(good(GetParam()));
  EXPECT_THAT(failures(report), testing::IsEmpty()) << report.to_text();
  EXPECT_TRUE(report.passed());
  EXPECT_GT(report.findings.size(), 40U);
}
INSTANTIATE_TEST_SUITE_P(Toolchains, GoodPlugin, testing::Values("draw_c", "draw_gxx"),
                         [](const auto& p) { return std::string(p.param); });

TEST(PluginCheck, a_second_export) {
  EXPECT_THAT(
      failures(check(bad("second_export"))),
      Contains("file.exports: exports leaked_counter besides the entry symbol; link it with nascent_add_plugin()"));
}

TEST(PluginCheck, all_broken_rules_of_a_description_are_listed) {
  EXPECT_THAT(failures(check(bad("null_slot"))),
              testing::ElementsAre("descriptor.handshake: component 0 \"org.nascent.test.null_slot\": slot ask is "
                                   "null; fill every required slot"));
}

TEST(PluginCheck, a_newer_major) {
  EXPECT_THAT(failures(check(bad("newer_major"))),
              testing::ElementsAre("file.entry: does not export nascent_plugin_v1"));
}

// Whether the exception finds its way through dlopen to a handler, or ends the process, depends on how the program
// around it was built; both have to be told.
TEST(PluginCheck, a_static_constructor_that_throws) {
  EXPECT_THAT(failures(check(bad("throwing_constructor"))),
              Contains(AllOf(AnyOf(HasSubstr("load: ends the process: Aborted"), HasSubstr("load.loads:")),
                             HasSubstr("a static constructor threw"))));
}

TEST(PluginCheck, a_crash_in_create) {
  EXPECT_THAT(failures(check(bad("crash_in_create"))),
              Contains("sampler org.nascent.test.crash_in_create.lifecycle: ends the process: Segmentation fault"));
}

TEST(PluginCheck, a_hang_in_ask) {
  EXPECT_THAT(failures(check(bad("hang_in_ask"), std::chrono::seconds(6))),
              testing::ElementsAre("sampler org.nascent.test.hang_in_ask.contract: does not end within 6 s"));
}

TEST(PluginCheck, exceptions_out_of_slots) {
  EXPECT_THAT(failures(check(bad("throwing_slots"))),
              Contains(AllOf(HasSubstr("sampler org.nascent.test.throwing_slots.lifecycle: ends the process: Aborted"),
                             HasSubstr("uncaught: create"))));
}

TEST(PluginCheck, a_leak) {
  EXPECT_THAT(failures(check(bad("leak_in_create"))),
              Contains(HasSubstr("creating_and_destroying_1000_times_keeps_the_memory: ")));
}

TEST(PluginCheck, proposals_outside_the_space) {
  EXPECT_THAT(failures(check(bad("out_of_bounds"))),
              Contains(HasSubstr("proposals_lie_in_the_space (finite_space): trial 0: parameter \"block\" is 1e+30, "
                                 "which is outside its range")));
}

TEST(PluginCheck, results_that_are_not_finite) {
  EXPECT_THAT(
      failures(check(bad("fragile"))),
      testing::ElementsAre(
          HasSubstr("values_that_are_not_finite_are_survived (mixed_space): tell is refused: a value is not finite"),
          HasSubstr("values_that_are_not_finite_are_survived (finite_space): tell is refused: a value is not finite")));
}

TEST(PluginCheck, memory_for_each_of_very_many_choices) {
  // Meant: the limit this test is about holds in plain builds, where the test runs.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer takes memory of its own, so that the limit is wider";
#endif
  EXPECT_THAT(
      failures(check(bad("greedy"))),
      testing::ElementsAre(AllOf(HasSubstr("a_million_choices_take_little_memory: 24 trials of a space with two "
                                           "times 1000000 choices took "),
                                 HasSubstr(" MiB; 256 are enough"))));
}

TEST(PluginCheck, a_text_file) {
  const fs::path path = fs::path(testing::TempDir()) / "text.so";
  std::ofstream(path) << "no library";
  EXPECT_THAT(failures(check(path)), testing::ElementsAre("file.format: is not an ELF shared library"));
  EXPECT_FALSE(check_plugin("/nowhere/x.so", {}));
}

TEST(PluginCheck, the_report_is_json_and_text) {
  const CheckReport report = check(bad("second_export"));
  const auto json = nlohmann::json::parse(report.to_json());
  EXPECT_FALSE(json["passed"].get<bool>());
  EXPECT_EQ(json["tests"].size(), report.findings.size());
  EXPECT_THAT(
      report.to_text(),
      AllOf(HasSubstr("FAILED  file.exports (CONVENTIONS.md, rule 1): exports leaked_counter"), HasSubstr("failed=1")));
}

TEST(PluginCheck, options_are_typed_and_named) {
  ComponentInfo c;
  c.alias = "csv";
  OptionInfo path;
  path.name = "path";
  path.type = NAS_O_PATH;
  path.required = true;
  OptionInfo rows;
  rows.name = "rows";
  rows.type = NAS_O_INT;
  c.options = {path, rows};
  EXPECT_EQ(check_options(c, {}).error().message, "needs the option \"path\"; give it with --option csv.path=<path>");
  EXPECT_EQ(check_options(c, {"csv.path=a", "csv.rows=x"}).error().message, "--option csv.rows=x: \"x\" is no int");
  EXPECT_EQ(check_options(c, {"csv.pth=a"}).error().message,
            "--option csv.pth=a: csv has no option \"pth\"; did you mean \"path\"?");
  const auto table = check_options(c, {"csv.path=a", "csv.rows=3", "other.x=1"});
  ASSERT_TRUE(table);
  EXPECT_EQ(*table->get("/rows"), OptionValue(std::int64_t{3}));
}

TEST(PluginCheck, a_manifest_of_another_build) {
  const fs::path folder = fs::path(testing::TempDir()) / "stale";
  fs::remove_all(folder);
  fs::create_directories(folder / "then");
  fs::copy_file(good("draw_gxx"), folder / "then" / "nascent-draw.so");
  const auto manifest = write_manifest(folder / "then" / "nascent-draw.so");
  ASSERT_TRUE(manifest) << manifest.error().message;
  fs::copy_file(*manifest, folder / "nascent-draw.nascent.json");
  fs::copy_file(good("draw_c"), folder / "nascent-draw.so");
  const auto found = failures(check(folder / "nascent-draw.so"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0], AllOf(HasSubstr("manifest: "), HasSubstr("describes another build of nascent-draw.so ("),
                              HasSubstr("); run `nascent plugin manifest ")));
}

TEST(PluginCatalog, a_library_without_manifest_is_read_in_a_child_process) {
  const fs::path folder = fs::path(testing::TempDir()) / "probed";
  fs::remove_all(folder);
  fs::create_directory(folder);
  fs::copy_file(good("draw_c"), folder / "nascent-draw_c.so");
  fs::copy_file(bad("throwing_constructor"), folder / "nascent-throwing_constructor.so");
  auto catalog = PluginCatalog::discover({.search_path = {folder}, .allow = {}, .prober = PLUGIN_PROBER});
  ASSERT_TRUE(catalog) << catalog.error().message;
  EXPECT_TRUE(catalog->load("sampler", "draw_c"));
  EXPECT_EQ(std::ranges::count(catalog->components(), std::string("draw_c"), &ComponentInfo::alias), 1);
  ASSERT_EQ(catalog->refusals().size(), 1U);
  EXPECT_THAT(catalog->refusals()[0].message,
              AnyOf(HasSubstr("crashes (signal 6) while it was loaded; `nascent plugin check"),
                    HasSubstr("cannot be loaded: a static constructor threw")));
}

}  // namespace
}  // namespace nascent::core
