// What is said about arguments that the tool does not understand.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace nascent::cli {

// "nascent run: no option "--sett"; did you mean "--set"?", and where help is. `app` has just failed to parse.
std::string usage_complaint(const CLI::App& app, const CLI::ParseError& error);

// Accepts whole numbers from `least` on; signs and fractions, which an unsigned option takes for something else, are not.
CLI::Validator whole_number(std::uint64_t least = 0);
// Accepts one of `names`; what is near to one is told so.
CLI::Validator one_of(std::vector<std::string> names);
// The kinds of components: "space", "sampler", ...
CLI::Validator a_kind();

}  // namespace nascent::cli
