#include "torch_trainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <span>

#include "device.hpp"
#include "parts.hpp"
#include "tasks.hpp"

namespace {

using namespace tasks;
using nascent::Error;
using nascent::Verdict;
using testing::HasSubstr;

std::vector<std::int64_t> range(std::int64_t begin, std::int64_t end) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(end - begin));
  std::iota(rows.begin(), rows.end(), begin);
  return rows;
}

const Arrays& bar_images() {
  static const Arrays data = bars(1200);
  return data;
}
const std::vector<std::int64_t> kTrainRows = range(0, 1000), kValidationRows = range(1000, 1200);

Training bar_run(Options options = {}, nas_budget budget = epochs(3)) {
  return {small_cnn(), bar_images().subset(kTrainRows), bar_images().subset(kValidationRows), budget, std::move(options)};
}

nas_status status_of(Training run) {
  try {
    run.run();
  } catch (const Error& error) {
    return error.status();
  }
  return NAS_OK;
}

class Learning : public testing::TestWithParam<Options> {};
INSTANTIATE_TEST_SUITE_P(
    Options, Learning,
    testing::Values(Options{}, Options{{"optimizer", "sgd"}, {"learning_rate", 0.1}, {"schedule", "cosine"}},
                    Options{{"optimizer", "adam"}, {"schedule", "step"}, {"weight_decay", 0.0001}}, Options{{"schedule", "constant"}},
                    Options{{"label_smoothing", 0.1}, {"clip_norm", 1.0}}, Options{{"ema_decay", 0.95}}, Options{{"precision", "bf16"}},
                    Options{{"flip", "both"}, {"shift", std::int64_t{1}}, {"cutout", std::int64_t{2}}}, Options{{"mixup", 0.2}},
                    Options{{"batch_size", std::int64_t{33}}}));

TEST_P(Learning, reaches_nine_tenths_on_bars) {
  Training run = bar_run(GetParam(), epochs(6));
  run.options.try_emplace("batch_size", std::int64_t{32});
  run.run();
  EXPECT_GT(run.last("val_accuracy"), 0.9);
}

TEST(TorchTrainer, reports_each_epoch_what_the_reference_promises) {
  Training run = bar_run();
  run.run();
  ASSERT_EQ(run.reports.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_DOUBLE_EQ(run.reports[i].budget, static_cast<double>(i) + 1);
    std::vector<std::string> names;
    for (const auto& [name, value] : run.reports[i].metrics) names.push_back(name);
    EXPECT_EQ(names, (std::vector<std::string>{"epoch_seconds", "train_loss", "val_accuracy", "val_loss"}));
  }
}

TEST(TorchTrainer, without_validation_rows_reports_training_metrics_only) {
  Training run = bar_run();
  run.validation = {};
  run.run();
  EXPECT_FALSE(run.reports[0].metrics.contains("val_loss"));
  EXPECT_TRUE(run.reports[0].metrics.contains("train_loss"));
}

TEST(TorchTrainer, the_same_seed_gives_the_same_weights_to_the_bit) {
  const Options noisy{{"precision", "fp32"}, {"shift", std::int64_t{1}}, {"mixup", 0.2}};
  const auto weights = [&](std::uint64_t seed) {
    Training run = bar_run(noisy);
    run.seed = seed;
    return numbers(*run.run());
  };
  EXPECT_EQ(weights(1), weights(1));
  EXPECT_NE(weights(1), weights(2));
}

TEST(TorchTrainer, data_handed_out_by_rows_trains_the_same_model) {
  const Arrays whole = bars(300), by_rows = bars(300, Access::rows);
  const auto weights = [](const Arrays& data) { return numbers(*Training{small_cnn(), data.all(), {}, epochs(2), {{"flip", "horizontal"}}}.run()); };
  EXPECT_EQ(weights(whole), weights(by_rows));
}

TEST(TorchTrainer, regression_is_measured_in_the_targets_own_units) {
  const Arrays data = line(600);
  Training run{small_mlp(2, 1), data.subset(range(0, 500)), {}, epochs(60), {{"learning_rate", 0.01}, {"batch_size", std::int64_t{50}}}};
  const std::vector<std::int64_t> train = range(0, 500), validation = range(500, 600);
  run.train = data.subset(train);
  run.validation = data.subset(validation);
  for (const char* loss : {"mse", "huber"}) {
    run.options["loss"] = loss;
    const auto model = run.run();
    EXPECT_LT(run.last("val_rmse"), 15) << loss;  // the noise alone is 5, the target's deviation 112
    std::vector<nascent::Tensor> inputs;
    inputs.push_back(data.inputs(validation));
    const nascent::Tensor y = model->predict(std::move(inputs));
    EXPECT_NEAR(std::accumulate(y.values<float>().begin(), y.values<float>().end(), 0.0) / 100, 1000, 40);
  }
}

TEST(TorchTrainer, sequences_of_tokens_train) {
  const Arrays data = tokens(800);
  Training run{small_recurrent(), data.all(), data.all(), epochs(25), {{"learning_rate", 0.02}, {"batch_size", std::int64_t{50}}}};
  run.run();
  EXPECT_GT(run.last("val_accuracy"), 0.9);
}

TEST(TorchTrainer, a_budget_in_steps_ends_within_an_epoch) {
  Training run = bar_run({{"batch_size", std::int64_t{100}}}, steps(25));
  run.run();
  ASSERT_EQ(run.reports.size(), 3U);
  EXPECT_EQ(run.reports[0].budget, 10);
  EXPECT_EQ(run.reports[2].budget, 25);
}

TEST(TorchTrainer, a_budget_in_seconds_is_kept) {
  Training run = bar_run({}, seconds(0.5));
  run.run();
  EXPECT_GE(run.reports.back().budget, 0.5);
  EXPECT_LT(run.reports.back().budget, 5);  // one step and a validation, on a busy machine
}

TEST(TorchTrainer, a_budget_in_fraction_goes_through_growing_parts_and_reports_after_each) {
  Training run = bar_run({{"batch_size", std::int64_t{100}}, {"passes", std::int64_t{2}}}, fraction(1));
  run.run();
  std::vector<double> budgets;
  for (const auto& report : run.reports) budgets.push_back(report.budget);
  EXPECT_EQ(budgets, (std::vector<double>{0.0625, 0.125, 0.25, 0.5, 1}));
  EXPECT_GT(run.last("val_accuracy"), run.reports[0].metrics.at("val_accuracy"));

  run.options["fraction_first"] = 0.3;
  run.budget = fraction(0.6);
  run.cancelled_after = 11;  // 300 rows and 600 rows, twice each, would be 18 steps
  EXPECT_EQ(status_of(run), NAS_E_CANCELLED);
  run.cancelled_after = 18;
  EXPECT_EQ(status_of(run), NAS_OK);
}

// y = 2 x + 3 for x from 0 to n - 1, but that the targets of `elsewhere` stand in reverse.
Arrays numbered_rows(std::int64_t n, std::span<const std::int64_t> elsewhere) {
  std::vector<float> x, y;
  for (std::int64_t i = 0; i < n; ++i) x.push_back(static_cast<float>(i)), y.push_back(static_cast<float>(2 * i + 3));
  for (std::size_t i = 0; i < elsewhere.size() / 2; ++i) {
    std::swap(y[static_cast<std::size_t>(elsewhere[i])], y[static_cast<std::size_t>(elsewhere[elsewhere.size() - 1 - i])]);
  }
  return Arrays(std::move(x), {1}, std::move(y), 0);
}

TEST(TorchTrainer, a_fraction_of_the_rows_is_the_same_for_every_seed_and_nothing_else_is_seen) {
  const std::vector<std::int64_t> order = nascent::libtorch::order_of_parts(200, {});
  const Arrays plain = numbered_rows(200, {}), changed = numbered_rows(200, std::span(order).subspan(50));
  const auto furthest = [&](std::uint64_t seed, double to) {
    const auto weights = [&](const Arrays& data) {
      Training run{small_mlp(1, 1), data.all(), {}, fraction(to), {{"precision", "fp32"}, {"batch_size", std::int64_t{10}}, {"passes", std::int64_t{4}}}};
      run.seed = seed;
      return numbers(*run.run());
    };
    const std::vector<float> a = weights(plain), b = weights(changed);
    float most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
    return most;
  };
  for (const std::uint64_t seed : {1, 2}) {
    EXPECT_LT(furthest(seed, 0.25), 1e-4) << "up to the rounding of what is standardised by all rows";
    EXPECT_GT(furthest(seed, 1), 1e-2);
  }
}

TEST(TorchTrainer, data_handed_out_by_rows_has_the_same_parts) {
  const Arrays whole = bars(300), by_rows = bars(300, Access::rows);
  const auto weights = [](const Arrays& data) { return numbers(*Training{small_cnn(), data.all(), {}, fraction(0.5)}.run()); };
  EXPECT_EQ(weights(whole), weights(by_rows));
}

TEST(TorchTrainer, a_schedule_of_more_than_all_rows_is_refused) {
  Training run = bar_run({{"schedule_length", 9.0}}, fraction(1));
  EXPECT_EQ(status_of(run), NAS_E_INVALID);
}

TEST(TorchTrainer, the_verdict_stop_ends_with_the_model_so_far) {
  Training run = bar_run({}, epochs(50));
  run.verdict = [](const auto& report) { return report.budget >= 2 ? Verdict::stop : Verdict::go; };
  EXPECT_NE(run.run(), nullptr);
  EXPECT_EQ(run.reports.size(), 2U);
}

TEST(TorchTrainer, patience_stops_and_hands_back_the_best_weights) {
  // A learning rate of zero after the warm-up's first epochs cannot improve for long.
  Training run = bar_run({{"patience", std::int64_t{2}}, {"learning_rate", 1e-9}, {"precision", "fp32"}}, epochs(50));
  const auto model = run.run();
  EXPECT_LT(run.reports.size(), 10U);
  EXPECT_NE(model, nullptr);
}

TEST(TorchTrainer, divergence_is_an_outcome_of_its_own) {
  const Training run = bar_run({{"optimizer", "sgd"}, {"learning_rate", 1000.0}, {"schedule", "constant"}, {"warmup", 0.0}}, epochs(20));
  EXPECT_EQ(status_of(run), NAS_E_NUMERIC);
}

TEST(TorchTrainer, is_cancelled_between_steps) {
  const training::Config config(nascent::libtorch::torch_options, {});
  training::KeptReports kept(1);
  kept.cancelled = true;
  nascent::libtorch::TorchTrainer trainer(nascent::Options(nullptr), {});
  const nascent::TrainRequest request{small_cnn(), nascent::Options(config.get()), nascent::Subset(bar_images().all()), nascent::Subset(nas_subset{}), epochs(1),
                                      "", "", "", {}, nascent::SpaceView(nullptr), nascent::ConstRow({}, {})};
  try {
    static_cast<void>(trainer.train(kept.task(), request));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), NAS_E_CANCELLED);
  }
}

TEST(TorchTrainer, initial_weights_are_taken_by_name_and_shape) {
  const auto first = bar_run().run();
  Training run = bar_run({}, steps(0));
  std::vector<nascent::NamedTensor> weights = first->weights();
  std::vector<float> other_shape(7);
  for (const nascent::NamedTensor& w : weights) run.initial_weights.push_back({nascent::str(w.name), w.tensor.get()});
  const nascent::Tensor wrong = nascent::Tensor::from(other_shape, {7});
  run.initial_weights[0].tensor = wrong.get();
  const auto second = run.run();
  const std::vector<nascent::NamedTensor> taken = second->weights();
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const auto a = weights[i].tensor.values<float>(), b = taken[i].tensor.values<float>();
    EXPECT_EQ(std::equal(a.begin(), a.end(), b.begin()), i > 0) << taken[i].name;
  }
}

TEST(TorchTrainer, what_does_not_fit_is_refused_with_the_way_out) {
  const auto message = [](Training run) -> std::string {
    try {
      run.run();
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), NAS_E_INVALID);
      return error.option() + " " + error.what();
    }
    return "accepted";
  };
  const Arrays table = line(20);
  EXPECT_THAT(message({small_mlp(2, 1), table.all(), {}, epochs(1), {{"loss", "cross_entropy"}}}), HasSubstr("/loss loss is \"cross_entropy\" but the dataset has no classes"));
  EXPECT_THAT(message({small_mlp(2, 1), table.all(), {}, epochs(1), {{"flip", "horizontal"}}}),
              HasSubstr("/flip flip changes images, and an input row of this dataset is no image [channels, height, width] of uint8 or float32; set flip = \"none\""));
  EXPECT_THAT(message({small_mlp(2, 1), table.all(), {}, epochs(1), {{"cutout", std::int64_t{2}}}}), HasSubstr("/cutout cutout changes images"));
  EXPECT_THAT(message({small_mlp(3, 1), table.all(), {}, epochs(1)}), HasSubstr("field 'x' has rows of shape 2; the architecture's input 'row' is 3"));
  EXPECT_THAT(message({small_mlp(2, 4), table.all(), {}, epochs(1)}), HasSubstr("the architecture has 4 outputs; this dataset needs 1"));
  if (!at::hasCUDA()) {
    EXPECT_THAT(message(bar_run({{"device", "cuda"}})), HasSubstr("/device device is \"cuda\" but this LibTorch sees no CUDA device; use \"auto\" or \"cpu\""));
  }
}

TEST(TorchTrainer, a_leased_device_that_is_not_there_is_no_fault_of_the_configuration) {
  if (at::hasCUDA()) GTEST_SKIP() << "this machine has CUDA";
  training::KeptReports kept(1);
  kept.device_type = 2;
  try {
    static_cast<void>(nascent::libtorch::choose_device(nascent::libtorch::DeviceChoice::automatic, kept.task()));
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), NAS_E_UNSUPPORTED);
    EXPECT_STREQ(error.what(), "the study leases cuda:0 to this trial (workers.devices), and this LibTorch sees 0 CUDA devices, which count "
                               "from 0; name those, or \"cpu\"");
  }
}

TEST(TorchTrainer, cuda_where_there_is_none_is_refused_when_the_trainer_is_created) {
  if (at::hasCUDA()) GTEST_SKIP() << "this machine has CUDA";
  using nascent::libtorch::TorchTrainer;
  const auto refusal = [](const char* device) -> std::string {
    const training::Config config(TorchTrainer::options, {{"device", std::string(device)}});
    try {
      const TorchTrainer trainer(nascent::Options(config.get()), {});
    } catch (const Error& error) {
      return error.option();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal("cuda"), "/device");
  EXPECT_EQ(refusal("cpu"), "accepted");
  EXPECT_EQ(refusal("auto"), "accepted");
}

}  // namespace
