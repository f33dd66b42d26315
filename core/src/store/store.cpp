#include "nascent/core/store.hpp"

#include "memory_store.hpp"
#include "sqlite_store.hpp"

namespace nascent::core {

Result<std::unique_ptr<Store>> Store::open(const std::string& location, OpenMode mode) {
  if (location.find("://") != std::string::npos) {
    return fail(ErrorKind::invalid_input,
                "store " + location + ": this build keeps studies in SQLite files and in memory; name the path of a file");
  }
  if (location != ":memory:") return store::SqliteStore::open(location, mode);
  if (mode != OpenMode::create_or_open) {
    return fail(ErrorKind::store, "store :memory: ends with the process that made it; name the file of a study");
  }
  return std::make_unique<store::MemoryStore>();
}

}  // namespace nascent::core
