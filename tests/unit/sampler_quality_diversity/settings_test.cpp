#include "quality-diversity/settings.hpp"

#include <gtest/gtest.h>

#include "quality-diversity/quality_diversity.hpp"
#include "support/config.hpp"

namespace nascent::quality_diversity {
namespace {

using test::Config;
using Given = std::initializer_list<std::pair<std::string, test::OptionValue>>;

const std::vector<std::string> kMeasured{"parameters", "latency_ms_p50"};

Settings read(Given given) {
  Config config(given);
  config.complete<QualityDiversity>();
  return settings_of(config.options());
}

// "OPTION: MESSAGE", or "" when there is nothing to complain about.
std::string complaint(Given given) {
  try {
    read(given);
    return "";
  } catch (const Error& e) {
    return e.option() + ": " + e.what();
  }
}

TEST(Settings, descriptors_alone_are_axes_of_which_everything_is_learnt) {
  const Settings settings = read({{"descriptors", kMeasured}, {"cells", 12}});
  ASSERT_EQ(settings.axes.size(), 2U);
  EXPECT_EQ(settings.axes[1].metric, "latency_ms_p50");
  EXPECT_EQ(settings.axes[1].cells, 12U);
  EXPECT_EQ(settings.axes[1].scale, Scale::automatic);
  EXPECT_FALSE(settings.axes[1].min || settings.axes[1].max);
}

TEST(Settings, a_table_fixes_single_axes) {
  const Settings settings = read({{"descriptors", kMeasured},
                                  {"axes/parameters/min", 1000},
                                  {"axes/parameters/max", 1e6},
                                  {"axes/parameters/scale", "log"},
                                  {"axes/parameters/cells", 5}});
  EXPECT_EQ(settings.axes[0].min, 1000);
  EXPECT_EQ(settings.axes[0].max, 1e6);
  EXPECT_EQ(settings.axes[0].scale, Scale::log);
  EXPECT_EQ(settings.axes[0].cells, 5U);
  EXPECT_EQ(settings.axes[1].cells, 10U);
}

TEST(Settings, what_cannot_be_used_is_refused_with_its_place_and_the_way_out) {
  EXPECT_EQ(complaint({}),
            "/descriptors: descriptors names no metric; name those in which the results shall differ, such as "
            "descriptors = [\"parameters\"]");
  EXPECT_EQ(complaint({{"descriptors", std::vector<std::string>{"flops", "flops"}}}),
            "/descriptors: descriptors names \"flops\" twice; leave one out");
  EXPECT_EQ(complaint({{"descriptors", kMeasured}, {"axes/flops/cells", 3}}),
            "/axes/flops: axes gives \"flops\", which is no descriptor; valid: parameters, latency_ms_p50");
  EXPECT_EQ(complaint({{"descriptors", kMeasured}, {"axes/parameters/bins", 3}}),
            "/axes/parameters/bins: an axis has no \"bins\"; valid: cells, min, max, scale");
  EXPECT_EQ(complaint({{"descriptors", kMeasured}, {"axes/parameters", 3}}),
            "/axes/parameters: parameters has to be a table, such as { cells = 20, min = 0, max = 1 }");
  EXPECT_EQ(complaint({{"descriptors", kMeasured}, {"axes/parameters/cells", 0}}),
            "/axes/parameters/cells: cells is 0; 1 to 1000000 are possible");
  EXPECT_EQ(complaint({{"descriptors", kMeasured}, {"axes/parameters/min", 3}, {"axes/parameters/max", 3}}),
            "/axes/parameters/max: max has to be above min");
  EXPECT_EQ(complaint({{"descriptors", kMeasured}, {"axes/parameters/min", 0}, {"axes/parameters/scale", "log"}}),
            "/axes/parameters/min: min has to be above 0 on a log scale");
  EXPECT_EQ(complaint({{"descriptors", kMeasured}, {"axes/parameters/max", HUGE_VAL}}),
            "/axes/parameters/max: max has to be finite; leave it out and it is learnt");
  EXPECT_EQ(
      complaint({{"descriptors", kMeasured}, {"axes/parameters/scale", "logarithmic"}}),
      "/axes/parameters/scale: scale is \"logarithmic\"; valid: linear, log; leave it out and it follows from the "
      "values");
  EXPECT_EQ(complaint({{"descriptors", kMeasured}, {"cells", 1001}}),
            "/cells: the axes together make more than 1000000 cells; take fewer descriptors or fewer cells for each");
  EXPECT_EQ(complaint({{"descriptors", kMeasured}, {"cells", 1000}}), "");
}

}  // namespace
}  // namespace nascent::quality_diversity
