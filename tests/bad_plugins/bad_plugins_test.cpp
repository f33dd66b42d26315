// Every member of the gallery gets one clear message: the path, the rule broken, the way out.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "nascent/core/instance.hpp"
#include "nascent/core/plugins.hpp"

namespace nascent::core {
namespace {

namespace fs = std::filesystem;

fs::path member(const std::string& name) { return fs::path(BAD_PLUGIN_DIR) / ("nascent-" + name + ".so"); }

// The message without the path it begins with.
std::string refusal_of(const fs::path& path) {
  const auto plugin = load_library(path);
  if (plugin) return "accepted";
  const std::string& message = plugin.error().message;
  const std::string place = fs::canonical(path).string() + ": ";
  EXPECT_TRUE(message.starts_with(place)) << message;
  return message.substr(std::min(place.size(), message.size()));
}
std::string refusal(const std::string& name) { return refusal_of(member(name)); }

fs::path written(const std::string& name, const std::string& bytes) {
  const fs::path path = fs::path(testing::TempDir()) / name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}
std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(BadPlugins, wrong_magic) {
  EXPECT_EQ(refusal("wrong_magic"),
            "nas_plugin.magic is 0x12345678; it must be 0x5341454e (CONVENTIONS.md, rule 1); rebuild it with the "
            "nascent SDK");
}

TEST(BadPlugins, newer_major) {
  EXPECT_EQ(
      refusal("newer_major"),
      "is made for ABI major 2; this nascent speaks major 1 (CONVENTIONS.md, rule 1); update nascent, or build the "
      "plugin with the SDK of this release");
}

TEST(BadPlugins, newer_minor) {
  EXPECT_EQ(refusal("newer_minor"),
            "needs ABI minor 98; this nascent has 1.0 (CONVENTIONS.md, rule 3); update nascent, or build the plugin "
            "with a lower "
            "NAS_TARGET_MINOR");
}

TEST(BadPlugins, undersized_plugin) {
  EXPECT_EQ(refusal("undersized_plugin"),
            "nas_plugin.size is 16; ABI 1.0 needs at least 88 (CONVENTIONS.md, rule 2); set size to sizeof the struct; "
            "rebuild it with "
            "the nascent SDK");
}

TEST(BadPlugins, undersized_table) {
  EXPECT_EQ(refusal("undersized_table"),
            "component 0 \"org.nascent.test.undersized_table\": its table.size is 40; ABI 1.0 needs at least 48 "
            "(CONVENTIONS.md, rule "
            "2); set size to sizeof the struct; rebuild it with the nascent SDK");
}

TEST(BadPlugins, null_slot) {
  EXPECT_EQ(refusal("null_slot"),
            "component 0 \"org.nascent.test.null_slot\": slot ask is null (CONVENTIONS.md, rule 2); fill every "
            "required slot");
}

TEST(BadPlugins, missing_symbol) {
  EXPECT_EQ(refusal("missing_symbol"),
            "does not export nascent_plugin_v1 (CONVENTIONS.md, rule 1); a plugin names itself with NASCENT_PLUGIN and "
            "is linked by "
            "nascent_add_plugin()");
}

TEST(BadPlugins, duplicate_ids) {
  EXPECT_EQ(refusal("duplicate_ids"),
            "component 1: the id \"org.nascent.test.duplicate_ids\" is used twice (CONVENTIONS.md, rule 14); give "
            "every component an id "
            "of its own");
}

TEST(BadPlugins, invalid_utf8) {
  EXPECT_EQ(refusal("invalid_utf8"),
            "component 0.title is not valid UTF-8: \"caf?\" (CONVENTIONS.md, rule 7); encode the text as UTF-8");
}

TEST(BadPlugins, options) {
  EXPECT_EQ(refusal("default_out_of_bounds"),
            "component 0 \"org.nascent.test.default_out_of_bounds\": option \"population\" has the default 1, outside "
            "2 to 100 "
            "(CONVENTIONS.md, rule 13); choose a default within the bounds");
  EXPECT_EQ(
      refusal("default_of_wrong_type"),
      "component 0 \"org.nascent.test.default_of_wrong_type\": option \"population\" has a default that is no int "
      "(CONVENTIONS.md, rule 13); give a default of the option's type");
  EXPECT_EQ(refusal("option_twice"),
            "component 0 \"org.nascent.test.option_twice\": option \"mode\" is declared twice (CONVENTIONS.md, rule "
            "13); declare it once");
  EXPECT_EQ(refusal("unknown_option_type"),
            "component 0 \"org.nascent.test.unknown_option_type\": option \"mode\" has the unknown type 77 "
            "(CONVENTIONS.md, rule 13); use "
            "one of NAS_O_*");
}

TEST(BadPlugins, not_an_elf_file) {
  constexpr const char* tail =
      " (CONVENTIONS.md, rule 1); check that the path names a plugin built for this machine, and that it was copied "
      "whole";
  EXPECT_EQ(refusal_of(written("text.so", "#!/bin/sh\necho hello\n")),
            std::string("is not an ELF shared library") + tail);
  EXPECT_EQ(refusal_of(written("empty.so", "")), std::string("is not an ELF shared library") + tail);
  EXPECT_EQ(refusal_of(written("windows.so", "MZ\x90")),
            std::string("is a Windows library, not an ELF shared library") + tail);
}

TEST(BadPlugins, truncated_at_any_length_is_refused_and_never_mapped) {
  const std::string whole = bytes_of(member("refuse_init"));
  ASSERT_GT(whole.size(), 4096U);
  int truncated = 0;
  for (const std::size_t n : {5UL, 63UL, 64UL, 100UL, 1000UL, 4096UL, whole.size() / 2}) {
    const std::string message = refusal_of(written("truncated.so", whole.substr(0, n)));
    EXPECT_NE(message, "accepted") << n;
    truncated += message.find("is truncated") == 0;
  }
  EXPECT_EQ(truncated, 7);
}

TEST(BadPlugins, another_machine) {
  std::string bytes = bytes_of(member("refuse_init"));
  bytes[18] = static_cast<char>(0xF3);  // e_machine: RISC-V
  bytes[19] = 0;
  EXPECT_EQ(refusal_of(written("riscv.so", bytes)),
            "is built for RISC-V; this machine is x86-64 (CONVENTIONS.md, rule 1); check that the path names a plugin "
            "built for this "
            "machine, and that it was copied whole");
}

TEST(BadPlugins, a_file_that_is_not_there) {
  const auto plugin = load_library("/nowhere/plugin.so");
  ASSERT_FALSE(plugin);
  EXPECT_EQ(plugin.error().message, "/nowhere/plugin.so: No such file or directory");
}

TEST(BadPlugins, two_builds_of_libtorch_in_one_process) {
  ASSERT_TRUE(load_library(member("libtorch_one")));
  EXPECT_EQ(
      refusal("libtorch_two"),
      "is built with libtorch 2.6.0; " + fs::canonical(member("libtorch_one")).string() +
          " of this process uses libtorch 1.13.1 (CONVENTIONS.md, rule 15); build both plugins with the same LibTorch");
}

TEST(BadPlugins, init_that_refuses_is_told_in_the_plugins_own_words) {
  auto catalog = PluginCatalog::discover({.search_path = {BAD_PLUGIN_DIR}, .allow = {}, .prober = {}});
  ASSERT_TRUE(catalog) << catalog.error().message;
  const auto component = catalog->load("sampler", "refuse_init");
  ASSERT_FALSE(component);
  EXPECT_EQ(component.error().message, fs::canonical(member("refuse_init")).string() +
                                           ": init failed: licence file missing; put it beside the plugin");
}

TEST(BadPlugins, a_refused_library_explains_why_its_component_is_unknown) {
  auto catalog = PluginCatalog::discover({.search_path = {BAD_PLUGIN_DIR}, .allow = {}, .prober = {}});
  ASSERT_TRUE(catalog) << catalog.error().message;
  const auto component = catalog->find("sampler", "null_slot");
  ASSERT_FALSE(component);
  EXPECT_NE(component.error().message.find("slot ask is null"), std::string::npos) << component.error().message;
}

}  // namespace
}  // namespace nascent::core
