// Errors as values: every fallible function of the core returns Result<T>, and each step adds its context.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "nascent/core/source_location.hpp"

namespace nascent::core {

// What kind of thing went wrong; the command line maps it to an exit code.
enum class ErrorKind {
  invalid_input,  // a file, option or argument a person wrote
  plugin,         // a plugin broke a rule of the ABI, or refused
  store,          // the study's store
  system,         // files, processes, memory
  interrupted,    // asked to stop
};

// One message for a person: place, value, rule, way out.
struct Error {
  ErrorKind kind = ErrorKind::invalid_input;
  std::string message;
  SourceLocation where{};  // the place that `message` begins with, if it does

  // The same error, seen from one step further out: "<context>: <message>".
  [[nodiscard]] Error within(const std::string& context) const { return {kind, context + ": " + message, {}}; }
};

template <class T>
using Result = tl::expected<T, Error>;

// A mistake at a place in a file.
inline Error mistake(const SourceLocation& where, const std::string& message) {
  return {ErrorKind::invalid_input, to_string(where) + ": " + message, where};
}

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{kind, std::move(message), {}});
}

}  // namespace nascent::core
