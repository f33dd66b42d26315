// A thin owner of one SQLite connection: cached statements, typed columns, errors a person can act on.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "nascent/core/result.hpp"

namespace nascent::core::store {

// Bytes bound as BLOB; a plain string_view is bound as TEXT.
struct Blob {
  std::string_view bytes;
};

// A double kept bit by bit in a column of type ANY: such a column has no affinity, so -0.0 stays -0.0 and 2.0 stays a
// float. NaN is NULL.
struct Number {
  double value;
};

class Database;

// One execution of a prepared statement. Rows are read column by column, from the left.
class Query {
 public:
  // `statement` is null when the database has an error already.
  template <class... Values>
  Query(Database& database, sqlite3_stmt* statement, const Values&... values)
      : database_(database), statement_(statement) {
    int index = 0;
    if (statement_ != nullptr) (bind_one(++index, values), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // A row is there to be read. False at the end, and after an error, which the database keeps.
  bool next();

  std::int64_t integer() { return sqlite3_column_int64(statement_, column_++); }
  double real() { return sqlite3_column_double(statement_, column_++); }
  double number();
  std::string text();
  std::string_view bytes();  // valid until the next call of next()
  std::optional<std::int64_t> optional_integer();
  std::optional<double> optional_real();

 private:
  bool null() const { return sqlite3_column_type(statement_, column_) == SQLITE_NULL; }
  void bind_one(int index, std::string_view text);
  void bind_one(int index, Blob blob);
  void bind_one(int index, Number number);
  template <std::integral T>
  void bind_one(int index, T value) {
    sqlite3_bind_int64(statement_, index, static_cast<std::int64_t>(value));
  }
  void bind_one(int index, double value) { sqlite3_bind_double(statement_, index, value); }
  template <class T>
  void bind_one(int index, const std::optional<T>& value) {
    if (value) bind_one(index, *value);  // a fresh statement's parameters are NULL
  }

  Database& database_;
  sqlite3_stmt* statement_;
  int column_ = 0;
};

// Errors are sticky: the first one is kept, statements after it do nothing, and take_error() hands it out. So a
// sequence of statements reads as one, and is judged once, at its end. For one thread at a time.
class Database {
 public:
  // `flags` as for sqlite3_open_v2. `path` is how people know the store.
  Database(std::string path, const std::string& uri, int flags);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // `sql` is a literal: it is prepared once and found again by its address.
  template <class... Values>
  Query query(const char* sql, const Values&... values) {
    return Query(*this, prepared(sql), values...);
  }
  // Number of rows changed.
  template <class... Values>
  std::int64_t execute(const char* sql, const Values&... values) {
    {
      Query statement = query(sql, values...);
      while (statement.next()) {
      }
    }
    return ok() ? sqlite3_changes64(handle_) : 0;
  }
  // Several statements, without values; for schema and pragmas.
  void script(const std::string& sql);
  std::int64_t last_insert_rowid() const { return sqlite3_last_insert_rowid(handle_); }

  // Takes the only right to write, waiting for others a bounded time.
  void begin() { execute("BEGIN IMMEDIATE"); }
  void commit() { execute("COMMIT"); }
  void rollback();

  bool ok() const { return !error_; }
  std::optional<Error> take_error();
  void fail(int code);
  const std::string& path() const { return path_; }

 private:
  sqlite3_stmt* prepared(const char* sql);
  // For sqlite3_busy_handler.
  static int wait_for_others(void* database, int tries);

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::string path_;
  sqlite3* handle_ = nullptr;
  std::unordered_map<const void*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
  std::optional<Error> error_;
  std::chrono::steady_clock::time_point busy_since_{};
};

// What SQLite's extended result code means for the person whose store it is, and the way out.
std::string explain(int code, const char* detail, const std::string& path);

}  // namespace nascent::core::store
