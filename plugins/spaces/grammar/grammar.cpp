#include "grammar.hpp"

#include "network.hpp"
#include "shared/distribution.hpp"

namespace nascent::grammar {

Grammar::Grammar(const Options& given, const SpaceSetup& setup)
    : input_shape_(setup.input_shape), n_outputs_(setup.n_outputs), rules_(read_rules(given.table("rules"), given.table("variables"))) {
  if (!setup.has_data)
    throw Error(NAS_E_INVALID, "space 'grammar' needs a dataset, which says what goes in and out of the network; add [dataset]");
  const std::string start = given.text("start");
  if (!rules_.rules.contains(start)) {
    throw InvalidOption(given.pointer("start"), "there is no rule '" + start + "' to start with; rules are " + spaces::joined(given.table("rules").keys()));
  }
  SpaceBuilder s;
  network_ = derive(rules_, start, given.integer("depth_max"), s);
  declaration_ = s.declaration();
}

std::optional<Graph> Grammar::build(const Values& values) const {
  Graph g;
  Edge x = grammar::build(*network_, g, g.input("data", input_shape_), values);
  if (g.shape(x).size() > 1) x = g.flatten(x);
  g.output(g.linear(x, n_outputs_));
  return g;
}

}  // namespace nascent::grammar
