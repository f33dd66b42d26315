#include "auto/choice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace nascent::automatic {
namespace {

using testing::ElementsAre;

std::vector<Engine> turns(const Situation& s) {
  const Choice choice = choose(s);
  EXPECT_FALSE(choice.why.empty());
  return {choice.turns.begin(), choice.turns.end()};
}

TEST(Choice, one_objective_begins_with_the_gaussian_process) {
  EXPECT_THAT(turns({.n_told = 0}), ElementsAre(Engine::gp));
  EXPECT_THAT(turns({.n_told = 99, .n_since_best = 99}), ElementsAre(Engine::gp));
}

TEST(Choice, then_a_second_model_takes_turns_until_the_process_knows_no_more) {
  EXPECT_THAT(turns({.n_told = 100}), ElementsAre(Engine::gp, Engine::tpe));
  EXPECT_THAT(turns({.n_told = 499, .n_since_best = 400}), ElementsAre(Engine::gp, Engine::tpe));
  EXPECT_THAT(turns({.n_told = 500}), ElementsAre(Engine::tpe));
}

TEST(Choice, a_long_search_that_no_longer_improves_gets_another_model) {
  EXPECT_THAT(turns({.n_told = 1000, .n_since_best = 499}), ElementsAre(Engine::tpe));
  EXPECT_THAT(turns({.n_told = 1000, .n_since_best = 500}), ElementsAre(Engine::tpe, Engine::surrogate));
}

TEST(Choice, no_forest_where_the_history_is_longer_than_it_learns_from) {
  EXPECT_THAT(turns({.n_told = 4000, .n_since_best = 3000}), ElementsAre(Engine::tpe));
  EXPECT_THAT(turns({.n_objectives = 2, .n_told = 4000}), ElementsAre(Engine::tpe, Engine::nsga2));
}

TEST(Choice, an_engine_has_use_as_long_as_it_may_be_named) {
  for (const std::size_t n_objectives : {1, 2}) {
    std::vector<bool> named(kEngines);
    for (std::uint64_t told = 5000; told-- > 0;) {
      for (const std::uint64_t since : {std::uint64_t{0}, told}) {
        for (const Engine e : turns({n_objectives, told, since})) named[static_cast<std::size_t>(e)] = true;
      }
      for (std::size_t e = 0; e < kEngines; ++e) {
        ASSERT_TRUE(!named[e] || has_use(static_cast<Engine>(e), {n_objectives, told, 0})) << e << " at " << told;
      }
    }
  }
  EXPECT_FALSE(has_use(Engine::gp, {.n_objectives = 2}));
  EXPECT_FALSE(has_use(Engine::gp, {.n_told = 500}));
  EXPECT_FALSE(has_use(Engine::surrogate, {.n_told = 4000}));
}

TEST(Choice, several_objectives_get_two_models_by_turns) {
  const Situation s{.n_objectives = 2, .n_told = 10};
  EXPECT_EQ(choose(s).of_trial(4), Engine::tpe);
  EXPECT_EQ(choose(s).of_trial(5), Engine::surrogate);
}

}  // namespace
}  // namespace nascent::automatic
