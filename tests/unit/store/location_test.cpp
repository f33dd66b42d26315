// Where a store is, without what nobody else may read.
#include <gtest/gtest.h>

#include "nascent/core/store_location.hpp"

namespace nascent::core {
namespace {

struct Case {
  const char* given;
  const char* shown;
  const char* password;
};

TEST(StoreLocation, a_url_is_shown_without_its_password) {
  const Case cases[] = {
      {"postgresql://ann:secret@db.example:5432/studies", "postgresql://ann@db.example:5432/studies", "secret"},
      {"postgresql://ann:p%40ss%2Fword@db/studies", "postgresql://ann@db/studies", "p@ss/word"},
      {"postgresql://ann:p@ss/w0rd@db/studies", "postgresql://ann@db/studies", "p@ss/w0rd"},
      {"postgres://ann@db/studies?sslmode=require&password=secret", "postgres://ann@db/studies?sslmode=require", "secret"},
      {"postgresql://ann@db/s?password=secret&sslmode=require", "postgresql://ann@db/s?sslmode=require", "secret"},
      {"postgresql:///studies?host=/run/postgresql&user=ann", "postgresql:///studies?host=/run/postgresql&user=ann", ""},
      {"postgresql://db:5432/odd@name", "postgresql://db:5432/odd@name", ""},
      {"mysql://ann:secret@db/studies", "mysql://ann@db/studies", "secret"},
      {"folder/a:b@c.db", "folder/a:b@c.db", ""},
      {":memory:", ":memory:", ""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(public_location(c.given), c.shown);
    EXPECT_EQ(secrets_of(c.shown).password, c.password) << c.given;
  }
}

TEST(StoreLocation, a_password_given_once_is_not_forgotten_when_the_url_comes_without) {
  public_location("postgresql://eve:first@db/x");
  EXPECT_EQ(public_location("postgresql://eve@db/x"), "postgresql://eve@db/x");
  EXPECT_EQ(secrets_of("postgresql://eve@db/x").password, "first");
  EXPECT_EQ(public_location("postgresql://eve@db/x?sslpassword=key"), "postgresql://eve@db/x");
  EXPECT_EQ(secrets_of("postgresql://eve@db/x").ssl_password, "key");
}

}  // namespace
}  // namespace nascent::core
