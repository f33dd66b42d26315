// Two interleaved half circles with noise: a small classification problem that is not linear.
#pragma once

#include <cmath>
#include <nascent/dataset.hpp>
#include <nascent/rng.hpp>

class @Class@ : public nascent::Dataset {
 public:
  static constexpr nascent::About about{"com.example.dataset.@name@", "@name@", "0.1.0", "Two moons"};
  static constexpr std::array options{
      nascent::option("rows", "rows of each split").integer(2, 10'000'000).otherwise(1000),
      nascent::option("noise", "standard deviation of the noise").real(0, 10).otherwise(0.1)};

  explicit @Class@(const nascent::Options& given) {
    const auto rows = static_cast<std::size_t>(given.integer("rows"));
    const double noise = given.real("noise");
    info_.fields = {{"point", nascent::FieldRole::input, nascent::dtype_of<float>(), {2}},
                    {"moon", nascent::FieldRole::target, nascent::dtype_of<std::int64_t>(), {}}};
    info_.class_names = {"upper", "lower"};
    info_.fingerprint = "two-moons-1-" + std::to_string(rows) + "-" + std::to_string(noise);
    for (const char* name : {"train", "test"}) {
      nascent::Rng rng(2024, splits_.size());
      auto split = std::make_shared<Rows>();
      for (std::size_t i = 0; i < rows; ++i) {
        const bool lower = i % 2 == 1;
        const double angle = 3.14159265358979 * rng.uniform();
        const double x = lower ? 1 - std::cos(angle) : std::cos(angle), y = lower ? 0.5 - std::sin(angle) : std::sin(angle);
        split->points.push_back(static_cast<float>(x + noise * rng.normal()));
        split->points.push_back(static_cast<float>(y + noise * rng.normal()));
        split->moons.push_back(lower ? 1 : 0);
      }
      splits_.push_back(std::move(split));
      info_.splits.push_back({name, static_cast<std::int64_t>(rows)});
    }
  }

  const nascent::DatasetInfo& info() const override { return info_; }

  std::optional<std::vector<nascent::Tensor>> whole(std::size_t split) const override {
    const auto& rows = splits_[split];
    const auto n = static_cast<std::int64_t>(rows->moons.size());
    std::vector<nascent::Tensor> tensors;
    tensors.push_back(nascent::Tensor::view(rows->points.data(), info_.fields[0].dtype, {n, 2}, rows));
    tensors.push_back(nascent::Tensor::view(rows->moons.data(), info_.fields[1].dtype, {n}, rows));
    return tensors;
  }

  std::vector<nascent::Tensor> gather(std::size_t split, std::span<const std::int64_t> index) const override {
    std::vector<nascent::Tensor> tensors;
    tensors.push_back(nascent::gather_rows(splits_[split]->points.data(), 2 * sizeof(float), info_.fields[0], index));
    tensors.push_back(nascent::gather_rows(splits_[split]->moons.data(), sizeof(std::int64_t), info_.fields[1], index));
    return tensors;
  }

 private:
  struct Rows {
    std::vector<float> points;        // [rows, 2]
    std::vector<std::int64_t> moons;  // [rows]
  };
  nascent::DatasetInfo info_;
  std::vector<std::shared_ptr<Rows>> splits_;
};
