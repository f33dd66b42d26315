// The contract of compressors: a trivial compressor keeps it, and one that breaks a rule is found out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "nascent/core/plugin_check.hpp"

namespace nascent::core {
namespace {

std::vector<CheckFinding> contract_of_rounding(const std::string& broken_rule) {
  const auto report = check_plugin(std::filesystem::path(NASCENT_FAKES_DIR) / "nascent-rounding.so",
                                   {.prober = NASCENT_TOOL, .options = {"rounding.breaks=" + broken_rule}});
  EXPECT_TRUE(report) << report.error().message;
  if (!report) return {};
  std::vector<CheckFinding> contract;
  std::ranges::copy_if(report->findings, std::back_inserter(contract),
                       [](const CheckFinding& f) { return f.test.starts_with("compressor rounding."); });
  return contract;
}

TEST(CompressorContract, a_trivial_compressor_keeps_it_on_every_kind_of_data) {
  const std::vector<CheckFinding> findings = contract_of_rounding("none");
  for (const char* data : {" (images)", " (classes)", " (regression)"}) {
    for (const char* property : {"compresses_or_says_why_not", "the_input_model_is_not_changed"}) {
      const std::string test = std::string("compressor rounding.") + property + data;
      const auto found = std::ranges::find(findings, test, &CheckFinding::test);
      ASSERT_NE(found, findings.end()) << test;
      EXPECT_EQ(found->outcome, CheckOutcome::passed) << test << ": " << found->message;
    }
  }
}

struct Fault {
  const char *broken_rule, *test, *message;
};

class CompressorFault : public testing::TestWithParam<Fault> {};

TEST_P(CompressorFault, is_found) {
  const auto [broken_rule, test, message] = GetParam();
  const std::vector<CheckFinding> findings = contract_of_rounding(broken_rule);
  const auto found = std::ranges::find(findings, std::string("compressor rounding.") + test, &CheckFinding::test);
  ASSERT_NE(found, findings.end());
  EXPECT_EQ(found->outcome, CheckOutcome::failed);
  EXPECT_THAT(found->message, testing::HasSubstr(message));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, CompressorFault,
    testing::Values(Fault{"changes_input", "the_input_model_is_not_changed (classes)", "input model differ after"},
                    Fault{"predicts_nan", "compresses_or_says_why_not (images)", "predicts NaN or infinity"},
                    Fault{"other_shape", "compresses_or_says_why_not (regression)", "predictions have another shape"},
                    Fault{"no_architecture", "compresses_or_says_why_not (classes)", "has no architecture"},
                    Fault{"no_model", "compresses_or_says_why_not (classes)", "succeeds without a model"}),
    [](const auto& fault) { return std::string(fault.param.broken_rule); });

}  // namespace
}  // namespace nascent::core
