// Reading shared libraries without loading them.
#include "plugins/elf_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "plugins/sha256.hpp"

namespace nascent::core {
namespace {

std::string plugin_bytes() { return read_bytes(std::filesystem::path(ABI_PLUGIN_DIR) / "nascent-draw_gxx.so").value(); }

TEST(ElfFile, tells_exports_and_needs) {
  const auto file = read_elf(plugin_bytes());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(file->exported, testing::Contains("nascent_plugin_v1"));
  EXPECT_THAT(file->needed, testing::Contains("libstdc++.so.6"));
  EXPECT_THAT(file->unique, testing::IsEmpty());
  EXPECT_FALSE(file->text_relocations);
  EXPECT_FALSE(file->executable_stack);
}

TEST(ElfFile, every_truncation_is_refused_or_harmless) {
  const std::string whole = plugin_bytes();
  bool accepted = false;  // what follows the last segment (debug information, section headers) is not needed
  for (std::size_t n = 0; n < whole.size(); n += 1 + n / 50) {
    const bool good = read_elf(std::string_view(whole).substr(0, n)).has_value();
    EXPECT_TRUE(good || !accepted) << n;
    EXPECT_FALSE(good && n < 8192) << n;
    accepted = accepted || good;
  }
}

TEST(ElfFile, changed_bytes_do_no_harm) {
  const std::string whole = plugin_bytes();
  std::mt19937_64 random(2);
  for (int round = 0; round < 2000; ++round) {
    std::string changed = whole;
    // Headers and dynamic tables are at the front; most of the changes go there.
    for (int k = 0; k < 8; ++k)
      changed[random() % (k < 6 ? std::min<std::size_t>(4096, whole.size()) : whole.size())] =
          static_cast<char>(random());
    const auto file = read_elf(changed);
    // Read or refused with a reason; and nothing it read is longer than the file.
    EXPECT_TRUE(file || !file.error().message.empty()) << round;
    for (const std::string& symbol : file ? file->exported : std::vector<std::string>{}) EXPECT_LT(symbol.size(), changed.size());
  }
}

TEST(Sha256, agrees_with_the_standard) {
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace nascent::core
