// Rules of a plugin's description, on data spoilt one member at a time.
#include "plugins/handshake.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nascent/sampler.hpp>

#include "plugins/utf8.hpp"

namespace nascent::core {
namespace {

using testing::HasSubstr;

struct Greedy final : nascent::Sampler {
  static constexpr nascent::About about{"org.nascent.test.greedy", "greedy", "1.0.0", "proposes zeros"};
  static constexpr std::array modes = nascent::names("slow", "fast");
  static constexpr std::array options{nascent::option("mode", "how").one_of(modes).otherwise("slow"),
                                      nascent::option("size", "how many").integer(1, 9).otherwise(3).searchable()};
  explicit Greedy(const nascent::Options&) {}
  void ask(const nascent::Ask&, nascent::Row) override {}
};

// A good description whose members can be changed.
struct Description {
  nas_component component = nascent::ComponentOf<Greedy>::value;
  std::array<const nas_component*, 1> components{&component};
  nas_plugin plugin = nascent::describe_plugin<Greedy>("org.nascent.test.greedy", "1.0.0");
  Description() { plugin.components = components.data(); }
};

std::string first(const Description& d, std::uint32_t host_minor = NAS_ABI_MINOR) {
  const auto found = handshake(&d.plugin, host_minor);
  return found.empty() ? std::string("accepted") : "rule " + std::to_string(found[0].rule) + ": " + found[0].what;
}

TEST(Handshake, accepts_what_the_sdk_makes) {
  EXPECT_EQ(first(Description()), "accepted");
  const auto components = describe(Description().plugin, nullptr);
  ASSERT_EQ(components.size(), 1U);
  EXPECT_EQ(components[0].options[0].choices, (std::vector<std::string>{"slow", "fast"}));
  EXPECT_EQ(components[0].options[1].dflt, OptionValue(std::int64_t{3}));
  EXPECT_TRUE(components[0].options[1].searchable);
}

TEST(Handshake, a_longer_struct_of_a_newer_minor_is_accepted) {
  Description d;
  d.plugin.size += 64;
  d.plugin.abi_minor = NAS_ABI_MINOR + 3;
  d.component.size += 64;
  EXPECT_EQ(first(d), "accepted");
}

TEST(Handshake, the_minor_a_plugin_needs_is_the_limit) {
  Description d;
  d.plugin.abi_minor = d.plugin.abi_minor_min = 2;
  EXPECT_EQ(first(d, 2), "accepted");
  EXPECT_EQ(first(d, 1), "rule 3: needs ABI minor 2; this nascent has 1.1");
  d.plugin.abi_minor = 1;
  EXPECT_EQ(first(d, 2), "rule 3: abi_minor_min 2 is above abi_minor 1");
}

TEST(Handshake, null_is_refused_wherever_something_is_needed) {
  EXPECT_EQ(handshake(nullptr).at(0).what, "nascent_plugin_v1() returned null");
  Description d;
  d.plugin.components = nullptr;
  EXPECT_THAT(first(d), HasSubstr("n_components is 1; it must be 1 to 1024, with components not null"));
  d = Description();
  d.components[0] = nullptr;
  d.plugin.components = d.components.data();
  EXPECT_EQ(first(d), "rule 2: component 0 is null");
  Description no_table;
  no_table.component.vt = nullptr;
  EXPECT_THAT(first(no_table), HasSubstr("has no table"));
  Description no_bytes;
  no_bytes.component.title.p = nullptr;
  EXPECT_EQ(first(no_bytes), "rule 7: component 0.title has a size but no bytes");
}

TEST(Handshake, names) {
  for (const char* id : {"greedy", "Org.Greedy", ".x.y", "x.y.", "org greedy.x", ""}) {
    Description d;
    d.component.id = nascent::str(id);
    EXPECT_THAT(first(d), HasSubstr("not in reverse-DNS form")) << id;
  }
  for (const char* alias : {"", "Greedy", "9lives", "a.b", "a b"}) {
    Description d;
    d.component.alias = nascent::str(alias);
    EXPECT_THAT(first(d), HasSubstr("not usable in TOML")) << alias;
  }
}

TEST(Handshake, a_kind_of_a_third_party_is_let_through) {
  Description d;
  d.component.kind = nascent::str("com.example.planner/1");
  EXPECT_EQ(first(d), "accepted");
}

TEST(Handshake, the_stride_of_options) {
  Description d;
  d.component.option_stride = sizeof(nas_option) - 8;
  EXPECT_THAT(first(d), HasSubstr("option_stride is"));
  d.component.option_stride = sizeof(nas_option) + 4;
  EXPECT_THAT(first(d), HasSubstr("option_stride is"));
  // Options of a newer minor: longer elements, read by their stride.
  struct Longer {
    nas_option option;
    std::uint64_t tail;
  };
  const std::array<Longer, 2> longer{{{Greedy::options[0], 1}, {Greedy::options[1], 2}}};
  d.component.options = &longer[0].option;
  d.component.option_stride = sizeof(Longer);
  EXPECT_EQ(first(d), "accepted");
  EXPECT_EQ(describe(d.plugin, nullptr)[0].options[1].name, "size");
}

std::string option_mistake(const std::function<void(OptionInfo&)>& spoil) {
  OptionInfo o;
  o.name = "size";
  o.type = NAS_O_FLOAT;
  o.lo = 0;
  o.hi = 1;
  spoil(o);
  std::vector<Violation> found;
  check_option(o, "c", found);
  return found.empty() ? "" : found[0].what;
}

TEST(Handshake, options) {
  EXPECT_EQ(option_mistake([](OptionInfo&) {}), "");
  EXPECT_EQ(option_mistake([](OptionInfo& o) { o.name = "maxSize"; }),
            "c: option \"maxSize\" is not a snake_case name");
  EXPECT_EQ(option_mistake([](OptionInfo& o) { o.help = "two\nlines"; }),
            "c: option \"size\" has a help text of several lines");
  EXPECT_EQ(option_mistake([](OptionInfo& o) { o.lo = 2; }), "c: option \"size\" has the bounds 2 to 1");
  EXPECT_EQ(option_mistake([](OptionInfo& o) { o.hi = std::nan(""); }), "c: option \"size\" has the bounds 0 to nan");
  EXPECT_EQ(option_mistake([](OptionInfo& o) { o.choices = {"a"}; }),
            "c: option \"size\" is of type float and has 1 choices");
  EXPECT_EQ(option_mistake([](OptionInfo& o) { o.type = NAS_O_CHOICE; }),
            "c: option \"size\" is of type choice and has 0 choices");
  EXPECT_EQ(option_mistake([](OptionInfo& o) { o.dflt = 1.5; }),
            "c: option \"size\" has the default 1.5, outside 0 to 1");
  EXPECT_EQ(option_mistake([](OptionInfo& o) { o.dflt = std::nan(""); }),
            "c: option \"size\" has the default nan, outside 0 to 1");
  EXPECT_EQ(option_mistake([](OptionInfo& o) { o.dflt = std::string("x"); }),
            "c: option \"size\" has a default that is no float");
  const auto list_of_texts = [](OptionValue dflt) {
    return option_mistake([&](OptionInfo& o) {
      o.type = NAS_O_STRS;
      o.dflt = dflt;
    });
  };
  EXPECT_EQ(list_of_texts(std::string("a\nb")), "");
  EXPECT_EQ(list_of_texts(0.5), "c: option \"size\" has a default that is no texts");
  EXPECT_EQ(option_mistake([](OptionInfo& o) {
              o.dflt = 0.5;
              o.required = true;
            }),
            "c: option \"size\" is required and has a default");
}

TEST(Handshake, metrics) {
  const auto listing = [](std::string_view name, std::uint32_t direction) {
    static nas_metric_info metric{};
    metric = {nascent::str(name), nascent::str("a number"), direction, 0};
    Description d;
    d.component.metrics = &metric;
    d.component.n_metrics = 1;
    return d;
  };
  EXPECT_EQ(first(listing("val_loss", NAS_MINIMIZE)), "accepted");
  EXPECT_EQ(describe(listing("val_loss", NAS_MINIMIZE).plugin, nullptr)[0].metrics.size(), 1U);
  EXPECT_EQ(first(listing("val loss", NAS_MINIMIZE)),
            "rule 13: component 0 \"org.nascent.test.greedy\": metric \"val loss\" is not a snake_case name");
  EXPECT_EQ(first(listing(std::string(65, 'a'), NAS_MINIMIZE)).substr(0, 7), "rule 13");
  EXPECT_EQ(first(listing("val_loss", 7)),
            "rule 13: component 0 \"org.nascent.test.greedy\": metric \"val_loss\" has the unknown direction 7");
  EXPECT_EQ(first(listing("val\xff", NAS_MINIMIZE)).substr(0, 6), "rule 7");
  Description many = listing("val_loss", NAS_MINIMIZE);
  many.component.n_metrics = 1U << 30U;
  EXPECT_EQ(first(many).substr(0, 7), "rule 13");
  Description earlier = listing("", 99);  // a header without these members: what lies there is not looked at
  earlier.component.size = offsetof(nas_component, metrics);
  EXPECT_EQ(first(earlier), "accepted");
  EXPECT_TRUE(describe(earlier.plugin, nullptr)[0].metrics.empty());
}

TEST(Handshake, the_libtorch_of_a_build_text) {
  EXPECT_EQ(libtorch_build("g++ 12.2.0; libtorch 1.13.1"), "libtorch 1.13.1");
  EXPECT_EQ(libtorch_build("libtorch 2.6.0 ; clang 14"), "libtorch 2.6.0");
  EXPECT_EQ(libtorch_build("g++ 12.2.0"), "");
}

TEST(Utf8, well_formed_and_not) {
  for (const char* good :
       {"", "abc", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xC0\xAF", "\xC1\xBF", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "a\xFF"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
  EXPECT_EQ(text_of(std::string_view("caf\xe9")), "caf?");
}

}  // namespace
}  // namespace nascent::core
