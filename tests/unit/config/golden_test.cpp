// Every tests/golden/config/<case>.toml against <case>.expected: the exact complaints, or the resolved study.
// Leading lines "# --set key=value" are overrides. NASCENT_UPDATE_GOLDEN=1 writes the expectations anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nascent/core/prepared_study.hpp>
#include <sstream>

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
  for (std::size_t at = 0; at < text.size() && text.compare(at, mark.size(), mark) == 0;) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    all.push_back(text.substr(at + mark.size(), end - at - mark.size()));
    at = end + 1;
  }
  return all;
}

// What a person would see: everything wrong with the study, or the complete one.
std::string outcome(const std::string& text, const std::string& name) {
  auto draft = parse_draft(text, name, "/study", overrides_of(text));
  if (!draft) return draft.error().message + "\n";
  const auto prepared = prepare_study(std::move(*draft), catalog());
  return prepared ? resolved_toml(prepared->study.config) : prepared.error().message + "\n";
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
    const std::string seen = outcome(content(file), file.filename().string());
    if (update) std::ofstream(expected, std::ios::binary) << seen;
    EXPECT_EQ(seen, content(expected)) << file;
  }
}

// Whatever is missing, no step relies on what an earlier one could not read.
TEST(ConfigGolden, the_beginning_of_a_case_gives_complaints_with_their_places) {
  constexpr std::size_t step = 11;  // bytes; with files of different lengths every kind of cut is met
  for (const auto& entry : fs::directory_iterator(fs::path(NASCENT_SOURCE_DIR) / "tests/golden/config")) {
    if (entry.path().extension() != ".toml") continue;
    const std::string text = content(entry.path());
    for (std::size_t n = 0; n < text.size(); n += step) {
      std::istringstream lines(outcome(text.substr(0, n), "x.toml"));
      for (std::string line; std::getline(lines, line) && line != "[study]";)
        EXPECT_TRUE(line.starts_with("x.toml:") || line.starts_with("--set: "))
            << entry.path() << " to " << n << ": " << line;
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace nascent::core::test
