// A thin owner of one SQLite connection: cached statements, typed columns, errors a person can act on.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "nascent/core/result.hpp"
#include "store/sql/database.hpp"

namespace nascent::core::store::sqlite {

// For one thread at a time. Doubles are kept bit by bit in columns of type ANY: such a column has no affinity, so -0.0
// stays -0.0 and 2.0 stays a float. NaN is NULL.
class Database final : public SqlDatabase {
 public:
  // `flags` as for sqlite3_open_v2. `path` is how people know the store.
  Database(std::string path, const std::string& uri, int flags);
  ~Database() override;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Several statements, without values; for schema and pragmas.
  void script(const std::string& sql);

  // Takes the only right to write, waiting for others a bounded time.
  void begin() { execute("BEGIN IMMEDIATE"); }
  void commit() { execute("COMMIT"); }
  void rollback();

  [[nodiscard]] bool ok() const override { return !error_; }
  // Hands the first error out, and forgets it.
  std::optional<Error> take_error();
  void fail(int code);
  [[nodiscard]] const std::string& path() const override { return path_; }

 protected:
  Query run(std::string_view sql, std::span<const Value> values) override;
  std::int64_t change(std::string_view sql, std::span<const Value> values) override;

 private:
  // Null when there is an error already.
  sqlite3_stmt* prepared(std::string_view sql);
  // For sqlite3_busy_handler.
  static int wait_for_others(void* database, int tries);

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::string path_;
  sqlite3* handle_ = nullptr;
  std::unordered_map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>, TextHash, std::equal_to<>> statements_;
  std::optional<Error> error_;
  std::chrono::steady_clock::time_point busy_since_{};
};

// What SQLite's extended result code means for the person whose store it is, and the way out.
std::string explain(int code, const char* detail, const std::string& path);

}  // namespace nascent::core::store::sqlite
