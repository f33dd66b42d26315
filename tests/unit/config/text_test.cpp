// What no editor shows: bytes that are no text, and shapes made to break a parser.
#include <gtest/gtest.h>

#include "schema.hpp"

namespace nascent::core::test {
namespace {

using namespace std::string_literals;

std::string complaint(const std::string& text) {
  const auto study = parse_study(text, "x.toml", "/");
  return study ? "accepted" : study.error().message;
}

std::string repeated(std::string_view part, int n) {
  std::string all;
  for (int i = 0; i < n; ++i) all += part;
  return all;
}

TEST(StudyText, has_to_be_utf8) {
  EXPECT_EQ(complaint("\xFF\xFE[\0s\0"s), "x.toml:1:1: the file is UTF-16; save it as UTF-8");
  EXPECT_EQ(complaint("[study]\nname = \"\xC3\xA4\xE4\"\n"),
            "x.toml:2:10: byte 0xE4 is no UTF-8; save the file as UTF-8");
  EXPECT_EQ(complaint("\xED\xA0\x80"), "x.toml:1:1: byte 0xED is no UTF-8; save the file as UTF-8");
  EXPECT_EQ(complaint("[study]\n# \xC0\x80"), "x.toml:2:3: byte 0xC0 is no UTF-8; save the file as UTF-8");
  EXPECT_EQ(complaint("[study]\nname = \"\xE2\x82"), "x.toml:2:9: byte 0xE2 is no UTF-8; save the file as UTF-8");
}

TEST(StudyText, may_begin_with_a_byte_order_mark) {
  EXPECT_EQ(complaint("\xEF\xBB\xBF" + std::string(minimal_study)), "accepted");
}

TEST(StudyText, may_end_its_lines_as_on_windows) {
  std::string text;
  for (const char c : minimal_study) text += c == '\n' ? "\r\n"s : std::string(1, c);
  EXPECT_EQ(complaint(text), "accepted");
}

TEST(StudyText, holds_no_nul) {
  EXPECT_EQ(complaint("[study]\nname = \"a\0b\"\n"s),
            "x.toml:2:10: a NUL byte; a study is plain text: is this the right file?");
  EXPECT_EQ(complaint(std::string(minimal_study) + "path = \"a\\u0000b\"\n[study.x]\n").substr(0, 6), "x.toml");
}

TEST(StudyText, is_no_store_and_not_compressed) {
  const std::string store =
      "x.toml: is an SQLite file, as a study's store is; a study is a TOML file: is this the right one?";
  EXPECT_EQ(complaint("SQLite format 3\0\x10\0\xE4"s), store);
  EXPECT_EQ(complaint("SQLite format 3\0"s + std::string(1 << 21, '\xE4')), store);
  EXPECT_EQ(complaint("\x1F\x8B\x08\x08\xE4"),
            "x.toml: is a compressed file (gzip); a study is a TOML file: is this the right one?");
  EXPECT_EQ(complaint("\x7F"
                      "ELF\0\xE4"s),
            "x.toml:1:5: a NUL byte; a study is plain text: is this the right file?");
}

TEST(StudyText, is_not_empty) {
  const std::string empty =
      "x.toml: the study is empty; write at least [objective], [stop], [space] and [trainer] or [[evaluator]]";
  EXPECT_EQ(complaint(""), empty);
  EXPECT_EQ(complaint(" \n\n# only a comment\n"), empty);
}

TEST(StudyText, has_a_bounded_size) {
  EXPECT_EQ(complaint(std::string((1 << 20) + 1, '\n')),
            "x.toml: the file has 1048577 bytes; a study has at most 1048576: is this the right file?");
}

TEST(StudyText, has_a_bounded_depth) {
  const std::string rule = ": nested more than 32 levels deep; a study needs no more than a few";
  EXPECT_EQ(complaint("x = " + repeated("[", 100000)), "x.toml:1:37" + rule);
  EXPECT_EQ(complaint("x = " + repeated("{a=", 100000)), "x.toml:1:101" + rule);
  EXPECT_EQ(complaint("x" + repeated(".a", 100000) + " = 1"), "x.toml:1:64" + rule);
  EXPECT_EQ(complaint("[x" + repeated(".a", 100000) + "]"), "x.toml:1:65" + rule);
  EXPECT_EQ(complaint("# " + repeated("[.", 1000) + "\n" + std::string(minimal_study)), "accepted");
  EXPECT_EQ(complaint("[study]\nname = \"" + repeated(".", 90) + "\"\n" + std::string(minimal_study.substr(8))),
            "accepted");
}

// An unmodified toml++ 3.3 stops the program at these in debug builds, and promises the compiler that they never come.
TEST(StudyText, with_headers_without_a_name_or_values_that_do_not_begin_is_refused) {
  for (const char* line :
       {"[# x]", "[", "[[", "[[ #", "[\t.a]", "[]", "[[]]", "[\n]", "[=]", "[[[a]]]", "x = ]", "x = }", "x = [,]",
        "x = [}", "x = {a = ,}", "x = {=}", "x = {,}", "\xC3\xA4 = 1", "x = \xC3\xA4"})
    EXPECT_EQ(complaint("# first\n" + std::string(line)).substr(0, 9), "x.toml:2:") << line;
}

TEST(StudyText, with_very_many_mistakes_shows_the_first_hundred) {
  std::string text(minimal_study);
  text += "[stop.x]\n[final]\n";
  for (int i = 0; i < 500; ++i) text += "k" + std::to_string(i) + " = 1\n";
  const std::string message = complaint(text);
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 100);
  EXPECT_NE(message.find("\n... and 40"), std::string::npos) << message.substr(message.size() - 40);
}

TEST(StudyText, made_to_grow_in_memory_gives_a_short_answer) {
  const std::string key(400000, 'k');
  const std::string message = complaint(key + " = [" + repeated("inf,", 100000) + "]\n");
  EXPECT_LT(message.size(), 200000U);
  EXPECT_NE(message.find("\n... and "), std::string::npos);
}

TEST(StudyText, that_is_no_toml_at_all_is_refused) {
  for (const std::string& text : {"\x7f"
                                  "ELF\x02\x01\x01"s,
                                  "{\"study\": 1}"s, "<xml/>"s, "study:\n  name: x\n"s, "]"s, "\""s})
    EXPECT_EQ(complaint(text).substr(0, 9), "x.toml:1:") << text;
}

}  // namespace
}  // namespace nascent::core::test
