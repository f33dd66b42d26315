#include "@file@.hpp"

#include <gtest/gtest.h>

#include <nascent/space_builder.hpp>

namespace {

nascent::SpaceDeclaration two_parameters() {
  nascent::SpaceBuilder space;
  space.real("x", -1, 1);
  space.choice("kind", std::vector<std::string>{"a", "b", "c"});
  return space.declaration();
}

TEST(@Class@, proposes_configurations_of_the_space_and_repeats_them) {
  const nascent::SpaceDeclaration declaration = two_parameters();
  const nascent::SpaceView space(declaration.view());
  const nas_value fresh{NAS_T_FLOAT, 0, {.f = 0.2}};
  const nas_named_value item{nascent::str("/fresh"), fresh};
  const nas_config config{sizeof(nas_config), 0, 1, &item};
  const nascent::SamplerSetup setup{nascent::Host(), space, 7};
  @Class@ first(nascent::Options(&config), setup), second(nascent::Options(&config), setup);
  for (std::uint64_t trial = 0; trial < 100; ++trial) {
    nascent::Point a(space.size()), b(space.size());
    first.ask({trial, nascent::Observations(nullptr), nullptr}, a.row());
    second.ask({trial, nascent::Observations(nullptr), nullptr}, b.row());
    EXPECT_TRUE(space.contains(a.row()));
    EXPECT_EQ(a, b);
  }
}

}  // namespace
