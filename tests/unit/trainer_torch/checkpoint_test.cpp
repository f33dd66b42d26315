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
    Training whole = second;
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

// A trainer that inherits: another one has trained to epoch 2 and paused.
class Inheritance : public Checkpoint {
 protected:
  // Up to epoch 4 from there.
  [[nodiscard]] Training child() const {
    Training training = run();
    training.budget.from = 2;
    training.inherit_dir = folder_.string();
    return training;
  }
  void leave(Training parent) const {
    parent.verdict = [](const auto& report) { return report.budget >= 2 ? Verdict::pause : Verdict::go; };
    parent.checkpoint_dir = folder_.string();
    parent.run();
  }
};

TEST_F(Inheritance, with_the_same_options_and_seed_the_child_is_the_parent_that_goes_on) {
  for (const char* optimizer : {"adamw", "sgd"}) {
    optimizer_ = optimizer;
    Training whole = run();
    const std::vector<float> uninterrupted = numbers(*whole.run());
    leave(run());
    Training goes_on = child();
    EXPECT_EQ(numbers(*goes_on.run()), uninterrupted);
    EXPECT_EQ(goes_on.last("val_loss"), whole.last("val_loss"));
    EXPECT_EQ(goes_on.last("train_loss"), whole.last("train_loss"));
    ASSERT_EQ(goes_on.reports.size(), 2U);
    EXPECT_EQ(goes_on.reports[0].budget, 3);
  }
}

TEST_F(Inheritance, the_child_has_its_own_options) {
  leave(run());
  Training same = child(), faster = child(), still = child();
  faster.options["learning_rate"] = 0.02;
  still.options["learning_rate"] = 1e-12;
  const std::vector<float> reference = numbers(*same.run());
  EXPECT_NE(numbers(*faster.run()), reference);
  still.options["ema_decay"] = 0.0;
  still.run();
  EXPECT_LT(std::abs(still.reports[0].metrics.at("val_loss") - still.last("val_loss")), 0.05) << "nothing is learnt";
}

TEST_F(Inheritance, another_batch_size_keeps_the_place_in_epochs) {
  leave(run());
  for (const std::int64_t batch : {16, 64, 200}) {
    Training other = child();
    other.options["batch_size"] = batch;
    other.run();
    ASSERT_EQ(other.reports.size(), 2U) << batch;
    EXPECT_EQ(other.reports[0].budget, 3) << batch;
    EXPECT_EQ(other.reports[1].budget, 4) << batch;
  }
}

TEST_F(Inheritance, another_optimizer_begins_its_own_state_and_keeps_the_weights) {
  leave(run());
  Training other = child();
  other.options["optimizer"] = "sgd";
  other.options["learning_rate"] = 1e-12;
  other.run();
  Training anew = run();
  anew.options["optimizer"] = "sgd";
  anew.options["learning_rate"] = 1e-12;
  anew.run();
  EXPECT_LT(other.last("val_loss"), anew.last("val_loss")) << "what was learnt is there";
}

TEST_F(Inheritance, average_and_best_begin_with_the_weights_where_the_parent_kept_none) {
  Training parent = run();
  parent.options["ema_decay"] = 0.0;
  parent.options["patience"] = std::int64_t{0};
  leave(parent);
  Training with = child(), without = child();
  with.options["learning_rate"] = without.options["learning_rate"] = 1e-12;
  without.options["ema_decay"] = 0.0;
  without.options["patience"] = std::int64_t{0};
  with.run();
  without.run();
  EXPECT_NEAR(with.last("val_loss"), without.last("val_loss"), 0.02);
}

TEST_F(Inheritance, a_child_that_paused_resumes_as_if_it_had_not) {
  leave(run());
  Training whole = child();
  whole.options["optimizer"] = "sgd";
  const std::vector<float> uninterrupted = numbers(*whole.run());
  const fs::path own = folder_ / "own";
  fs::create_directories(own);
  Training first = child(), second = run();
  first.options["optimizer"] = second.options["optimizer"] = "sgd";
  first.checkpoint_dir = own.string();
  first.verdict = [](const auto&) { return Verdict::pause; };
  first.run();
  second.resume_dir = own.string();
  EXPECT_EQ(numbers(*second.run()), uninterrupted);
}

TEST_F(Inheritance, another_architecture_is_refused_by_name) {
  leave(run());
  Training other = child();
  other.graph = small_mlp(64, 3);
  other.options["shift"] = std::int64_t{0};
  try {
    other.run();
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), NAS_E_INVALID);
    EXPECT_THAT(error.what(), AllOf(HasSubstr(file()), HasSubstr("another architecture")));
  }
}

// Parts of 13, 25, 50, 100 and 200 rows, two epochs over each: 2, 2, 4, 8 and 14 steps.
TEST_F(Checkpoint, a_promoted_trial_goes_on_with_the_next_part_as_if_it_had_not_paused) {
  for (const double share : {0.0625, 0.25}) {
    Training paused = run(), resumed = run();
    paused.budget = resumed.budget = fraction(1);
    resumed.budget.from = share;
    for (Training* leg : {&paused, &resumed}) leg->options["passes"] = std::int64_t{2};
    paused.verdict = [&](const auto& report) { return report.budget >= share ? Verdict::pause : Verdict::go; };
    expect_same(paused, resumed);
  }
}

TEST_F(Checkpoint, resumed_equals_uninterrupted_within_a_part) {
  Training whole = run();
  whole.budget = fraction(1);
  whole.options["passes"] = std::int64_t{2};
  Training first = whole, second = whole;
  const std::vector<float> uninterrupted = numbers(*whole.run());
  first.checkpoint_dir = second.resume_dir = folder_.string();
  for (const std::int64_t steps : {1, 7, 21}) {  // behind an epoch of the first part, within epochs of the third and the last
    first.cancelled_after = steps;
    EXPECT_THROW(first.run(), Error);
    EXPECT_EQ(numbers(*second.run()), uninterrupted) << "after " << steps << " steps";
    EXPECT_EQ(second.reports.back().budget, 1);
    EXPECT_EQ(second.last("val_loss"), whole.last("val_loss"));
    EXPECT_EQ(second.last("train_loss"), whole.last("train_loss"));
  }
}

TEST_F(Checkpoint, a_larger_fraction_goes_on_from_a_smaller_one) {
  Training first = run(), second = run();
  first.budget = fraction(0.25);
  second.budget = fraction(1, 0.25);
  for (Training* leg : {&first, &second}) leg->options["passes"] = std::int64_t{1};
  first.options["schedule_length"] = 1.0;
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
