// Exit codes of the command line; documented in docs/reference/error-codes.md.
#pragma once

#include "nascent/core/result.hpp"

namespace nascent::cli {

enum class ExitCode : int {
  done = 0,
  found_wanting = 1,  // the command worked; what it looked at is not in order (plugin check, replay, no completed trial)
  invalid_input = 2,
  plugin = 3,
  store = 4,
  system = 5,
  interrupted = 130,  // stopped by Ctrl-C or SIGTERM; the study can be resumed
};

constexpr ExitCode exit_code_of(core::ErrorKind kind) {
  switch (kind) {
    case core::ErrorKind::invalid_input: return ExitCode::invalid_input;
    case core::ErrorKind::plugin: return ExitCode::plugin;
    case core::ErrorKind::store: return ExitCode::store;
    case core::ErrorKind::system: return ExitCode::system;
    case core::ErrorKind::interrupted: return ExitCode::interrupted;
  }
  return ExitCode::system;
}

}  // namespace nascent::cli
