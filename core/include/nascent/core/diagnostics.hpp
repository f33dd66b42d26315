// Every mistake of a file a person wrote, each with its place, reported together.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "nascent/core/result.hpp"

namespace nascent::core {

struct Diagnostic {
  SourceLocation where;  // without a file: the mistake has no place, and the message says all
  std::string message;   // value, rule, way out
};

// Collects mistakes so that a person sees all of them at once. Bounded, because a hostile file may hold a million:
// messages are cut at 1000 bytes, and of mistakes beyond 10 000 only the number is kept.
class Diagnostics {
 public:
  void add(SourceLocation where, std::string message);
  void add(const Error& error);

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t size() const { return count_; }
  // By line and column; what has no line comes last.
  [[nodiscard]] std::vector<Diagnostic> sorted() const;
  // One line each, "<place>: <message>", at most 100 of them. The kind is invalid_input where a person's file is at
  // fault, and else that of the first error.
  [[nodiscard]] Error error() const;

 private:
  std::vector<Diagnostic> all_;
  std::optional<ErrorKind> kind_;
  std::size_t count_ = 0;
};

}  // namespace nascent::core
