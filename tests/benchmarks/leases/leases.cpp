// Empty trials through a store: how many a second workers lease and finish, each over a connection of its own.
//   leases STORE WORKERS TRIALS   ->  one JSON object on standard output
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "nascent/core/store.hpp"

namespace {

using namespace nascent::core;

int fail(const std::string& message) {
  fmt::print(stderr, "{}\n", message);
  return 1;
}

// Leases and finishes until nothing is left. Empty, or what went wrong.
std::string work(Store& store, StudyId study, const std::string& name, std::atomic<std::uint64_t>& finished) {
  for (;;) {
    auto leased = store.lease(study, name, 60);
    if (!leased) return leased.error().message;
    if (!*leased) return "";
    Trial& trial = (*leased)->trial;
    trial.state = TrialState::completed;
    trial.metrics = {{"loss", 0.5}};
    const auto ended = store.finish((*leased)->lease, trial);
    if (!ended) return ended.error().message;
    ++finished;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return fail("leases STORE WORKERS TRIALS");
  const auto workers = std::strtoul(argv[2], nullptr, 10), trials = std::strtoul(argv[3], nullptr, 10);
  auto store = Store::open(argv[1]);
  if (!store) return fail(store.error().message);
  StudyRecord record;
  record.name = fmt::format("leases-{}", workers);
  const auto study = (*store)->create_study(record);
  if (!study) return fail(study.error().message);
  const auto coordinator = (*store)->acquire_coordinator(*study);
  if (!coordinator) return fail(coordinator.error().message);
  std::vector<Trial> queue(trials);
  for (std::size_t i = 0; i < queue.size(); ++i) queue[i].id = i;
  if (auto queued = (*store)->enqueue(*coordinator, queue); !queued) return fail(queued.error().message);

  std::vector<std::unique_ptr<Store>> connections;
  for (std::size_t i = 0; i < workers; ++i) {
    auto own = Store::open(argv[1], OpenMode::must_exist);
    if (!own) return fail(own.error().message);
    connections.push_back(std::move(*own));
  }
  std::atomic<std::uint64_t> finished = 0;
  std::vector<std::string> errors(workers);
  const auto start = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < workers; ++i) {
      threads.emplace_back([&, i] { errors[i] = work(*connections[i], *study, fmt::format("worker-{}", i), finished); });
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (const std::string& error : errors) {
    if (!error.empty()) return fail(error);
  }
  if (finished != trials) return fail(fmt::format("{} of {} trials were finished", finished.load(), trials));
  fmt::print("{{\"workers\": {}, \"trials\": {}, \"seconds\": {:.3f}, \"trials_per_second\": {:.0f}}}\n", workers, trials, seconds,
             static_cast<double>(trials) / seconds);
}
