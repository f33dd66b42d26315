// The fuzz harness on known texts, so that its rules hold in every run of the tests and not only while fuzzing.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// The harness aborts the program when one of its rules is broken.
void replay(const std::string& text) {
  EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), 0);
}

TEST(ConfigFuzzer, truncated_golden_cases_break_no_rule) {
  constexpr std::size_t step = 7;  // bytes; with files of different lengths every kind of cut is met
  for (const auto& entry : std::filesystem::directory_iterator(NASCENT_SOURCE_DIR "/tests/golden/config")) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    replay(text);
    for (std::size_t n = 0; n < text.size(); n += step) replay(text.substr(0, n));
  }
}

TEST(ConfigFuzzer, a_study_with_every_type_of_option_breaks_no_rule) {
  replay(R"([study]
parallel = 2
[objective]
metric = "m"
direction = "minimize"
[stop]
trials = 10
[space]
type = "x"
flag = true
whole = { int_uniform = [1, 5] }
real = { normal = [1, 2], min = 0 }
text = { choice = ["a", "b"], weights = [1, 2] }
choice = { ordinal = ["a", "b"] }
path = "p"
time = { log_uniform = ["1s", "5min"] }
ints = [1, 2]
floats = 0.5
texts = ["a"]
table = { a = [1, "b", {}], "c/d" = [] }
[[evaluator]]
type = "y"
)");
}

}  // namespace
