#include "leasing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace nascent::core {
namespace {

constexpr std::string_view kLeasingEvent = "leasing";
constexpr std::array<std::string_view, 3> kTakeableNames = {"all", "final", "none"};

}  // namespace

Result<void> let_workers_take(Store& store, StudyId study, Takeable trials) {
  const auto now = Leasing(store, study).takeable();
  if (!now) return tl::unexpected<Error>(now.error());
  if (*now == trials) return {};
  return store.add_event(study, kLeasingEvent,
                         fmt::format("{{\"trials\": \"{}\"}}", kTakeableNames[static_cast<std::size_t>(trials)]));
}

Result<Takeable> Leasing::takeable() {
  const auto events = store_.events(study_, read_to_);
  if (!events) return tl::unexpected<Error>(events.error());
  for (const EventRecord& event : *events) {
    read_to_ = event.id;
    if (event.kind != kLeasingEvent) continue;
    const auto data = nlohmann::json::parse(event.data_json, nullptr, /*allow_exceptions=*/false);
    const std::string name = data.is_object() ? data.value("trials", "") : "";
    const auto found = std::ranges::find(kTakeableNames, name);
    if (found != kTakeableNames.end()) takeable_ = static_cast<Takeable>(found - kTakeableNames.begin());
  }
  return takeable_;
}

Result<std::optional<Store::LeasedTrial>> Leasing::lease(std::string_view worker, double lease_seconds) {
  const auto state = store_.study_state(study_);
  if (!state) return tl::unexpected<Error>(state.error());
  const auto trials = takeable();
  if (!trials) return tl::unexpected<Error>(trials.error());
  if (*state != StudyState::running || *trials == Takeable::none) return std::nullopt;
  return store_.lease(study_, worker, lease_seconds,
                      *trials == Takeable::final ? std::optional(TrialRole::final) : std::nullopt);
}

}  // namespace nascent::core
