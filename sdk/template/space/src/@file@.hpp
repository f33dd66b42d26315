// Fully connected networks of one to three layers.
#pragma once

#include <nascent/space.hpp>

class @Class@ : public nascent::Space {
 public:
  static constexpr nascent::About about{"com.example.space.@name@", "@name@", "0.1.0", "Small fully connected networks"};
  static constexpr std::array options{
      nascent::option("width_max", "units of the widest layer").integer(8, 4096).otherwise(256)};

  @Class@(const nascent::Options& given, const nascent::SpaceSetup& setup) : setup_(setup) {
    if (!setup.has_data) throw nascent::Error(NAS_E_INVALID, "space \"@name@\" needs a [dataset] to know its input and output");
    nascent::SpaceBuilder space;
    layers_ = space.repeat("layer", 1, 3, [&](nascent::SpaceBuilder& layer, std::size_t) {
      return layer.integer("width", 8, given.integer("width_max"), {.scale = nascent::Scale::log});
    });
    activation_ = space.choice("activation", std::vector<std::string>{"relu", "gelu"});
    declaration_ = space.declaration();
  }

  const nascent::SpaceDeclaration& declaration() const override { return declaration_; }

  std::optional<nascent::Graph> build(const nascent::Values& values) const override {
    nascent::Graph graph;
    nascent::Edge x = graph.flatten(graph.input("input", setup_.input_shape));
    for (const nascent::Integer width : values[layers_]) {
      x = graph.activation(graph.linear(x, values[width]), values[activation_]);
    }
    graph.output(graph.linear(x, setup_.n_outputs));
    return graph;
  }

 private:
  nascent::SpaceSetup setup_;
  nascent::Repeat<nascent::Integer> layers_;
  nascent::Choice<std::string> activation_;
  nascent::SpaceDeclaration declaration_;
};
