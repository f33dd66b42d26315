// A space plugin's class as a host uses it: declared once, then configurations drawn and built.
#pragma once

#include "nascent/space.hpp"
#include "support/config.hpp"

namespace nascent::test {

inline SpaceSetup image_data(Shape shape, std::int64_t n_classes) {
  return {Host(), true, std::move(shape), n_classes, n_classes};
}

// Draw `trial` of the prior.
inline Point draw(const SpaceDeclaration& space, std::uint64_t trial) {
  const SpaceView view(space.view());
  Point p(view.size());
  Rng rng(1, trial);
  view.sample(rng, p.row());
  return p;
}

template <class T>
std::optional<Graph> build(const T& space, const Point& p) {
  return space.build(Values(SpaceView(space.declaration().view()), p.row()));
}

// Sets a parameter by name and activates anew; `value` is an index for choices.
inline void set(const SpaceDeclaration& space, Point& p, const std::string& name, double value) {
  const SpaceView view(space.view());
  const std::size_t i = view.find(name);
  if (i == view.size()) throw Error(NAS_E_INVALID, "no parameter " + name);
  p.x[i] = value;
  Rng rng(9);
  view.repair(rng, p.row());
}

inline std::vector<std::string> names_of(const SpaceDeclaration& space) {
  std::vector<std::string> all;
  for (const Parameter& p : space.parameters()) all.push_back(p.name);
  return all;
}

}  // namespace nascent::test
