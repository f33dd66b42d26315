// Standard output of commands that run long: what cannot be written does no harm to the study.
#pragma once

#include <cstdio>
#include <string_view>

namespace nascent::cli {

// Ends a line or a block and sends it off. A failure is told once, by main() at the end.
inline void put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace nascent::cli
