// The tables of a PostgreSQL store, and the steps from each schema to the next.
#pragma once

#include <span>
#include <string_view>

#include "nascent/core/store.hpp"
#include "store/postgresql/connection.hpp"

namespace nascent::core::store::postgresql {

// Step i leads from schema i to schema i + 1; a new store takes all of them. A released step is never edited.
std::span<const std::string_view> schema_steps();

// First key of this program's advisory locks; the second is a study, or 0 for the schema itself.
inline constexpr std::int64_t kLockClass = 0x6e617363;  // "nasc"

// Brings the schema to the last of `steps`, or refuses: a newer schema, an older one while reading only, none where one
// has to be.
Result<void> prepare(Database& db, OpenMode mode, std::span<const std::string_view> steps = schema_steps());

}  // namespace nascent::core::store::postgresql
