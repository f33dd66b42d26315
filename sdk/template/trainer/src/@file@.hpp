// The baseline every classifier has to beat: always predicts the most frequent class.
#pragma once

#include <algorithm>
#include <array>
#include <nascent/trainer.hpp>
#include <numeric>

class Majority@Class@Model : public nascent::Model {
 public:
  explicit Majority@Class@Model(std::vector<float> logits) : logits_(std::move(logits)) {}
  const nascent::Graph* architecture() const override { return nullptr; }
  std::vector<nascent::NamedTensor> weights() const override {
    std::vector<nascent::NamedTensor> all;
    all.push_back({"prior.logits", nascent::Tensor::from(logits_, {static_cast<std::int64_t>(logits_.size())})});
    return all;
  }
  nascent::Tensor predict(std::vector<nascent::Tensor> inputs) override {
    const std::int64_t rows = inputs.at(0).shape()[0];
    std::vector<float> out;
    for (std::int64_t i = 0; i < rows; ++i) out.insert(out.end(), logits_.begin(), logits_.end());
    return nascent::Tensor::from(std::move(out), {rows, static_cast<std::int64_t>(logits_.size())});
  }
  void save(std::string_view format, const std::string&) override {
    throw nascent::Error(NAS_E_UNSUPPORTED, "this model has no file format '" + std::string(format) + "'");
  }

 private:
  std::vector<float> logits_;
};

class @Class@ : public nascent::Trainer {
 public:
  static constexpr nascent::About about{"com.example.trainer.@name@", "@name@", "0.1.0", "Predicts the most frequent class"};
  static constexpr std::uint32_t training_needs = NAS_NEEDS_DATA;
  static constexpr std::array reported{nascent::reported_metric("val_accuracy", "share of validation rows of that class", nascent::Direction::maximize)};

  std::unique_ptr<nascent::Model> train(const nascent::Task& task, const nascent::TrainRequest& request) override {
    if (task.cancelled()) throw nascent::Error(NAS_E_CANCELLED, "cancelled");  // a longer training asks at every step
    const std::vector<std::int64_t> count = classes(request.train);
    const auto best = std::max_element(count.begin(), count.end()) - count.begin();
    const std::vector<std::int64_t> held_out = classes(request.validation);
    const auto rows = static_cast<double>(std::accumulate(held_out.begin(), held_out.end(), std::int64_t{0}));
    const double accuracy = rows > 0 ? static_cast<double>(held_out[static_cast<std::size_t>(best)]) / rows : 0;
    const nascent::MetricValue metrics[] = {{"val_accuracy", accuracy}};
    static_cast<void>(task.report(request.budget.to, metrics));
    std::vector<float> logits(count.size());
    logits[static_cast<std::size_t>(best)] = 1;
    return std::make_unique<Majority@Class@Model>(std::move(logits));
  }

 private:
  // Rows of each class.
  static std::vector<std::int64_t> classes(const nascent::Subset& rows) {
    if (rows.empty() || rows.n_classes() == 0) throw nascent::Error(NAS_E_INVALID, "trainer \"@name@\" needs a dataset with classes");
    std::vector<std::int64_t> count(static_cast<std::size_t>(rows.n_classes()));
    std::vector<std::int64_t> positions(static_cast<std::size_t>(rows.rows()));
    std::iota(positions.begin(), positions.end(), std::int64_t{0});
    const auto fields = rows.gather(positions);
    for (const std::int64_t c : fields[rows.field(nascent::FieldRole::target)].values<std::int64_t>()) ++count[static_cast<std::size_t>(c)];
    return count;
  }
};
