// The search loop.
#include "nascent/core/search.hpp"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "loop.hpp"

namespace nascent::core {
namespace {

constexpr std::chrono::milliseconds kPatience{100};

// Passes a wish to stop on to the executor while the search waits inside it.
class StopWatch {
 public:
  StopWatch(Executor& executor, const StopRequest& request)
      : thread_([&executor, &request](const std::stop_token& ended) {
          std::mutex mutex;
          std::unique_lock lock(mutex);
          std::condition_variable_any never;
          std::optional<StopMode> passed;
          while (!ended.stop_requested()) {
            if (request.made() && passed != request.mode()) executor.stop(*(passed = request.mode()));
            never.wait_for(lock, ended, kWatchInterval, [] { return false; });
          }
        }) {}

 private:
  static constexpr std::chrono::milliseconds kWatchInterval{20};
  std::jthread thread_;
};

}  // namespace

Search::Search(const Setup& setup, Instance<nas_sampler_vt> sampler, std::optional<Instance<nas_scheduler_vt>> scheduler)
    : loop_(std::make_unique<search::Loop>(setup, std::move(sampler), std::move(scheduler))) {}

Search::~Search() = default;

DecideVerdict Search::decide() { return loop_->decide(); }

SearchOutcome Search::outcome() const { return loop_->outcome(); }

Result<bool> Search::step(Executor& executor, std::chrono::milliseconds patience) {
  search::Loop& loop = *loop_;
  const Result<void> done =
      loop.open(executor)
          .and_then([&] { return loop.settle(); })                        // judge: acceptance, incumbent
          .and_then([&] { return loop.propose(executor); })               // tell, ask, build, store, submit
          .and_then([&] { return loop.collect(executor, patience); });    // finished rows, on disk already
  if (!done) return tl::unexpected<Error>(done.error());
  if (!loop.over()) return true;
  if (auto closed = loop.close(search::Ending::complete); !closed) return tl::unexpected<Error>(closed.error());
  return false;
}

Result<SearchOutcome> Search::run(Executor& executor, const StopRequest& request) {
  search::Loop& loop = *loop_;
  const StopWatch watch(executor, request);
  Result<bool> goes_on = true;
  while (goes_on && *goes_on && !request.made()) goes_on = step(executor, kPatience);
  if (!goes_on) return tl::unexpected<Error>(goes_on.error());
  if (*goes_on) {
    executor.stop(request.mode());
    const Result<void> done = loop.drain(executor)
                                  .and_then([&] { return loop.settle(); })
                                  .and_then([&] { return loop.close(search::Ending::interrupted); });
    if (!done) return tl::unexpected<Error>(done.error());
  }
  return loop.outcome();
}

}  // namespace nascent::core
