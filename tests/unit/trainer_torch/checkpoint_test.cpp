#include "checkpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "bundle.hpp"
#include "tasks.hpp"

namespace {

using namespace tasks;
using nascent::Error;
using nascent::Verdict;
using testing::HasSubstr;
namespace fs = std::filesystem;

class Checkpoint : public testing::Test {
 protected:
  using Training = tasks::Training;  // not the base class's function of that name

  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("nascent_checkpoint_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  // Everything that a checkpoint has to carry, at once.
  Training run() const {
    return {small_cnn(), data_.all(), data_.all(), epochs(4),
            {{"optimizer", optimizer_}, {"precision", "fp32"}, {"ema_decay", 0.9}, {"patience", std::int64_t{100}}, {"mixup", 0.2},
             {"shift", std::int64_t{1}}, {"batch_size", std::int64_t{32}}, {"checkpoint_seconds", 0.0}}};
  }
  void expect_same(Training first, Training second) const {
    Training whole = run();
    whole.budget = second.budget;
    whole.budget.from = 0;
    const std::vector<float> uninterrupted = numbers(*whole.run());
    first.checkpoint_dir = second.resume_dir = folder_.string();
    first.run();
    EXPECT_EQ(numbers(*second.run()), uninterrupted);
    EXPECT_EQ(second.last("val_loss"), whole.last("val_loss"));
    EXPECT_EQ(second.last("train_loss"), whole.last("train_loss"));
  }
  [[nodiscard]] std::string complaint(Training resumed) const {
    resumed.resume_dir = folder_.string();
    try {
      resumed.run();
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }
  [[nodiscard]] std::string file() const { return (folder_ / "checkpoint.nascent").string(); }

  fs::path folder_;
  std::string optimizer_ = "adamw";
  const Arrays data_ = bars(200);
};

TEST_F(Checkpoint, resumed_equals_uninterrupted_to_the_bit_after_a_pause) {
  for (const char* optimizer : {"adamw", "sgd"}) {
    optimizer_ = optimizer;
    Training paused = run(), resumed = run();
    paused.verdict = [](const auto& report) { return report.budget >= 2 ? Verdict::pause : Verdict::go; };
    resumed.budget.from = 2;
    expect_same(paused, resumed);
  }
}

TEST_F(Checkpoint, resumed_equals_uninterrupted_within_an_epoch) {
  Training first = run(), second = run();
  first.budget = steps(10);  // an epoch has 7
  second.budget = steps(20, 10);
  first.options["schedule_length"] = 20.0;
  expect_same(first, second);
}

TEST_F(Checkpoint, a_damaged_or_foreign_file_is_refused_by_name) {
  Training first = run();
  first.budget = epochs(1);
  first.checkpoint_dir = folder_.string();
  first.run();
  const std::string good = nascent::libtorch::read_file(file());
  nascent::libtorch::write_file_atomically(file(), good.substr(0, good.size() / 2));
  EXPECT_THAT(complaint(run()), AllOf(HasSubstr(file()), HasSubstr("cut off")));
  nascent::libtorch::write_file_atomically(file(), good);
  Training other = run();
  other.seed = 2;
  EXPECT_THAT(complaint(other), HasSubstr("another seed"));
  other = run();
  other.options["optimizer"] = "sgd";
  EXPECT_THAT(complaint(other), HasSubstr("written with optimizer \"adamw\", now it is \"sgd\""));
  other = run();
  other.graph = small_mlp(64, 3);
  other.options["shift"] = std::int64_t{0};
  EXPECT_THAT(complaint(other), HasSubstr("another architecture"));
  fs::remove(file());
  EXPECT_THAT(complaint(run()), HasSubstr("cannot open " + file()));
}

}  // namespace
