#include <gtest/gtest.h>

#include <nascent/core/options.hpp>
#include <nascent/options.hpp>

namespace nascent::core {
namespace {

OptionTable sample() {
  OptionTable table;
  table.set("/rate", 0.5);
  table.set("/name", std::string("wide \"net\""));
  table.set("/stages/0/width", std::int64_t{16});
  table.set("/stages/1/width", std::int64_t{32});
  table.set("/kernel", std::vector<std::int64_t>{3, 5});
  table.set("/nothing", std::monostate{});
  table.set("/on", true);
  return table;
}

TEST(OptionTable, is_read_through_the_sdk_as_it_was_set) {
  const OptionTable table = sample();
  const nas_config view = table.view();
  const nascent::Options options(&view);
  EXPECT_EQ(options.real("rate"), 0.5);
  EXPECT_EQ(options.text("name"), "wide \"net\"");
  EXPECT_EQ(options.table("stages").table("1").integer("width"), 32);
  EXPECT_EQ(options.integers("kernel"), (std::vector<std::int64_t>{3, 5}));
  EXPECT_TRUE(options.flag("on"));
  EXPECT_EQ(options.keys(), (std::vector<std::string>{"rate", "name", "stages", "kernel", "nothing", "on"}));
}

TEST(OptionTable, its_view_survives_a_move) {
  OptionTable table = sample();
  const nas_config view = table.view();
  const OptionTable moved = std::move(table);
  const nascent::Options options(&view);
  EXPECT_EQ(options.text("name"), "wide \"net\"");
  EXPECT_EQ(moved.view().items, view.items);
}

TEST(OptionTable, a_copy_borrows_nothing_from_the_original) {
  auto original = std::make_unique<OptionTable>(sample());
  (void)original->view();
  const OptionTable copy = *original;
  original.reset();
  const nas_config view = copy.view();
  EXPECT_EQ(nascent::Options(&view).text("name"), "wide \"net\"");
}

TEST(OptionTable, setting_replaces_in_place_and_renews_the_view) {
  OptionTable table = sample();
  (void)table.view();
  table.set("/rate", std::int64_t{1});
  EXPECT_EQ(*table.get("/rate"), OptionValue(std::int64_t{1}));
  EXPECT_EQ(table.items().front().first, "/rate");
  const nas_config view = table.view();
  EXPECT_EQ(nascent::Options(&view).integer("rate"), 1);
  EXPECT_EQ(table.get("/absent"), nullptr);
}

TEST(OptionTable, becomes_nested_json_in_its_own_order) {
  EXPECT_EQ(
      sample().to_json(),
      R"({"rate":0.5,"name":"wide \"net\"","stages":[{"width":16},{"width":32}],"kernel":[3,5],"nothing":{},"on":true})");
  EXPECT_EQ(OptionTable().to_json(), "{}");
}

TEST(OptionTable, keys_with_slashes_and_numbers_survive_json) {
  OptionTable table;
  table.set("/map" + pointer_step("a/b~c"), std::int64_t{1});
  table.set("/odd/0", std::int64_t{1});
  table.set("/odd/x", std::int64_t{2});
  EXPECT_EQ(table.to_json(), R"({"map":{"a/b~c":1},"odd":{"0":1,"x":2}})");
}

}  // namespace
}  // namespace nascent::core
