// What a person may choose about predictor-guided search.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nascent::surrogate {

enum class Acquisition {
  expected_improvement,
  thompson,  // a draw from each candidate's predictive distribution
  both,      // by turns: odd trials thompson
};
enum class GraphFeatures { without, with };

struct Settings {
  std::uint64_t initial = 10;  // trials drawn from the prior before the first prediction
  std::size_t trees = 30;      // of each forest
  Acquisition acquisition = Acquisition::both;
  double random_share = 0.05;    // of the trials stay prior draws
  std::size_t candidates = 200;  // prior draws and mutants scored per proposal, before the local search
  GraphFeatures graph = GraphFeatures::without;
};

}  // namespace nascent::surrogate
