// Components with every kind of option that do no work: what the configuration tests resolve against.
#pragma once

#include <nascent/core/config.hpp>

#include <string>
#include <string_view>

namespace nascent::core::test {

PluginCatalog& catalog();
ComponentInfo schema(std::string_view kind, std::string_view alias);

// `options` as they stand below [trainer] with type = "torch"; line 1 of the text is the first option.
ResolvedComponent resolve_trainer(std::string_view options, Diagnostics& diagnostics);

// The same, expected to be without mistakes.
ResolvedComponent resolve_trainer(std::string_view options);

// Mistakes of `options`, without file name and place.
std::string mistakes(std::string_view options);

// A study that is complete but for what the test is about.
inline constexpr std::string_view minimal_study = R"([study]
parallel = 2
[objective]
metric = "loss"
direction = "minimize"
[stop]
trials = 10
[space]
type = "declared"
[[evaluator]]
type = "table"
)";

}  // namespace nascent::core::test
