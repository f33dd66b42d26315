// A thin owner of one PostgreSQL connection: prepared statements, typed columns, errors a person can act on.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "execution/file_descriptor.hpp"
#include "nascent/core/result.hpp"
#include "store/sql/database.hpp"

namespace nascent::core::store::postgresql {

// Why the last statements did not do their work.
enum class Trouble {
  none,
  refused,   // a repetition would fail as well
  conflict,  // another transaction was in the way and this one is undone: repeat it
  lost,      // the connection is gone: reconnect, then repeat
};

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultSet = std::unique_ptr<PGresult, FreeResult>;

// For one thread at a time. Parameters and columns travel in binary; text in which what is no UTF-8 and NUL become '?'.
class Database final : public SqlDatabase {
 public:
  // Connects. `location`: a URL without secrets, which is how people know the store; see public_location().
  Database(std::string location, bool read_only);

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

  [[nodiscard]] bool ok() const override { return trouble_ == Trouble::none; }
  [[nodiscard]] Trouble trouble() const { return trouble_; }
  // No server takes the connection now, and one may soon: it is restarting, or has no room.
  [[nodiscard]] bool may_pass() const { return trouble_ == Trouble::lost && may_pass_; }
  // Hands the first error out, and forgets it.
  std::optional<Error> take_error();
  // Another reason, in words of the caller.
  void refuse(std::string message);
  [[nodiscard]] const std::string& path() const override { return location_; }

 protected:
  Query run(std::string_view sql, std::span<const Value> values) override;
  std::int64_t change(std::string_view sql, std::span<const Value> values) override;

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  void connect();
  ResultSet answer(std::string_view sql, std::span<const Value> values);
  ResultSet take(PGresult* result);
  void fail(const PGresult* result);
  void collect_notices();

  std::string location_;
  bool read_only_;
  std::unique_ptr<PGconn, Finish> connection_;
  std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> statements_;  // their names
  std::string writer_;          // whose row it is: of this object alone
  std::uint64_t commits_ = 0;   // the number of the last one that was tried
  bool in_doubt_ = false;
  double clock_offset_ = 0;
  bool listening_ = false;
  std::uint64_t notified_ = 0;
  FileDescriptor events_,
      pulse_;  // an epoll over the socket and `pulse_`, which says what a statement read along the way
  Trouble trouble_ = Trouble::none;
  bool may_pass_ = false;
  std::optional<Error> error_;
};

// What a refusal means for the person whose store it is, and the way out. `state` is the SQLSTATE, "" for a failure to
// connect; `detail` is the server's or libpq's own words.
std::string explain(std::string_view state, std::string detail, const std::string& location);

}  // namespace nascent::core::store::postgresql
