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

TEST(Choice, one_objective_begins_with_the_parzen_estimator) {
  EXPECT_THAT(turns({.n_told = 0, .n_since_best = 0}), ElementsAre(Engine::tpe));
  EXPECT_THAT(turns({.n_told = 99, .n_since_best = 99}), ElementsAre(Engine::tpe));
}

TEST(Choice, a_search_that_no_longer_improves_gets_a_second_model) {
  EXPECT_THAT(turns({.n_told = 120, .n_since_best = 100}), ElementsAre(Engine::tpe, Engine::surrogate));
  EXPECT_THAT(turns({.n_told = 1000, .n_since_best = 499}), ElementsAre(Engine::tpe));
  EXPECT_THAT(turns({.n_told = 1000, .n_since_best = 500}), ElementsAre(Engine::tpe, Engine::surrogate));
}

TEST(Choice, no_forest_where_the_history_is_longer_than_it_learns_from) {
  EXPECT_THAT(turns({.n_told = 4000, .n_since_best = 3000}), ElementsAre(Engine::tpe));
  EXPECT_THAT(turns({.n_objectives = 2, .n_told = 4000}), ElementsAre(Engine::tpe, Engine::nsga2));
}

TEST(Choice, several_objectives_get_two_models_by_turns) {
  const Situation s{.n_objectives = 2, .n_told = 10};
  EXPECT_EQ(choose(s).of_trial(4), Engine::tpe);
  EXPECT_EQ(choose(s).of_trial(5), Engine::surrogate);
}

}  // namespace
}  // namespace nascent::automatic
