#include "@file@.hpp"

#include <gtest/gtest.h>

namespace {

TEST(@Class@, every_draw_from_the_prior_is_a_network_with_the_right_output) {
  const nas_named_value item{nascent::str("/width_max"), {NAS_T_INT, 0, {.i = 64}}};
  const nas_config config{sizeof(nas_config), 0, 1, &item};
  const @Class@ space(nascent::Options(&config), {nascent::Host(), true, {1, 8, 8}, 10, 10});
  const nascent::SpaceView view(space.declaration().view());
  for (std::uint64_t trial = 0; trial < 200; ++trial) {
    nascent::Rng rng(1, trial);
    nascent::Point point(view.size());
    view.sample(rng, point.row());
    const auto graph = space.build(nascent::Values(view, point.row()));
    ASSERT_TRUE(graph.has_value());
    const auto shapes = nascent::infer(*graph).shapes;
    EXPECT_EQ(shapes[graph->outputs()[0].node.value][0], nascent::Shape{10});
  }
}

}  // namespace
