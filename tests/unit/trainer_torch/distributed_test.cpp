// Training over several processes. Here each is a thread with its own trainer: what they share goes through Gloo's sockets either way.
#include "distributed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tasks.hpp"

namespace {

using namespace tasks;
using nascent::Edge;
using nascent::Error;
using nascent::Graph;
using nascent::Verdict;
using nascent::libtorch::Team;
using testing::HasSubstr;
using Member = std::function<void(std::uint32_t rank, const std::string& rendezvous)>;

struct Outcome {
  nas_status status = NAS_OK;
  std::string message;
};

// Runs `member` once per process, each in its own thread.
std::vector<Outcome> run_members(std::uint32_t processes, const Member& member) {
  static std::atomic<int> meetings = 0;
  const auto path = std::filesystem::temp_directory_path() / ("nascent_team_" + std::to_string(::getpid()) + "_" + std::to_string(++meetings));
  std::ofstream(path).flush();
  std::vector<Outcome> outcomes(processes);
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t rank = 0; rank < processes; ++rank) {
      threads.emplace_back([&, rank] {
        try {
          member(rank, path.string());
        } catch (const Error& error) {
          outcomes[rank] = {error.status(), error.what()};
        }
      });
    }
  }
  std::filesystem::remove(path);
  return outcomes;
}

struct Trained {
  std::vector<std::vector<float>> weights;  // of each process
  std::vector<training::KeptReports::Report> reports;
  std::vector<Outcome> outcomes;
};

// Only the first process has a checkpoint, a verdict and a wish to stop, as with the host.
Trained train_together(const Training& run, std::uint32_t processes) {
  Trained trained;
  trained.weights.resize(processes);
  trained.outcomes = run_members(processes, [&](std::uint32_t rank, const std::string& rendezvous) {
    Training mine = run;
    mine.rank = rank;
    mine.processes = processes;
    mine.rendezvous = rendezvous;
    if (rank > 0) mine.checkpoint_dir = mine.resume_dir = "", mine.verdict = {}, mine.cancelled = false;
    trained.weights[rank] = numbers(*mine.run());
    if (rank == 0) trained.reports = mine.reports;
    EXPECT_EQ(mine.reports.empty(), rank > 0) << "process " << rank;
  });
  return trained;
}

void expect_success(const Trained& trained) {
  for (const Outcome& outcome : trained.outcomes) ASSERT_EQ(outcome.status, NAS_OK) << outcome.message;
}

// In float32 a sum in another order differs by some 1e-7 of its terms, and every step carries the difference on.
constexpr double kTolerance = 2e-5;

void expect_same_as_one_process(Training run, std::uint32_t processes) {
  SCOPED_TRACE("processes = " + std::to_string(processes));
  run.options.emplace("precision", "fp32");
  run.options.emplace("optimizer", "sgd");
  run.options.emplace("learning_rate", 0.05);
  Training alone = run;
  const std::vector<float> expected = numbers(*alone.run());
  const Trained together = train_together(run, processes);
  expect_success(together);
  ASSERT_EQ(together.reports.size(), alone.reports.size());
  for (std::size_t i = 0; i < alone.reports.size(); ++i) {
    EXPECT_DOUBLE_EQ(together.reports[i].budget, alone.reports[i].budget);
    for (const auto& [name, value] : alone.reports[i].metrics) {
      if (name == "epoch_seconds") continue;
      EXPECT_NEAR(together.reports[i].metrics.at(name), value, kTolerance * std::max(1.0, std::abs(value))) << name << " of report " << i;
    }
  }
  for (std::uint32_t rank = 0; rank < processes; ++rank) {
    ASSERT_EQ(together.weights[rank].size(), expected.size());
    EXPECT_EQ(together.weights[rank], together.weights[0]) << "process " << rank << " has other weights than the first";
    double furthest = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) furthest = std::max(furthest, std::abs(double{together.weights[rank][i]} - expected[i]));
    EXPECT_LT(furthest, kTolerance);
  }
}

// Two norms that meet, a norm without a rectifier, dropout at two places.
Graph residual_cnn() {
  Graph graph;
  const Edge x = graph.dropout(graph.input("image", {1, 8, 8}), 0.1);
  const Edge y = graph.activation(graph.batch_norm(graph.conv(x, 6, 3)), "relu");
  const Edge z = graph.activation(graph.add(graph.batch_norm(graph.conv(y, 6, 3)), graph.batch_norm(graph.conv(x, 6, 1))), "relu");
  graph.output(graph.linear(graph.dropout(graph.flatten(graph.batch_norm(z)), 0.3), 3));
  return graph;
}

// Wide enough for more than one bucket of gradients, with norms over rows of features.
Graph wide_mlp() {
  Graph graph;
  Edge x = graph.activation(graph.batch_norm(graph.linear(graph.input("row", {2}), 700)), "relu");
  x = graph.activation(graph.batch_norm(graph.linear(x, 700)), "relu");
  graph.output(graph.linear(graph.dropout(x, 0.2), 1));
  return graph;
}

Training bars_run(const Arrays& data, Graph graph, Options options = {}) {
  options.emplace("batch_size", std::int64_t{16});
  return {std::move(graph), data.all(), data.all(), epochs(2), std::move(options)};
}

class Together : public testing::Test {
 protected:
  void SetUp() override {
    if (!nascent::libtorch::has_distributed(at::kCPU)) GTEST_SKIP() << "built without Gloo";
  }
};

// 50 rows in batches of 16: four batches of 12 or 13, in shares that differ by a row.
TEST_F(Together, a_cnn_with_norms_and_dropout_trains_as_in_one_process) {
  const Arrays data = bars(50);
  for (const std::uint32_t processes : {2U, 3U}) {
    expect_same_as_one_process(bars_run(data, small_cnn()), processes);
    expect_same_as_one_process(bars_run(data, residual_cnn(), {{"clip_norm", 0.5}, {"ema_decay", 0.8}, {"label_smoothing", 0.1}}), processes);
  }
}

TEST_F(Together, every_step_has_the_loss_of_one_process) {
  const Arrays data = bars(13);
  Training run = bars_run(data, small_cnn());
  run.budget = epochs(8);  // of one step each
  for (const std::uint32_t processes : {2U, 3U}) expect_same_as_one_process(run, processes);
}

TEST_F(Together, an_mlp_trains_as_in_one_process) {
  const Arrays data = line(47);
  for (const std::uint32_t processes : {2U, 3U}) {
    const Training run{wide_mlp(), data.all(), data.all(), epochs(2), {{"batch_size", std::int64_t{12}}, {"loss", "huber"}, {"learning_rate", 0.01}}};
    expect_same_as_one_process(run, processes);
  }
}

TEST_F(Together, augmentation_is_drawn_for_the_whole_batch) {
  const Arrays data = bars(50);
  for (const std::uint32_t processes : {2U, 3U}) {
    expect_same_as_one_process(bars_run(data, small_cnn(), {{"flip", "both"}, {"shift", std::int64_t{2}}, {"cutout", std::int64_t{3}}, {"mixup", 0.4}}), processes);
  }
}

TEST_F(Together, growing_parts_of_the_data_train_as_in_one_process) {
  const Arrays data = bars(50);
  for (const std::uint32_t processes : {2U, 3U}) {
    Training run = bars_run(data, small_cnn(), {{"passes", std::int64_t{1}}});
    run.budget = fraction(1);
    expect_same_as_one_process(run, processes);  // from 3 rows to 50
  }
}

TEST_F(Together, a_part_with_fewer_rows_than_processes_is_refused) {
  const Arrays data = bars(20);
  Training run = bars_run(data, small_cnn());
  run.budget = fraction(1);
  for (const Outcome& outcome : train_together(run, 3).outcomes) {
    EXPECT_EQ(outcome.status, NAS_E_INVALID) << outcome.message;
    EXPECT_THAT(outcome.message, HasSubstr("a batch of 2 rows is too small for processes = 3: each needs a row of every batch; use a larger "
                                           "batch_size, a larger fraction_first or fewer processes"));
  }
}

TEST_F(Together, data_that_does_not_lie_in_memory_trains_as_in_one_process) {
  const Arrays data = bars(40, Access::rows);
  expect_same_as_one_process(bars_run(data, small_cnn(), {{"mixup", 0.4}, {"shift", std::int64_t{1}}}), 2);
}

TEST_F(Together, the_same_seed_gives_the_same_weights_to_the_bit) {
  const Arrays data = bars(50);
  const Training run = bars_run(data, residual_cnn(), {{"precision", "fp32"}});
  const Trained first = train_together(run, 3), second = train_together(run, 3);
  expect_success(first);
  expect_success(second);
  EXPECT_EQ(first.weights, second.weights);
}

TEST_F(Together, a_checkpoint_serves_any_number_of_processes) {
  const auto folder = std::filesystem::temp_directory_path() / ("nascent_team_checkpoint_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const Arrays data = bars(50);
  Training whole = bars_run(data, small_cnn(), {{"precision", "fp32"}, {"ema_decay", 0.9}, {"patience", std::int64_t{50}}, {"learning_rate", 0.001}, {"schedule_length", 4.0}});
  Training first = whole, second = whole;
  first.checkpoint_dir = second.resume_dir = folder.string();
  second.budget = whole.budget = epochs(4);
  const std::vector<float> expected = numbers(*whole.run());
  for (const std::uint32_t before : {1U, 2U}) {
    if (before == 1) first.run();
    if (before > 1) expect_success(train_together(first, before));
    for (const std::uint32_t after : {1U, 2U, 3U}) {
      SCOPED_TRACE(std::to_string(before) + " processes, then " + std::to_string(after));
      std::vector<float> weights;
      if (after == 1) {
        weights = numbers(*second.run());
      } else {
        const Trained resumed = train_together(second, after);
        expect_success(resumed);
        weights = resumed.weights.back();
      }
      ASSERT_EQ(weights.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(weights[i], expected[i], 2e-4) << i;
    }
  }
  std::ofstream(folder / "checkpoint.nascent") << "damaged";
  const Trained refused = train_together(second, 2);
  EXPECT_THAT(refused.outcomes[0].message, HasSubstr("checkpoint.nascent"));
  EXPECT_EQ(refused.outcomes[1].status, NAS_E_CANCELLED) << refused.outcomes[1].message;
  std::filesystem::remove_all(folder);
}

TEST_F(Together, all_stop_where_the_first_is_told_to) {
  const Arrays data = bars(50);
  Training run = bars_run(data, small_cnn());
  run.budget = epochs(50);
  std::size_t reports = 0;
  run.verdict = [&](const auto&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(reports == 0 ? 2500 : 0));  // longer than between two signs of life
    return ++reports == 3 ? Verdict::stop : Verdict::go;
  };
  const Trained stopped = train_together(run, 2);
  expect_success(stopped);
  EXPECT_EQ(stopped.reports.size(), 3U);
  EXPECT_EQ(stopped.weights[0], stopped.weights[1]);
}

TEST_F(Together, all_stop_at_the_end_of_a_budget_of_seconds_by_the_first_ones_clock) {
  const Arrays data = bars(50);
  Training run = bars_run(data, small_cnn());
  run.budget = seconds(0.5);
  const Trained ended = train_together(run, 3);
  expect_success(ended);
  EXPECT_EQ(ended.weights[0], ended.weights[1]);
  EXPECT_EQ(ended.weights[0], ended.weights[2]);
  EXPECT_GE(ended.reports.back().budget, 0.5);
}

TEST_F(Together, all_end_as_cancelled_when_the_first_is_and_its_checkpoint_is_there) {
  const auto folder = std::filesystem::temp_directory_path() / ("nascent_team_cancelled_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const Arrays data = bars(50);
  Training run = bars_run(data, small_cnn());
  run.checkpoint_dir = folder.string();
  run.cancelled = true;
  for (const Outcome& outcome : train_together(run, 2).outcomes) {
    EXPECT_EQ(outcome.status, NAS_E_CANCELLED) << outcome.message;
    EXPECT_THAT(outcome.message, HasSubstr("stopped"));
  }
  EXPECT_TRUE(std::filesystem::exists(folder / "checkpoint.nascent"));
  std::filesystem::remove_all(folder);
}

TEST_F(Together, a_loss_that_is_not_finite_ends_all_as_diverged) {
  const Arrays data = bars(50);
  for (const Outcome& outcome : train_together(bars_run(data, small_cnn(), {{"optimizer", "sgd"}, {"learning_rate", 900.0}}), 2).outcomes) {
    EXPECT_EQ(outcome.status, NAS_E_NUMERIC) << outcome.message;
  }
}

TEST_F(Together, a_batch_with_fewer_rows_than_processes_is_refused) {
  const Arrays data = bars(5);
  for (const Outcome& outcome : train_together(bars_run(data, small_cnn(), {{"batch_size", std::int64_t{4}}}), 3).outcomes) {
    EXPECT_EQ(outcome.status, NAS_E_INVALID) << outcome.message;
    EXPECT_THAT(outcome.message, HasSubstr("a batch of 2 rows is too small for processes = 3"));
  }
}

TEST_F(Together, a_process_that_goes_away_is_noticed_within_seconds) {
  const Arrays data = bars(50);
  const auto begun = std::chrono::steady_clock::now();
  const std::vector<Outcome> outcomes = run_members(3, [&](std::uint32_t rank, const std::string& rendezvous) {
    if (rank == 2) {
      const Team joins_and_leaves(rank, 3, rendezvous, at::kCPU);
      return;
    }
    Training run = bars_run(data, small_cnn());
    run.rank = rank;
    run.processes = 3;
    run.rendezvous = rendezvous;
    run.run();
  });
  for (const std::uint32_t rank : {0U, 1U}) {
    EXPECT_EQ(outcomes[rank].status, NAS_E_CANCELLED) << outcomes[rank].message;
    EXPECT_THAT(outcomes[rank].message, HasSubstr("process " + std::to_string(rank + 1) + " of 3 lost the others"));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
}

TEST_F(Together, moments_of_shares_are_those_of_all_rows_also_far_from_zero) {
  const at::Tensor rows = at::randn({101, 4}, at::kFloat) + 3000;
  const at::Tensor mean = rows.to(at::kDouble).mean(0), variance = rows.to(at::kDouble).var(0, /*unbiased=*/false);
  run_members(3, [&](std::uint32_t rank, const std::string& rendezvous) {
    const Team team(rank, 3, rendezvous, at::kCPU);
    const nascent::libtorch::Share share = team.share(101);
    const at::Tensor own = rows.slice(0, share.begin, share.end).to(at::kDouble);
    const at::Tensor m = own.mean(0).to(at::kFloat), v = own.var(0, /*unbiased=*/false).to(at::kFloat);
    EXPECT_EQ(team.combine_moments(static_cast<double>(share.size()), m, v), 101);
    EXPECT_TRUE(at::allclose(m.to(at::kDouble), mean, 1e-6, 1e-6));
    EXPECT_TRUE(at::allclose(v.to(at::kDouble), variance, 1e-3, 1e-3));
  });
}

}  // namespace
