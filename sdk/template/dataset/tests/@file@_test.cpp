#include "@file@.hpp"

#include <gtest/gtest.h>

namespace {

TEST(@Class@, gathers_the_rows_asked_for) {
  const nas_named_value items[] = {{nascent::str("/rows"), {NAS_T_INT, 0, {.i = 100}}}, {nascent::str("/noise"), {NAS_T_FLOAT, 0, {.f = 0.1}}}};
  const nas_config config{sizeof(nas_config), 0, 2, items};
  const @Class@ data{nascent::Options(&config)};
  const std::vector<std::int64_t> index{7, 0, 7};
  const auto whole = data.whole(0);
  ASSERT_TRUE(whole.has_value());
  const auto some = data.gather(0, index);
  for (std::size_t i = 0; i < index.size(); ++i) {
    EXPECT_EQ(some[1].values<std::int64_t>()[i], (*whole)[1].values<std::int64_t>()[static_cast<std::size_t>(index[i])]);
    EXPECT_EQ(some[0].values<float>()[2 * i], (*whole)[0].values<float>()[static_cast<std::size_t>(2 * index[i])]);
  }
}

}  // namespace
