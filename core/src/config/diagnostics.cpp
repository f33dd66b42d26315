#include "nascent/core/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace nascent::core {

std::string to_string(const SourceLocation& where) {
  return where.line == 0 ? where.file : fmt::format("{}:{}:{}", where.file, where.line, where.column);
}

void Diagnostics::add(SourceLocation where, std::string message) {
  kind_ = ErrorKind::invalid_input;
  constexpr std::size_t kept_max = 10000, bytes_max = 1000;
  if (++count_ > kept_max) return;
  if (message.size() > bytes_max) {
    std::size_t end = bytes_max;
    while ((static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U) --end;  // not inside a UTF-8 sequence
    message.resize(end);
    message += "...";
  }
  all_.push_back({std::move(where), std::move(message)});
}

void Diagnostics::add(const Error& error) {
  const ErrorKind kind = !kind_                                   ? error.kind
                         : error.kind == ErrorKind::invalid_input ? ErrorKind::invalid_input
                                                                  : *kind_;
  const std::string place = to_string(error.where) + ": ";
  add(error.where, error.where.file.empty() ? error.message : error.message.substr(place.size()));
  kind_ = kind;
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> all = all_;
  const auto rank = [](const Diagnostic& d) { return std::tuple(d.where.line == 0, d.where.line, d.where.column); };
  std::stable_sort(all.begin(), all.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return all;
}

Error Diagnostics::error() const {
  constexpr std::size_t shown_max = 100;
  Error error{kind_.value_or(ErrorKind::invalid_input), {}, {}};
  const std::vector<Diagnostic> all = sorted();
  for (std::size_t i = 0; i < std::min(all.size(), shown_max); ++i) {
    if (i > 0) error.message += '\n';
    error.message += (all[i].where.file.empty() ? "" : to_string(all[i].where) + ": ") + all[i].message;
  }
  if (all.size() == 1) error.where = all[0].where;
  if (count_ > shown_max) error.message += fmt::format("\n... and {} more", count_ - shown_max);
  return error;
}

}  // namespace nascent::core
