#include "idx_file.hpp"

#include <gtest/gtest.h>

#include "idx_bytes.hpp"
#include "nascent/error.hpp"
#include "support/files.hpp"

namespace nascent::idx {
namespace {

std::string refusal(const std::string& bytes, const std::string& name = "file") {
  const test::TemporaryFolder folder;
  const std::string path = folder.write(name, bytes);
  try {
    read_idx_file(path, 0);
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), NAS_E_IO);
    const std::string message = e.what();
    EXPECT_EQ(message.substr(0, path.size() + 2), path + ": ");
    return message.substr(path.size() + 2);
  }
  return "accepted";
}

TEST(IdxFile, reads_shape_and_elements_plain_and_gzip) {
  const test::TemporaryFolder folder;
  for (const bool packed : {false, true}) {
    const std::string bytes = counting({3, 2, 2});
    const IdxArray a = read_idx_file(folder.write("a", packed ? gzip(bytes) : bytes), 0);
    EXPECT_EQ(a.shape, (std::vector<std::int64_t>{3, 2, 2}));
    EXPECT_EQ(a.rows_in_file, 3);
    ASSERT_EQ(a.elements.size(), 12U);
    for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(a.at(i), static_cast<double>(i));
  }
}

TEST(IdxFile, reads_every_element_type_from_big_endian) {
  const test::TemporaryFolder folder;
  const auto read = [&](std::uint8_t type, const std::string& element) {
    return read_idx_file(folder.write("t", header(type, {1}) + element), 0).at(0);
  };
  EXPECT_EQ(read(0x08, "\xff"), 255);
  EXPECT_EQ(read(0x09, "\xff"), -1);
  EXPECT_EQ(read(0x0B, std::string("\x01\x02", 2)), 258);
  EXPECT_EQ(read(0x0C, std::string("\xff\xff\xff\xfe", 4)), -2);
  EXPECT_EQ(read(0x0D, std::string("\x3f\xc0\x00\x00", 4)), 1.5);
  EXPECT_EQ(read(0x0E, std::string("\xc0\x04\x00\x00\x00\x00\x00\x00", 8)), -2.5);
}

TEST(IdxFile, rows_max_keeps_the_first_rows_and_ignores_the_rest) {
  const test::TemporaryFolder folder;
  std::string bytes = counting({5, 2});
  bytes.resize(bytes.size() - 3);  // cut short behind the rows wanted
  const IdxArray a = read_idx_file(folder.write("a", bytes), 2);
  EXPECT_EQ(a.shape, (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(a.rows_in_file, 5);
  EXPECT_EQ(a.elements.size(), 4U);
  EXPECT_EQ(read_idx_file(folder.write("b", counting({5, 2})), 9).rows(), 5)
      << "a limit above the count changes nothing";
}

TEST(IdxFile, tells_what_is_wrong_with_a_file) {
  EXPECT_EQ(refusal(""), "is empty; an IDX file begins with 0x0000, the element type and the number of dimensions");
  EXPECT_EQ(refusal("PK\x03\x04 zip"),
            "begins with 0x504b0304; an IDX file begins with 0x0000, so this is another format");
  EXPECT_EQ(refusal(std::string("\0\0\x07\x01", 4)), "element type 7 is not one of IDX (8, 9, 11, 12, 13, 14)");
  EXPECT_EQ(refusal(std::string("\0\0\x08\0", 4)), "has 0 dimensions; 1 to 8 are possible");
  EXPECT_EQ(refusal(header(8, {10, 2}).substr(0, 10)), "ends within its header; the file is cut short, fetch it again");
  EXPECT_EQ(refusal(header(8, {0, 2})), "dimension 0 has extent 0; there is nothing to learn from");
  EXPECT_EQ(
      refusal(counting({10, 2}).substr(0, 20)),
      "ends after 8 of the 20 bytes of elements that its header announces; the file is cut short, fetch it again");
  EXPECT_EQ(refusal(counting({2, 2}) + "x"),
            "goes on after the 4 bytes of elements that its header announces; header and content disagree");
  EXPECT_EQ(refusal(std::string("\0\0", 2)),
            "begins with 0x00000000; an IDX file begins with 0x0000, so this is another format");
}

TEST(IdxFile, tells_a_gzip_stream_cut_short_from_a_damaged_one) {
  std::string noise = header(8, {200, 50});
  for (std::uint32_t i = 0, x = 1; i < 10000; ++i) noise += static_cast<char>((x = x * 1664525U + 1013904223U) >> 24);
  std::string packed = gzip(noise);
  EXPECT_EQ(refusal(packed.substr(0, packed.size() / 2)), "its gzip stream is cut short; fetch the file again");
  EXPECT_EQ(refusal(packed.substr(0, packed.size() - 4)), "its gzip stream is cut short; fetch the file again");
  packed[packed.size() - 6] ^= 1;  // the checksum
  EXPECT_EQ(refusal(packed).substr(0, 25), "its gzip stream is damage");
}

TEST(IdxFile, a_header_that_claims_too_much_costs_no_memory) {
  EXPECT_EQ(refusal(header(8, {4294967295U, 4294967295U, 4294967295U})),
            "its header claims more bytes than can be counted");
  EXPECT_EQ(refusal(header(8, {4294967295U, 4294967295U}).substr(0)),  // 16 EiB would fit the count, not the machine
            "its header claims more bytes than can be counted");
  const std::string short_of = refusal(header(8, {1U << 31, 1U << 20}) + "abc");
  EXPECT_EQ(short_of,
            "ends after 3 of the 2251799813685248 bytes of elements that its header announces; the file is cut short, "
            "fetch it again");
}

TEST(IdxFile, names_a_missing_file_and_a_folder) {
  const test::TemporaryFolder folder;
  try {
    read_idx_file(folder.path("none"), 0);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()), folder.path("none") + ": No such file or directory");
  }
  EXPECT_THROW(read_idx_file(folder.path(), 0), Error);
}

}  // namespace
}  // namespace nascent::idx
