// Tables in CSV files: numeric and categorical columns, classification and regression.
#pragma once

#include <array>
#include <memory>

#include "nascent/dataset.hpp"
#include "plan.hpp"

namespace nascent::csv {

inline constexpr auto task_choices = names("auto", "classification", "regression");
inline constexpr auto missing_choices = names("impute", "refuse");

// Fields "features" (float32 [n]), "target" (int64 scalar, or float32 [n_targets]) and, where the options name a
// column, "group" (int64) and "time" (float64). Everything that is learnt from data (means, medians, categories) comes
// from the training rows.
class Csv : public Dataset {
 public:
  static constexpr About about{"org.nascent.dataset.csv", "csv", "1.0.0",
                               "Tables in CSV files, for classification and regression"};
  static constexpr std::array options{
      option("path", "the file").path().required(),
      option("target", "column to predict; several for a regression of several values").texts().required(),
      option("task", "what to predict; auto: numbers that are not up to 20 whole ones make a regression")
          .one_of(task_choices)
          .otherwise("auto"),
      option("delimiter", "one character between cells, or tab").text().otherwise(","),
      option("header", "the first line names the columns; else they are column1, column2, ...").flag().otherwise(true),
      option("test_path", "a second file of the same columns as the test split").path(),
      option("test_share", "share of the rows held out as the test split when there is no test_path")
          .real(0, 0.9)
          .otherwise(0.2),
      option("split_seed", "seed of that choice").integer(0, 9007199254740992).otherwise(0),
      option("ignore", "columns to leave out").texts(),
      option("categorical", "columns of categories although they hold numbers").texts(),
      option("group", "column whose equal values stay together when rows are split").text(),
      option("time", "column of times: the latest rows become the test split").text(),
      option("missing_tokens", "cells without a value; a list given here replaces the default")
          .texts()
          .otherwise("\nNA\nNaN\nnan\nN/A\nnull\n?"),
      option("missing", "impute: median or most frequent, with an indicator; refuse: an error")
          .one_of(missing_choices)
          .otherwise("impute"),
      option("standardize", "numbers to mean 0 and standard deviation 1 of the training rows").flag().otherwise(true),
      option("standardize_target", "the same for regression targets; metrics are then in those units")
          .flag()
          .otherwise(false),
      option("categories_max", "categories kept of one column, the most frequent first")
          .integer(1, 100000)
          .otherwise(100)};

  explicit Csv(const Options& given);

  [[nodiscard]] const DatasetInfo& info() const override { return info_; }
  [[nodiscard]] std::optional<std::vector<Tensor>> whole(std::size_t split) const override;
  [[nodiscard]] std::vector<Tensor> gather(std::size_t split, std::span<const std::int64_t> index) const override;

 private:
  // One field of one split in memory.
  struct Stored {
    std::shared_ptr<const void> owner;
    const void* data;
    std::size_t row_bytes;
  };
  void store_features(const Plan& plan);
  void store_classes(const Plan& plan);
  void store_values(const Plan& plan);
  void store_groups(const Plan& plan);
  void store_times(const Plan& plan);
  // Adds one field's values, row after row, to a split.
  template <class T>
  void store(std::size_t split, std::vector<T> values);

  std::vector<std::vector<Stored>> stored_;  // [split][field]
  DatasetInfo info_;
};

}  // namespace nascent::csv
