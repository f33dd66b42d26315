#include "@file@.hpp"

#include <gtest/gtest.h>

namespace {

// A model that gives back its input.
class Echo : public nascent::Model {
 public:
  const nascent::Graph* architecture() const override { return nullptr; }
  std::vector<nascent::NamedTensor> weights() const override { return {}; }
  nascent::Tensor predict(std::vector<nascent::Tensor> inputs) override { return std::move(inputs.at(0)); }
  void save(std::string_view, const std::string&) override { throw nascent::Error(NAS_E_UNSUPPORTED, "no files"); }
};

TEST(@Class@, the_compressed_model_predicts_what_the_original_does) {
  @Class@ compressor;
  const nas_task task{sizeof(nas_task), 1};
  const nascent::CompressRequest request{nascent::Options(nullptr), nascent::Compressor::wrap(std::make_unique<Echo>()),
                                         nascent::Subset({}), nascent::Subset({}), {}, nullptr, {}};
  const nascent::ModelRef smaller = compressor.compress(nascent::Task(&task), request);
  std::vector<nascent::Tensor> inputs;
  inputs.push_back(nascent::Tensor::from(std::vector<float>{1, 2, 3}, {3, 1}));
  const nascent::Tensor out = smaller.predict(std::move(inputs));
  EXPECT_EQ(out.values<float>()[2], 3);
}

}  // namespace
