#include "quality-diversity/quality_diversity.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "support/finite_spaces.hpp"
#include "support/losses.hpp"
#include "support/sampler_run.hpp"
#include "support/spaces.hpp"

namespace nascent::quality_diversity {
namespace {

using test::Config;
using test::History;
using test::SamplerCase;
using test::SamplerInstance;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// What a trial measures: objectives, descriptors, constraints. A first objective that is NaN makes a failed trial.
struct Outcome {
  std::vector<double> values, descriptors, constraints = {};
};
using Evaluate = std::function<Outcome(const Point&)>;

const std::vector<std::string> kTwo{"size", "latency"};

SamplerInstance make(const SpaceDeclaration& space,
                     std::initializer_list<std::pair<std::string, test::OptionValue>> given, SamplerCase c = {}) {
  Config config(given);
  config.complete<QualityDiversity>();
  return {SamplerKind::table<QualityDiversity>, space, config, c};
}

void add(History& history, std::uint64_t trial, const Point& at, const Outcome& o) {
  const bool failed = std::isnan(o.values[0]);
  history.add(trial, failed ? TrialState::failed : TrialState::completed, o.values, at, o.constraints, 1,
              o.descriptors);
}

// Trials [0, n) with `parallel` in flight, as a deterministic study runs them; rows asked.
std::vector<Point> search(SamplerInstance& sampler, std::uint64_t n, const Evaluate& evaluate, SamplerCase c = {}) {
  std::vector<Point> rows;
  std::uint64_t told = 0;
  const std::size_t n_descriptors = 2;
  for (std::uint64_t trial = 0; trial < n; ++trial) {
    for (; told + c.parallel <= trial; ++told) {
      History h(c.n_objectives, c.n_constraints, n_descriptors);
      add(h, told, rows[told], evaluate(rows[told]));
      sampler.tell(h);
    }
    History pending(c.n_objectives, c.n_constraints, n_descriptors);
    for (std::uint64_t open = told; open < trial; ++open) pending.add(open, TrialState::pending, {}, rows[open]);
    rows.push_back(sampler.ask_one(trial, pending.get()));
  }
  for (; told < n; ++told) {
    History h(c.n_objectives, c.n_constraints, n_descriptors);
    add(h, told, rows[told], evaluate(rows[told]));
    sampler.tell(h);
  }
  return rows;
}

// One after another, by an embedded sampler.
std::vector<Point> search(const SpaceDeclaration& space, const Settings& settings, std::uint64_t seed, std::uint64_t n,
                          const Evaluate& evaluate, nas_host* host = nullptr) {
  QualityDiversity sampler(settings, {.host = Host(host), .space = SpaceView(space.view()), .seed = seed});
  std::vector<Point> rows;
  for (std::uint64_t t = 0; t < n; ++t) {
    rows.emplace_back(space.size());
    sampler.ask({t, Observations(nullptr), nullptr}, rows.back().row());
    History h(1, 0, settings.axes.size());
    add(h, t, rows.back(), evaluate(rows.back()));
    sampler.tell(h.view()[0]);
  }
  return rows;
}

// The lowest first objective in each cell of a grid with fixed ends.
std::map<std::pair<std::size_t, std::size_t>, double> best_of_cells(const std::vector<Point>& rows, const Axis& one,
                                                                    const Axis& other, const Evaluate& evaluate) {
  std::map<std::pair<std::size_t, std::size_t>, double> best;
  for (const Point& p : rows) {
    const Outcome o = evaluate(p);
    const auto [at, is_new] = best.try_emplace({one.cell(o.descriptors[0]), other.cell(o.descriptors[1])}, o.values[0]);
    at->second = std::min(at->second, o.values[0]);
  }
  return best;
}

SpaceDeclaration cube(int n) {
  SpaceBuilder s;
  for (int i = 0; i < n; ++i) s.real("x" + std::to_string(i), 0, 1);
  return s.declaration();
}

// An arm of eight joints on a plane, its length 1. Descriptors: where its hand is; loss: how unevenly it bends (the
// variance of the joints). Source: Vassiliades, Mouret, "Discovering the Elite Hypervolume by Leveraging Interspecies
// Correlation" (GECCO 2018), section 5.1.
Outcome arm(const Point& p) {
  const double n = static_cast<double>(p.x.size()), turn = 2 * std::acos(-1.0);
  double angle = 0, x = 0, y = 0, mean = 0, variance = 0;
  for (const double joint : p.x) {
    angle += (joint - 0.5) * turn;
    x += std::cos(angle) / n;
    y += std::sin(angle) / n;
    mean += joint / n;
  }
  for (const double joint : p.x) variance += std::pow(joint - mean, 2) / n;
  return {{variance}, {x, y}};
}

// Of 10 x 10 cells over the square around what the hand reaches, those that hold a point of it: the unit disc.
std::size_t reachable_cells() {
  std::size_t n = 0;
  for (int i = -5; i < 5; ++i) {
    for (int j = -5; j < 5; ++j) n += std::hypot(i < 0 ? i + 1 : i, j < 0 ? j + 1 : j) < 5 ? 1 : 0;
  }
  return n;
}

TEST(QualityDiversity, fills_the_map_of_a_planar_arm_with_better_elites_than_random_search_finds) {
  const SpaceDeclaration space = cube(8);
  const Axis axis({.metric = "position", .cells = 10, .min = -1, .max = 1}, {});
  ASSERT_EQ(reachable_cells(), 88U);
  for (const bool fixed : {true, false}) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      Settings settings;
      for (const std::string& name : kTwo) settings.axes.push_back({.metric = name});
      if (fixed) {
        for (AxisSettings& a : settings.axes) a.min = -1, a.max = 1;
      }
      const auto found = best_of_cells(search(space, settings, seed, 3000, arm), axis, axis, arm);
      const auto random = best_of_cells(test::prior_draws(space, seed, 3000), axis, axis, arm);
      double loss = 0, random_loss = 0;  // in the cells that both reached
      for (const auto& [cell, value] : random) {
        if (!found.contains(cell)) continue;
        loss += found.at(cell);
        random_loss += value;
      }
      EXPECT_GE(found.size(), 84U) << "of 88, seed " << seed << ", fixed " << fixed;
      EXPECT_LE(random.size(), 65U);
      EXPECT_LT(loss, 0.25 * random_loss) << "seed " << seed << ", fixed " << fixed;
    }
  }
}

// 4^7 configurations; descriptors: the sum of the first four, and whether the next is above 1; the loss is rugged.
Outcome rugged(const Point& p) {
  double loss = 0;
  for (std::size_t i = 0; i < 7; ++i)
    loss += std::abs(p.x[i] - static_cast<double>(i * 5 % 4)) * (1.0 + static_cast<double>(i));
  if (p.x[5] == p.x[6]) loss += 4;
  return {{loss}, {p.x[0] + p.x[1] + p.x[2] + p.x[3], p.x[4] > 1 ? 1.0 : 0.0}};
}

TEST(QualityDiversity, finds_the_optimum_of_every_cell_of_a_small_space) {
  SpaceBuilder s;
  for (int i = 0; i < 7; ++i) s.ordinal<std::int64_t>("p" + std::to_string(i), {0, 1, 2, 3});
  const SpaceDeclaration space = s.declaration();
  const Axis sum({.metric = "sum", .cells = 13, .min = 0, .max = 13}, {});
  const Axis flag({.metric = "flag", .cells = 2, .min = 0, .max = 2}, {});
  const auto optima = best_of_cells(test::configurations(SpaceView(space.view())), sum, flag, rugged);
  ASSERT_EQ(optima.size(), 26U);
  int missed = 0;
  Settings settings;
  settings.axes = {{.metric = "sum", .cells = 13, .min = 0, .max = 13},
                   {.metric = "flag", .cells = 2, .min = 0, .max = 2}};
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const auto found = best_of_cells(search(space, settings, seed, 2000, rugged), sum, flag, rugged);
    for (const auto& [cell, optimum] : optima) missed += !found.contains(cell) || found.at(cell) > optimum ? 1 : 0;
  }
  EXPECT_EQ(missed, 0) << "of 130; 2000 of the 16384 configurations were tried";
}

Outcome of_mixed(const Point& p) {
  const double loss = p.x[4] == 1 ? kNan : test::mixed_loss(p);
  return {{loss}, {p.x[3], p.active[8] != 0 ? p.x[8] : 0.5}};
}

TEST(QualityDiversity, told_again_in_a_new_instance_the_history_gives_the_same_next_proposals) {
  const SpaceDeclaration space = test::mixed_space();
  for (const std::uint32_t parallel : {1U, 7U}) {
    auto lived = make(space, {{"descriptors", kTwo}});
    const auto asked = search(lived, 150, of_mixed, {.parallel = parallel});
    for (const Point& p : asked) ASSERT_TRUE(SpaceView(space.view()).contains(p.row()));
    auto replayed = make(space, {{"descriptors", kTwo}});
    History all(1, 0, 2);
    for (std::uint64_t t = 0; t < asked.size(); ++t) add(all, t, asked[t], of_mixed(asked[t]));
    replayed.tell(all);
    EXPECT_EQ(lived.ask({150, 151, 152}), replayed.ask({150, 151, 152}));
    EXPECT_EQ(lived.ask_one(151), replayed.ask({151, 150}).at(0)) << "and does not depend on what was asked before";
  }
}

TEST(QualityDiversity, trials_without_values_or_descriptors_never_become_elites) {
  const SpaceDeclaration space = test::mixed_space();
  auto told = make(space, {{"descriptors", kTwo}, {"initial", 4}});
  auto spared = make(space, {{"descriptors", kTwo}, {"initial", 4}});
  const auto tell = [&](bool with_bad) {
    History h(1, 0, 2);
    for (std::uint64_t t = 0; t < 24; ++t) {
      const Point p = test::prior_draw(space, 9, t);
      const double good = static_cast<double>(t);
      if (t % 2 == 0) h.add(t, TrialState::completed, {good}, p, {}, 1, {good, good});
      if (t % 2 == 0 || !with_bad) continue;
      const TrialState bad = std::vector{TrialState::failed, TrialState::invalid, TrialState::pruned}[t / 2 % 3];
      const bool completed = t >= 12;
      const std::vector<double> descriptors = t % 4 == 1 ? std::vector{1.0, kNan} : std::vector{HUGE_VAL, 1.0};
      const double value = t == 23 ? kNan : t == 21 ? -HUGE_VAL : -100;
      h.add(t, completed ? TrialState::completed : bad, {value}, p, {}, 1,
            completed && t < 21 ? descriptors : std::vector{1.0, 1.0});
    }
    (with_bad ? told : spared).tell(h);
  };
  tell(true);
  tell(false);
  for (std::uint64_t t = 24; t < 60; ++t) EXPECT_EQ(told.ask_one(t), spared.ask_one(t)) << t;
}

TEST(QualityDiversity, when_no_trial_enters_it_goes_on_with_the_prior) {
  const SpaceDeclaration space = test::mixed_space();
  for (const double value : {kNan, 1.0}) {  // all fail; or none measures a descriptor
    auto sampler = make(space, {{"descriptors", kTwo}, {"initial", 4}});
    const auto asked = search(sampler, 40, [&](const Point&) { return Outcome{{value}, {kNan, 1}}; });
    EXPECT_EQ(asked, test::prior_draws(space, 1, 40));
  }
}

TEST(QualityDiversity, equal_values_and_a_single_cell_are_no_obstacle) {
  const SpaceDeclaration space = test::mixed_space();
  auto sampler = make(space, {{"descriptors", kTwo}});
  const auto asked = search(sampler, 100, [](const Point&) { return Outcome{{1}, {3, 3}}; });
  for (const Point& p : asked) ASSERT_TRUE(SpaceView(space.view()).contains(p.row()));
}

TEST(QualityDiversity, children_come_from_feasible_elites_once_there_are_any) {
  const SpaceDeclaration space = cube(4);
  const SamplerCase c{.n_constraints = 1};
  auto sampler = make(space, {{"descriptors", kTwo}}, c);
  const Evaluate evaluate = [](const Point& p) {
    return Outcome{{p.x[2] + p.x[3]}, {p.x[0], p.x[1]}, {1.2 - p.x[0] - p.x[1]}};
  };
  const auto asked = search(sampler, 400, evaluate, c);
  int feasible = 0;
  for (std::size_t t = 200; t < 400; ++t) feasible += evaluate(asked[t]).constraints[0] <= 0 ? 1 : 0;
  EXPECT_GT(feasible, 140) << "of 200; draws of the prior: 64";
}

TEST(QualityDiversity, with_two_objectives_a_cell_holds_a_front) {
  const SpaceDeclaration space = cube(4);
  const SamplerCase c{.n_objectives = 2};
  auto sampler = make(space, {{"descriptors", kTwo}}, c);
  const auto asked = search(
      sampler, 300,
      [](const Point& p) {
        return Outcome{{p.x[2] + p.x[3], 1 - p.x[2] + p.x[3]}, {p.x[0], p.x[1]}};
      },
      c);
  double late = 0;
  for (std::size_t t = 200; t < 300; ++t) late += asked[t].x[3] / 100;
  EXPECT_LT(late, 0.4) << "x3 worsens both objectives; draws of the prior: 0.5";
}

TEST(QualityDiversity, pending_configurations_are_not_repeated_and_a_small_space_ends) {
  SpaceBuilder s;
  s.choice("c", {"a", "b", "c"});
  const SpaceDeclaration space = s.declaration();
  auto sampler = make(space, {{"descriptors", kTwo}, {"initial", 1}});
  Point a(1), b(1), c(1);
  a.active = b.active = c.active = {1};
  b.x = {1};
  c.x = {2};
  History told(1, 0, 2), pending(1, 0, 2), last(1, 0, 2);
  told.add(0, TrialState::completed, {1.0}, a, {}, 1, {1, 1});
  sampler.tell(told);
  pending.add(1, TrialState::pending, {}, b);
  for (std::uint64_t t = 2; t < 50; ++t) EXPECT_EQ(sampler.ask_one(t, pending.get()), c) << "the only one that is left";
  last.add(1, TrialState::completed, {2.0}, b, {}, 1, {1, 2}).add(2, TrialState::completed, {0.0}, c, {}, 1, {2, 1});
  sampler.tell(last);
  EXPECT_TRUE(test::is_exhausted(sampler, 3));
}

// A program that keeps what is logged.
class Listener {
 public:
  std::vector<std::string> lines;
  nas_host host{};
  Listener() {
    host.size = sizeof host;
    host.ctx = this;
    host.log = [](void* ctx, std::uint32_t level, nas_str who, nas_str message) noexcept {
      static_cast<Listener*>(ctx)->lines.push_back(std::to_string(level) + ' ' + std::string(view(who)) + ' ' +
                                                   std::string(view(message)));
    };
  }
};

std::vector<std::string> logged(const SpaceDeclaration& space, std::uint64_t n, const Evaluate& evaluate) {
  Listener listener;
  Settings settings;
  settings.axes = {{.metric = "size", .cells = 5, .min = 0, .max = 1}, {.metric = "latency", .cells = 2}};
  search(space, settings, 1, n, evaluate, &listener.host);
  return listener.lines;
}

TEST(QualityDiversity, the_log_says_coverage_and_score_and_which_descriptor_is_missing) {
  const SpaceDeclaration space = cube(2);
  const auto lines = logged(space, 130, [](const Point& p) {
    return Outcome{{p.x[0] < 0.5 ? 1.0 : 2.0}, {p.x[0], 3}};
  });
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "2 quality-diversity told=64 cells=10 filled=5 coverage=0.5 qd_score=3 size=[0,1] latency=[3,3]")
      << "cells 0 and 1, and the half of cell 2, are better by 1";
  EXPECT_EQ(lines[1].substr(0, 42), "2 quality-diversity told=128 cells=10 fill");
  const auto warned = logged(space, 30, [](const Point& p) { return Outcome{{1}, {p.x[0], kNan}}; });
  EXPECT_EQ(warned,
            std::vector<std::string>{
                "3 quality-diversity descriptor=latency measured=0 completed=20 reason=\"no trial has it, so none "
                "enters the archive; add an [[evaluator]] that measures it\""});
}

TEST(QualityDiversity, settings_and_options_make_the_same_sampler) {
  const SpaceDeclaration space = test::mixed_space();
  const SamplerSetup setup{.host = Host(nullptr), .space = SpaceView(space.view()), .seed = 1};
  Settings settings;
  settings.axes = {{.metric = "size"}, {.metric = "latency"}};
  QualityDiversity embedded(settings, setup);
  auto plugged = make(space, {{"descriptors", kTwo}});
  History h(1, 0, 2);
  for (std::uint64_t t = 0; t < 40; ++t)
    add(h, t, test::prior_draw(space, 2, t), of_mixed(test::prior_draw(space, 2, t)));
  plugged.tell(h);
  for (std::size_t t = 0; t < 40; ++t) embedded.tell(h.view()[t]);
  for (std::uint64_t t = 40; t < 60; ++t) {
    Point point(space.size());
    embedded.ask({t, Observations(nullptr), nullptr}, point.row());
    EXPECT_EQ(plugged.ask_one(t), point);
  }
}

}  // namespace
}  // namespace nascent::quality_diversity
