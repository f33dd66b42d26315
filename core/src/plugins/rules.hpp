// A broken rule of the ABI, told the same way everywhere.
#pragma once

#include <filesystem>
#include <string>

namespace nascent::core {

struct Violation {
  int rule = 0;  // number in sdk/CONVENTIONS.md
  std::string what;
  std::string way_out;
};

// "<path>: <what> (CONVENTIONS.md, rule 1); <way out>".
inline std::string told(const std::filesystem::path& path, const Violation& v) {
  return path.string() + ": " + v.what + " (CONVENTIONS.md, rule " + std::to_string(v.rule) + "); " + v.way_out;
}

}  // namespace nascent::core
