#include "wall_clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace nascent::core::search {
namespace {

// A run that has no end of its own: it lasted until its last stored row.
struct KilledRun {
  double started_at, next_started_at;
  double last_row_at;
};

std::string seconds_json(double seconds) { return fmt::format("{{\"wall_seconds\": {:.3f}}}", seconds); }

double wall_seconds(const EventRecord& event) {
  const auto data = nlohmann::json::parse(event.data_json, nullptr, /*allow_exceptions=*/false);
  const bool known = data.is_object() && data.contains("wall_seconds") && data["wall_seconds"].is_number();
  return known ? data["wall_seconds"].get<double>() : 0;
}

// `now`: when the run began that asks.
Result<void> find_last_rows(Store& store, StudyId study, double now, std::vector<KilledRun>& runs) {
  if (runs.size() == 1 && runs[0].next_started_at == now) {  // nothing is stored that is younger
    const auto tally = store.tally(study);
    if (!tally) return tl::unexpected<Error>(tally.error());
    runs[0].last_row_at = std::clamp(tally->last_at, runs[0].started_at, std::max(runs[0].started_at, runs[0].next_started_at));
    return {};
  }
  return each_trial(store, study, {}, [&](const Trial& trial) {
    for (const double at : {trial.queued_at, trial.started_at, trial.finished_at}) {
      for (KilledRun& run : runs) {
        if (at < run.next_started_at) run.last_row_at = std::max(run.last_row_at, at);
      }
    }
  });
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

WallClock::WallClock(std::function<double()> now)
    : real_(!now), now_(now ? std::move(now) : steady_seconds), started_(now_()) {}

Result<void> WallClock::start(Store& store, StudyId study) {
  if (auto noted = store.add_event(study, "run_started", "{}"); !noted) return noted;
  const auto events = store.events(study);
  if (!events) return tl::unexpected<Error>(events.error());
  earlier_ = 0;
  std::vector<KilledRun> killed;
  const EventRecord* open = nullptr;  // a run without an end so far
  for (const EventRecord& event : *events) {
    if (event.kind == "run_started") {
      if (open != nullptr) killed.push_back({open->at, event.at, open->at});
      open = &event;
    } else if (event.kind == "run_ended") {
      earlier_ += wall_seconds(event);
      open = nullptr;
    } else if (event.kind == "run_killed") {
      earlier_ += wall_seconds(event);
      killed.clear();
    }
  }
  if (!killed.empty()) {  // `open` is this run
    if (auto found = find_last_rows(store, study, open->at, killed); !found) return found;
    double seconds = 0;
    for (const KilledRun& run : killed) seconds += std::max(0.0, run.last_row_at - run.started_at);
    earlier_ += seconds;
    if (auto noted = store.add_event(study, "run_killed", seconds_json(seconds)); !noted) return noted;
  }
  started_ = now_();
  return {};
}

Result<void> WallClock::end(Store& store, StudyId study) {
  return store.add_event(study, "run_ended", seconds_json(now_() - started_));
}

double WallClock::seconds() const {
  return earlier_ + now_() - started_;
}

}  // namespace nascent::core::search
