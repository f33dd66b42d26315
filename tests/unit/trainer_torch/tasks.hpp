// Small learnable tasks and one call that trains on them.
#pragma once

#include <cmath>
#include <optional>

#include "nascent/rng.hpp"
#include "torch_trainer.hpp"
#include "training.hpp"

namespace tasks {

using training::Access;
using training::Arrays;
using Options = std::map<std::string, training::Config::Value>;

// Images 1x8x8 of uint8: a bright bar, upright (0), lying (1) or slanted (2), at a random place, on noise.
inline Arrays bars(std::int64_t rows, Access access = Access::whole, std::uint64_t seed = 1) {
  nascent::Rng rng(seed);
  std::vector<std::uint8_t> x;
  std::vector<std::int64_t> y;
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto kind = static_cast<std::int64_t>(rng.below(3)), at = static_cast<std::int64_t>(rng.below(8));
    for (std::int64_t r = 0; r < 8; ++r) {
      for (std::int64_t c = 0; c < 8; ++c) {
        const bool lit = kind == 0 ? c == at : kind == 1 ? r == at : (r + c) % 8 == at;
        x.push_back(static_cast<std::uint8_t>(rng.below(90) + (lit ? 150 : 0)));
      }
    }
    y.push_back(kind);
  }
  return Arrays(std::move(x), {1, 8, 8}, std::move(y), 3, access);
}

// y = 1000 + 50 (a - 2 b + noise), two float features on different scales.
inline Arrays line(std::int64_t rows) {
  nascent::Rng rng(2);
  std::vector<float> x, y;
  for (std::int64_t i = 0; i < rows; ++i) {
    const double a = rng.normal(), b = rng.normal();
    x.insert(x.end(), {static_cast<float>(a), static_cast<float>(300 + 20 * b)});
    y.push_back(static_cast<float>(1000 + 50 * (a - 2 * b + 0.1 * rng.normal())));
  }
  return Arrays(std::move(x), {2}, std::move(y), 0);
}

// Four tokens of seven; the class is the parity of how many are above 3.
inline Arrays tokens(std::int64_t rows) {
  nascent::Rng rng(3);
  std::vector<std::int64_t> x, y;
  for (std::int64_t i = 0; i < rows; ++i) {
    std::int64_t count = 0;
    for (int k = 0; k < 4; ++k) {
      x.push_back(static_cast<std::int64_t>(rng.below(7)));
      count += x.back() > 3 ? 1 : 0;
    }
    y.push_back(count % 2);
  }
  return Arrays(std::move(x), {4}, std::move(y), 2);
}

inline nascent::Graph small_cnn() {
  nascent::Graph graph;
  nascent::Edge x = graph.input("image", {1, 8, 8});
  x = graph.activation(graph.batch_norm(graph.conv(x, 8, 3, {.bias = nascent::Bias::without})), "relu");
  x = graph.max_pool(x, 2);
  x = graph.dropout(graph.activation(graph.conv(x, 8, 3), "relu"), 0.1);
  graph.output(graph.linear(graph.flatten(x), 3));
  return graph;
}

inline nascent::Graph small_mlp(std::int64_t inputs, std::int64_t outputs) {
  nascent::Graph graph;
  const nascent::Edge x = graph.activation(graph.linear(graph.input("row", {inputs}), 16), "relu");
  graph.output(graph.linear(x, outputs));
  return graph;
}

inline nascent::Graph small_recurrent() {
  nascent::Graph graph;
  const auto y = graph.gru(graph.embedding(graph.input("tokens", {4}, "int64"), 7, 8), 16);
  graph.output(graph.linear(nascent::Edge(y, 1), 2));
  return graph;
}

inline nas_budget epochs(double to, double from = 0) { return {NAS_UNIT_EPOCH, 0, from, to}; }
inline nas_budget steps(double to, double from = 0) { return {NAS_UNIT_STEP, 0, from, to}; }
inline nas_budget seconds(double to) { return {NAS_UNIT_SECOND, 0, 0, to}; }
inline nas_budget fraction(double to, double from = 0) { return {NAS_UNIT_FRACTION, 0, from, to}; }

// One training; members may be changed before run().
struct Training {
  nascent::Graph graph;
  nas_subset train{}, validation{};
  nas_budget budget = epochs(2);
  Options options{};
  std::string resume_dir{}, checkpoint_dir{}, inherit_dir{};
  std::vector<nas_named_tensor> initial_weights{};
  std::uint64_t seed = 1;
  std::uint32_t rank = 0, processes = 1;  // this one among those that train together
  std::string rendezvous{};
  bool cancelled = false;
  std::optional<std::int64_t> cancelled_after{};  // so many steps
  std::function<nascent::Verdict(const training::KeptReports::Report&)> verdict{};
  std::vector<training::KeptReports::Report> reports{};

  std::unique_ptr<nascent::Model> run() {
    const training::Config config(nascent::libtorch::torch_options, options);
    training::KeptReports kept(seed);
    kept.verdict = verdict;
    kept.rank = rank;
    kept.processes = processes;
    kept.rendezvous = rendezvous;
    kept.cancelled = cancelled;
    std::int64_t polls = 0;
    kept.polled = [&] { kept.cancelled = cancelled || (cancelled_after && polls >= *cancelled_after); ++polls; };
    nascent::libtorch::TorchTrainer trainer(nascent::Options(nullptr), {});
    const nascent::TrainRequest request{graph, nascent::Options(config.get()), nascent::Subset(train), nascent::Subset(validation), budget,
                                        resume_dir, checkpoint_dir, "", initial_weights, nascent::SpaceView(nullptr), nascent::ConstRow({}, {}),
                                        inherit_dir};
    auto model = trainer.train(kept.task(), request);
    reports = kept.reports;
    return model;
  }
  [[nodiscard]] double last(const std::string& metric) const { return reports.back().metrics.at(metric); }
};

// All weights one after the other.
inline std::vector<float> numbers(const nascent::Model& model) {
  std::vector<float> all;
  for (const nascent::NamedTensor& weight : model.weights()) {
    const std::span<const float> values = weight.tensor.values<float>();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

}  // namespace tasks
