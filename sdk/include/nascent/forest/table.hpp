// Encoded rows, binned once for all trees and targets that learn from them.
#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "nascent/forest/features.hpp"

NASCENT_SDK_BEGIN
namespace forest {

// Bins a feature's values: each distinct value is one, or where there are more than kCategoriesMax as many quantiles.
class Table {
 public:
  struct Bin {
    double lowest, highest;  // values that occur in it
  };

  // `values`: [n_rows][features.size()], row-major, as Features::encode writes them. `features` has to outlive the
  // table.
  Table(const Features& features, std::span<const double> values)
      : features_(&features), n_rows_(features.size() == 0 ? 0 : values.size() / features.size()) {
    codes_.resize(features.size() * n_rows_);
    bins_.resize(features.size());
    std::vector<std::uint32_t> order(n_rows_);
    for (std::size_t f = 0; f < features.size(); ++f) {
      const auto at = [&](std::size_t row) { return values[row * features.size() + f]; };
      std::uint8_t* codes = codes_.data() + f * n_rows_;
      if (features.n_categories(f) > 0) {
        for (std::size_t r = 0; r < n_rows_; ++r) codes[r] = static_cast<std::uint8_t>(at(r));
        continue;
      }
      std::iota(order.begin(), order.end(), 0U);
      std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return at(a) < at(b); });
      std::size_t n_distinct = 0;
      for (std::size_t k = 0; k < n_rows_; ++k) n_distinct += k == 0 || at(order[k]) != at(order[k - 1]) ? 1 : 0;
      const std::size_t bin_size = n_distinct <= kCategoriesMax ? 1 : (n_rows_ + kCategoriesMax - 1) / kCategoriesMax;
      std::size_t in_bin = 0;
      for (std::size_t k = 0; k < n_rows_; ++k, ++in_bin) {
        const double value = at(order[k]);
        if (bins_[f].empty() || (value != bins_[f].back().highest && in_bin >= bin_size)) {
          bins_[f].push_back({value, value});
          in_bin = 0;
        }
        bins_[f].back().highest = value;
        codes[order[k]] = static_cast<std::uint8_t>(bins_[f].size() - 1);
      }
    }
  }

  [[nodiscard]] std::size_t n_rows() const { return n_rows_; }
  [[nodiscard]] const Features& features() const { return *features_; }
  // [n_rows] category, or number of the bin.
  [[nodiscard]] std::span<const std::uint8_t> codes(std::size_t feature) const {
    return {codes_.data() + feature * n_rows_, n_rows_};
  }
  // Codes are below this.
  [[nodiscard]] std::size_t n_codes(std::size_t feature) const {
    return bins_[feature].empty() ? features_->n_categories(feature) : bins_[feature].size();
  }
  [[nodiscard]] const Bin& bin(std::size_t feature, std::size_t code) const { return bins_[feature][code]; }

 private:
  const Features* features_;
  std::size_t n_rows_;
  std::vector<std::uint8_t> codes_;     // [features][n_rows]
  std::vector<std::vector<Bin>> bins_;  // [features][bins], ascending; empty for categoricals
};

}  // namespace forest
NASCENT_SDK_END
