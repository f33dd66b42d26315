// Finding and loading plugins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nascent/sampler.hpp>
#include <sstream>

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
    fs::copy_file(fs::path(ABI_PLUGIN_DIR) / ("nascent-" + alias + ".so"), to);
    return to;
  }
  // As if `as` had been built again since: the manifest of another library stands beside it.
  void add_manifest_of(const std::string& alias, const std::string& as) const {
    const Folder elsewhere;  // a path that was loaded once stands for that file to the end of the process
    const auto manifest = write_manifest(elsewhere.add(alias, as));
    ASSERT_TRUE(manifest) << manifest.error().message;
    fs::copy_file(*manifest, root() / manifest->filename());
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

// What is logged while it lives.
class Log {
 public:
  Log() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines_)));
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log() { spdlog::set_default_logger(before_); }
  [[nodiscard]] std::string text() const { return lines_.str(); }

 private:
  std::ostringstream lines_;
  std::shared_ptr<spdlog::logger> before_;
};

TEST(PluginCatalog, a_rebuilt_library_is_read_in_place_of_its_manifest_with_one_warning) {
  const Folder folder;
  const fs::path library = folder.add("draw_gxx", "draw");
  folder.add_manifest_of("draw_c", "draw");
  const Log log;
  PluginCatalog catalog = catalog_of(folder);
  EXPECT_EQ(log.text(), "") << "not before it is needed";
  const auto found = catalog.load("sampler", "draw_gxx");
  EXPECT_TRUE(found) << found.error().message;
  EXPECT_FALSE(catalog.find("sampler", "draw_c")) << "what the manifest tells is gone";
  EXPECT_EQ(std::ranges::count(catalog.components(), std::string("draw_gxx"), &ComponentInfo::alias), 1);
  const std::string path = fs::canonical(library).string(), text = log.text();
  EXPECT_THAT(text, HasSubstr("describes another build of nascent-draw.so ("));
  EXPECT_THAT(text, HasSubstr("nascent plugin manifest " + path));
  EXPECT_EQ(text.find("manifest=stale"), text.rfind("manifest=stale"));
  EXPECT_TRUE(catalog.refusals().empty());
}

TEST(PluginCatalog, a_rebuilt_library_that_is_not_asked_for_is_not_read) {
  const Folder folder;
  ASSERT_TRUE(write_manifest(folder.add("draw_gxx")));
  const fs::path other = folder.add("draw_c", "other");
  ASSERT_TRUE(write_manifest(other));
  fs::remove(other);
  folder.write("nascent-other.so", "no library any more");
  const Log log;
  PluginCatalog catalog = catalog_of(folder);
  EXPECT_TRUE(catalog.find("sampler", "draw_gxx"));
  EXPECT_EQ(log.text(), "");
  EXPECT_THAT(message_of(catalog.find("sampler", "draw_c")), HasSubstr("; 1 refused"));
  EXPECT_THAT(log.text(), HasSubstr("manifest=stale"));
}

TEST(PluginCatalog, of_equal_libraries_without_a_manifest_only_that_of_the_earlier_folder_is_read) {
  const Folder first, second;
  const fs::path mine = first.add("draw_c");
  second.write("nascent-draw_c.so", "no library at all");
  const auto catalog = PluginCatalog::discover({.search_path = {first.root(), second.root()}, .allow = {}, .prober = {}});
  ASSERT_TRUE(catalog);
  EXPECT_EQ(catalog->find("sampler", "draw_c")->plugin->path, fs::canonical(mine));
  EXPECT_TRUE(catalog->refusals().empty());
}

TEST(PluginCatalog, the_earlier_folder_wins_also_with_a_library_that_has_to_be_read) {
  for (const bool with_old_manifest : {true, false}) {
    const Folder first, second;
    const fs::path mine = first.add("draw_c");
    if (with_old_manifest) first.add_manifest_of("draw_gxx", "draw_c");
    ASSERT_TRUE(write_manifest(second.add("draw_c")));
    const auto catalog = PluginCatalog::discover({.search_path = {first.root(), second.root()}, .allow = {}, .prober = {}});
    ASSERT_TRUE(catalog);
    const auto found = catalog->find("sampler", "draw_c");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->plugin->path, fs::canonical(mine)) << with_old_manifest;
  }
}

// Answers as the tool does when it is asked to read `library`, after `first` lines of shell.
fs::path prober(const Folder& folder, const fs::path& library, const std::string& first) {
  folder.write("answer.json", manifest_json(library).value());
  const fs::path script = folder.write("prober.sh", "#!/bin/sh\ncd " + folder.path() + "\necho x >>asked\n" + first + "\ncat answer.json\n");
  fs::permissions(script, fs::perms::owner_all);
  return script;
}

PluginCatalog catalog_with(const Folder& folder, const fs::path& prober, std::vector<std::string> allow = {}) {
  auto catalog = PluginCatalog::discover({.search_path = {folder.root()}, .allow = std::move(allow), .prober = prober});
  EXPECT_TRUE(catalog) << catalog.error().message;
  return catalog ? *catalog : PluginCatalog::empty();
}

std::uintmax_t times_asked(const Folder& folder) { return fs::exists(folder.path("asked")) ? fs::file_size(folder.path("asked")) / 2 : 0; }

TEST(PluginCatalog, a_library_is_read_again_where_somebody_else_killed_the_process_that_read_it) {
  for (const char* signal : {"KILL", "TERM"}) {
    const Folder folder;
    const fs::path library = folder.add("draw_c");
    const auto once = prober(folder, library, std::string("mkdir once 2>/dev/null && kill -") + signal + " $$");
    const auto found = catalog_with(folder, once).find("sampler", "draw_c");
    EXPECT_TRUE(found) << found.error().message;
    EXPECT_EQ(times_asked(folder), 2U);
  }
}

TEST(PluginCatalog, a_library_that_crashes_is_not_read_again_and_one_that_is_killed_twice_is_refused) {
  for (const auto& [signal, times] : {std::pair("SEGV", 1U), std::pair("KILL", 2U)}) {
    const Folder folder;
    const fs::path library = folder.add("draw_c");
    const auto always = prober(folder, library, std::string("kill -") + signal + " $$");
    EXPECT_THAT(message_of(catalog_with(folder, always).find("sampler", "draw_c")), HasSubstr("while it was loaded"));
    EXPECT_EQ(times_asked(folder), times) << signal;
  }
}

TEST(PluginCatalog, a_library_that_is_not_on_the_allow_list_is_not_read_either) {
  const Folder folder;
  const auto reads = prober(folder, folder.add("draw_c"), "");
  PluginCatalog strict = catalog_with(folder, reads, {"sha256:" + std::string(64, '0')});
  EXPECT_THAT(message_of(strict.find("sampler", "draw_c")), HasSubstr("is not on the list plugins.allow"));
  EXPECT_EQ(times_asked(folder), 0U) << "reading it runs its code";
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
