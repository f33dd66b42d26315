#include "store/postgresql/connection.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <random>
#include <vector>

#include "nascent/core/store_location.hpp"
#include "plugins/utf8.hpp"
#include "store/clock.hpp"

namespace nascent::core::store::postgresql {
namespace {

// A machine that vanished is noticed after half a minute, on either side. A client that stops in the middle of a
// transaction gives its locks back. Nobody waits forever for one.
constexpr const char* kSession =
    "SET search_path TO nascent; SET client_min_messages TO warning; SET lock_timeout TO '30s'; "
    "SET idle_in_transaction_session_timeout TO '20s'; "
    "SET tcp_keepalives_idle TO 10; SET tcp_keepalives_interval TO 5; SET tcp_keepalives_count TO 4";
constexpr int kServerMin = 140000;  // pg_terminate_backend() that waits

template <class T>
std::string big_endian(T value) {
  std::string bytes(sizeof(T), '\0');
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes[sizeof(T) - 1 - i] = static_cast<char>(value >> (8 * i));
  return bytes;
}

// A value on its way to the server: binary, in network order.
struct Parameter {
  Oid type = 0;
  std::string bytes;
};
constexpr Oid kBool = 16, kBytes = 17, kInteger = 20, kText = 25, kReal = 701;

struct Encode {
  Parameter operator()(std::int64_t value) const { return {kInteger, big_endian(static_cast<std::uint64_t>(value))}; }
  Parameter operator()(double value) const { return {kReal, big_endian(std::bit_cast<std::uint64_t>(value))}; }
  Parameter operator()(bool value) const { return {kBool, std::string(1, value ? '\1' : '\0')}; }
  Parameter operator()(Blob value) const { return {kBytes, std::string(value.bytes)}; }
  Parameter operator()(std::string_view value) const {
    Parameter p{kText, text_of(value)};
    std::replace(p.bytes.begin(), p.bytes.end(), '\0', '?');
    return p;
  }
};

// The answer to one statement.
class Answer final : public Rows {
 public:
  explicit Answer(ResultSet rows) : rows_(std::move(rows)) {}

  bool next() override {
    column_ = 0;
    return rows_ != nullptr && ++row_ < PQntuples(rows_.get());
  }
  std::int64_t integer() override {
    const std::string_view raw = bytes();
    std::uint64_t value = 0;
    for (const char c : raw) value = value << 8U | static_cast<unsigned char>(c);
    return raw.size() == 4 ? static_cast<std::int32_t>(value) : static_cast<std::int64_t>(value);
  }
  double real() override { return std::bit_cast<double>(integer()); }
  std::string_view bytes() override {
    const int column = column_++;
    return {PQgetvalue(rows_.get(), row_, column), static_cast<std::size_t>(PQgetlength(rows_.get(), row_, column))};
  }

 protected:
  [[nodiscard]] bool null() const override { return PQgetisnull(rows_.get(), row_, column_) != 0; }

 private:
  ResultSet rows_;
  int row_ = -1;
  int column_ = 0;
};

bool says(std::string_view text, std::string_view words) { return text.find(words) != std::string_view::npos; }

// Libpq's and the server's words for a server that is away, or full, and need not stay so. A failure to connect has no code.
bool names_a_server_that_may_return(std::string_view detail) {
  constexpr std::string_view kWords[] = {"Connection refused", "starting up",      "shutting down",     "recovery mode",
                                         "not yet accepting",  "Connection reset", "closed the connection unexpectedly",
                                         "timeout expired",    "Connection timed out", "No route to host",
                                         "too many clients",   "connection slots are reserved"};
  return std::ranges::any_of(kWords, [&](std::string_view words) { return says(detail, words); });
}

std::string new_writer() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

// libpq's and the server's messages have several lines, and name what failed again and again.
std::string on_one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  return text;
}

}  // namespace

std::string explain(std::string_view state, std::string detail, const std::string& location) {
  detail = on_one_line(std::move(detail));
  const std::string store = "store " + location + ": ";
  if (state == "53100") {
    return store +
           fmt::format(
               "the server's disk is full ({}); nothing stored so far is lost and the study stays resumable: free "
               "some space there, then `nascent resume`",
               detail);
  }
  if (state == "42501") {
    return store + fmt::format(
                       "the server permits it not to this user ({}); nascent needs a schema of its own: "
                       "GRANT CREATE ON DATABASE ... TO ..., or let its owner run the study",
                       detail);
  }
  if (state == "55P03") {
    return store +
           fmt::format("another session kept it locked ({}); look for it in pg_stat_activity, then try again", detail);
  }
  if (state == "25006") return store + fmt::format("the server takes no changes ({}); name its primary", detail);
  if (state == "3D000" || (state.empty() && says(detail, "database \"") && says(detail, "does not exist"))) {
    return store + fmt::format("the server has no such database ({}); make it first: createdb -E UTF8 NAME", detail);
  }
  if (says(detail, "too many clients") || says(detail, "connection slots are reserved") || state == "53300") {
    return store + fmt::format(
                       "the server takes no more connections ({}); a worker takes two, a coordinator one: raise "
                       "max_connections, or start fewer workers",
                       detail);
  }
  if (state.empty() && (says(detail, "authentication failed") || says(detail, "no password supplied") ||
                        says(detail, "role \"") || says(detail, "no pg_hba.conf entry"))) {
    return store + fmt::format(
                       "the server lets nobody in so ({}); check the user in the URL, and its password in "
                       "~/.pgpass or PGPASSWORD",
                       detail);
  }
  if (state.empty() && (says(detail, "permission denied for database"))) {
    return store +
           fmt::format("this user may not connect to the database ({}); GRANT CONNECT ON DATABASE ... TO ...", detail);
  }
  if (state.empty() || state.starts_with("08") || state.starts_with("57P")) {
    return store + fmt::format(
                       "the server cannot be reached ({}); nothing stored is lost: check that it runs, its host and "
                       "port, then try again",
                       detail);
  }
  return store + fmt::format("{} (PostgreSQL {})", detail, state);
}

Database::Database(std::string location, bool read_only)
    : location_(std::move(location)),
      read_only_(read_only),
      events_(epoll_create1(EPOLL_CLOEXEC)),
      pulse_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  writer_ = new_writer();
  epoll_event event{};
  event.events = EPOLLIN;
  epoll_ctl(events_.get(), EPOLL_CTL_ADD, pulse_.get(), &event);
  connect();
}

void Database::connect() {
  statements_.clear();
  const LocationSecrets secrets = secrets_of(location_);
  // What the URL says comes later and holds.
  std::vector<const char*> names{"fallback_application_name", "client_encoding",  "connect_timeout",  "keepalives_idle",
                                 "keepalives_interval",       "keepalives_count", "tcp_user_timeout", "dbname"};
  std::vector<const char*> values{"nascent", "UTF8", "10", "10", "5", "4", "30000", location_.c_str()};
  if (!secrets.password.empty()) {
    names.push_back("password");
    values.push_back(secrets.password.c_str());
  }
  const char* given = std::getenv(kSslPasswordVariable);
  const std::string ssl_password = secrets.ssl_password.empty() && given != nullptr ? given : secrets.ssl_password;
  if (!ssl_password.empty()) {
    names.push_back("sslpassword");
    values.push_back(ssl_password.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  connection_.reset(PQconnectdbParams(names.data(), values.data(), /*expand_dbname=*/1));
  if (PQstatus(connection_.get()) != CONNECTION_OK) return fail(nullptr);
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
  if (PQserverVersion(connection_.get()) < kServerMin) {
    return refuse(fmt::format("PostgreSQL {} is too old; version {} or later is needed",
                              PQserverVersion(connection_.get()) / 10000, kServerMin / 10000));
  }
  const char* encoding = PQparameterStatus(connection_.get(), "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8") {
    return refuse(
        fmt::format("the database keeps text as {}; make one that keeps UTF8: createdb -E UTF8 -T template0 NAME",
                    encoding == nullptr ? "?" : encoding));
  }
  script(kSession);
  if (read_only_) script("SET default_transaction_read_only TO on");
  if (Query row = query("SELECT extract(epoch FROM clock_timestamp())::float8"); row->next())
    clock_offset_ = row->real() - now();
  epoll_event event{};
  event.events = EPOLLIN;
  epoll_ctl(events_.get(), EPOLL_CTL_ADD, PQsocket(connection_.get()),
            &event);  // closing the socket takes it out again
  if (listening_) script("LISTEN nascent");
}

void Database::reconnect() {
  trouble_ = Trouble::none;
  error_.reset();
  connection_.reset();
  connect();
  ++notified_;  // what happened meanwhile nobody told
}

ResultSet Database::answer(std::string_view sql, std::span<const Value> values) {
  if (!ok()) return nullptr;
  const auto count = values.size();
  std::vector<Parameter> parameters(count);
  std::vector<Oid> types(count);
  std::vector<const char*> bytes(count);
  std::vector<int> lengths(count), formats(count, 1);
  for (std::size_t i = 0; i < count; ++i) {
    parameters[i] = std::visit(Encode{}, values[i].content);
    types[i] = parameters[i].type;
    bytes[i] = values[i].null ? nullptr : parameters[i].bytes.data();
    lengths[i] = static_cast<int>(parameters[i].bytes.size());
  }
  auto known = statements_.find(sql);
  if (known == statements_.end()) {
    std::string name = fmt::format("s{}", statements_.size());
    std::string text(sql);
    if (!take(PQprepare(connection_.get(), name.c_str(), text.c_str(), static_cast<int>(count), types.data()))) return nullptr;
    known = statements_.emplace(std::move(text), std::move(name)).first;
  }
  return take(PQexecPrepared(connection_.get(), known->second.c_str(), static_cast<int>(count), bytes.data(), lengths.data(),
                             formats.data(), /*resultFormat=*/1));
}

Query Database::run(std::string_view sql, std::span<const Value> values) {
  return std::make_unique<Answer>(answer(sql, values));
}

std::int64_t Database::change(std::string_view sql, std::span<const Value> values) {
  const ResultSet result = answer(sql, values);
  const char* count = result == nullptr ? "" : PQcmdTuples(result.get());
  return *count == '\0' ? 0 : std::strtoll(count, nullptr, 10);
}

ResultSet Database::take(PGresult* result) {
  ResultSet owned(result);
  if (!ok()) return nullptr;
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    fail(result);
    return nullptr;
  }
  if (listening_) collect_notices();
  return owned;
}

void Database::fail(const PGresult* result) {
  if (!ok()) return;
  const char* field = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string_view state = field == nullptr ? "" : field;
  may_pass_ = state.starts_with("57P") || names_a_server_that_may_return(PQerrorMessage(connection_.get()));
  const char* primary = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const bool gone = PQstatus(connection_.get()) != CONNECTION_OK || state.starts_with("57P") || state.starts_with("08");
  const bool conflict = state == "40001" || state == "40P01";
  trouble_ = gone ? Trouble::lost : conflict ? Trouble::conflict : Trouble::refused;
  error_ = Error{ErrorKind::store,
                 explain(state, primary != nullptr ? primary : PQerrorMessage(connection_.get()), location_)};
}

void Database::refuse(std::string message) {
  if (!ok()) return;
  trouble_ = Trouble::refused;
  error_ = Error{ErrorKind::store, fmt::format("store {}: {}", location_, message)};
}

std::optional<Error> Database::take_error() {
  trouble_ = Trouble::none;
  return std::exchange(error_, std::nullopt);
}

void Database::commit(bool notice) {
  in_doubt_ = false;
  if (!ok()) return;
  ++commits_;
  const std::string sql = fmt::format(
      "INSERT INTO writers (id, commits, seen_at) VALUES ('{}', {}, {}) "
      "ON CONFLICT (id) DO UPDATE SET commits = excluded.commits, seen_at = excluded.seen_at; {}COMMIT",
      writer_, commits_, now() + clock_offset_, notice ? "NOTIFY nascent; " : "");
  static_cast<void>(take(PQexec(connection_.get(), sql.c_str())));
  in_doubt_ = trouble_ == Trouble::lost;
}

bool Database::came_through() {
  in_doubt_ = false;
  // Waits for a session that the server still holds for us.
  Query row = query("SELECT commits FROM writers WHERE id = $1 FOR UPDATE", writer_);
  return row->next() && static_cast<std::uint64_t>(row->integer()) == commits_;
}

void Database::rollback() {
  if (PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) PQclear(PQexec(connection_.get(), "ROLLBACK"));
}

void Database::listen() {
  if (listening_) return;
  script("LISTEN nascent");
  listening_ = ok();
}

void Database::collect_notices() {
  bool news = false;
  while (PGnotify* told = PQnotifies(connection_.get())) {
    PQfreemem(told);
    ++notified_;
    news = true;
  }
  const std::uint64_t one = 1;
  if (news) static_cast<void>(!write(pulse_.get(), &one, sizeof one));
}

std::uint64_t Database::notified() {
  std::uint64_t pulses = 0;
  static_cast<void>(!read(pulse_.get(), &pulses, sizeof pulses));
  if (PQconsumeInput(connection_.get()) == 0) {
    fail(nullptr);
  } else {
    while (PGnotify* told = PQnotifies(connection_.get())) {
      PQfreemem(told);
      ++notified_;
    }
  }
  return notified_;
}

}  // namespace nascent::core::store::postgresql
