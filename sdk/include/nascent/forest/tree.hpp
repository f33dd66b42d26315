// A regression tree (CART) over the features of a space. Sources: Breiman, Friedman, Olshen, Stone, "Classification and
// Regression Trees" (1984); random thresholds and categories as in Hutter, Xu, Hoos, Leyton-Brown, "Algorithm runtime
// prediction" (Artificial Intelligence 206, 2014), section 4.3.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "nascent/forest/table.hpp"

NASCENT_SDK_BEGIN
namespace forest {

struct TreeSettings {
  std::size_t leaf_min = 1;    // rows in a leaf, at least
  std::size_t split_min = 2;   // rows in a node that is split, at least
  double features_share = 1;   // of the features that may be asked about, looked at in each node
};

struct Node {
  static constexpr std::uint32_t leaf = 0xFFFFFFFFU;
  std::uint32_t feature = leaf;
  std::uint32_t left = 0;         // right is the next one
  std::uint32_t categories = 0;   // categorical: which of sets() goes left
  double threshold = 0;           // ordered: values <= threshold go left
  double mean = 0, variance = 0;  // of the targets that reached it
};

class Tree {
 public:
  // Grows on the rows `sample` (may repeat) of the table; `targets`: [table.n_rows()]. At least one row.
  Tree(const Table& table, std::span<const double> targets, std::vector<std::uint32_t> sample,
       const TreeSettings& settings, Rng& rng);

  // The leaf of an encoded row, [features.size()].
  [[nodiscard]] const Node& leaf_of(std::span<const double> row) const { return nodes_[leaf_index(row)]; }
  [[nodiscard]] std::size_t leaf_index(std::span<const double> row) const {
    std::size_t at = 0;
    while (nodes_[at].feature != Node::leaf) {
      const Node& node = nodes_[at];
      at = node.left + (goes_left(node, row[node.feature]) ? 0U : 1U);
    }
    return at;
  }
  // The root first, children after their parents.
  [[nodiscard]] std::span<const Node> nodes() const { return nodes_; }
  [[nodiscard]] bool categorical(const Node& node) const { return categorical_[node.feature] != 0; }
  [[nodiscard]] const CategorySet& set(const Node& node) const { return sets_[node.categories]; }
  // What reaches the children of a node that `domain` of its feature reaches.
  [[nodiscard]] std::pair<Domain, Domain> divide(const Node& node, const Domain& domain) const {
    std::pair<Domain, Domain> sides{domain, domain};
    if (categorical(node)) {
      sides.first.categories = domain.categories & set(node);
      sides.second.categories = domain.categories.without(set(node));
    } else {
      sides.first.upto = std::min(domain.upto, node.threshold);
      sides.second.above = std::max(domain.above, node.threshold);
    }
    return sides;
  }

 private:
  class Grower;
  [[nodiscard]] bool goes_left(const Node& node, double value) const {
    return categorical(node) ? set(node).contains(static_cast<std::size_t>(value)) : value <= node.threshold;
  }
  std::vector<Node> nodes_;
  std::vector<CategorySet> sets_;
  std::vector<std::uint8_t> categorical_;  // [features]
};

class Tree::Grower {
 public:
  Grower(Tree& tree, const Table& table, std::span<const double> targets, std::vector<std::uint32_t> sample,
         const TreeSettings& settings, Rng& rng)
      : tree_(tree),
        table_(table),
        features_(table.features()),
        targets_(targets),
        rows_(std::move(sample)),
        settings_(settings),
        rng_(rng) {
    for (std::size_t f = 0; f < features_.size(); ++f) {
      tree.categorical_.push_back(features_.n_categories(f) > 0 ? 1 : 0);
      any_conditional_ = any_conditional_ || features_.conditional(f);
    }
  }

  void grow() {
    tree_.nodes_.push_back(summary(0, rows_.size()));
    std::vector<Open> open;
    open.push_back({0, 0, rows_.size(), any_conditional_ ? features_.whole() : std::vector<Domain>{}});
    while (!open.empty()) {
      const Open at = std::move(open.back());
      open.pop_back();
      const Split split = best_split(at);
      if (split.feature == Node::leaf) continue;
      const std::size_t middle = partition(at, split);
      const auto left = static_cast<std::uint32_t>(tree_.nodes_.size());
      make_split(tree_.nodes_[at.node], split, left);
      tree_.nodes_.push_back(summary(at.begin, middle));
      tree_.nodes_.push_back(summary(middle, at.end));
      Open first{left, at.begin, middle, at.domains}, second{left + 1, middle, at.end, at.domains};
      if (any_conditional_) {
        std::tie(first.domains[split.feature], second.domains[split.feature]) =
            tree_.divide(tree_.nodes_[at.node], at.domains[split.feature]);
      }
      open.push_back(std::move(second));
      open.push_back(std::move(first));
    }
  }

 private:
  struct Open {  // a node that may be split
    std::uint32_t node;
    std::size_t begin, end;  // of rows_
    std::vector<Domain> domains;
  };
  struct Group {  // rows of a node with one code
    std::uint8_t code;
    std::uint32_t n;
    double sum;
  };
  struct Split {
    double gain = -1;
    std::uint32_t feature = Node::leaf;
    std::vector<std::uint8_t> left, right;  // codes in the node; ordered: ascending
  };

  [[nodiscard]] Node summary(std::size_t begin, std::size_t end) const {
    const double n = static_cast<double>(end - begin);
    Node node;
    for (std::size_t k = begin; k < end; ++k) node.mean += targets_[rows_[k]];
    node.mean /= n;
    for (std::size_t k = begin; k < end; ++k) node.variance += std::pow(targets_[rows_[k]] - node.mean, 2);
    node.variance /= n;
    return node;
  }

  // The split of least squared error among a random choice of features; those that are constant here do not count.
  Split best_split(const Open& at) {
    Split best;
    const std::size_t n = at.end - at.begin;
    if (n < std::max(settings_.split_min, 2 * settings_.leaf_min) || !(tree_.nodes_[at.node].variance > 0)) return best;
    candidates_.clear();
    for (std::uint32_t f = 0; f < features_.size(); ++f) {
      if (!features_.conditional(f) || features_.implies_active(f, at.domains)) candidates_.push_back(f);
    }
    auto wanted =
        static_cast<std::size_t>(std::ceil(settings_.features_share * static_cast<double>(candidates_.size())));
    for (std::size_t k = 0; k < candidates_.size() && wanted > 0; ++k) {
      std::swap(candidates_[k], candidates_[k + rng_.below(candidates_.size() - k)]);
      group(candidates_[k], at.begin, at.end);
      if (groups_.size() < 2) continue;
      --wanted;
      consider(candidates_[k], n, best);
    }
    return best;
  }

  // Rows of the node by code, codes ascending.
  void group(std::uint32_t feature, std::size_t begin, std::size_t end) {
    const std::size_t n_codes = table_.n_codes(feature);
    const std::span<const std::uint8_t> codes = table_.codes(feature);
    groups_.clear();
    if (4 * (end - begin) < n_codes) {  // few rows are sorted faster than all codes are counted
      for (std::size_t k = begin; k < end; ++k) {
        const Group one{codes[rows_[k]], 1, targets_[rows_[k]]};
        const auto place = std::lower_bound(groups_.begin(), groups_.end(), one.code,
                                            [](const Group& g, std::uint8_t c) { return g.code < c; });
        if (place != groups_.end() && place->code == one.code) {
          ++place->n;
          place->sum += one.sum;
        } else {
          groups_.insert(place, one);
        }
      }
      return;
    }
    std::fill_n(counts_.begin(), n_codes, Group{0, 0, 0});
    for (std::size_t k = begin; k < end; ++k) {
      Group& g = counts_[codes[rows_[k]]];
      ++g.n;
      g.sum += targets_[rows_[k]];
    }
    for (std::size_t c = 0; c < n_codes; ++c) {
      if (counts_[c].n > 0) groups_.push_back({static_cast<std::uint8_t>(c), counts_[c].n, counts_[c].sum});
    }
  }

  // A prefix of the groups goes left. Categories are sorted by their mean first, which makes the best prefix the best
  // subset (Breiman et al. 1984, theorem 4.5).
  void consider(std::uint32_t feature, std::size_t n, Split& best) {
    if (tree_.categorical_[feature] != 0) {
      std::stable_sort(groups_.begin(), groups_.end(), [](const Group& a, const Group& b) {
        return a.sum * static_cast<double>(b.n) < b.sum * static_cast<double>(a.n);
      });
    }
    double total = 0, left = 0;
    for (const Group& g : groups_) total += g.sum;
    std::size_t n_left = 0, cut = 0;
    double gain = best.gain;
    for (std::size_t k = 0; k + 1 < groups_.size(); ++k) {
      left += groups_[k].sum;
      n_left += groups_[k].n;
      if (n_left < settings_.leaf_min || n - n_left < settings_.leaf_min) continue;
      const double here = left * left / static_cast<double>(n_left) +
                          (total - left) * (total - left) / static_cast<double>(n - n_left) -
                          total * total / static_cast<double>(n);
      if (here > gain) {
        gain = here;
        cut = k + 1;
      }
    }
    if (cut == 0) return;
    best.gain = gain;
    best.feature = feature;
    best.left.clear();
    best.right.clear();
    for (std::size_t k = 0; k < groups_.size(); ++k) (k < cut ? best.left : best.right).push_back(groups_[k].code);
  }

  // Rows that go left come first. Returns where the others begin.
  std::size_t partition(const Open& at, const Split& split) {
    std::array<std::uint8_t, kCategoriesMax> goes_left{};
    for (const std::uint8_t code : split.left) goes_left[code] = 1;
    const std::span<const std::uint8_t> codes = table_.codes(split.feature);
    const auto from = rows_.begin() + static_cast<std::ptrdiff_t>(at.begin),
               to = rows_.begin() + static_cast<std::ptrdiff_t>(at.end);
    const auto middle = std::stable_partition(from, to, [&](std::uint32_t row) { return goes_left[codes[row]] != 0; });
    return static_cast<std::size_t>(middle - rows_.begin());
  }

  // Between two values the threshold is uniform; a category that does not occur here goes to a random side.
  void make_split(Node& node, const Split& split, std::uint32_t left) {
    node.feature = split.feature;
    node.left = left;
    if (tree_.categorical_[split.feature] == 0) {
      const double from = table_.bin(split.feature, split.left.back()).highest,
                   to = table_.bin(split.feature, split.right.front()).lowest;
      node.threshold = std::clamp(rng_.uniform(from, to), from, std::nextafter(to, from));
      return;
    }
    CategorySet seen, going;
    for (const std::uint8_t code : split.left) {
      seen.insert(code);
      going.insert(code);
    }
    for (const std::uint8_t code : split.right) seen.insert(code);
    for (std::size_t c = 0; c < features_.n_categories(split.feature); ++c) {
      if (!seen.contains(c) && rng_.below(2) == 0) going.insert(c);
    }
    node.categories = static_cast<std::uint32_t>(tree_.sets_.size());
    tree_.sets_.push_back(going);
  }

  Tree& tree_;
  const Table& table_;
  const Features& features_;
  std::span<const double> targets_;
  std::vector<std::uint32_t> rows_;
  TreeSettings settings_;
  Rng& rng_;
  bool any_conditional_ = false;
  std::vector<std::uint32_t> candidates_;
  std::vector<Group> groups_;
  std::array<Group, kCategoriesMax> counts_{};
};

inline Tree::Tree(const Table& table, std::span<const double> targets, std::vector<std::uint32_t> sample,
                  const TreeSettings& settings, Rng& rng) {
  Grower(*this, table, targets, std::move(sample), settings, rng).grow();
}

}  // namespace forest
NASCENT_SDK_END
