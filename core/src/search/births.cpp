#include "births.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nascent/core/lineage.hpp"

namespace nascent::core {
namespace search {

constexpr std::string_view kForked = "forked";

Result<void> note_birth(Store& store, StudyId study, TrialId child, const Birth& birth) {
  const nlohmann::ordered_json note = {{"trial", child}, {"parent", birth.parent}, {"budget", birth.budget}, {"losses", birth.losses}};
  return store.add_event(study, kForked, note.dump());
}

Result<Births> read_births(Store& store, StudyId study) {
  const auto diary = store.events(study);
  if (!diary) return tl::unexpected<Error>(diary.error());
  Births births;
  for (const EventRecord& event : *diary) {
    if (event.kind != kForked) continue;
    const auto note = nlohmann::json::parse(event.data_json, nullptr, /*allow_exceptions=*/false);
    const auto is_number = [&](const char* name) { return note.contains(name) && note[name].is_number(); };
    if (!note.is_object() || !is_number("trial") || !is_number("parent") || !is_number("budget") || !note.contains("losses")) continue;
    Birth birth{note["parent"].get<TrialId>(), note["budget"].get<double>(), {}};
    for (const auto& loss : note["losses"]) birth.losses.push_back(loss.is_number() ? loss.get<double>() : 0);
    births[note["trial"].get<TrialId>()] = std::move(birth);
  }
  return births;
}

}  // namespace search

Result<std::vector<Ancestor>> lineage(Store& store, StudyId study, const Trial& trial) {
  std::vector<Ancestor> line;
  if (trial.role != TrialRole::search || !trial.parent) return line;
  const auto births = search::read_births(store, study);
  if (!births) return tl::unexpected<Error>(births.error());
  for (std::optional<Trial> at = trial; at;) {
    const auto birth = births->find(at->id);
    const std::optional<TrialId> parent = at->parent;
    line.push_back({std::move(*at), birth == births->end() ? 0 : birth->second.budget});
    at.reset();
    if (!parent || *parent >= line.back().trial.id) break;
    auto row = store.trial(study, *parent);
    if (!row) return tl::unexpected<Error>(row.error());
    at = std::move(*row);
  }
  std::ranges::reverse(line);
  return line;
}

}  // namespace nascent::core
