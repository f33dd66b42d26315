#include "crossover.hpp"

namespace nascent::samplers {

void cross(SpaceView space, ConstRow one, ConstRow other, Rng& rng, Row child) {
  for (std::size_t i = 0; i < space.size(); ++i) {
    const double u = rng.uniform();  // drawn also where inactive: a condition never shifts later draws
    child.active[i] = space.is_active(i, child.x, child.active) ? 1 : 0;
    if (child.active[i] == 0) {
      child.x[i] = 0;
    } else if (one.active[i] == 0 && other.active[i] == 0) {
      child.x[i] = space[i].quantile(u);
    } else {
      const bool from_one = other.active[i] == 0 || (one.active[i] != 0 && u < 0.5);
      child.x[i] = from_one ? one.x[i] : other.x[i];
    }
  }
}

}  // namespace nascent::samplers
