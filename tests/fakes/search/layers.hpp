// A small space with architectures: some configurations build the same one, some build none.
#pragma once

#include <nascent/space.hpp>

namespace nascent::fakes {

class Layers : public nascent::Space {
 public:
  static constexpr nascent::About about{"test.space.layers", "layers", "1.0.0", "Dense layers"};

  Layers(const nascent::Options&, const nascent::SpaceSetup&) {
    nascent::SpaceBuilder s;
    depth_ = s.integer("depth", 1, 3);
    width_ = s.ordinal<std::int64_t>("width", {4, 8});
    s.choice("colour", {"red", "green"});  // no influence
    extra_ = s.when(nascent::above(depth_, 1), [](nascent::SpaceBuilder& b) { return b.choice<bool>("extra", {false, true}); });
    declaration_ = s.declaration();
  }
  [[nodiscard]] const nascent::SpaceDeclaration& declaration() const override { return declaration_; }
  [[nodiscard]] std::optional<nascent::Graph> build(const nascent::Values& at) const override {
    if (at[depth_] == 3 && at[width_] == 8) throw nascent::Error(NAS_E_INVALID, "depth 3 and width 8 are too much");
    nascent::Graph graph;
    graph.input("x", {8});
    std::uint32_t last = 0;
    for (std::int64_t i = 0; i < at[depth_]; ++i) {
      graph.add("Gemm", {nascent::NodeId{last}}, {{"units", at[width_]}}, "layer" + std::to_string(i), "");
      ++last;
    }
    if (at.active(extra_.index) && at[extra_]) {
      graph.add("Relu", {nascent::NodeId{last}}, {}, "extra", "");
      ++last;
    }
    graph.output(nascent::NodeId{last});
    return graph;
  }

 private:
  nascent::Integer depth_;
  nascent::Choice<std::int64_t> width_;
  nascent::Choice<bool> extra_;
  nascent::SpaceDeclaration declaration_;
};

}  // namespace nascent::fakes
