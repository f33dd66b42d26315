// Configurations as rows of numbers a tree can ask about: one feature per parameter, then any further ordered ones.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "nascent/namespace.hpp"
#include "nascent/space_view.hpp"

NASCENT_SDK_BEGIN
namespace forest {

constexpr std::size_t kCategoriesMax = 256;

// A set of categories.
class CategorySet {
 public:
  static CategorySet first(std::size_t n) {
    CategorySet all;
    for (std::size_t c = 0; c < n; ++c) all.insert(c);
    return all;
  }
  void insert(std::size_t category) { words_[category / 64] |= std::uint64_t{1} << category % 64; }
  [[nodiscard]] bool contains(std::size_t category) const { return (words_[category / 64] >> category % 64 & 1U) != 0; }
  [[nodiscard]] CategorySet operator&(const CategorySet& other) const {
    CategorySet both;
    for (std::size_t w = 0; w < words_.size(); ++w) both.words_[w] = words_[w] & other.words_[w];
    return both;
  }
  [[nodiscard]] CategorySet without(const CategorySet& other) const {
    CategorySet rest;
    for (std::size_t w = 0; w < words_.size(); ++w) rest.words_[w] = words_[w] & ~other.words_[w];
    return rest;
  }

 private:
  std::array<std::uint64_t, kCategoriesMax / 64> words_{};
};

// What a node of a tree knows of one feature: the values that reach it.
struct Domain {
  double above = -std::numeric_limits<double>::infinity();  // ordered: above < value <= upto
  double upto = std::numeric_limits<double>::infinity();
  CategorySet categories;
};

// The features of a space. A number or ordinal becomes the middle of its prior's mass in [0, 1], so that equal steps
// are equally probable; a categorical its index, or where it has more than kCategoriesMax choices one of as many
// groups. Values of inactive parameters mean nothing and are 0: a tree asks about a parameter only where its earlier
// answers imply that the parameter is active (see implies_active).
class Features {
 public:
  explicit Features(SpaceView space, std::size_t n_further = 0) : space_(space), n_further_(n_further) {
    for (std::size_t i = 0; i < space.size(); ++i) {
      const ParamView p = space[i];
      const auto groups = static_cast<std::uint16_t>(std::min<std::uint64_t>(p.levels(), kCategoriesMax));
      n_categories_.push_back(p.is_categorical() ? groups : 0);
      conditional_.push_back(p.raw().cond_count > 0 ? 1 : 0);
      positions_.push_back(p.is_choice() && !p.is_categorical() ? middles(p) : std::vector<double>{});
    }
    n_categories_.resize(space.size() + n_further);
    conditional_.resize(space.size() + n_further);
  }

  [[nodiscard]] std::size_t size() const { return space_.size() + n_further_; }
  [[nodiscard]] std::size_t n_parameters() const { return space_.size(); }
  [[nodiscard]] SpaceView space() const { return space_; }
  // 0: ordered.
  [[nodiscard]] std::size_t n_categories(std::size_t feature) const { return n_categories_[feature]; }
  [[nodiscard]] bool conditional(std::size_t feature) const { return conditional_[feature] != 0; }

  // Writes the parameters' features to out[0, n_parameters()).
  void encode(ConstRow row, std::span<double> out) const {
    for (std::size_t i = 0; i < space_.size(); ++i) out[i] = row.active[i] != 0 ? value(i, row.x[i]) : 0;
  }
  // The feature of parameter i at a value that it can take.
  [[nodiscard]] double value(std::size_t i, double x) const {
    const ParamView p = space_[i];
    if (!p.is_categorical()) return positions_[i].empty() ? p.cdf(x) : positions_[i][p.level_of(x)];
    const std::uint64_t choice = p.level_of(x);
    return static_cast<double>(p.levels() <= kCategoriesMax ? choice : (choice * 0x9E3779B97F4A7C15U) >> 56U);
  }
  [[nodiscard]] std::vector<Domain> whole() const {
    std::vector<Domain> all(size());
    for (std::size_t f = 0; f < size(); ++f) all[f].categories = CategorySet::first(n_categories(f));
    return all;
  }

  // Is parameter i active in every configuration of these domains, as far as one group of its conditions tells alone?
  // [size()] domains.
  [[nodiscard]] bool implies_active(std::size_t i, std::span<const Domain> domains) const {
    const nas_param& p = space_.param(i);
    bool holds = p.cond_count == 0;
    for (std::uint32_t c = 0; c < p.cond_count; ++c) {
      const nas_cond& cond = space_.raw().conds[p.cond_first + c];
      if (c == 0 || cond.group != space_.raw().conds[p.cond_first + c - 1].group) {
        if (holds) return true;
        holds = true;
      }
      holds = holds && implies_active(cond.parent, domains) && implies(cond, domains[cond.parent]);
    }
    return holds;
  }

 private:
  // [levels] p.cdf() of every choice, in one pass.
  static std::vector<double> middles(ParamView p) {
    const bool weighted = p.raw().prior == NAS_PRIOR_WEIGHTS;
    const auto mass = [&](std::uint64_t k) { return weighted ? p.raw().weights[k] : 1.0; };
    double total = 0, below = 0;
    for (std::uint64_t k = 0; k < p.levels(); ++k) total += mass(k);
    std::vector<double> middle;
    for (std::uint64_t k = 0; k < p.levels(); ++k) {
      middle.push_back((below + 0.5 * mass(k)) / total);
      below += mass(k);
    }
    return middle;
  }
  [[nodiscard]] bool implies(const nas_cond& cond, const Domain& domain) const {
    const ParamView parent = space_[cond.parent];
    if (parent.is_categorical()) {
      if (parent.levels() > kCategoriesMax) return false;
      for (std::size_t k = 0; k < parent.levels(); ++k) {
        if (domain.categories.contains(k) && !SpaceView::holds(cond, static_cast<double>(k))) return false;
      }
      return true;
    }
    const bool above = domain.above >= position_at_or_below(parent, cond.parent, cond.value);
    const bool below = domain.upto < position_at_or_above(parent, cond.parent, cond.value);
    switch (cond.op) {
      case NAS_OP_GT:
        return above;
      case NAS_OP_LT:
        return below;
      case NAS_OP_NE:
        return above || below;
      case NAS_OP_EQ: {  // only one level is left
        if (parent.levels() == 0 || !parent.contains(cond.value)) return false;
        const std::uint64_t k = parent.level_of(cond.value);
        return (k == 0 || domain.above >= value(cond.parent, parent.level(k - 1))) &&
               (k + 1 == parent.levels() || domain.upto < value(cond.parent, parent.level(k + 1)));
      }
      default:
        return false;
    }
  }
  // Feature of the greatest value <= `bound`; -infinity when there is none.
  [[nodiscard]] double position_at_or_below(ParamView p, std::size_t i, double bound) const {
    if (bound < p.raw().lo) return -std::numeric_limits<double>::infinity();
    if (p.levels() == 0) return value(i, std::min(bound, p.raw().hi));
    const std::uint64_t k = p.level_of(bound);
    if (p.level(k) <= bound) return value(i, p.level(k));
    return value(i, p.level(k - 1));
  }
  // Feature of the least value >= `bound`; +infinity when there is none.
  [[nodiscard]] double position_at_or_above(ParamView p, std::size_t i, double bound) const {
    if (bound > p.raw().hi) return std::numeric_limits<double>::infinity();
    if (p.levels() == 0) return value(i, std::max(bound, p.raw().lo));
    const std::uint64_t k = p.level_of(bound);
    if (p.level(k) >= bound) return value(i, p.level(k));
    return k + 1 < p.levels() ? value(i, p.level(k + 1)) : std::numeric_limits<double>::infinity();
  }

  SpaceView space_;
  std::size_t n_further_;
  std::vector<std::uint16_t> n_categories_;     // [size()]
  std::vector<std::uint8_t> conditional_;       // [size()]
  std::vector<std::vector<double>> positions_;  // [n_parameters][levels] of ordinals; else empty
};

}  // namespace forest
NASCENT_SDK_END
