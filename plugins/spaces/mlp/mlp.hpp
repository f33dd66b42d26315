// Fully connected networks for rows of numbers: plain layers, residual or gated blocks.
#pragma once

#include <array>

#include "shared/pick.hpp"
#include "nascent/space.hpp"

namespace nascent::mlp {

// Rows of another shape are flattened first. The head has one output per class or regression target.
class Mlp : public Space {
 public:
  static constexpr About about{"org.nascent.space.mlp", "mlp", "1.0.0", "Fully connected networks, for tables"};
  static constexpr std::array<std::int64_t, 2> default_depth{1, 4};
  static constexpr std::array<std::int64_t, 5> default_widths{16, 32, 64, 128, 256};
  static constexpr std::array<double, 2> default_dropout{0.0, 0.5};
  static constexpr std::array options{
      option("depth", "hidden layers or blocks: [lowest, highest], or one value; 0 is a linear model")
          .integers(0, 64)
          .otherwise(default_depth),
      option("widths", "units of a hidden layer to choose from").integers(1, 1000000).otherwise(default_widths),
      option("activations", "activations to choose from; also elu, selu, hard_swish, mish")
          .texts()
          .otherwise("relu\nleaky_relu\ngelu\nsilu\ntanh"),
      option("normalizations", "normalisations to choose from").texts().otherwise("none\nbatch\nlayer"),
      option("blocks", "what a hidden layer is: plain, residual or gated; to choose from").texts().otherwise("plain\nresidual\ngated"),
      option("dropout", "dropout after each hidden layer: [lowest, highest], or one value")
          .reals(0, 0.95)
          .otherwise(default_dropout)};

  Mlp(const Options& given, const SpaceSetup& setup);

  [[nodiscard]] const SpaceDeclaration& declaration() const override { return declaration_; }
  [[nodiscard]] std::optional<Graph> build(const Values& values) const override;

 private:
  [[nodiscard]] Edge normalised(Graph& g, Edge x, const Values& values) const;
  [[nodiscard]] Edge dropped(Graph& g, Edge x, const Values& values) const;
  [[nodiscard]] Edge plain_layer(Graph& g, Edge x, std::int64_t width, const Values& values) const;
  // What is added to its input.
  [[nodiscard]] Edge block(Graph& g, Edge x, std::int64_t width, const Values& values) const;

  Shape input_shape_;
  std::int64_t n_outputs_;
  spaces::Span depth_, dropout_;
  std::vector<spaces::Pick<std::int64_t>> widths_;
  spaces::Pick<std::string> activation_, normalization_, block_;
  SpaceDeclaration declaration_;
};

}  // namespace nascent::mlp
