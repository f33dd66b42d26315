// Networks that are a stack of searched cells.
#pragma once

#include <array>
#include <optional>

#include "shared/pick.hpp"
#include "nascent/space.hpp"
#include "wiring.hpp"

namespace nascent::cell {

// All cells of a kind have the same architecture, and weights of their own. A downsampling that would make the map smaller than
// map_min keeps it.
class Cell : public Space {
 public:
  static constexpr About about{"org.nascent.space.cell", "cell", "1.0.0", "Stacked cells as in NAS-Bench-201 and DARTS, for images"};
  static constexpr std::array<std::int64_t, 1> default_cells{1}, default_widths{16};
  static constexpr std::array<double, 1> default_dropout{0.0};
  static constexpr auto wirings = names("dense", "pairs");
  static constexpr std::array options{
      option("wiring", "dense: an operation on every edge (NAS-Bench-201); pairs: two chosen inputs a node, and reduction cells (DARTS)")
          .one_of(wirings)
          .otherwise("dense"),
      option("nodes", "nodes of a cell: of dense with its input, of pairs without its two").integer(1, 8).otherwise(4),
      option("operations", "operations to choose from; absent: those of NAS-Bench-201 for dense, of DARTS for pairs").texts(),
      option("stages", "stages; between two of them the map is halved and the width doubled").integer(1, 6).otherwise(3),
      option("cells", "cells of a stage: [lowest, highest], or one value").integers(1, 32).otherwise(default_cells),
      option("widths", "channels of the first stage to choose from").integers(1, 4096).otherwise(default_widths),
      option("dropout", "dropout before the head: [lowest, highest], or one value").reals(0, 0.95).otherwise(default_dropout),
      option("map_min", "no downsampling that would make height or width smaller than this").integer(1, 64).otherwise(3)};

  Cell(const Options& given, const SpaceSetup& setup);

  [[nodiscard]] const SpaceDeclaration& declaration() const override { return declaration_; }
  [[nodiscard]] std::optional<Graph> build(const Values& values) const override;

 private:
  [[nodiscard]] std::int64_t stride_of(const Shape& map) const;  // of the next downsampling
  [[nodiscard]] Edge build_dense(Graph& g, Edge image, const Values& values) const;
  [[nodiscard]] Edge build_pairs(Graph& g, Edge image, const Values& values) const;

  Shape input_shape_;
  std::int64_t n_outputs_, stages_, map_min_, nodes_;
  spaces::Span cells_, dropout_;
  spaces::Pick<std::int64_t> width_;
  std::optional<DenseCell> dense_;
  std::optional<PairCell> normal_, reduction_;
  SpaceDeclaration declaration_;
};

}  // namespace nascent::cell
