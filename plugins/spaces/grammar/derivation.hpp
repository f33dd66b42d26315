// All derivations of a grammar at once: a tree whose branches random variables choose between.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nascent/space_builder.hpp"
#include "rules.hpp"

namespace nascent::grammar {

// Where an attribute's value comes from.
struct AttributeSource {
  const AttributeRule* rule;
  std::size_t variable = 0;  // of a distribution, or of the formula's variable: its place in the space
};

// An expression in one place of the network.
struct Derived {
  const Expression* of = nullptr;
  std::vector<std::shared_ptr<const Derived>> parts;  // copies of a repeat, alternatives, branches, what follows each other
  std::optional<std::size_t> variable;       // that says which part, or how many; none where there is nothing to choose
  std::vector<AttributeSource> attributes;
  std::string weight_group;                  // of an operator, or of a merge's projections, in a shared part
};

// Declares the variables of everything that can be derived from rule `start`, through at most `depth_max` rules within each other:
// an alternative that does not end by then is not offered. The rules outlive the result. Throws InvalidOption, also where there
// would be too many parts.
std::shared_ptr<const Derived> derive(const Rules& rules, const std::string& start, std::int64_t depth_max, SpaceBuilder& s);

}  // namespace nascent::grammar
