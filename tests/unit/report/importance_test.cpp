// Functional analysis of variance against functions whose answer is known.
#include "nascent/core/importance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nascent/space_builder.hpp>

#include "report/fanova.hpp"

namespace nascent::core {
namespace {

using report::Fanova;
using Function = std::function<double(nascent::ConstRow)>;

// A tree without pruning over `points`, each once: it repeats the function there.
struct Interpolated {
  Interpolated(const StudySpace& space, const std::vector<nascent::Point>& points, const Function& function)
      : features(nascent::SpaceView(space.view())) {
    std::vector<double> rows(points.size() * features.size()), values;
    for (std::size_t r = 0; r < points.size(); ++r) {
      features.encode(points[r].row(), std::span(rows).subspan(r * features.size(), features.size()));
      values.push_back(function(points[r].row()));
    }
    forest::Settings settings;
    settings.n_trees = 3;
    settings.bootstrap = false;
    forest.emplace(forest::Table(features, rows), values, settings, 1);
  }
  forest::Features features;
  std::optional<forest::Forest> forest;
};

// All combinations of the levels of parameters that are always active.
std::vector<nascent::Point> all_points(const StudySpace& space) {
  const nascent::SpaceView view(space.view());
  std::vector<nascent::Point> all{nascent::Point(view.size())};
  for (std::size_t i = 0; i < view.size(); ++i) {
    std::vector<nascent::Point> longer;
    for (nascent::Point& point : all) {
      point.active[i] = view.is_active(i, point.x, point.active) ? 1 : 0;
      for (std::uint64_t k = 0; k < (point.active[i] != 0 ? view[i].levels() : 1); ++k) {
        longer.push_back(point);
        longer.back().x[i] = point.active[i] != 0 ? view[i].level(k) : 0;
      }
    }
    all = std::move(longer);
  }
  return all;
}

TEST(Fanova, gives_the_exact_shares_of_a_sum_with_an_interaction) {
  nascent::SpaceBuilder s;
  s.choice("a", {"0", "1"});
  s.integer("b", 0, 3);
  s.choice("c", {"0", "1", "2"});
  s.ordinal<std::int64_t>("d", {1, 2});
  const StudySpace space(s.declaration());
  // a + 2 b + 3 (a - 1/2) (b - 3/2), d does nothing; Var a = 1/4, Var b = 5/4.
  const Interpolated f(space, all_points(space),
                       [](nascent::ConstRow r) { return r.x[0] + 2 * r.x[1] + 3 * (r.x[0] - 0.5) * (r.x[1] - 1.5); });
  const double a = 0.25, b = 5, ab = 9 * 0.25 * 1.25, total = a + b + ab;
  const Fanova fanova(f.features, *f.forest);
  const auto singles = fanova.singles();
  EXPECT_NEAR(singles[0].mean, a / total, 1e-12);
  EXPECT_NEAR(singles[1].mean, b / total, 1e-12);
  EXPECT_NEAR(singles[2].mean, 0, 1e-12);
  EXPECT_NEAR(singles[3].mean, 0, 1e-12);
  const auto pairs = fanova.pairs({{0, 1}, {0, 2}, {1, 3}});
  EXPECT_NEAR(pairs[0].mean, ab / total, 1e-12);
  EXPECT_NEAR(pairs[1].mean, 0, 1e-12);
  EXPECT_NEAR(pairs[2].mean, 0, 1e-12);
  EXPECT_NEAR(pairs[0].sd, 0, 1e-12);
}

TEST(Fanova, weighs_values_by_their_prior) {
  nascent::SpaceBuilder s;
  s.choice("a", {"0", "1"}, {0.9, 0.1});
  s.choice("b", {"0", "1"});
  const StudySpace space(s.declaration());
  const Interpolated f(space, all_points(space), [](nascent::ConstRow r) { return r.x[0] + r.x[1]; });
  const auto singles = Fanova(f.features, *f.forest).singles();
  EXPECT_NEAR(singles[0].mean, 0.09 / (0.09 + 0.25), 1e-12);
  EXPECT_NEAR(singles[1].mean, 0.25 / (0.09 + 0.25), 1e-12);
}

TEST(Fanova, a_conditional_parameter_counts_as_far_as_it_is_active) {
  nascent::SpaceBuilder s;
  const auto kind = s.choice("kind", {"plain", "deep"}, {0.75, 0.25});
  s.when(s.is(kind, "deep"), [](nascent::SpaceBuilder& b) { b.integer("depth", 0, 1); });
  const StudySpace space(s.declaration());
  const Interpolated f(space, all_points(space), [](nascent::ConstRow r) { return r.x[0] + 4 * r.x[1]; });
  // plain: 0. deep: 1 or 5, mean 3. Depth alone: the mean over kinds moves by 4/4 between its two values.
  const double kind_alone = 9 * 0.75 * 0.25, depth_alone = 0.25, total = 0.25 * (1 + 25) / 2 - std::pow(0.25 * 3, 2);
  const Fanova fanova(f.features, *f.forest);
  EXPECT_NEAR(fanova.singles()[0].mean, kind_alone / total, 1e-12);
  EXPECT_NEAR(fanova.singles()[1].mean, depth_alone / total, 1e-12);
  EXPECT_NEAR(fanova.pairs({{0, 1}})[0].mean, (total - kind_alone - depth_alone) / total, 1e-12);
}

// ------------------------------------------------------------------------------------------------------- of a study

StudySpace cube(int n) {
  nascent::SpaceBuilder s;
  for (int i = 0; i < n; ++i) s.real("x" + std::to_string(i), 0, 1);
  return StudySpace(s.declaration());
}

StudyConfig config(std::vector<Objective> objectives = {{"value", Direction::maximize}}) {
  StudyConfig c;
  c.name = "study";
  c.objectives = std::move(objectives);
  return c;
}

std::vector<Trial> drawn(const StudySpace& space, std::size_t n,
                         const std::function<std::vector<Metric>(nascent::ConstRow)>& evaluate) {
  std::vector<Trial> trials(n);
  for (TrialId id = 0; id < n; ++id) {
    nascent::Point p(space.size());
    nascent::Rng rng(7, id);
    nascent::SpaceView(space.view()).sample(rng, p.row());
    trials[id].id = id;
    trials[id].state = TrialState::completed;
    trials[id].metrics = evaluate(p.row());
    trials[id].configuration = {p.x, p.active};
  }
  return trials;
}

// 2 x0 + x1 + 4 (x0 - 1/2) (x2 - 1/2): variances 1/3, 1/12 and, of x0 and x2 together, 1/9.
double additive_with_interaction(nascent::ConstRow r) {
  return 2 * r.x[0] + r.x[1] + 4 * (r.x[0] - 0.5) * (r.x[2] - 0.5);
}

const ParameterImportance& named(const ObjectiveImportance& importance, const std::string& name) {
  for (const ParameterImportance& p : importance.parameters) {
    if (p.name == name) return p;
  }
  throw std::runtime_error(name);
}

TEST(Importance, comes_close_to_the_exact_shares_of_a_known_function) {
  const StudySpace space = cube(5);
  const auto trials = drawn(space, 1000, [](nascent::ConstRow r) {
    return std::vector<Metric>{{"value", additive_with_interaction(r)}};
  });
  const auto all = study_importance(config(), space, trials);
  ASSERT_TRUE(all) << all.error().message;
  const ObjectiveImportance& found = (*all)[0];
  const double total = 1.0 / 3 + 1.0 / 12 + 1.0 / 9;
  EXPECT_EQ(found.n, 1000U);
  EXPECT_GT(found.fit, 0.95);
  EXPECT_EQ(found.trust(), Trust::good);
  EXPECT_NEAR(named(found, "x0").share, 1.0 / 3 / total, 0.05);
  EXPECT_NEAR(named(found, "x1").share, 1.0 / 12 / total, 0.05);
  for (const char* name : {"x2", "x3", "x4"}) EXPECT_LT(named(found, name).share, 0.02) << name;
  EXPECT_EQ(found.parameters[0].name, "x0");
  ASSERT_EQ(found.pairs.size(), 10U);
  EXPECT_EQ(found.pairs[0].first + found.pairs[0].second, "x0x2");
  EXPECT_NEAR(found.pairs[0].share, 1.0 / 9 / total, 0.05);
  EXPECT_LT(found.pairs[1].share, 0.02);
  EXPECT_GT(found.explained(), 0.9);
  EXPECT_LE(found.explained(), 1 + 1e-9);
}

TEST(Importance, says_when_there_is_nothing_to_learn) {
  const StudySpace space = cube(4);
  const auto trials =
      drawn(space, 100, [](nascent::ConstRow r) {  // no parameter tells anything of the sum's last digits
        return std::vector<Metric>{{"value", std::fmod(1e9 * (r.x[0] + r.x[1] + r.x[2] + r.x[3]), 1)}};
      });
  const auto all = study_importance(config(), space, trials);
  ASSERT_TRUE(all);
  EXPECT_LT((*all)[0].fit, 0.2);
  EXPECT_EQ((*all)[0].trust(), Trust::none);
}

TEST(Importance, is_given_for_each_objective_and_empty_for_a_constant_one) {
  const StudySpace space = cube(3);
  const auto trials = drawn(space, 300, [](nascent::ConstRow r) {
    return std::vector<Metric>{{"value", r.x[0]}, {"size", r.x[2]}, {"one", 1}};
  });
  const auto all = study_importance(
      config({{"value", Direction::maximize}, {"size", Direction::minimize}, {"one", Direction::minimize}}), space,
      trials);
  ASSERT_TRUE(all);
  EXPECT_EQ((*all)[0].parameters[0].name, "x0");
  EXPECT_EQ((*all)[1].parameters[0].name, "x2");
  EXPECT_GT((*all)[1].parameters[0].share, 0.95);
  EXPECT_TRUE((*all)[2].parameters.empty());
}

TEST(Importance, learns_from_different_completed_configurations_only) {
  const StudySpace space = cube(2);
  auto trials = drawn(space, 12, [](nascent::ConstRow r) { return std::vector<Metric>{{"value", r.x[0]}}; });
  trials[3].configuration = trials[4].configuration;
  trials[5].state = TrialState::pruned;
  EXPECT_EQ((*study_importance(config(), space, trials))[0].n, 10U);
  trials[6].state = TrialState::failed;
  const auto refused = study_importance(config(), space, trials);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "9 different configurations of study study have completed; importance needs at least 10");
}

}  // namespace
}  // namespace nascent::core
