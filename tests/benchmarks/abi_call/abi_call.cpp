// What the border between host and plugins costs: one verdict of scheduler "none" against the same class called
// virtually, and configurations that sampler "random" draws in batches, as a time for each parameter.
#include <benchmark/benchmark.h>

#include "native_scheduler.hpp"
#include "nascent/space_builder.hpp"
#include "support/observations.hpp"
#include "support/plugin_library.hpp"

namespace {

using namespace nascent;

test::History one_report() {
  test::History reports;
  reports.report(7, TrialState::pending, 1, {0.5});
  return reports;
}

void virtual_call(benchmark::State& state) {
  const auto scheduler = make_native_scheduler();
  test::History reports = one_report();
  const Observations history(nullptr), trial = reports.view();
  for (auto _ : state) benchmark::DoNotOptimize(scheduler->decide(history, trial));
}

void call_through_the_abi(benchmark::State& state) {
  const nas_component& none = *test::load_plugin("none").components[0];
  const auto& table = *static_cast<const nas_scheduler_vt*>(none.vt);
  const nas_scheduler_arg arg{sizeof arg, 1, 1, 0, {NAS_UNIT_EPOCH, 0, 0, 1}, 1};
  nas_error error{};
  void* self = nullptr;
  check(table.create(nullptr, nullptr, &arg, &self, &error), error);
  test::History reports = one_report();
  const nas_obs* trial = reports.get();
  nas_verdict verdict{};
  for (auto _ : state) {
    if (table.decide(self, nullptr, trial, &verdict, &error) != NAS_OK) state.SkipWithError(error.message);
    benchmark::DoNotOptimize(verdict);
  }
  table.destroy(self);
}

SpaceDeclaration reals() {
  SpaceBuilder s;
  for (int i = 0; i < 10; ++i) s.real(std::string("x").append(std::to_string(i)), -1, 1);
  return s.declaration();
}

// What a search over a network and its training declares: logarithms, whole numbers, choices, conditions.
SpaceDeclaration network_and_training() {
  SpaceBuilder s;
  s.real("learning_rate", 1e-4, 1e-1, {.scale = Scale::log});
  s.real("weight_decay", 1e-6, 1e-2, {.scale = Scale::log});
  s.real("dropout", 0, 0.5);
  s.real("momentum", 0.5, 0.99);
  s.ordinal<std::int64_t>("batch_size", {32, 64, 128, 256});
  const auto stages = s.integer("stages", 1, 3);
  for (int i = 0; i < 3; ++i) {
    s.when(above(stages, i), [i](SpaceBuilder& stage) {
      const std::string name = "stage" + std::to_string(i);
      stage.integer(name + ".depth", 1, 4);
      stage.integer(name + ".width", 8, 128, {.step = 8});
      stage.choice(name + ".block", {"plain", "residual", "dense"});
    });
  }
  return s.declaration();
}

// range(0): rows of a batch.
void batched_ask(benchmark::State& state, const SpaceDeclaration& space) {
  const nas_component& random = *test::load_plugin("random").components[0];
  const auto& table = *static_cast<const nas_sampler_vt*>(random.vt);
  nas_sampler_arg arg{};
  arg.size = sizeof arg;
  arg.n_objectives = 1;
  arg.parallel = 1;
  arg.space = space.view();
  arg.seed = 1;
  nas_error error{};
  void* self = nullptr;
  check(table.create(nullptr, nullptr, &arg, &self, &error), error);

  const auto n_rows = static_cast<std::size_t>(state.range(0));
  std::vector<std::uint64_t> trials(n_rows);
  for (std::size_t i = 0; i < n_rows; ++i) trials[i] = i;
  std::vector<double> x(n_rows * space.size());
  std::vector<std::uint8_t> active(n_rows * space.size());
  nas_rows rows{sizeof rows, static_cast<std::uint32_t>(space.size()), n_rows, trials.data(), x.data(), active.data()};
  std::size_t filled = 0;
  const nas_ask request{sizeof request, 0, &rows, &filled, nullptr, nullptr};
  for (auto _ : state) {
    if (table.ask(self, &request, &error) != NAS_OK) state.SkipWithError(error.message);
    benchmark::DoNotOptimize(x.data());
    benchmark::ClobberMemory();
  }
  table.destroy(self);
  state.counters["seconds_per_parameter"] =
      benchmark::Counter(static_cast<double>(n_rows * space.size()),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

BENCHMARK(virtual_call);
BENCHMARK(call_through_the_abi);
BENCHMARK_CAPTURE(batched_ask, reals, reals())->Arg(1)->Arg(1000);
BENCHMARK_CAPTURE(batched_ask, network_and_training, network_and_training())->Arg(1)->Arg(1000);

}  // namespace

BENCHMARK_MAIN();
