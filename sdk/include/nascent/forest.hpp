// A random forest over configurations: predicts a value and how sure it is. Sources: Breiman, "Random Forests" (Machine
// Learning 45, 2001); Hutter, Xu, Hoos, Leyton-Brown (Artificial Intelligence 206, 2014), section 4.3.2.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nascent/forest/tree.hpp"

NASCENT_SDK_BEGIN
namespace forest {

struct Settings {
  std::size_t n_trees = 30;  // at least 1
  TreeSettings tree{};
  bool bootstrap = true;        // each tree learns from a sample of the rows, drawn with replacement
  std::size_t rows_max = 4000;  // drawn per tree, at most
};

struct Prediction {
  double mean = 0, variance = 0;
};

// The rows, of n, that one tree learns from; with its generator, Rng(the forest's seed, number of the tree), as it begins.
inline std::vector<std::uint32_t> draw_rows(std::size_t n, const Settings& settings, Rng& rng) {
  const std::size_t drawn = std::min(n, settings.rows_max);
  std::vector<std::uint32_t> rows(settings.bootstrap ? drawn : n);
  for (std::size_t k = 0; k < rows.size(); ++k) rows[k] = static_cast<std::uint32_t>(settings.bootstrap ? rng.below(n) : k);
  if (!settings.bootstrap && drawn < n) {  // the first of a random permutation
    for (std::size_t k = 0; k < drawn; ++k) std::swap(rows[k], rows[k + rng.below(n - k)]);
    rows.resize(drawn);
  }
  return rows;
}

class Forest {
 public:
  // `targets`: [table.n_rows()], at least one, all finite. The table may go afterwards, its features may not. Equal
  // arguments give equal forests.
  Forest(const Table& table, std::span<const double> targets, const Settings& settings, std::uint64_t seed) {
    trees_.reserve(settings.n_trees);
    for (std::size_t t = 0; t < settings.n_trees; ++t) {
      Rng rng(seed, t);
      std::vector<std::uint32_t> rows = draw_rows(table.n_rows(), settings, rng);
      trees_.emplace_back(table, targets, std::move(rows), settings.tree, rng);
    }
  }

  // `row`: [features.size()] as Features::encode writes it. By the law of total variance over trees: the mean of the
  // leaves' variances plus the variance of their means.
  [[nodiscard]] Prediction predict(std::span<const double> row) const {
    double mean = 0, squares = 0, within = 0;
    for (const Tree& tree : trees_) {
      const Node& leaf = tree.leaf_of(row);
      mean += leaf.mean;
      squares += leaf.mean * leaf.mean;
      within += leaf.variance;
    }
    const double n = static_cast<double>(trees_.size());
    mean /= n;
    return {mean, std::max(0.0, squares / n - mean * mean) + within / n};
  }
  [[nodiscard]] std::span<const Tree> trees() const { return trees_; }

 private:
  std::vector<Tree> trees_;
};

}  // namespace forest
NASCENT_SDK_END
