// The valid name a mistyped one was probably meant to be.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nascent::core {

// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate a person most likely meant, or "" when none is close: at most a third of the letters differ, or `word`
// (3 letters or more) begins it. Upper and lower case count as equal; of equally near ones the first is taken.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// The end of a message about an unknown name: `did you mean "x"?`, or else `valid: a, b, c`.
std::string way_out(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace nascent::core
