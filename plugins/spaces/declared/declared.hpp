// A search space written in TOML: parameters with distributions and conditions, without an architecture.
#pragma once

#include <array>

#include "nascent/space.hpp"

namespace nascent::declared {

class Declared : public Space {
 public:
  static constexpr About about{"org.nascent.space.declared", "declared", "1.0.0",
                               "Parameters declared in TOML; no architecture"};
  static constexpr std::array options{
      option("parameters", "a table of parameters, each with a distribution and optionally a condition")
          .table()
          .required()};

  explicit Declared(const Options& given);

  [[nodiscard]] const SpaceDeclaration& declaration() const override { return declaration_; }
  [[nodiscard]] std::optional<Graph> build(const Values&) const override { return std::nullopt; }

 private:
  SpaceDeclaration declaration_;
};

}  // namespace nascent::declared
