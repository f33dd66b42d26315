// A small space and results told about it, for tests of what the sampler learns.
#pragma once

#include <cmath>
#include <functional>

#include "nascent/space_builder.hpp"
#include "support/observations.hpp"
#include "surrogate/evidence.hpp"

namespace nascent::surrogate::fixture {

using nascent::test::History;

// Two choices of three and a number.
inline SpaceDeclaration small_space() {
  SpaceBuilder s;
  s.choice("a", {"0", "1", "2"});
  s.choice("b", {"0", "1", "2"});
  s.real("x", 0, 1);
  return s.declaration();
}

inline double additive(const Point& p) { return p.x[0] + 2 * std::abs(p.x[1] - 1) + 3 * p.x[2]; }

// What one trial has: state, values [n_objectives], constraints [n_constraints].
struct Outcome {
  TrialState state = TrialState::completed;
  std::vector<double> values, constraints{};
};
inline Outcome additive_outcome(const Point& p) { return {.values = {additive(p)}}; }
using OutcomeOf = std::function<Outcome(const Point&)>;

// Evidence of `n` draws from the prior, with all that it refers to.
class Told {
  SpaceDeclaration space_ = small_space();
  Encoder encoder_{SpaceView(space_.view()), Architectures(), GraphFeatures::without};

 public:
  Evidence evidence;

  Told(std::size_t n, const OutcomeOf& outcome_of, std::size_t n_objectives = 1, std::size_t n_constraints = 0)
      : evidence(encoder_, n_objectives, n_constraints) {
    for (std::size_t t = 0; t < n; ++t) {
      const Point point = draw(t);
      const Outcome outcome = outcome_of(point);
      History h(n_objectives, n_constraints);
      h.add(t, outcome.state, outcome.values, point, outcome.constraints);
      evidence.add(h.view()[0]);
    }
  }
  // Draw `t` of the prior; those from `n` on are news to the evidence.
  [[nodiscard]] Point draw(std::uint64_t t) const {
    Rng rng(7, t);
    Point point(space_.size());
    SpaceView(space_.view()).sample(rng, point.row());
    return point;
  }
  [[nodiscard]] std::vector<double> encoded(const Point& point) const {
    std::vector<double> row(encoder_.size());
    encoder_.encode(point.row(), row);
    return row;
  }
  Told(const Told&) = delete;  // the evidence refers to the encoder
  Told& operator=(const Told&) = delete;
};

}  // namespace nascent::surrogate::fixture
