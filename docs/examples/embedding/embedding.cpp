#include <fmt/core.h>

#include <cmath>
#include <nascent/core/study.hpp>

int main() {
  nascent::SpaceBuilder space;
  const auto rate = space.real("rate", 1e-4, 1.0, {.scale = nascent::Scale::log});
  const auto kind = space.choice("kind", {"sgd", "adam"});
  auto study = nascent::core::Study::open(space.declaration(), {.sampler = "random", .trials = 200});
  if (!study) return fmt::print(stderr, "{}\n", study.error().message), 1;

  const auto best = study->optimize([&](const nascent::Values& at) {
    const double miss = std::log10(at[rate]) + 2;  // best at 0.01
    return miss * miss + (at[kind] == "adam" ? 0.0 : 0.5);
  });
  if (!best) return fmt::print(stderr, "{}\n", best.error().message), 1;
  const auto at = study->values(*best);
  fmt::print("best trial={} rate={:.4f} kind={} value={:.5f}\n", best->id, at[rate], at[kind], best->metrics[0].value);
}
