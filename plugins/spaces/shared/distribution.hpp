// Distributions in a table of options, written as everywhere in a study's TOML.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nascent/options.hpp"
#include "nascent/space_declaration.hpp"

namespace nascent::spaces {

// "a, b, c"
std::string joined(const std::vector<std::string>& words);
bool has_key(const std::vector<std::string>& keys, const std::string& key);
// Throws InvalidOption at the first key of `table` that is not known; `what` is where it stands.
void check_keys(const Options& table, const std::vector<std::string>& known, const std::string& what);

// Throws InvalidOption with this pointer where it is no single value.
ChoiceValue choice_value(const nas_value& v, const std::string& pointer);
// The elements of a list, however the host passes it: as one array of numbers or element by element. One value alone
// counts as a list of one.
std::vector<ChoiceValue> list_of(const Options& table, const std::string& name);
std::optional<double> number(const ChoiceValue& value);
// Throws InvalidOption where one is no number.
std::vector<double> numbers_of(const Options& table, const std::string& name);

// uniform, log_uniform, int_uniform, int_log_uniform, normal, choice, ordinal
const std::vector<std::string>& distributions();
// The parameter `name` that `table` describes: one distribution with its keys, and no others but `more`. Throws InvalidOption.
Parameter read_distribution(const Options& table, const std::string& name, const std::vector<std::string>& more = {});

}  // namespace nascent::spaces
