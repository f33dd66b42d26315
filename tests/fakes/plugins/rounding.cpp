// A trivial compressor for the contract of its kind: rounds the weights of a linear model to bfloat16, or breaks one
// rule of the contract when it is told to.
#include <algorithm>
#include <bit>
#include <limits>
#include <nascent/compressor.hpp>
#include <numeric>
#include <vector>

namespace {

constexpr auto rules =
    nascent::names("none", "changes_input", "predicts_nan", "other_shape", "no_architecture", "no_model");

// To nearest; the weights of these tests are finite.
float rounded_to_bfloat16(float value) {
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(value) + 0x8000U) & 0xFFFF0000U);
}

// y = W x + b on flattened inputs; W: [outputs, inputs], b: [outputs].
class RoundedLinear : public nascent::Model {
 public:
  RoundedLinear(const nascent::ModelRef& model, std::string broken_rule) : broken_rule_(std::move(broken_rule)) {
    auto graph = model.architecture();
    for (const nascent::NamedTensor& weight : model.weights()) {
      Kept kept{weight.name,
                {weight.tensor.shape().begin(), weight.tensor.shape().end()},
                std::make_shared<std::vector<float>>()};
      for (const float value : weight.tensor.values<float>()) kept.values->push_back(rounded_to_bfloat16(value));
      weights_.push_back(std::move(kept));
    }
    if (!graph || weights_.size() != 2 || weights_[0].shape.size() != 2 || weights_[1].shape.size() != 1)
      throw nascent::Error(NAS_E_UNSUPPORTED, "only a single linear layer with a bias can be rounded");
    graph_ = std::move(*graph);
  }
  [[nodiscard]] const nascent::Graph* architecture() const override {
    return broken_rule_ == "no_architecture" ? nullptr : &graph_;
  }
  [[nodiscard]] std::vector<nascent::NamedTensor> weights() const override {
    std::vector<nascent::NamedTensor> all;
    for (const Kept& w : weights_)
      all.push_back({w.name, nascent::Tensor::view(w.values->data(), nascent::dtype_of<float>(), w.shape, w.values)});
    return all;
  }
  nascent::Tensor predict(std::vector<nascent::Tensor> inputs) override {
    const std::span<const float> x = inputs.at(0).values<float>();
    const std::vector<float>&matrix = *weights_[0].values, &bias = *weights_[1].values;
    const std::int64_t rows = inputs[0].shape()[0];
    const std::size_t width = matrix.size() / bias.size();
    std::vector<float> y;
    for (auto row = x.begin(); row != x.end(); row += static_cast<std::ptrdiff_t>(width)) {
      for (std::size_t o = 0; o < bias.size(); ++o)
        y.push_back(std::inner_product(row, row + static_cast<std::ptrdiff_t>(width), &matrix[o * width], bias[o]));
    }
    if (broken_rule_ == "predicts_nan") y.front() = std::numeric_limits<float>::quiet_NaN();
    const auto outputs = static_cast<std::int64_t>(bias.size());
    if (broken_rule_ == "other_shape") return nascent::Tensor::from(std::move(y), {rows * outputs});
    return nascent::Tensor::from(std::move(y), {rows, outputs});
  }
  void save(std::string_view, const std::string&) override {
    throw nascent::Error(NAS_E_UNSUPPORTED, "a rounded model has no file format");
  }

 private:
  struct Kept {
    std::string name;
    std::vector<std::int64_t> shape;
    std::shared_ptr<std::vector<float>> values;
  };
  std::string broken_rule_;
  nascent::Graph graph_;
  std::vector<Kept> weights_;
};

class Rounding : public nascent::Compressor {
 public:
  static constexpr nascent::About about{"org.nascent.test.compressor.rounding", "rounding", "1.0.0",
                                        "Rounds the weights of a linear model to bfloat16"};
  static constexpr std::array options{
      nascent::option("breaks", "rule of the contract to break").one_of(rules).otherwise("none")};

  explicit Rounding(const nascent::Options& given) : broken_rule_(given.text("breaks")) {}

  [[nodiscard]] nascent::ModelRef compress(const nascent::Task&, const nascent::CompressRequest& request) override {
    if (broken_rule_ == "no_model") return {};
    if (broken_rule_ == "changes_input") {
      for (const nascent::NamedTensor& weight : request.model.weights())
        *const_cast<float*>(weight.tensor.values<float>().data()) += 1;
    }
    return wrap(std::make_unique<RoundedLinear>(request.model, broken_rule_));
  }

 private:
  std::string broken_rule_;
};

}  // namespace

NASCENT_PLUGIN("org.nascent.test.rounding", "1.0.0", Rounding)
