#include "report/fanova.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "report/marginals.hpp"

namespace nascent::core::report {
namespace {

using forest::Domain;
using forest::Node;

constexpr std::uint64_t kAtomsMax = 1 << 16;  // a number of more levels counts as continuous

// Consecutive cells of one feature.
struct Run {
  std::size_t from = 0, to = 0;
};

VarianceShare summary(const std::vector<double>& shares) {
  if (shares.empty()) return {};
  const double n = static_cast<double>(shares.size());
  const double mean = std::accumulate(shares.begin(), shares.end(), 0.0) / n;
  double squares = 0;
  for (const double s : shares) squares += (s - mean) * (s - mean);
  return {mean, std::sqrt(squares / n)};
}

}  // namespace

double Fanova::Measure::below(double value) const {
  if (positions.empty()) return std::clamp(value, 0.0, 1.0);
  const auto after = std::upper_bound(positions.begin(), positions.end(), value);
  return after == positions.begin() ? 0 : cumulated[static_cast<std::size_t>(after - positions.begin()) - 1];
}

Fanova::Measure Fanova::measure_of(const forest::Features& features, std::size_t i) {
  const nascent::ParamView param = features.space()[i];
  Measure measure;
  if (param.levels() == 0 || (!param.is_categorical() && param.levels() > kAtomsMax)) return measure;
  const std::vector<double> prior = level_priors(param);
  measure.probabilities.resize(features.n_categories(i));
  double sum = 0;
  for (std::size_t k = 0; k < prior.size(); ++k) {
    const double position = features.value(i, param.level(k));
    if (param.is_categorical()) {
      measure.probabilities[static_cast<std::size_t>(position)] += prior[k];
    } else {
      measure.positions.push_back(position);
      measure.cumulated.push_back(sum += prior[k]);
    }
  }
  return measure;
}

// The leaves of one tree as boxes over cells: the pieces of a feature that the tree tells apart.
class Fanova::Boxes {
 public:
  Boxes(const Fanova& fanova, const forest::Tree& tree)
      : fanova_(fanova), cuts_(fanova.features_.size()), cells_(cuts_.size()) {
    for (const Node& node : tree.nodes()) {
      if (node.feature != Node::leaf && !tree.categorical(node)) cuts_[node.feature].push_back(node.threshold);
    }
    for (std::size_t f = 0; f < cuts_.size(); ++f) make_cells(f);
    collect(tree);
    double mean = 0;
    for (const Leaf& leaf : leaves_) mean += leaf.mass * leaf.value;
    for (Leaf& leaf : leaves_) {
      leaf.value -= mean;
      variance_ += leaf.mass * leaf.value * leaf.value;
    }
  }

  [[nodiscard]] double variance() const { return variance_; }

  // Variance of the mean over everything but feature i.
  [[nodiscard]] double single(std::size_t i) const {
    const std::vector<double>& cells = cells_[i];
    std::vector<double> effect(cells.size() + 1);  // differences, then sums
    for (const Leaf& leaf : leaves_) {
      const double height = leaf.value * leaf.mass / mass(leaf, i);
      for (const Run& run : runs(leaf, i)) {
        effect[run.from] += height;
        effect[run.to] -= height;
      }
    }
    double sum = 0, height = 0;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      height += effect[c];
      sum += cells[c] * height * height;
    }
    return sum;
  }

  // The same of everything but features i and j.
  [[nodiscard]] double both(std::size_t i, std::size_t j) const {
    const std::vector<double>&rows = cells_[i], &columns = cells_[j];
    const std::size_t width = columns.size() + 1;
    std::vector<double> effect((rows.size() + 1) * width);
    for (const Leaf& leaf : leaves_) {
      const double height = leaf.value * leaf.mass / (mass(leaf, i) * mass(leaf, j));
      const std::vector<Run> across = runs(leaf, j);
      for (const Run& down : runs(leaf, i)) {
        for (const Run& run : across) {
          effect[down.from * width + run.from] += height;
          effect[down.from * width + run.to] -= height;
          effect[down.to * width + run.from] -= height;
          effect[down.to * width + run.to] += height;
        }
      }
    }
    double sum = 0;
    std::vector<double> above(columns.size());
    for (std::size_t r = 0; r < rows.size(); ++r) {
      double change = 0;
      for (std::size_t c = 0; c < columns.size(); ++c) {
        change += effect[r * width + c];
        above[c] += change;
        sum += rows[r] * columns[c] * above[c] * above[c];
      }
    }
    return sum;
  }

 private:
  struct Leaf {
    std::vector<Domain> domains;  // [features]
    double value = 0, mass = 0;   // mean of the targets; probability under the prior
  };

  void make_cells(std::size_t f) {
    const Measure& measure = fanova_.measures_[f];
    if (fanova_.features_.n_categories(f) > 0) {
      cells_[f] = measure.probabilities;
      return;
    }
    std::vector<double>& cuts = cuts_[f];
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    double below = 0;
    for (const double cut : cuts) {
      cells_[f].push_back(measure.below(cut) - below);
      below = measure.below(cut);
    }
    cells_[f].push_back(1 - below);
  }

  // Leaves that the prior reaches.
  void collect(const forest::Tree& tree) {
    struct Open {
      std::uint32_t node;
      std::vector<Domain> domains;
    };
    std::vector<Open> open;
    open.push_back({0, fanova_.features_.whole()});
    while (!open.empty()) {
      Open at = std::move(open.back());
      open.pop_back();
      const Node& node = tree.nodes()[at.node];
      if (node.feature == Node::leaf) {
        Leaf leaf{std::move(at.domains), node.mean, 1};
        for (std::size_t f = 0; f < cells_.size(); ++f) leaf.mass *= mass(leaf, f);
        if (leaf.mass > 0) leaves_.push_back(std::move(leaf));
        continue;
      }
      auto [left, right] = tree.divide(node, at.domains[node.feature]);
      Open second{node.left + 1, at.domains};
      second.domains[node.feature] = right;
      at.domains[node.feature] = left;
      open.push_back(std::move(second));
      open.push_back({node.left, std::move(at.domains)});
    }
  }

  [[nodiscard]] std::vector<Run> runs(const Leaf& leaf, std::size_t f) const {
    const Domain& domain = leaf.domains[f];
    const std::size_t n = cells_[f].size();
    if (fanova_.features_.n_categories(f) == 0) {
      const std::vector<double>& cuts = cuts_[f];
      const auto place = [&](double cut) {
        return static_cast<std::size_t>(std::lower_bound(cuts.begin(), cuts.end(), cut) - cuts.begin());
      };
      return {{std::isfinite(domain.above) ? place(domain.above) + 1 : 0,
               std::isfinite(domain.upto) ? place(domain.upto) + 1 : n}};
    }
    std::vector<Run> all;
    for (std::size_t c = 0; c < n; ++c) {
      if (!domain.categories.contains(c)) continue;
      if (all.empty() || all.back().to != c) all.push_back({c, c});
      all.back().to = c + 1;
    }
    return all;
  }

  [[nodiscard]] double mass(const Leaf& leaf, std::size_t f) const {
    double sum = 0;
    for (const Run& run : runs(leaf, f)) {
      for (std::size_t c = run.from; c < run.to; ++c) sum += cells_[f][c];
    }
    return sum;
  }

  const Fanova& fanova_;
  std::vector<std::vector<double>> cuts_;   // [features] ascending; of ordered ones
  std::vector<std::vector<double>> cells_;  // [features][cells] probability
  std::vector<Leaf> leaves_;
  double variance_ = 0;
};

Fanova::Fanova(const forest::Features& features, const forest::Forest& forest) : features_(features), forest_(forest) {
  for (std::size_t i = 0; i < features.size(); ++i) measures_.push_back(measure_of(features, i));
}

std::vector<VarianceShare> Fanova::singles() const {
  std::vector<std::vector<double>> shares(features_.size());
  for (const forest::Tree& tree : forest_.trees()) {
    const Boxes boxes(*this, tree);
    if (!(boxes.variance() > 0)) continue;
    for (std::size_t i = 0; i < shares.size(); ++i) shares[i].push_back(boxes.single(i) / boxes.variance());
  }
  std::vector<VarianceShare> all(shares.size());
  std::transform(shares.begin(), shares.end(), all.begin(), summary);
  return all;
}

std::vector<VarianceShare> Fanova::pairs(const std::vector<Pair>& pairs) const {
  std::vector<std::vector<double>> shares(pairs.size());
  std::vector<double> alone(features_.size());
  for (const forest::Tree& tree : forest_.trees()) {
    const Boxes boxes(*this, tree);
    if (!(boxes.variance() > 0)) continue;
    for (std::size_t i = 0; i < alone.size(); ++i) alone[i] = boxes.single(i);
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      const auto [i, j] = pairs[k];
      // Rounding may leave a little below 0.
      shares[k].push_back(std::max(0.0, boxes.both(i, j) - alone[i] - alone[j]) / boxes.variance());
    }
  }
  std::vector<VarianceShare> all(shares.size());
  std::transform(shares.begin(), shares.end(), all.begin(), summary);
  return all;
}

}  // namespace nascent::core::report
