#include "@file@.hpp"

#include <gtest/gtest.h>

namespace {

TEST(@Class@, the_model_predicts_the_same_logits_for_every_row) {
  Majority@Class@Model model({0, 1, 0});
  std::vector<nascent::Tensor> inputs;
  inputs.push_back(nascent::Tensor::from(std::vector<float>(8), {4, 2}));
  const nascent::Tensor logits = model.predict(std::move(inputs));
  ASSERT_EQ(logits.elements(), 12);
  for (int row = 0; row < 4; ++row) EXPECT_EQ(logits.values<float>()[static_cast<std::size_t>(3 * row + 1)], 1);
}

}  // namespace
