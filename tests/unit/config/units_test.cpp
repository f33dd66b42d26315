#include <gtest/gtest.h>

#include "config/units.hpp"

namespace nascent::core::config {
namespace {

TEST(Seconds, are_read_with_their_units) {
  EXPECT_EQ(parse_seconds("5min"), 300);
  EXPECT_EQ(parse_seconds("5 min"), 300);
  EXPECT_EQ(parse_seconds("1.5h"), 5400);
  EXPECT_EQ(parse_seconds("1h30min"), 5400);
  EXPECT_EQ(parse_seconds("1h 30min 5s"), 5405);
  EXPECT_EQ(parse_seconds("250ms"), 0.25);
  EXPECT_EQ(parse_seconds("2d"), 172800);
}

TEST(Seconds, refuse_everything_else) {
  for (const char* text : {"", " ", "5", "min", "5 minuts", "4GiB", "-5s", "5s!", "5s ", "1e3s", "nan", "5  s", "5m",
                           "5S", "1h-5s", "99999999999999999999999999999999999"})
    EXPECT_EQ(parse_seconds(text), std::nullopt) << text;
  EXPECT_EQ(parse_seconds(std::string(400, '9') + "d"), std::nullopt);
}

TEST(Bytes, are_read_with_their_units) {
  EXPECT_EQ(parse_bytes("4GiB"), std::uint64_t{4} << 30);
  EXPECT_EQ(parse_bytes("512 MiB"), std::uint64_t{512} << 20);
  EXPECT_EQ(parse_bytes("1.5kB"), 1500U);
  EXPECT_EQ(parse_bytes("7B"), 7U);
  EXPECT_EQ(parse_bytes("1TB"), 1000000000000U);
}

TEST(Bytes, refuse_everything_else) {
  for (const char* text : {"", "4", "4Gib", "4gb", "-1B", "1GiB1MiB", "5min", "99999999TiB"})
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
}

}  // namespace
}  // namespace nascent::core::config
