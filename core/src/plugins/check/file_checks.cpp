#include "plugins/check/file_checks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plugins/check/checklist.hpp"
#include "plugins/elf_file.hpp"
#include "plugins/sha256.hpp"

namespace nascent::core {
namespace {

std::string some_of(std::vector<std::string> names) {
  const std::size_t n = names.size();
  if (n > 3) names.resize(3);
  return fmt::format("{}{}", fmt::join(names, ", "), n > 3 ? fmt::format(" and {} more", n - 3) : "");
}

constexpr const char* relink = "link it with nascent_add_plugin()";

}  // namespace

std::vector<CheckFinding> check_file(const std::filesystem::path& path) {
  Checklist list("file");
  list.property("format", 1);
  const auto bytes = read_bytes(path);
  if (!bytes) {
    list.fails(bytes.error().message);
    return list.take();
  }
  const auto file = read_elf(*bytes);
  if (!file) {
    list.fails(file.error().message);
    return list.take();
  }
  list.property("entry", 1);
  list.that(std::ranges::find(file->exported, "nascent_plugin_v1") != file->exported.end(),
            "does not export nascent_plugin_v1");
  list.property("exports", 1);
  std::vector<std::string> others;  // without AddressSanitizer's companion of each exported variable
  std::ranges::copy_if(file->exported, std::back_inserter(others), [](const std::string& s) {
    return !s.starts_with("nascent_plugin_v") && !s.starts_with("__odr_asan.");
  });
  list.that(others.empty(), fmt::format("exports {} besides the entry symbol; {}", some_of(others), relink));
  list.property("unique_symbols", 16);
  list.that(file->unique.empty(),
            fmt::format("shares {} with every other library (STB_GNU_UNIQUE); compile with -fno-gnu-unique",
                        some_of(file->unique)));
  list.property("text_relocations", 16);
  list.that(!file->text_relocations, "has text relocations; compile with -fPIC");
  list.property("static_tls", 16);
  list.that(
      !file->static_tls,
      "needs static thread-local storage, of which a process has little; compile without -ftls-model=initial-exec");
  list.property("executable_stack", 16);
  list.that(!file->executable_stack, "asks for an executable stack; link with -z noexecstack");
  return list.take();
}

}  // namespace nascent::core
