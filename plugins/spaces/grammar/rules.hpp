// The rules of a grammar as they are written.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nascent/graph.hpp"
#include "nascent/options.hpp"
#include "nascent/space_declaration.hpp"

namespace nascent::grammar {

// A whole number that depends on where it stands: of the input's channels (or features), or of a variable, times or divided by a
// constant. "input", "input*2", "$width/4".
struct Formula {
  std::string variable;  // "" = the input
  std::int64_t times = 1, divided_by = 1;
};

struct AttributeRule {
  std::string name;
  std::string pointer;                    // of the option, for messages
  std::optional<Attribute> constant;      // one of these three
  std::optional<Parameter> distribution;
  std::optional<Formula> formula;
};

// The right side of a rule.
struct Expression {
  enum class Kind {
    reference,  // to the rule `name`
    identity,
    sequence,   // of `parts`
    choice,     // of `parts`
    repeat,     // of parts[0], lo to hi times
    optional,   // parts[0], or nothing
    merge,      // of what `parts` make of the same input, by the operator `name`
    op,         // the operator `name`
    shared,     // the rule `name`: one module with one set of weights, wherever it stands
  };
  Kind kind = Kind::identity;
  std::string pointer;
  std::string name;
  std::vector<Expression> parts;
  std::vector<double> weights;          // choice: a prior, or empty
  std::int64_t lo = 0, hi = 0;
  double probability = 0.5;
  bool aligns = false;                  // merge: brings the parts to the shape of the first
  std::vector<AttributeRule> attributes;
  std::uint32_t output = 0;             // op
};

struct Rules {
  std::map<std::string, Expression> rules;
  std::map<std::string, Parameter> variables;
};

// Throws InvalidOption at the entry that is wrong: a key, an operator, an attribute, a name that nothing explains.
Rules read_rules(const Options& rules, const Options& variables);

}  // namespace nascent::grammar
