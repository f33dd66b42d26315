// The archive of MAP-Elites: the best trials of every cell of a grid over descriptors.
#pragma once

#include <cstddef>
#include <span>
#include <unordered_map>
#include <vector>

#include "axis.hpp"
#include "nascent/space_view.hpp"
#include "shared/ranking.hpp"

namespace nascent::quality_diversity {

// A trial that completed with all its descriptors.
struct Candidate {
  Point point;
  samplers::Outcome outcome;
  std::vector<double> descriptors;  // [axes], finite
};

// Each cell keeps the candidates that none of its own dominates: of one objective the best, of several a front. An
// infeasible one stays only while nothing in its cell has a smaller violation; between equals the first one stays.
// Source: Mouret, Clune, "Illuminating search spaces by mapping elites" (arXiv:1504.04909), figure 2; fronts: Pierrot,
// Richard, Beguir, Cully, "Multi-Objective Quality Diversity Optimization" (GECCO 2022, arXiv:2202.03057), algorithm 1.
//
// Where an end of an axis is not fixed, the grid is learnt anew at 1.1 times the candidates it was learnt from, and all
// of them compete again: what lost in a wide cell may win in a narrow one.
class Archive {
 public:
  explicit Archive(std::vector<AxisSettings> axes);

  void add(Candidate candidate);

  // Candidates added.
  [[nodiscard]] std::size_t size() const { return candidates_.size(); }
  // A cell, each with the same probability, then one of its elites likewise. Cells of infeasible elites are drawn from
  // only while no elite is feasible. size() > 0.
  [[nodiscard]] const Candidate& draw(Rng& rng) const;

  // Cells with a feasible elite, and cells of the grid.
  [[nodiscard]] std::size_t n_filled() const { return feasible_.size(); }
  [[nodiscard]] std::size_t n_cells() const;
  // The sum over those cells of the hypervolume that their elites dominate, up to the worst value of each objective
  // among the feasible candidates; of one objective that is how much better they are than the worst. Cost:
  // pareto::hypervolume. Source: Pugh, Soros, Stanley, "Quality Diversity: A New Frontier for Evolutionary Computation"
  // (Frontiers in Robotics and AI 3, 2016); of several objectives: Pierrot et al., section 4.2.
  [[nodiscard]] double qd_score() const;

  [[nodiscard]] std::span<const Axis> axes() const { return axes_; }
  // The elites of a cell [axes], or none.
  [[nodiscard]] std::vector<const Candidate*> elites(std::span<const std::size_t> cell) const;

 private:
  using Elites = std::vector<std::size_t>;  // candidates

  void learn_axes();
  void place(std::size_t candidate);
  // Of a cell in the grid, as one number.
  [[nodiscard]] std::size_t index_of(std::span<const std::size_t> cell) const;
  [[nodiscard]] bool is_feasible(const Elites& elites) const;

  std::vector<AxisSettings> settings_;
  std::vector<Axis> axes_;
  std::vector<Candidate> candidates_;
  std::vector<Elites> cells_;                            // filled, in the order of their first candidate
  std::unordered_map<std::size_t, std::size_t> number_;  // of a filled cell, by its index
  std::vector<std::size_t> feasible_;                    // numbers of the cells with a feasible elite
  std::vector<double> worst_;                            // [n_objectives] of the feasible candidates
  std::size_t learn_at_ = 1;                             // candidates
};

}  // namespace nascent::quality_diversity
