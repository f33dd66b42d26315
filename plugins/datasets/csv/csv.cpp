#include "csv.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace nascent::csv {
namespace {

// XXH3-128 of the files and of every option that decides what becomes of them.
std::string fingerprint_of(const Options& given, const Plan& plan) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += std::to_string(part.size()) + ":" + part; };
  for (const char* name : {"target", "ignore", "categorical", "group", "time", "missing_tokens"}) {
    add(name);
    for (const std::string& value : given.texts(name)) add(value);
  }
  for (const char* name : {"task", "delimiter", "missing"}) add(given.text(name));
  for (const char* name : {"header", "standardize", "standardize_target"}) add(given.flag(name) ? "1" : "0");
  for (const char* name : {"split_seed", "categories_max"}) add(std::to_string(given.integer(name)));
  add(std::to_string(given.real("test_share")));
  for (const CsvFile& file : plan.files) add(file.text());
  const XXH128_hash_t digest = XXH3_128bits(text.data(), text.size());
  std::array<char, 40> hex{};
  std::snprintf(hex.data(), hex.size(), "xxh3:%016llx%016llx", static_cast<unsigned long long>(digest.high64),
                static_cast<unsigned long long>(digest.low64));
  return hex.data();
}

}  // namespace

Csv::Csv(const Options& given) {
  const Plan plan(given);
  for (const PlannedSplit& split : plan.splits)
    info_.splits.push_back({split.name, static_cast<std::int64_t>(split.rows.size())});
  stored_.resize(plan.splits.size());
  info_.class_names = plan.class_names;
  store_features(plan);
  plan.class_names.empty() ? store_values(plan) : store_classes(plan);
  if (plan.group) store_groups(plan);
  if (plan.time) store_times(plan);
  info_.fingerprint = fingerprint_of(given, plan);
}

template <class T>
void Csv::store(std::size_t split, std::vector<T> values) {
  const std::size_t rows = static_cast<std::size_t>(info_.splits[split].rows), bytes = values.size() * sizeof(T);
  auto owner = std::make_shared<const std::vector<T>>(std::move(values));
  const void* data = owner->data();
  stored_[split].push_back({std::move(owner), data, bytes / rows});
}

void Csv::store_features(const Plan& plan) {
  const PlannedSplit& train = plan.splits.front();
  std::vector<ColumnEncoding> encodings;
  std::size_t width = 0;
  for (const std::size_t column : plan.inputs) {
    const bool categorical =
        std::find(plan.categorical.begin(), plan.categorical.end(), column) != plan.categorical.end();
    encodings.push_back(categorical ? ColumnEncoding::of_categories(train.cells, column, train.rows, plan.settings)
                                    : ColumnEncoding::of_numbers(train.cells, column, train.rows, plan.settings));
    width += encodings.back().width();
  }
  info_.fields.push_back({"features", FieldRole::input, dtype_of<float>(), {static_cast<std::int64_t>(width)}});
  for (std::size_t s = 0; s < plan.splits.size(); ++s) {
    const PlannedSplit& split = plan.splits[s];
    std::vector<float> values;
    values.reserve(split.rows.size() * width);
    for (const std::size_t row : split.rows) {
      for (std::size_t i = 0; i < encodings.size(); ++i)
        encodings[i].encode(split.cells, row, split.column_of[plan.inputs[i]], values);
    }
    store(s, std::move(values));
  }
}

void Csv::store_classes(const Plan& plan) {
  info_.fields.push_back({"target", FieldRole::target, dtype_of<std::int64_t>(), {}});
  for (std::size_t s = 0; s < plan.splits.size(); ++s) {
    const PlannedSplit& split = plan.splits[s];
    std::vector<std::int64_t> labels;
    for (const std::size_t row : split.rows)
      labels.push_back(plan.class_of.at(split.cells.file().cell(row, split.column_of[plan.targets.front()])));
    store(s, std::move(labels));
  }
}

void Csv::store_values(const Plan& plan) {
  info_.fields.push_back(
      {"target", FieldRole::target, dtype_of<float>(), {static_cast<std::int64_t>(plan.targets.size())}});
  const PlannedSplit& train = plan.splits.front();
  EncodingSettings settings = plan.settings;
  settings.standardize = plan.standardize_target;
  std::vector<ColumnEncoding> encodings;
  for (const std::size_t column : plan.targets)
    encodings.push_back(ColumnEncoding::of_numbers(train.cells, column, train.rows, settings));
  for (std::size_t s = 0; s < plan.splits.size(); ++s) {
    const PlannedSplit& split = plan.splits[s];
    std::vector<float> values;
    for (const std::size_t row : split.rows) {
      for (std::size_t i = 0; i < encodings.size(); ++i)
        encodings[i].encode(split.cells, row, split.column_of[plan.targets[i]], values);
    }
    store(s, std::move(values));
  }
}

void Csv::store_groups(const Plan& plan) {
  info_.fields.push_back({"group", FieldRole::group, dtype_of<std::int64_t>(), {}});
  TextNumbers numbers;
  for (std::size_t s = 0; s < plan.splits.size(); ++s) {
    const PlannedSplit& split = plan.splits[s];
    std::vector<std::int64_t> values;
    for (const std::size_t row : split.rows)
      values.push_back(numbers.of(text_of(split.cells, row, split.column_of[*plan.group])));
    store(s, std::move(values));
  }
}

void Csv::store_times(const Plan& plan) {
  info_.fields.push_back({"time", FieldRole::time, dtype_of<double>(), {}});
  for (std::size_t s = 0; s < plan.splits.size(); ++s) {
    const PlannedSplit& split = plan.splits[s];
    std::vector<double> values;
    for (const std::size_t row : split.rows) values.push_back(number_of(split.cells, row, split.column_of[*plan.time]));
    store(s, std::move(values));
  }
}

std::optional<std::vector<Tensor>> Csv::whole(std::size_t split) const {
  std::vector<Tensor> tensors;
  for (std::size_t f = 0; f < info_.fields.size(); ++f) {
    std::vector<std::int64_t> shape{info_.splits[split].rows};
    shape.insert(shape.end(), info_.fields[f].shape.begin(), info_.fields[f].shape.end());
    tensors.push_back(
        Tensor::view(stored_[split][f].data, info_.fields[f].dtype, std::move(shape), stored_[split][f].owner));
  }
  return tensors;
}

std::vector<Tensor> Csv::gather(std::size_t split, std::span<const std::int64_t> index) const {
  std::vector<Tensor> tensors;
  for (std::size_t f = 0; f < info_.fields.size(); ++f) {
    tensors.push_back(gather_rows(stored_[split][f].data, stored_[split][f].row_bytes, info_.fields[f], index));
  }
  return tensors;
}

}  // namespace nascent::csv
