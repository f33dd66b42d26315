// A thin owner of one PostgreSQL connection: prepared statements, typed columns, errors a person can act on.
#pragma once

#include <libpq-fe.h>

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "execution/file_descriptor.hpp"
#include "nascent/core/result.hpp"

namespace nascent::core::store::postgresql {

// Bytes bound as bytea; a plain string_view is bound as text, in which what is no UTF-8 and NUL become '?'.
struct Blob {
  std::string_view bytes;
};

// A value on its way to the server: binary, in network order.
struct Parameter {
  Oid type = 0;
  bool null = false;
  std::string bytes;
};
inline constexpr Oid kBool = 16, kBytes = 17, kInteger = 20, kText = 25, kReal = 701;

Parameter parameter(std::string_view text);
Parameter parameter(Blob blob);
Parameter parameter(bool value);
Parameter parameter(std::int64_t value);
Parameter parameter(double value);
template <class T>
requires(std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, std::int64_t>) Parameter parameter(T value) {
  return parameter(static_cast<std::int64_t>(value));
}
inline Parameter parameter(const std::string& text) { return parameter(std::string_view(text)); }
template <class T>
Parameter parameter(const std::optional<T>& value) {
  if (value) return parameter(*value);
  Parameter none = parameter(T{});
  none.null = true;
  none.bytes.clear();
  return none;
}

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultSet = std::unique_ptr<PGresult, FreeResult>;

// The answer to one statement. Rows are read column by column, from the left.
class Query {
 public:
  explicit Query(ResultSet rows) : rows_(std::move(rows)) {}

  // False at the end, and when the statement failed, which the database keeps.
  bool next() {
    column_ = 0;
    return rows_ != nullptr && ++row_ < PQntuples(rows_.get());
  }

  bool flag() { return bytes() == std::string_view("\1", 1); }
  std::int64_t integer();
  double real();
  std::string text() { return std::string(bytes()); }
  std::string_view bytes();  // valid as long as the query
  std::optional<std::int64_t> optional_integer();
  std::optional<double> optional_real();

 private:
  friend class Database;
  bool null() const { return PQgetisnull(rows_.get(), row_, column_) != 0; }

  ResultSet rows_;
  int row_ = -1;
  int column_ = 0;
};

// Why the last statements did not do their work.
enum class Trouble {
  none,
  refused,   // a repetition would fail as well
  conflict,  // another transaction was in the way and this one is undone: repeat it
  lost,      // the connection is gone: reconnect, then repeat
};

// Errors are sticky, as in the other engine: the first one is kept, statements after it do nothing, and take_error()
// hands it out. For one thread at a time.
class Database {
 public:
  // Connects. `location`: a URL without secrets, which is how people know the store; see public_location().
  Database(std::string location, bool read_only);

  // `sql` is a literal: it is prepared once and found again by its address.
  template <class... Values>
  Query query(const char* sql, const Values&... values) {
    const std::array<Parameter, sizeof...(Values)> parameters{parameter(values)...};
    return Query(run(sql, parameters.data(), parameters.size()));
  }
  // Number of rows changed.
  template <class... Values>
  std::int64_t execute(const char* sql, const Values&... values) {
    return changed_by(query(sql, values...));
  }
  // Several statements, without values; for schema and settings.
  void script(const std::string& sql) {
    if (ok()) static_cast<void>(take(PQexec(connection_.get(), sql.c_str())));
  }

  void begin() {
    in_doubt_ = false;
    script("BEGIN");
  }
  // With `notice`, listeners hear of it.
  void commit(bool notice);
  void rollback();
  // Was a commit on its way when the connection went? Then came_through() asks, once it is back, how that ended. Every
  // commit leaves its number in a row of this writer's own for that: a transaction's number the server may give again
  // after a crash.
  [[nodiscard]] bool in_doubt() const { return in_doubt_; }
  bool came_through();

  // Once more from the start; what was prepared, listened to and locked in the session is gone.
  void reconnect();
  [[nodiscard]] int backend() const { return PQbackendPID(connection_.get()); }
  [[nodiscard]] double clock_offset() const { return clock_offset_; }  // of the server before this machine, in seconds

  // From now on `notified()` counts what others, and this connection, tell of. `events()`: readable when there may
  // be news.
  void listen();
  std::uint64_t notified();
  [[nodiscard]] int events() const { return events_.get(); }

  [[nodiscard]] bool ok() const { return trouble_ == Trouble::none; }
  [[nodiscard]] Trouble trouble() const { return trouble_; }
  std::optional<Error> take_error();
  // Another reason, in words of the caller.
  void refuse(std::string message);
  [[nodiscard]] const std::string& path() const { return location_; }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  void connect();
  ResultSet run(const char* sql, const Parameter* parameters, std::size_t count);
  ResultSet take(PGresult* result);
  void fail(const PGresult* result);
  void collect_notices();
  static std::int64_t changed_by(const Query& query);

  std::string location_;
  bool read_only_;
  std::unique_ptr<PGconn, Finish> connection_;
  std::unordered_map<const void*, std::string> statements_;  // their names
  std::string writer_;          // whose row it is: of this object alone
  std::uint64_t commits_ = 0;   // the number of the last one that was tried
  bool in_doubt_ = false;
  double clock_offset_ = 0;
  bool listening_ = false;
  std::uint64_t notified_ = 0;
  FileDescriptor events_,
      pulse_;  // an epoll over the socket and `pulse_`, which says what a statement read along the way
  Trouble trouble_ = Trouble::none;
  std::optional<Error> error_;
};

// What a refusal means for the person whose store it is, and the way out. `state` is the SQLSTATE, "" for a failure to
// connect; `detail` is the server's or libpq's own words.
std::string explain(std::string_view state, std::string detail, const std::string& location);

}  // namespace nascent::core::store::postgresql
