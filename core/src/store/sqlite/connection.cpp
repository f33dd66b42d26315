#include "store/sqlite/connection.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

namespace nascent::core::store::sqlite {
namespace {

// Longer than any transaction of ours on a slow disk; short enough that a person still waits for the message.
constexpr std::chrono::seconds kBusyWait{20};
// Between two tries. SQLite's own handler sleeps up to 100 ms, which is long beside a transaction: among many writers one may
// have bad luck for seconds. Apart from each other, so that they do not all try at once.
constexpr std::chrono::microseconds kBusySleepLeast{500}, kBusySleepMost{8000};

// One execution of a prepared statement, which is free for the next one when this goes.
class Execution final : public Rows {
 public:
  Execution(Database& database, sqlite3_stmt* statement, std::span<const Value> values)
      : database_(database), statement_(statement) {
    for (std::size_t i = 0; statement_ != nullptr && i < values.size(); ++i) bind(static_cast<int>(i) + 1, values[i]);
  }
  ~Execution() override {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  bool next() override {
    if (!database_.ok()) return false;
    column_ = 0;
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) database_.fail(code);
    return false;
  }

  std::int64_t integer() override { return sqlite3_column_int64(statement_, column_++); }
  double real() override {
    const double value = null() ? std::numeric_limits<double>::quiet_NaN() : sqlite3_column_double(statement_, column_);
    ++column_;
    return value;
  }
  std::string_view bytes() override {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column_));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column_));
    ++column_;
    return data == nullptr ? std::string_view{} : std::string_view{data, size};
  }

 protected:
  [[nodiscard]] bool null() const override { return sqlite3_column_type(statement_, column_) == SQLITE_NULL; }

 private:
  void bind(int index, const Value& value) {
    if (value.null) return;  // as a fresh statement's parameters are
    int code = SQLITE_OK;
    if (const auto* text = std::get_if<std::string_view>(&value.content)) {
      // A null pointer would bind NULL.
      code = sqlite3_bind_text64(statement_, index, text->data() == nullptr ? "" : text->data(), text->size(), SQLITE_TRANSIENT,
                                 SQLITE_UTF8);
    } else if (const auto* blob = std::get_if<Blob>(&value.content)) {
      code = sqlite3_bind_blob64(statement_, index, blob->bytes.data() == nullptr ? "" : blob->bytes.data(), blob->bytes.size(),
                                 SQLITE_TRANSIENT);
    } else if (const auto* real = std::get_if<double>(&value.content)) {
      code = sqlite3_bind_double(statement_, index, *real);
    } else if (const auto* flag = std::get_if<bool>(&value.content)) {
      code = sqlite3_bind_int64(statement_, index, *flag ? 1 : 0);
    } else {
      code = sqlite3_bind_int64(statement_, index, std::get<std::int64_t>(value.content));
    }
    if (code != SQLITE_OK) database_.fail(code);
  }

  Database& database_;
  sqlite3_stmt* statement_;
  int column_ = 0;
};

}  // namespace

std::string explain(int code, const char* detail, const std::string& path) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fmt::format("store {}: another process kept it locked for {} s; find it with `fuser {}`, then try again",
                         path, kBusyWait.count(), path);
    case SQLITE_FULL:
      return fmt::format(
          "store {}: the disk is full; nothing stored so far is lost and the study stays resumable: free some space, "
          "then "
          "`nascent resume`",
          path);
    case SQLITE_READONLY:
      return fmt::format("store {}: it cannot be written; make the file and its folder writable, or copy it elsewhere",
                         path);
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return fmt::format(
          "store {}: it cannot be opened ({}); check that its folder exists and who may read and write there", path,
          detail);
    case SQLITE_CORRUPT:
      return fmt::format(
          "store {}: the file is damaged ({}); restore a copy, or save what is readable with `sqlite3 {} .recover`",
          path, detail, path);
    case SQLITE_NOTADB:
      return fmt::format("store {}: this is no nascent store (not an SQLite file); name another path", path);
    case SQLITE_IOERR:
      if (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_SHMSIZE) {
        return fmt::format(
            "store {}: writing failed ({}): the disk is full, the file reached its size limit, or the device is "
            "faulty; "
            "nothing stored so far is lost and the study stays resumable: mend it, then `nascent resume`",
            path, detail);
      }
      [[fallthrough]];
    default:
      return fmt::format("store {}: {} (SQLite {})", path, detail, code);
  }
}

Database::Database(std::string path, const std::string& uri, int flags) : path_(std::move(path)) {
  const int code = sqlite3_open_v2(uri.c_str(), &handle_, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  if (handle_ != nullptr) {
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_handler(handle_, &Database::wait_for_others, this);
  }
  if (code != SQLITE_OK) fail(code);
}

int Database::wait_for_others(void* database, int tries) {
  auto& self = *static_cast<Database*>(database);
  const auto now = std::chrono::steady_clock::now();
  if (tries == 0) self.busy_since_ = now;
  if (now - self.busy_since_ >= kBusyWait) return 0;
  const auto longest = std::min(kBusySleepMost, kBusySleepLeast * (tries + 1));
  const auto chance = std::chrono::microseconds(now.time_since_epoch().count() % longest.count());
  std::this_thread::sleep_for(std::max(kBusySleepLeast, chance));
  return 1;
}

Database::~Database() {
  statements_.clear();
  sqlite3_close(handle_);
}

void Database::script(const std::string& sql) {
  if (!ok()) return;
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

void Database::rollback() {
  // After a full disk SQLite has rolled back by itself.
  if (handle_ != nullptr && sqlite3_get_autocommit(handle_) == 0) {
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

std::optional<Error> Database::take_error() { return std::exchange(error_, std::nullopt); }

void Database::fail(int code) {
  if (error_) return;
  const char* detail = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  error_ = Error{ErrorKind::store, explain(code, detail, path_)};
}

sqlite3_stmt* Database::prepared(std::string_view sql) {
  if (!ok()) return nullptr;
  if (const auto known = statements_.find(sql); known != statements_.end()) return known->second.get();
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  std::unique_ptr<sqlite3_stmt, Finalize> statement(raw);
  if (code != SQLITE_OK) {
    fail(code);
    return nullptr;
  }
  return statements_.emplace(sql, std::move(statement)).first->second.get();
}

Query Database::run(std::string_view sql, std::span<const Value> values) {
  return std::make_unique<Execution>(*this, prepared(sql), values);
}

std::int64_t Database::change(std::string_view sql, std::span<const Value> values) {
  {
    Execution statement(*this, prepared(sql), values);
    while (statement.next()) {
    }
  }
  return ok() ? sqlite3_changes64(handle_) : 0;
}

}  // namespace nascent::core::store::sqlite
