// Every tests/golden/config/<case>.toml against <case>.expected: the exact complaints, or the resolved study.
// Leading lines "# --set key=value" are overrides. NASCENT_UPDATE_GOLDEN=1 writes the expectations anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nascent/core/nearest.hpp>

#include "schema.hpp"

namespace nascent::core::test {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> overrides_of(const std::string& text) {
  constexpr std::string_view mark = "# --set ";
  std::vector<std::string> all;
  for (std::size_t at = 0; text.compare(at, mark.size(), mark) == 0;) {
    const std::size_t end = text.find('\n', at);
    all.push_back(text.substr(at + mark.size(), end - at - mark.size()));
    at = end + 1;
  }
  return all;
}

// What a person would see: everything wrong with the file and its components, or the complete study.
std::string outcome(const fs::path& file) {
  const std::string text = content(file);
  Result<StudyConfig> study = parse_study(text, file.filename().string(), "/study", overrides_of(text));
  if (!study) return study.error().message + "\n";
  Diagnostics diagnostics;
  std::string unknown;
  for (ComponentConfig* config : components(*study)) {
    const std::string_view kind = kind_of_path(config->path);
    if (const ComponentInfo* info = schema(kind, config->type))
      *config = resolve_component(*config, *info, diagnostics).complete;
    else
      unknown += unknown_type(*config, schema_names(kind)).message + "\n";
  }
  if (!diagnostics.empty()) unknown += diagnostics.error().message + "\n";
  return unknown.empty() ? resolved_toml(*study) : unknown;
}

TEST(ConfigGolden, every_case_gives_exactly_what_is_recorded) {
  const fs::path folder = fs::path(NASCENT_SOURCE_DIR) / "tests/golden/config";
  const bool update = std::getenv("NASCENT_UPDATE_GOLDEN") != nullptr;
  std::vector<fs::path> cases;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".toml") cases.push_back(entry.path());
  }
  std::sort(cases.begin(), cases.end());
  EXPECT_GE(cases.size(), 40U);
  for (const fs::path& file : cases) {
    const fs::path expected = fs::path(file).replace_extension(".expected");
    const std::string seen = outcome(file);
    if (update) std::ofstream(expected, std::ios::binary) << seen;
    EXPECT_EQ(seen, content(expected)) << file;
  }
}

}  // namespace
}  // namespace nascent::core::test
