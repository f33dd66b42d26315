#include "nascent/core/store.hpp"

#include "memory_store.hpp"
#include "nascent/core/store_location.hpp"
#include "store/postgresql/store.hpp"
#include "sqlite_store.hpp"

namespace nascent::core {

Result<std::unique_ptr<Store>> Store::open(const std::string& location, OpenMode mode) {
  if (location.starts_with("postgresql://") || location.starts_with("postgres://")) {
    return store::postgresql::PostgresqlStore::open(location, mode);
  }
  if (is_url(location)) {
    return fail(ErrorKind::invalid_input, "store " + public_location(location) +
                                              ": studies are kept in SQLite files (name a path), in PostgreSQL "
                                              "(postgresql://user@host/database) and in memory (:memory:)");
  }
  if (location != ":memory:") return store::SqliteStore::open(location, mode);
  if (mode != OpenMode::create_or_open) {
    return fail(ErrorKind::store, "store :memory: ends with the process that made it; name the file of a study");
  }
  return std::make_unique<store::MemoryStore>();
}

}  // namespace nascent::core
