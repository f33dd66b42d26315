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

TEST(Choice, the_process_stays_alone_for_some_rounds_of_many_at_once) {
  EXPECT_THAT(turns({.parallel = 100, .n_told = 299}), ElementsAre(Engine::gp));
  EXPECT_THAT(turns({.parallel = 100, .n_told = 300}), ElementsAre(Engine::gp, Engine::tpe));
}

TEST(Choice, numbers_only_and_many_trials_get_a_normal_distribution) {
  EXPECT_THAT(turns({.numeric = true, .n_told = 499}), ElementsAre(Engine::gp, Engine::tpe));
  EXPECT_THAT(turns({.numeric = true, .n_told = 500}), ElementsAre(Engine::cmaes));
  EXPECT_THAT(turns({.numeric = true, .n_told = 9000, .n_since_best = 9000}), ElementsAre(Engine::cmaes));
}

TEST(Choice, no_process_where_more_run_at_once_than_it_can_imagine) {
  EXPECT_THAT(turns({.parallel = 200, .n_told = 0}), ElementsAre(Engine::gp));
  EXPECT_THAT(turns({.parallel = 201, .n_told = 0}), ElementsAre(Engine::tpe));
  EXPECT_FALSE(has_use(Engine::gp, {.parallel = 201}));
}

TEST(Choice, an_engine_has_use_as_long_as_it_may_be_named) {
  const Situation kinds[] = {{.n_objectives = 1}, {.n_objectives = 1, .numeric = true}, {.parallel = 50}, {.n_objectives = 2}};
  for (Situation s : kinds) {
    std::vector<bool> named(kEngines);
    for (s.n_told = 5000; s.n_told-- > 0;) {
      for (const std::uint64_t since : {std::uint64_t{0}, s.n_told}) {
        s.n_since_best = since;
        for (const Engine e : turns(s)) named[static_cast<std::size_t>(e)] = true;
      }
      for (std::size_t e = 0; e < kEngines; ++e) {
        ASSERT_TRUE(!named[e] || has_use(static_cast<Engine>(e), s)) << e << " at " << s.n_told;
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
