// Laws of search spaces that hold for every declaration, on random ones (rapidcheck prints seed and smallest failure).
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "nascent/space_declaration.hpp"

namespace nascent {
namespace {

double number_between(int lo, int hi) { return *rc::gen::inRange(lo, hi) / 4.0; }

Parameter any_number(const std::string& name) {
  Parameter p;
  p.name = name;
  p.kind = *rc::gen::element(ParameterKind::real, ParameterKind::integer);
  p.scale = *rc::gen::element(Scale::linear, Scale::log);
  const double from = number_between(-40, 40), width = number_between(0, 400);
  p.lo = p.scale == Scale::log ? std::abs(from) + 0.25 : from;
  p.hi = p.lo + width;
  if (p.kind == ParameterKind::integer) {
    p.lo = std::ceil(p.lo);
    p.hi = p.lo + std::floor(width);
    p.step = *rc::gen::inRange(0, 4);
  } else if (*rc::gen::arbitrary<bool>()) {
    p.step = number_between(1, 20);
  }
  if (*rc::gen::arbitrary<bool>()) {
    const double lo = p.scale == Scale::log ? std::log(p.lo) : p.lo, hi = p.scale == Scale::log ? std::log(p.hi) : p.hi;
    p.normal = NormalPrior{lo + (hi - lo) * number_between(-4, 8), 0.1 + number_between(0, 20)};
  }
  return p;
}

Parameter any_choice(const std::string& name) {
  Parameter p;
  p.name = name;
  p.kind = *rc::gen::element(ParameterKind::categorical, ParameterKind::ordinal);
  const int n = *rc::gen::inRange(1, 6);
  for (int i = 0; i < n; ++i) p.choices.emplace_back(std::int64_t{i});
  if (*rc::gen::arbitrary<bool>()) {
    for (int i = 0; i < n; ++i) p.weights.push_back(*rc::gen::inRange(0, 3));
    p.weights[static_cast<std::size_t>(*rc::gen::inRange(0, n))] = 1;
  }
  return p;
}

// Up to 8 parameters, each with up to 3 conditions in up to 2 groups on earlier ones. A prior without mass in its range
// is refused by the declaration; such draws are discarded.
SpaceDeclaration any_space() {
  std::vector<Parameter> list;
  const int n = *rc::gen::inRange(1, 9);
  for (int i = 0; i < n; ++i) {
    const std::string name = "p" + std::to_string(i);
    list.push_back(*rc::gen::arbitrary<bool>() ? any_number(name) : any_choice(name));
    const int conditions = i == 0 ? 0 : *rc::gen::inRange(0, 4);
    for (int c = 0; c < conditions; ++c) {
      const Parameter& parent = list[static_cast<std::size_t>(*rc::gen::inRange(0, i))];
      const double value = parent.is_choice() ? *rc::gen::inRange(0, 5)
                                              : std::round(parent.lo + (parent.hi - parent.lo) * number_between(0, 5));
      list.back().conditions.push_back({static_cast<std::uint32_t>(*rc::gen::inRange(0, 2)), parent.name,
                                        static_cast<std::uint32_t>(*rc::gen::inRange(0, 4)), value});
    }
  }
  try {
    return SpaceDeclaration(list);
  } catch (const Error& e) {
    RC_PRE(std::string(e.what()).find("no mass") == std::string::npos);
    throw;
  }
}

Point any_point(SpaceView view) {
  Point p(view.size());
  Rng rng(*rc::gen::arbitrary<std::uint64_t>());
  view.sample(rng, p.row());
  return p;
}

RC_GTEST_PROP(SpaceLaws, what_is_sampled_is_contained_and_has_a_finite_prior, ()) {
  const SpaceDeclaration space = any_space();
  const SpaceView view(space.view());
  const Point p = any_point(view);
  RC_ASSERT(view.contains(p.row()));
  RC_ASSERT(std::isfinite(view.log_prior(p.row())));
}

RC_GTEST_PROP(SpaceLaws, activating_a_contained_configuration_changes_nothing, ()) {
  const SpaceDeclaration space = any_space();
  const SpaceView view(space.view());
  Point p = any_point(view);
  const Point before = p;
  view.activate(p.row());
  RC_ASSERT(p == before);
}

RC_GTEST_PROP(SpaceLaws, repair_after_any_change_of_a_value_gives_a_contained_configuration, ()) {
  const SpaceDeclaration space = any_space();
  const SpaceView view(space.view());
  Point p = any_point(view);
  const auto i = static_cast<std::size_t>(*rc::gen::inRange<std::size_t>(0, view.size()));
  if (p.active[i] != 0) p.x[i] = view[i].clamp(*rc::gen::arbitrary<double>());
  Rng rng(1);
  view.repair(rng, p.row());
  RC_ASSERT(view.contains(p.row()));
}

RC_GTEST_PROP(SpaceLaws, quantile_of_cdf_is_the_value, ()) {
  const SpaceDeclaration space = any_space();
  const SpaceView view(space.view());
  const Point p = any_point(view);
  for (std::size_t i = 0; i < view.size(); ++i) {
    if (p.active[i] == 0) continue;
    const double u = view[i].cdf(p.x[i]);
    RC_ASSERT(u >= 0 && u <= 1);
    const double back = view[i].quantile(u);
    if (view[i].levels() != 0) {
      RC_ASSERT(back == p.x[i]);
    } else {
      RC_ASSERT(std::abs(view[i].cdf(back) - u) < 1e-7);
    }
  }
}

RC_GTEST_PROP(SpaceLaws, clamp_is_idempotent_and_lands_inside, ()) {
  const SpaceDeclaration space = any_space();
  const SpaceView view(space.view());
  const double any = *rc::gen::arbitrary<double>();
  for (std::size_t i = 0; i < view.size(); ++i) {
    const double once = view[i].clamp(any);
    RC_ASSERT(view[i].contains(once));
    RC_ASSERT(view[i].clamp(once) == once);
  }
}

RC_GTEST_PROP(SpaceLaws, a_copy_through_the_abi_is_the_same_space, ()) {
  const SpaceDeclaration space = any_space();
  const SpaceDeclaration copy = SpaceDeclaration::from_abi(*space.view());
  RC_ASSERT(copy.fingerprint() == space.fingerprint());
  const Point p = any_point(SpaceView(space.view()));
  RC_ASSERT(SpaceView(copy.view()).contains(p.row()));
}

RC_GTEST_PROP(SpaceLaws, level_masses_sum_to_one, ()) {
  const SpaceDeclaration space = any_space();
  const SpaceView view(space.view());
  for (std::size_t i = 0; i < view.size(); ++i) {
    if (view[i].levels() == 0) continue;
    double total = 0;
    for (std::uint64_t k = 0; k < view[i].levels(); ++k) total += std::exp(view[i].log_prior(view[i].level(k)));
    RC_ASSERT(std::abs(total - 1) < 1e-6);
  }
}

}  // namespace
}  // namespace nascent
