// Opening a store file: new, known, older, newer, or no store at all.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "store/sqlite/schema.hpp"
#include "store/sqlite/store.hpp"

namespace nascent::core::store::sqlite {
namespace {

namespace fs = std::filesystem;

// A path as an SQLite URI: '%', '?' and '#' have a meaning there.
std::string uri_of(const std::string& path, std::string_view query) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  return uri.append(query);
}

std::int64_t pragma(Database& db, const char* sql) {
  Query row = db.query(sql);
  return row->next() ? row->integer() : 0;
}

// Nothing of anybody's is in the file yet.
bool blank(Database& db) { return pragma(db, "SELECT count(*) FROM sqlite_master") == 0; }

Result<void> check_version(Database& db, OpenMode mode) {
  const auto version = pragma(db, "PRAGMA user_version");
  if (version > kSchemaVersion) {
    return fail(
        ErrorKind::store,
        fmt::format(
            "{} was written by nascent schema {}; this build knows up to {}; upgrade nascent or use another store",
            db.path(), version, kSchemaVersion));
  }
  if (version < kSchemaVersion && mode == OpenMode::read_only) {
    return fail(
        ErrorKind::store,
        fmt::format(
            "{} was written by nascent schema {}; this build knows {} and cannot convert it while reading only; "
            "open it once for writing, for instance with `nascent resume`",
            db.path(), version, kSchemaVersion));
  }
  return {};
}

// Brings the file to kSchemaVersion; whoever comes second finds it done.
Result<void> migrate(Database& db, OpenMode mode) {
  db.begin();
  Result<void> version = check_version(db, mode);
  if (version) {
    for (auto step = pragma(db, "PRAGMA user_version"); step < kSchemaVersion && db.ok(); ++step) {
      db.script(std::string(kSchemaSteps[static_cast<std::size_t>(step)]));
    }
    db.script(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};", kApplicationId, kSchemaVersion));
    db.commit();
  }
  db.rollback();
  return version;
}

Result<void> prepare(Database& db, OpenMode mode) {
  db.script("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;");
  const bool fresh = blank(db) && pragma(db, "PRAGMA application_id") == 0;
  if (!db.ok()) return {};
  if (fresh && mode != OpenMode::create_or_open) {
    return fail(ErrorKind::store, fmt::format("store {} is empty; start a study in it with `nascent run`", db.path()));
  }
  if (!fresh && pragma(db, "PRAGMA application_id") != kApplicationId) {
    return fail(ErrorKind::store,
                fmt::format("store {}: this is an SQLite database of another program; name another path", db.path()));
  }
  if (auto version = check_version(db, mode); !version) return version;
  if (mode == OpenMode::read_only) return {};
  // Write-ahead log: readers never wait for writers, and a commit is one sequential write.
  db.script("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864;");
  return pragma(db, "PRAGMA user_version") == kSchemaVersion ? Result<void>{} : migrate(db, mode);
}

}  // namespace

Result<std::unique_ptr<Store>> SqliteStore::open(const std::string& path, OpenMode mode) {
  // The file itself is never opened here beside SQLite: closing any descriptor of it would drop this process's locks.
  std::error_code ignored;
  if (path.empty()) return fail(ErrorKind::store, "the store's path is empty");
  if (fs::is_directory(path, ignored)) {
    return fail(ErrorKind::store, fmt::format("store {} is a folder; name a file in it, such as {}", path,
                                              (fs::path(path) / "study.db").string()));
  }
  const bool exists = fs::exists(path, ignored);
  if (!exists && mode != OpenMode::create_or_open) {
    return fail(ErrorKind::store, fmt::format("store {} does not exist; start a study with `nascent run`", path));
  }
  const fs::path folder = fs::absolute(path, ignored).parent_path();
  if (!exists && !fs::is_directory(folder, ignored)) {
    return fail(ErrorKind::store,
                fmt::format("store {}: its folder {} does not exist; make it first", path, folder.string()));
  }
  if (mode != OpenMode::read_only && access(folder.c_str(), W_OK) != 0) {
    return fail(ErrorKind::store, fmt::format("store {}: its folder cannot be written ({}); make the file and its folder "
                                              "writable, or name another place with study.store",
                                              path, std::strerror(errno)));
  }
  int flags = mode == OpenMode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (mode == OpenMode::create_or_open) flags |= SQLITE_OPEN_CREATE;
  // A reader needs the log's index beside the file; where it cannot be made and no log is left, nobody writes.
  const bool frozen =
      mode == OpenMode::read_only && access(folder.c_str(), W_OK) != 0 && !fs::exists(path + "-wal", ignored);
  auto db = std::make_unique<Database>(path, uri_of(path, frozen ? "?immutable=1" : ""), flags);
  auto prepared = db->ok() ? prepare(*db, mode) : Result<void>{};
  if (auto error = db->take_error()) return tl::unexpected<Error>(std::move(*error));
  if (!prepared) return tl::unexpected<Error>(prepared.error());
  return std::make_unique<SqliteStore>(std::move(db));
}

}  // namespace nascent::core::store::sqlite
