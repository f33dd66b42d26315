// The header against its snapshot, against the future, and against compilers of other languages and systems.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "header_model.hpp"
#include "nascent/core/instance.hpp"
#include "nascent/core/child_process.hpp"
#include "plugins/elf_file.hpp"
#include "plugins/sha256.hpp"

namespace nascent::core {
namespace {

namespace fs = std::filesystem;
using abi::breaks;
using abi::Header;
using abi::read_header;
using testing::HasSubstr;
using testing::IsEmpty;

const fs::path sdk = fs::path(NASCENT_SOURCE_DIR) / "sdk";

std::string text_of_file(const fs::path& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}
std::string current() { return text_of_file(sdk / "include/nascent/abi.h"); }
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}
ChildOutcome run(const std::vector<std::string>& argv) {
  const auto child = run_child(argv, std::chrono::seconds(60));
  EXPECT_TRUE(child) << child.error().message;
  return child ? *child : ChildOutcome{};
}
fs::path plugin(const std::string& alias) { return fs::path(ABI_PLUGIN_DIR) / ("nascent-" + alias + ".so"); }

TEST(AbiSnapshot, the_draft_equals_the_header_and_the_changelog_names_it) {
  constexpr const char* way_out = "abi.h changed: run sdk/frozen/renew.sh \"what changed and why\"";
  EXPECT_TRUE(current() == text_of_file(sdk / "frozen/abi-1.0-draft.h")) << way_out;
  EXPECT_THAT(text_of_file(sdk / "CHANGELOG.md"), HasSubstr("`" + sha256(current()).substr(0, 16) + "`")) << way_out;
}

TEST(AbiSnapshot, the_header_may_follow_every_released_one) {
  for (const auto& entry : fs::directory_iterator(sdk / "frozen")) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".h") || name.find("draft") != std::string::npos) continue;
    EXPECT_THAT(breaks(read_header(text_of_file(entry.path())), read_header(current())), IsEmpty()) << name;
  }
}

TEST(AbiPrefix, every_struct_of_the_header_is_seen) {
  const Header header = read_header(current());
  EXPECT_EQ(header.structs.size(), 58U);
  EXPECT_TRUE(header.structs.at("nas_error").frozen);
  EXPECT_FALSE(header.structs.at("nas_plugin").frozen);
  EXPECT_EQ(header.structs.at("nas_cond").members,
            (std::vector<std::string>{"uint32_t group", "+ parent", "+ op", "+ reserved", "double value"}));
  EXPECT_EQ(header.constants.at("NAS_E_INVALID"), "(-1)");
}

TEST(AbiPrefix, a_minor_that_only_adds_at_tails_may_follow) {
  EXPECT_THAT(breaks(read_header(current()), read_header(text_of_file(NEXT_HEADER))), IsEmpty());
}

TEST(AbiPrefix, every_other_change_is_a_break) {
  const Header before = read_header(current());
  const auto after = [&](const std::string& from, const std::string& to) {
    return breaks(before, read_header(replaced(current(), from, to)));
  };
  EXPECT_THAT(after("  uint64_t seed;\n  uint64_t trials_max;", "  uint64_t trials_max;\n  uint64_t seed;"),
              testing::Not(IsEmpty()));
  EXPECT_THAT(after("  nas_str id, version;\n", "  nas_str id;\n"), testing::Not(IsEmpty()));
  EXPECT_THAT(after("  double lo, hi;  ", "  float lo, hi;  "), testing::Not(IsEmpty()));
  EXPECT_THAT(after("size_t *n_filled;", "uint64_t *n_filled;"), testing::Not(IsEmpty()));
  EXPECT_THAT(after("} nas_metric;", "  double weight;\n} nas_metric;"),
              testing::ElementsAre("nas_metric is FROZEN and changed"));
  EXPECT_THAT(after("#define NAS_E_NUMERIC (-6)", "#define NAS_E_NUMERIC (-9)"),
              testing::ElementsAre("constant NAS_E_NUMERIC changed"));
  EXPECT_THAT(after("\"nascent.space/1\"", "\"nascent.space/2\""),
              testing::ElementsAre("constant NAS_KIND_SPACE changed"));
  EXPECT_THAT(after("(void *self, const nas_ask *, nas_error *)", "(void *self, nas_ask *, nas_error *)"),
              testing::Not(IsEmpty()));
}

// One proposal of a loaded plugin's sampler for a parameter x in [0, 1].
PluginResult<double> propose(const fs::path& path) {
  const auto loaded = load_library(path);
  if (!loaded) return tl::unexpected(PluginError{{loaded.error()}, NAS_E_INVALID, {}, {}});
  const nas_plugin& p = **loaded;
  nas_param parameter{};
  parameter.name = {"x", 1};
  parameter.hi = 1;
  const nas_space space{sizeof(nas_space), sizeof(nas_param), 1, 0, &parameter, nullptr, {"f", 1}};
  const nas_named_value shrink{{"/shrink", 7}, {NAS_T_FLOAT, 0, {.f = 1.0}}};
  const nas_config config{sizeof(nas_config), 0, 1, &shrink};
  // What follows the argument in memory is no part of it: a plugin of a newer minor must not read it.
  struct {
    nas_sampler_arg arg;
    double temperature;
  } memory{{sizeof(nas_sampler_arg), 1, 0, 1, &space, 7, 0}, 1e-9};
  auto sampler = Instance<nas_sampler_vt>::create(*p.components[0], config, &memory.arg);
  if (!sampler) return tl::unexpected(sampler.error());
  const std::uint64_t id = 3;
  double x = -1;
  std::uint8_t active = 0;
  std::size_t filled = 0;
  nas_rows rows{sizeof rows, 1, 1, &id, &x, &active};
  const nas_ask ask{sizeof ask, 0, &rows, &filled, nullptr, nullptr};
  if (auto ok = sampler->call(&nas_sampler_vt::ask, &ask); !ok) return tl::unexpected(ok.error());
  return x;
}

TEST(AbiMinors, a_plugin_of_a_newer_minor_works_in_this_host) {
  const auto x = propose(plugin("draw_next"));
  ASSERT_TRUE(x) << x.error().message;
  EXPECT_GT(*x, 1e-6) << "the plugin read behind the argument of an older host";
}

TEST(AbiMinors, a_plugin_that_needs_a_newer_minor_is_refused) {
  const auto x = propose(plugin("draw_next_only"));
  ASSERT_FALSE(x);
  EXPECT_THAT(x.error().message, HasSubstr("needs ABI minor 1; this nascent has 1.0 (CONVENTIONS.md, rule 3)"));
}

TEST(AbiMinors, a_plugin_of_the_frozen_header_works_in_this_host) {
  const auto x = propose(plugin("draw_frozen"));
  ASSERT_TRUE(x) << x.error().message;
}

TEST(AbiMinors, a_host_of_a_newer_minor_runs_plugins_of_both) {
  EXPECT_EQ(run({NEXT_HOST, plugin("draw_frozen").string()}).out, "forget=no homepage=no temperature=unknown\n");
  EXPECT_EQ(run({NEXT_HOST, plugin("draw_next").string()}).out, "forget=no homepage=yes temperature=used\n");
}

class AbiToolchain : public testing::TestWithParam<std::string> {};

TEST_P(AbiToolchain, its_plugin_works_in_this_host) {
  const auto x = propose(plugin(GetParam()));
  ASSERT_TRUE(x) << x.error().message;
  EXPECT_GE(*x, 0);
  EXPECT_LE(*x, 1);
}
TEST_P(AbiToolchain, its_plugin_exports_the_entry_alone) {
  const auto file = read_elf(read_bytes(plugin(GetParam())).value());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(file->exported, testing::ElementsAre("nascent_plugin_v1"));
}

std::vector<std::string> listed(const std::string& names) {
  std::vector<std::string> all;
  std::istringstream in(names);
  for (std::string name; in >> name;) all.push_back(name);
  return all;
}
INSTANTIATE_TEST_SUITE_P(Built, AbiToolchain, testing::ValuesIn(listed(ABI_TOOLCHAINS)),
                         [](const auto& p) { return p.param; });

#ifdef ABIDIFF
TEST(AbiDiff, the_header_differs_in_nothing_from_its_snapshot) {
  const ChildOutcome diff = run({ABIDIFF, ANCHOR_FROZEN, ANCHOR_CURRENT});
  EXPECT_EQ(diff.exit_code, 0) << diff.out;
}
TEST(AbiDiff, an_appended_slot_is_seen) { EXPECT_NE(run({ABIDIFF, ANCHOR_FROZEN, ANCHOR_NEXT}).exit_code, 0); }
#endif

#ifdef MINGW_OBJDUMP
// The names in the export table of a DLL.
std::vector<std::string> exports_of(const std::string& dll) {
  const std::string text = run({MINGW_OBJDUMP, "-p", dll}).out;
  std::vector<std::string> names;
  std::istringstream lines(text.substr(std::min(text.find("[Ordinal/Name Pointer] Table"), text.size())));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && line.find('[') != std::string::npos)
    names.push_back(line.substr(line.find_last_of(" \t") + 1));
  return names;
}
TEST(AbiWindows, plugins_export_the_entry_alone) {
  EXPECT_THAT(exports_of(DLL_C), testing::ElementsAre("nascent_plugin_v1"));
  EXPECT_THAT(exports_of(DLL_CXX), testing::ElementsAre("nascent_plugin_v1"));
}
TEST(AbiWindows, plugins_need_nothing_that_windows_does_not_have) {
  for (const char* dll : {DLL_C, DLL_CXX}) {
    const std::string text = run({MINGW_OBJDUMP, "-p", dll}).out;
    EXPECT_EQ(text.find("libgcc"), std::string::npos) << dll;
    EXPECT_EQ(text.find("libstdc++"), std::string::npos) << dll;
    EXPECT_EQ(text.find("libwinpthread"), std::string::npos) << dll;
  }
}
#endif

}  // namespace
}  // namespace nascent::core
