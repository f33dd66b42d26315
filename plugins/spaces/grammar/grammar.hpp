// Search spaces that a context-free grammar in TOML describes.
#pragma once

#include <array>
#include <memory>

#include "derivation.hpp"
#include "nascent/space.hpp"
#include "rules.hpp"

namespace nascent::grammar {

// Networks that the rules derive from the input, and a linear layer to the outputs behind them. A derivation whose shapes do not fit
// has no architecture.
class Grammar : public Space {
 public:
  static constexpr About about{"org.nascent.space.grammar", "grammar", "1.0.0", "Networks that a grammar of rules in TOML derives"};
  static constexpr std::array options{
      option("start", "the rule that stands for the whole network").text().otherwise("network"),
      option("rules", "a table of rules: names of rules and operators, lists, and tables with choice, repeat, optional, merge, op or shared").table().required(),
      option("variables", "a table of whole numbers with distributions, which rules name as \"$name\"").table(),
      option("depth_max", "rules within each other; alternatives that do not end by then are not offered").integer(1, 64).otherwise(12)};

  Grammar(const Options& given, const SpaceSetup& setup);

  [[nodiscard]] const SpaceDeclaration& declaration() const override { return declaration_; }
  [[nodiscard]] std::optional<Graph> build(const Values& values) const override;

 private:
  Shape input_shape_;
  std::int64_t n_outputs_;
  Rules rules_;
  std::shared_ptr<const Derived> network_;
  SpaceDeclaration declaration_;
};

}  // namespace nascent::grammar
