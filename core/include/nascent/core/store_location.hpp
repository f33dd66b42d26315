// Where a store is: the path of an SQLite file, ":memory:", or the URL of a PostgreSQL database.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace nascent::core {

bool is_url(std::string_view location);

// Where relative paths start in a study that is stored there: in the file's folder; for a database in the current one.
std::filesystem::path folder_of(const std::string& location);

// The location as it may be shown, stored and passed on: a URL without its password (and sslpassword), which this process
// remembers from then on, for Store::open. Anything else comes back as it is.
std::string public_location(const std::string& location);

// What this process remembers of a public location; "" where there is nothing.
struct LocationSecrets {
  std::string password, ssl_password;
};
LocationSecrets secrets_of(const std::string& location);

// In the environment: an sslpassword for locations of which this process remembers none. libpq has no variable for it, as it has
// PGPASSWORD for the password.
inline constexpr const char* kSslPasswordVariable = "NASCENT_STORE_SSLPASSWORD";

}  // namespace nascent::core
