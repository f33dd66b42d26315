#include "gp/history.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace nascent::gp {
namespace {

std::shared_ptr<const Told> trial(std::uint64_t number, double value, State state = State::completed) {
  auto told = std::make_shared<Told>();
  told->number = number;
  told->values = {value};
  told->state = state;
  return told;
}

std::vector<std::uint64_t> numbers(const ToldList& trials) {
  std::vector<std::uint64_t> all;
  for (const auto& told : trials) all.push_back(told->number);
  return all;
}

TEST(History, few_trials_are_all_selected_in_the_order_told) {
  for (const std::size_t n_max : {8U, 21U}) {
    History history(n_max);
    std::vector<std::uint64_t> expected;
    for (std::uint64_t i = 0; i < n_max; ++i) {
      history.add(trial(i, static_cast<double>(i % 5)));
      expected.push_back(i);
      EXPECT_EQ(numbers(history.selection()), expected);
    }
  }
}

TEST(History, of_many_trials_the_best_the_newest_and_a_random_part_are_selected) {
  constexpr std::uint64_t n = 4000, n_max = 400;
  History history(n_max);
  for (std::uint64_t i = 0; i < n; ++i) history.add(trial(i, i >= 100 && i < 200 ? 0.001 * static_cast<double>(i) : 1));
  const std::vector<std::uint64_t> all = numbers(history.selection());
  EXPECT_EQ(all.size(), n_max);
  EXPECT_TRUE(std::ranges::is_sorted(all));
  for (std::uint64_t i = 100; i < 200; ++i) EXPECT_TRUE(std::ranges::binary_search(all, i)) << "one of the best: " << i;
  for (std::uint64_t i = n - n_max / 2; i < n; ++i) EXPECT_TRUE(std::ranges::binary_search(all, i)) << "new: " << i;
  double mean = 0, others = 0;
  for (const std::uint64_t i : all) {
    if (i >= n - n_max / 2 || (i >= 100 && i < 200)) continue;
    mean += static_cast<double>(i);
    ++others;
  }
  ASSERT_GT(others, 80);
  // Uniform on 3800 numbers: the mean of 90 has deviation 3800 / sqrt(12 * 90) = 116; 6 of them. The seeds are fixed.
  EXPECT_NEAR(mean / others, 1900, 700);
}

TEST(History, the_only_completed_trial_stays_however_old_it_is) {
  History history(20);
  history.add(trial(0, 1));
  for (std::uint64_t i = 1; i < 500; ++i) history.add(trial(i, 0, State::failed));
  EXPECT_EQ(numbers(history.selection()).front(), 0U);
  EXPECT_EQ(numbers(history.best(5)), (std::vector<std::uint64_t>{0}));
}

}  // namespace
}  // namespace nascent::gp
