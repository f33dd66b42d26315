// One connection to a database as both SQL engines see it: statements with typed parameters, rows read column by column.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace nascent::core::store {

// Bytes, where a plain string_view is text.
struct Blob {
  std::string_view bytes;
};

// A parameter of a statement. What it views has to live until the statement has run.
struct Value {
  std::variant<std::int64_t, double, bool, std::string_view, Blob> content;
  bool null = false;  // `content` is then of the type that it would have

  template <std::integral T>
  Value(T value) {
    if constexpr (std::same_as<T, bool>) content.emplace<bool>(value);
    if constexpr (!std::same_as<T, bool>) content.emplace<std::int64_t>(static_cast<std::int64_t>(value));
  }
  Value(double value) : content(value) {}
  Value(std::string_view value) : content(value) {}
  Value(const std::string& value) : content(std::string_view(value)) {}
  Value(Blob value) : content(value) {}
  template <class T>
  Value(const std::optional<T>& value) : Value(value.value_or(T{})) {
    null = !value;
  }
};

// What a statement answers, read row by row, and within a row column by column from the left.
class Rows {
 public:
  virtual ~Rows() = default;
  // A row is there to be read. False at the end, and after an error, which the database keeps.
  virtual bool next() = 0;

  virtual std::int64_t integer() = 0;
  virtual double real() = 0;
  virtual std::string_view bytes() = 0;  // valid until the next call of next()
  bool flag() { return integer() != 0; }
  std::string text() { return std::string(bytes()); }
  std::optional<std::int64_t> optional_integer() { return skip_null() ? std::nullopt : std::optional(integer()); }
  std::optional<double> optional_real() { return skip_null() ? std::nullopt : std::optional(real()); }

 protected:
  [[nodiscard]] virtual bool null() const = 0;

 private:
  bool skip_null() {
    if (!null()) return false;
    static_cast<void>(bytes());
    return true;
  }
};
using Query = std::unique_ptr<Rows>;  // never null

// Errors are sticky: the first one is kept, and statements after it do nothing. So a sequence of statements reads as one,
// and is judged once, at its end. For one thread at a time.
class SqlDatabase {
 public:
  virtual ~SqlDatabase() = default;

  // Parameters are $1, $2 ... in the order of their first occurrence. A text is prepared once: no values in it.
  template <class... Values>
  Query query(std::string_view sql, const Values&... values) {
    const std::array<Value, sizeof...(Values)> given{Value(values)...};
    return run(sql, given);
  }
  // Number of rows changed.
  template <class... Values>
  std::int64_t execute(std::string_view sql, const Values&... values) {
    const std::array<Value, sizeof...(Values)> given{Value(values)...};
    return change(sql, given);
  }
  [[nodiscard]] virtual bool ok() const = 0;
  // How people know the store.
  [[nodiscard]] virtual const std::string& path() const = 0;

 protected:
  virtual Query run(std::string_view sql, std::span<const Value> values) = 0;
  virtual std::int64_t change(std::string_view sql, std::span<const Value> values) = 0;
};

// For texts that are looked up by their content.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

}  // namespace nascent::core::store
