// The search loop.
#include "nascent/core/search.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "loop.hpp"

namespace nascent::core {
namespace {

constexpr std::chrono::milliseconds kPatience{100};

// Passes a wish to stop, and the end of the wall time, on to the executor while the search waits inside it.
class StopWatch {
 public:
  using Clock = std::chrono::steady_clock;
  StopWatch(Executor& executor, const StopRequest& request, std::optional<double> seconds_left)
      : deadline_(seconds_left ? Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                    std::chrono::duration<double>(std::min(*seconds_left, kSecondsMax)))
                               : Clock::time_point::max()),
        thread_([this, &executor, &request](const std::stop_token& ended) {
          std::mutex mutex;
          std::unique_lock lock(mutex);
          std::condition_variable_any never;
          std::optional<StopMode> passed;
          while (!ended.stop_requested()) {
            if (request.made() && passed != request.mode()) executor.stop(*(passed = request.mode()));
            if (!passed && time_is_over()) {
              out_of_time_ = true;
              executor.stop(*(passed = StopMode::cancel));
            }
            never.wait_for(lock, ended, kWatchInterval, [] { return false; });
          }
        }) {}

  [[nodiscard]] bool time_is_over() const { return Clock::now() >= deadline_; }
  // Ends the watch. Did it stop the executor because the time was over?
  bool end() {
    thread_.request_stop();
    thread_.join();
    return out_of_time_;
  }

 private:
  static constexpr std::chrono::milliseconds kWatchInterval{20};
  static constexpr double kSecondsMax = 1e9;
  Clock::time_point deadline_;
  bool out_of_time_ = false;  // the thread's until it has ended
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
  if (auto opened = loop.open(executor); !opened) return tl::unexpected<Error>(opened.error());
  StopWatch watch(executor, request, loop.in_real_time() ? loop.seconds_left() : std::nullopt);
  Result<bool> goes_on = true;
  while (goes_on && *goes_on && !request.made()) {
    if (watch.time_is_over() || loop.seconds_left().value_or(1) <= 0) {
      if (auto cut = loop.cut(executor); !cut) return tl::unexpected<Error>(cut.error());
    }
    goes_on = step(executor, kPatience);
  }
  if (!goes_on) return tl::unexpected<Error>(goes_on.error());
  if (*goes_on) {
    executor.stop(request.mode());
    const Result<void> done = loop.drain(executor)
                                  .and_then([&] { return loop.settle(); })
                                  .and_then([&] { return loop.close(search::Ending::interrupted); });
    if (!done) return tl::unexpected<Error>(done.error());
  }
  SearchOutcome outcome = loop.outcome();
  outcome.cut = watch.end() || outcome.cut;
  return outcome;
}

}  // namespace nascent::core
