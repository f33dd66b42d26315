// Convolutional networks in stages: stem, stages of equal blocks with downsampling between them, pooled linear head.
#pragma once

#include <array>

#include "shared/pick.hpp"
#include "blocks.hpp"
#include "nascent/space.hpp"

namespace nascent::cnn {

// Every configuration has an architecture: downsampling leaves out what would make the map smaller than map_min.
class Cnn : public Space {
 public:
  static constexpr About about{"org.nascent.space.cnn", "cnn", "1.0.0", "Convolutional networks in stages, for images"};
  static constexpr std::array<std::int64_t, 2> default_stages{2, 3}, default_depth{1, 2}, default_kernels{3, 5},
      default_expansions{2, 4};
  static constexpr std::array<std::int64_t, 4> default_widths{8, 16, 24, 32};
  static constexpr std::array<std::int64_t, 1> default_growths{2}, default_stem_strides{1};
  static constexpr std::array<double, 2> default_dropout{0.0, 0.4};
  static constexpr std::array options{
      option("stages", "number of stages: [lowest, highest], or one value").integers(1, 8).otherwise(default_stages),
      option("depth", "blocks per stage: [lowest, highest], or one value").integers(1, 32).otherwise(default_depth),
      option("widths", "channels of the first stage to choose from; later stages multiply them by growth")
          .integers(1, 65536)
          .otherwise(default_widths),
      option("growths", "factors between the widths of one stage and the next, to choose from")
          .integers(1, 4)
          .otherwise(default_growths),
      option("kernels", "kernel extents to choose from, odd").integers(1, 15).otherwise(default_kernels),
      option("blocks", "block types to choose from")
          .texts()
          .otherwise("plain\nresidual\ndepthwise_separable\nsqueeze_excite"),
      option("expansions", "inner width of squeeze_excite blocks as a multiple, to choose from")
          .integers(1, 16)
          .otherwise(default_expansions),
      option("activations", "activations to choose from")
          .texts()
          .otherwise("relu\nleaky_relu\ngelu\nsilu\nhard_swish"),
      option("poolings", "downsampling between stages, to choose from").texts().otherwise("max\navg\nstride"),
      option("normalizations", "normalisations to choose from; also group, none").texts().otherwise("batch"),
      option("stem_strides", "strides of the first convolution to choose from")
          .integers(1, 4)
          .otherwise(default_stem_strides),
      option("dropout", "dropout before the head: [lowest, highest], or one value")
          .reals(0, 0.95)
          .otherwise(default_dropout),
      option("map_min", "no downsampling that would make height or width smaller than this")
          .integer(1, 64)
          .otherwise(3)};

  Cnn(const Options& given, const SpaceSetup& setup);

  [[nodiscard]] const SpaceDeclaration& declaration() const override { return declaration_; }
  [[nodiscard]] std::optional<Graph> build(const Values& values) const override;

 private:
  struct Stage {
    spaces::Span depth;
    spaces::Pick<std::int64_t> width, kernel, expansion;
    spaces::Pick<std::string> block;
  };
  [[nodiscard]] Edge build_stage(Graph& g, Edge x, const Stage& stage, std::size_t index, const Style& style,
                                 const Values& values) const;

  Shape input_shape_;
  std::int64_t n_outputs_, map_min_;
  std::vector<Stage> stages_;
  spaces::Span stage_count_, dropout_;
  spaces::Pick<std::int64_t> growth_, stem_stride_;
  spaces::Pick<std::string> activation_, pooling_, normalization_;
  SpaceDeclaration declaration_;
};

}  // namespace nascent::cnn
