// Every mistake of a file a person wrote, each with its place, reported together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nascent/core/result.hpp"

namespace nascent::core {

// A place in a file, counted from 1. Line 0: the value has no place in a file, as with file "--set".
struct SourceLocation {
  std::string file;
  std::uint32_t line = 0, column = 0;
  bool operator==(const SourceLocation&) const = default;
};

// "study.toml:14:9", or the file alone where there is no line.
std::string to_string(const SourceLocation& where);

struct Diagnostic {
  SourceLocation where;
  std::string message;  // value, rule, way out
};

// Collects mistakes so that a person sees all of them at once. Bounded, because a hostile file may hold a million:
// messages are cut at 1000 bytes, and of mistakes beyond 10 000 only the number is kept.
class Diagnostics {
 public:
  void add(SourceLocation where, std::string message);

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t size() const { return count_; }
  // By line and column; what has no line comes last.
  [[nodiscard]] std::vector<Diagnostic> sorted() const;
  // One line each, "<place>: <message>", at most 100 of them; kind invalid_input.
  [[nodiscard]] Error error() const;

 private:
  std::vector<Diagnostic> all_;
  std::size_t count_ = 0;
};

}  // namespace nascent::core
