// Every plugin of this tree keeps the rules of the ABI and the contract of its kind.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "nascent/core/plugin_check.hpp"

namespace nascent::core {
namespace {

namespace fs = std::filesystem;

fs::path written(const std::string& name, const std::string& bytes) {
  const fs::path path = fs::path(testing::TempDir()) / name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

// An IDX file of `rows` 4x4 images, or of their labels.
std::string idx_bytes(std::size_t rows, bool images) {
  std::string bytes{'\0', '\0', '\x08', images ? '\x03' : '\x01'};
  const auto extent = [&bytes](std::size_t n) {
    bytes += {'\0', '\0', static_cast<char>(n >> 8), static_cast<char>(n & 0xFF)};
  };
  extent(rows);
  if (images) {
    extent(4);
    extent(4);
  }
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t pixel = 0; pixel < (images ? 16 : 1); ++pixel)
      bytes += static_cast<char>(images ? row * 16 + pixel : row % 3);
  }
  return bytes;
}

std::string csv_text() {
  std::string text = "width,colour,kind\n";
  constexpr std::array kinds{"oak", "ash", "elm"};
  constexpr std::array colours{"red", "green"};
  for (std::size_t row = 0; row < 60; ++row)
    text += std::to_string(row * 7 % 13) + ',' + colours[row % 2] + ',' + kinds[row % 3] + '\n';
  return text;
}

// A result for every configuration of the finite space with which evaluators are checked.
std::string table_text() {
  std::string text = "block,depth,bias,accuracy\n";
  int row = 0;
  for (const char* block : {"plain", "residual", "dense"}) {
    for (const char* depth : {"1", "2", "3", "4"}) {
      for (const char* bias : {"false", "true"})
        text += std::string(block) + ',' + depth + ',' + bias + ",0." + std::to_string(50 + row++) + '\n';
    }
  }
  return text;
}

// What a plugin cannot be created without.
std::vector<std::string> options_for(const std::string& alias) {
  if (alias == "csv") return {"csv.path=" + written("rows.csv", csv_text()).string(), "csv.target=[\"kind\"]"};
  if (alias == "idx")
    return {"idx.train_images=" + written("train-images", idx_bytes(30, true)).string(),
            "idx.train_labels=" + written("train-labels", idx_bytes(30, false)).string(),
            "idx.test_images=" + written("test-images", idx_bytes(9, true)).string(),
            "idx.test_labels=" + written("test-labels", idx_bytes(9, false)).string()};
  if (alias == "quality-diversity") return {R"(quality-diversity.descriptors=["parameters", "latency_ms_p50"])"};
  if (alias == "declared")
    return {
        R"(declared.parameters={"kind": {"choice": ["sgd", "adamw"], "weights": [1, 3]}, "rate": {"log_uniform": [1e-5, 0.1]},)"
        R"( "momentum": {"uniform": [0.0, 0.99], "when": {"parameter": "kind", "equals": "sgd"}}, "layers": {"int_uniform": [1, 8]}})"};
  if (alias == "grammar")
    return {
        R"(grammar.rules={"network": [{"repeat": "block", "times": [1, 3]}, {"optional": {"shared": "block"}}], )"
        R"("block": {"choice": ["Tanh", {"op": "Gemm", "units": {"int_uniform": [2, 9]}}, {"merge": "Add", "branches": ["Relu", "identity"]}]}})"};
  if (alias == "command")
    return {
        R"(command.command=["sh", "-c", "for i in 1 2 3 4; do echo \"{\\\"val_loss\\\": 0.5, \\\"budget\\\": $i}\" >/dev/fd/$NASCENT_REPORT; done"])"};
  if (alias == "table")
    return {"table.file=" + written("table.csv", table_text()).string(), R"(table.metrics={"accuracy": "accuracy"})"};
  return {};
}

// Tests that a plugin may leave out, with the reason.
const std::map<std::string, std::string>& may_skip() {
  static const std::map<std::string, std::string> reasons{{"command", "a program makes no model"}};
  return reasons;
}

class PluginContract : public testing::TestWithParam<std::string> {};

TEST_P(PluginContract, is_kept) {
  const std::string alias = GetParam();
  const fs::path library = fs::path(NASCENT_TEST_PLUGIN_DIR) / ("nascent-" + alias + ".so");
  const auto report = check_plugin(
      library, {.prober = NASCENT_TOOL, .limit = std::chrono::seconds(120), .options = options_for(alias)});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->passed()) << report->to_text();
  EXPECT_GT(report->findings.size(), 19U) << "only the library itself was tested";
  for (const CheckFinding& f : report->findings) {
    // The manifest is written by another target of the build.
    const bool excused = f.outcome != CheckOutcome::skipped || f.test == "manifest" || may_skip().contains(alias);
    EXPECT_TRUE(excused) << f.test << ": " << f.message;
  }
}

std::vector<std::string> aliases() {
  std::vector<std::string> all;
  std::istringstream in(PLUGIN_ALIASES);
  for (std::string name; in >> name;) all.push_back(name);
  return all;
}
std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Tree, PluginContract, testing::ValuesIn(aliases()), test_name);

}  // namespace
}  // namespace nascent::core
