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

Result<void> find_last_rows(Store& store, StudyId study, std::vector<KilledRun>& runs) {
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
      const auto data = nlohmann::json::parse(event.data_json, nullptr, /*allow_exceptions=*/false);
      if (data.is_object() && data.contains("wall_seconds") && data["wall_seconds"].is_number()) {
        earlier_ += data["wall_seconds"].get<double>();
      }
      open = nullptr;
    }
  }
  if (!killed.empty()) {
    if (auto found = find_last_rows(store, study, killed); !found) return found;
  }
  for (const KilledRun& run : killed) earlier_ += std::max(0.0, run.last_row_at - run.started_at);
  started_ = now_();
  return {};
}

Result<void> WallClock::end(Store& store, StudyId study) {
  return store.add_event(study, "run_ended", fmt::format("{{\"wall_seconds\": {:.3f}}}", now_() - started_));
}

double WallClock::seconds() const {
  return earlier_ + now_() - started_;
}

}  // namespace nascent::core::search
