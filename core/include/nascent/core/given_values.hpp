// A configuration as a person gives it: values of some parameters by name, checked and completed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nascent/core/config_value.hpp"
#include "nascent/core/diagnostics.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/study_space.hpp"

namespace nascent::core {

// {"trainer.learning_rate=0.01", "space.block=residual"}: a parameter's name and a TOML value, or else plain text.
// Errors: ErrorKind::invalid_input with every mistake, one line each.
Result<ConfigValue::Table> parse_values(std::span<const std::string> assignments);

// Parameters by name; tables are entered, {"trainer": {"learning_rate": 0.01}} is "trainer.learning_rate". Choices are
// given by their value. A parameter that is not given takes its default where it declares one, and else a draw from its
// prior. The draws are those of the prior's configurations in which everything given takes part; `seed` makes them
// repeat. Errors: ErrorKind::invalid_input for names that are none, values a parameter cannot take, and parameters that
// take no part; every mistake at its place.
Result<Configuration> complete_configuration(const StudySpace& space, const ConfigValue::Table& given,
                                             std::uint64_t seed);
// The same with the mistakes in `diagnostics`; nullopt when there are any.
std::optional<Configuration> complete_configuration(const StudySpace& space, const ConfigValue::Table& given,
                                                    std::uint64_t seed, Diagnostics& diagnostics);

struct FittingConfiguration {
  Configuration configuration;
  std::vector<std::string> taken, left_out;  // names
};
// The same of values that may be for another space: what is no parameter, has no such value or takes no part is left
// out.
FittingConfiguration fitting_configuration(const StudySpace& space, const ConfigValue::Table& given,
                                           std::uint64_t seed);

// The value of parameter i that `value` stands for, if it can take it.
std::optional<double> parameter_value(const StudySpace& space, std::size_t i, const ConfigValue& value);

}  // namespace nascent::core
