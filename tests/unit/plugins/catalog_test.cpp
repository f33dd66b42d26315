// Finding and loading plugins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nascent/sampler.hpp>

#include "nascent/core/instance.hpp"
#include "nascent/core/plugins.hpp"
#include "support/files.hpp"

namespace nascent::core {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Folder : public nascent::test::TemporaryFolder {
 public:
  // A copy of a test plugin in this folder.
  fs::path add(const std::string& alias, const std::string& as = {}) const {
    const fs::path to = root() / ("nascent-" + (as.empty() ? alias : as) + ".so");
    fs::copy_file(fs::path(ABI_PLUGIN_DIR) / ("nascent-" + alias + ".so"), to, fs::copy_options::overwrite_existing);
    return to;
  }
};

PluginCatalog catalog_of(const Folder& folder, std::vector<std::string> allow = {}) {
  auto catalog = PluginCatalog::discover({.search_path = {folder.root()}, .allow = std::move(allow), .prober = {}});
  EXPECT_TRUE(catalog) << catalog.error().message;
  return catalog ? *catalog : PluginCatalog::empty();
}

template <class T>
std::string message_of(const Result<T>& result) {
  return result ? std::string("no error") : result.error().message;
}

// A component linked into the program.
struct Still final : nascent::Sampler {
  static constexpr nascent::About about{"org.nascent.test.still", "still", "1.0.0", "proposes zeros"};
  explicit Still(const nascent::Options&) {}
  void ask(const nascent::Ask&, nascent::Row row) override { std::ranges::fill(row.x, 0.0); }
};
constexpr nas_plugin still_plugin = nascent::describe_plugin<Still>("org.nascent.test.still", "1.0.0");

TEST(PluginCatalog, a_manifest_is_read_and_nothing_is_loaded) {
  const Folder folder;
  const fs::path library = folder.add("draw_c");
  ASSERT_TRUE(write_manifest(library));
  // Of the same size and time, so that only loading shows the fraud.
  const auto time = fs::last_write_time(library);
  const std::string garbage(fs::file_size(library), 'x');
  fs::remove(library);  // not overwritten in place: write_manifest() has mapped the old file
  std::ofstream(library, std::ios::binary) << garbage;
  fs::last_write_time(library, time);

  PluginCatalog catalog = catalog_of(folder);
  const auto found = catalog.find("sampler", "draw_c");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->id, "org.nascent.test.draw_c");
  EXPECT_EQ(found->kind, NAS_KIND_SAMPLER);
  EXPECT_EQ(found->plugin->path, fs::canonical(library));
  ASSERT_EQ(found->options.size(), 1U);
  EXPECT_EQ(found->options[0].name, "shrink");
  EXPECT_EQ(std::get<double>(found->options[0].dflt), 1.0);
  EXPECT_THAT(message_of(catalog.load("sampler", "draw_c")),
              HasSubstr("is not the file its manifest describes (sha256 "));
}

TEST(PluginCatalog, a_library_without_manifest_is_read_on_demand) {
  const Folder folder;
  folder.add("draw_c");
  EXPECT_TRUE(catalog_of(folder).find(NAS_KIND_SAMPLER, "org.nascent.test.draw_c"));
}

TEST(PluginCatalog, a_loaded_component_works) {
  const Folder folder;
  folder.add("draw_gxx");
  PluginCatalog catalog = catalog_of(folder);
  const auto component = catalog.load("sampler", "draw_gxx");
  ASSERT_TRUE(component) << component.error().message;
  EXPECT_EQ(*catalog.load("sampler", "draw_gxx"), *component);

  nas_param parameter{};
  parameter.name = {"rate", 4};
  parameter.lo = 2;
  parameter.hi = 3;
  const nas_space space{sizeof(nas_space), sizeof(nas_param), 1, 0, &parameter, nullptr, {"f", 1}};
  const nas_sampler_arg arg{sizeof(nas_sampler_arg), 1, 0, 1, &space, 7, 0};
  const nas_named_value shrink{{"/shrink", 7}, {NAS_T_FLOAT, 0, {.f = 1.0}}};
  const nas_config config{sizeof(nas_config), 0, 1, &shrink};
  auto sampler = Instance<nas_sampler_vt>::create(**component, config, &arg);
  ASSERT_TRUE(sampler) << sampler.error().message;

  const std::uint64_t id = 0;
  double x = 0;
  std::uint8_t active = 0;
  std::size_t filled = 0;
  nas_rows rows{sizeof(nas_rows), 1, 1, &id, &x, &active};
  const nas_ask ask{sizeof(nas_ask), 0, &rows, &filled, nullptr, nullptr};
  const auto asked = sampler->call(&nas_sampler_vt::ask, &ask);
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(filled, 1U);
  EXPECT_GE(x, 2);
  EXPECT_LE(x, 3);
}

TEST(Instance, a_refusal_keeps_the_option_at_fault) {
  const Folder folder;
  folder.add("draw_gxx");
  PluginCatalog catalog = catalog_of(folder);
  const auto component = catalog.load("sampler", "draw_gxx");
  ASSERT_TRUE(component) << component.error().message;
  const nas_space space{sizeof(nas_space), sizeof(nas_param), 0, 0, nullptr, nullptr, {"f", 1}};
  const nas_sampler_arg arg{sizeof(nas_sampler_arg), 1, 0, 1, &space, 7, 0};
  const nas_named_value shrink{{"/shrink", 7}, {NAS_T_FLOAT, 0, {.f = 0.0}}};
  const nas_config config{sizeof(nas_config), 0, 1, &shrink};
  const auto sampler = Instance<nas_sampler_vt>::create(**component, config, &arg);
  ASSERT_FALSE(sampler);
  EXPECT_EQ(sampler.error().status, NAS_E_INVALID);
  EXPECT_EQ(sampler.error().option, "/shrink");
  EXPECT_EQ(sampler.error().message, "sampler \"draw_gxx\": shrink has to be above 0 and at most 1");
  const auto scheduler = Instance<nas_scheduler_vt>::create(**component, config, &arg);
  ASSERT_FALSE(scheduler);
  EXPECT_THAT(scheduler.error().message, HasSubstr("of another kind"));
}

TEST(PluginCatalog, an_unknown_name_tells_the_nearest_and_where_was_searched) {
  const Folder folder;
  folder.add("draw_c");
  const auto found = catalog_of(folder).find("sampler", "drawc");
  EXPECT_THAT(message_of(found),
              testing::StartsWith("there is no sampler \"drawc\"; did you mean \"draw_c\"? (searched: " +
                                  fs::canonical(folder.root()).string()));
  EXPECT_THAT(message_of(PluginCatalog::empty().find("trainer", "torch")),
              testing::Eq("there is no trainer \"torch\"; no trainer was found at all; NASCENT_PLUGIN_PATH names folders to search "
                          "(searched: no folder exists)"));
  ::setenv("NASCENT_PLUGIN_PATH", "/nowhere/at/../all", 1);
  const auto nothing = PluginCatalog::discover();
  ::unsetenv("NASCENT_PLUGIN_PATH");
  ASSERT_TRUE(nothing);
  EXPECT_THAT(message_of(nothing->find("org.nascent.test.kind/1", "random")), HasSubstr("; not there: /nowhere/all"));
}

TEST(PluginCatalog, the_earlier_folder_wins) {
  const Folder first, second;
  first.add("draw_c");
  second.add("draw_c");
  const auto catalog =
      PluginCatalog::discover({.search_path = {second.root(), first.root()}, .allow = {}, .prober = {}});
  ASSERT_TRUE(catalog);
  ASSERT_EQ(std::ranges::count(catalog->components(), std::string("draw_c"), &ComponentInfo::alias), 1);
  EXPECT_EQ(catalog->find("sampler", "draw_c")->plugin->path.parent_path(), fs::canonical(second.root()));
}

TEST(PluginCatalog, an_alias_of_two_components_is_ambiguous_and_an_id_is_not) {
  static constexpr nas_component first = nascent::ComponentOf<Still>::value;
  static constexpr nas_component second = [] {
    nas_component c = nascent::ComponentOf<Still>::value;
    c.id = nascent::str("com.example.still");
    return c;
  }();
  static constexpr std::array<const nas_component*, 1> one{&first}, two{&second};
  static constexpr nas_plugin first_plugin = [] {
    nas_plugin p = still_plugin;
    p.components = one.data();
    return p;
  }();
  static constexpr nas_plugin second_plugin = [] {
    nas_plugin p = still_plugin;
    p.components = two.data();
    return p;
  }();
  PluginCatalog catalog = PluginCatalog::empty();
  ASSERT_TRUE(catalog.register_builtin(&first_plugin));
  ASSERT_TRUE(catalog.register_builtin(&second_plugin));
  EXPECT_EQ(message_of(catalog.find("sampler", "still")),
            "sampler \"still\" is the alias of several components: \"org.nascent.test.still\" (built in), "
            "\"com.example.still\" (built "
            "in); write the id instead");
  EXPECT_EQ(*catalog.load("sampler", "com.example.still"), &second);
}

TEST(PluginCatalog, a_built_in_component_shadows_a_found_one) {
  const Folder folder;
  folder.add("draw_c");
  PluginCatalog catalog = catalog_of(folder);
  static constexpr nas_component same = [] {
    nas_component c = nascent::ComponentOf<Still>::value;
    c.id = nascent::str("org.nascent.test.draw_c");
    c.alias = nascent::str("draw_c");
    return c;
  }();
  static constexpr std::array<const nas_component*, 1> list{&same};
  static constexpr nas_plugin plugin = [] {
    nas_plugin p = still_plugin;
    p.components = list.data();
    return p;
  }();
  ASSERT_TRUE(catalog.find("sampler", "draw_c"));
  ASSERT_TRUE(catalog.register_builtin(&plugin));
  const auto loaded = catalog.load("sampler", "draw_c");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(*loaded, &same);
}

TEST(PluginCatalog, a_stale_manifest_is_refused_with_the_way_out) {
  const Folder folder;
  const fs::path library = folder.add("draw_c");
  ASSERT_TRUE(write_manifest(library));
  folder.add("draw_gxx", "draw_c");
  const std::string message = message_of(catalog_of(folder).find("sampler", "draw_c"));
  const std::string path = fs::canonical(library).string();
  EXPECT_THAT(message, HasSubstr("describes another build of nascent-draw_c.so ("));
  EXPECT_THAT(message, testing::EndsWith("; run `nascent plugin manifest " + path + "`"));
}

TEST(PluginCatalog, a_manifest_of_a_touched_but_equal_library_is_good) {
  const Folder folder;
  const fs::path library = folder.add("draw_c");
  ASSERT_TRUE(write_manifest(library));
  fs::last_write_time(library, fs::last_write_time(library) + std::chrono::hours(1));
  EXPECT_TRUE(catalog_of(folder).find("sampler", "draw_c"));
}

TEST(PluginCatalog, a_manifest_without_its_library_is_refused) {
  const Folder folder;
  const fs::path library = folder.add("draw_c");
  ASSERT_TRUE(write_manifest(library));
  fs::remove(library);
  EXPECT_THAT(message_of(catalog_of(folder).find("sampler", "draw_c")),
              HasSubstr("the library nascent-draw_c.so is not there"));
}

TEST(PluginCatalog, only_libraries_on_the_allow_list_are_loaded) {
  const Folder folder;
  const fs::path library = folder.add("draw_c");
  ASSERT_TRUE(write_manifest(library));
  const std::string digest = catalog_of(folder).find("sampler", "draw_c")->plugin->sha256;
  EXPECT_TRUE(catalog_of(folder, {"sha256:" + digest}).load("sampler", "draw_c"));
  PluginCatalog strict = catalog_of(folder, {"sha256:" + std::string(64, '0')});
  EXPECT_EQ(message_of(strict.load("sampler", "draw_c")),
            fs::canonical(library).string() +
                ": is not on the list plugins.allow; if you trust the file, add \"sha256:" + digest + "\"");
  const auto typo = PluginCatalog::discover({.search_path = {folder.root()}, .allow = {"sha256:abc"}, .prober = {}});
  EXPECT_THAT(message_of(typo), HasSubstr("plugins.allow: \"sha256:abc\" is not"));
}

TEST(PluginCatalog, a_folder_of_the_study_that_does_not_exist_is_an_error) {
  EXPECT_EQ(message_of(PluginCatalog::discover({.search_path = {"/nowhere"}, .allow = {}, .prober = {}})),
            "plugins.path: there is no folder /nowhere");
}

TEST(PluginCatalog, the_environment_names_folders) {
  const Folder folder;
  folder.add("draw_c");
  ::setenv("NASCENT_PLUGIN_PATH", ("/nowhere:" + folder.root().string()).c_str(), 1);
  const auto catalog = PluginCatalog::discover();
  ::unsetenv("NASCENT_PLUGIN_PATH");
  ASSERT_TRUE(catalog);
  EXPECT_EQ(catalog->search_path().at(0), fs::canonical(folder.root()));
  EXPECT_TRUE(catalog->find("sampler", "draw_c"));
}

}  // namespace
}  // namespace nascent::core
