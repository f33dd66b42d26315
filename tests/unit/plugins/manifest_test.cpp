// The sidecar manifest: written, read back, and hostile.
#include "plugins/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <tuple>

namespace nascent::core {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

const fs::path library = fs::path(ABI_PLUGIN_DIR) / "nascent-draw_c.so";

json good() { return json::parse(manifest_json(library).value()); }

std::string mistake(const json& j) {
  const auto manifest = parse_manifest(j.dump(), library);
  return manifest ? "accepted" : manifest.error().message;
}

TEST(Manifest, comes_back_as_it_was_written) {
  const auto text = manifest_json(library);
  ASSERT_TRUE(text) << text.error().message;
  const auto manifest = parse_manifest(*text, library);
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(to_json(*manifest), *text);
  EXPECT_EQ(manifest->size_bytes, fs::file_size(library));
  EXPECT_EQ(manifest->plugin->sha256.size(), 64U);
}

TEST(Manifest, keeps_every_type_of_default) {
  Manifest m;
  m.plugin = std::make_shared<PluginInfo>(PluginInfo{library, "org.x.y", "1", "", std::string(64, 'a'), 0, 0});
  ComponentInfo c{"nascent.sampler/1", "org.x.y", "y", "1", "t", 0, {}, {}, m.plugin};
  const std::vector<std::pair<std::uint32_t, OptionValue>> defaults{{NAS_O_BOOL, true},
                                                                    {NAS_O_INT, std::int64_t{-5}},
                                                                    {NAS_O_FLOAT, 0.1},
                                                                    {NAS_O_FLOAT, 2.0},
                                                                    {NAS_O_STR, std::string("é\n")},
                                                                    {NAS_O_STRS, std::string("\na\nb")},
                                                                    {NAS_O_INTS, std::vector<std::int64_t>{1, 2}},
                                                                    {NAS_O_FLOATS, std::vector<double>{0.5, 1e300}},
                                                                    {NAS_O_TABLE, {}},
                                                                    {NAS_O_INTS, std::vector<std::int64_t>{}},
                                                                    {NAS_O_FLOATS, std::vector<double>{}}};
  for (const auto& [type, value] : defaults) {
    OptionInfo o;
    o.name = "o" + std::to_string(c.options.size());
    o.type = type;
    o.lo = -std::numeric_limits<double>::infinity();
    o.hi = std::numeric_limits<double>::infinity();
    o.dflt = value;
    c.options.push_back(o);
  }
  m.components = {c};
  const auto back = parse_manifest(to_json(m), library);
  ASSERT_TRUE(back) << back.error().message;
  for (std::size_t i = 0; i < defaults.size(); ++i)
    EXPECT_EQ(back->components[0].options[i].dflt, defaults[i].second) << i;
}

TEST(Manifest, keeps_the_metrics_of_a_component) {
  Manifest m;
  m.plugin = std::make_shared<PluginInfo>(PluginInfo{library, "org.x.y", "1", "", std::string(64, 'a'), 0, 0});
  m.components = {{"nascent.trainer/1", "org.x.y", "y", "1", "t", 0, {},
                   {{"val_rmse", "of the targets", NAS_MINIMIZE, NAS_NEEDS_NUMBERS}, {"steps", "", NAS_DIRECTION_NONE, 0}},
                   m.plugin}};
  json j = json::parse(to_json(m));
  const auto back = parse_manifest(j.dump(), library);
  ASSERT_TRUE(back) << back.error().message;
  ASSERT_EQ(back->components[0].metrics.size(), 2U);
  const MetricInfo& rmse = back->components[0].metrics[0];
  EXPECT_EQ(std::tie(rmse.name, rmse.help, rmse.direction, rmse.needs),
            std::tuple("val_rmse", "of the targets", NAS_MINIMIZE, NAS_NEEDS_NUMBERS));
  json& metric = j["components"][0]["metrics"][1];
  metric["direction"] = "up";
  EXPECT_EQ(mistake(j), "/components/0/metrics/1/direction is not none, minimize or maximize");
  metric["direction"] = "none";
  metric["name"] = "Val Loss";
  EXPECT_EQ(mistake(j), "component \"org.x.y\": metric \"Val Loss\" is not a snake_case name");
  j["components"][0].erase("metrics");  // none is known in advance
  EXPECT_EQ(mistake(j), "accepted");
}

TEST(Manifest, every_missing_or_mistyped_field_is_named) {
  const json whole = good();
  for (const auto& [key, value] : whole.items()) {
    json j = whole;
    j.erase(key);
    EXPECT_THAT(mistake(j), HasSubstr("/" + key)) << key;
    j[key] = nullptr;
    EXPECT_THAT(mistake(j), HasSubstr("/" + key)) << key;
  }
  json j = whole;
  j["components"][0]["options"][0]["type"] = 3;
  EXPECT_EQ(mistake(j), "/components/0/options/0/type is not text");
  j = whole;
  j["manifest"] = 2;
  EXPECT_EQ(mistake(j), "/manifest is 2; this nascent reads format 1");
  j = whole;
  j["library"] = "../../evil.so";
  EXPECT_EQ(mistake(j), "/library is not the name of the library beside it");
  j = whole;
  j["size_bytes"] = -1;
  EXPECT_EQ(mistake(j), "/size_bytes is not a count");
  j = whole;
  j["components"][0]["options"][0]["default"] = 7.0;
  EXPECT_THAT(mistake(j), HasSubstr("has the default 7, outside 0 to 1"));
  EXPECT_EQ(parse_manifest("{\"manifest\": 1", library).error().message, "is not valid JSON");
  EXPECT_EQ(parse_manifest("[]", library).error().message, "/ is not an object");
  EXPECT_FALSE(parse_manifest(std::string(100000, '['), library));
}

TEST(Manifest, changed_bytes_are_read_or_refused_but_do_no_harm) {
  const std::string text = manifest_json(library).value();
  std::mt19937_64 random(1);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string changed = text;
    for (int k = 0; k < 3; ++k) changed[random() % changed.size()] = static_cast<char>(random());
    refused += !parse_manifest(changed, library);
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace nascent::core
