#include "open_study.hpp"

#include <filesystem>

#include "nascent/core/nearest.hpp"
#include "nascent/core/store_location.hpp"

namespace nascent::cli {

using core::ErrorKind;
using core::fail;

bool is_study_file(const std::string& where) {
  return !core::is_url(where) && std::filesystem::path(where).extension() == ".toml";
}

core::Result<OpenStudy> open_study(const StudyArgument& argument, core::OpenMode mode) {
  OpenStudy study;
  study.location = core::public_location(argument.where);
  std::string name = argument.name;
  if (is_study_file(argument.where)) {
    auto config = core::load_study(argument.where);
    if (!config) return tl::unexpected(config.error());
    study.location = config->store;
    if (name.empty()) name = config->name;
    std::error_code error;
    if (study.location != ":memory:" && !core::is_url(study.location) && !std::filesystem::exists(study.location, error)) {
      return fail(ErrorKind::invalid_input, argument.where + ": its store " + study.location +
                                                " does not exist yet; start the study with: nascent run " + argument.where);
    }
  }
  auto store = core::Store::open(study.location, mode == core::OpenMode::create_or_open ? core::OpenMode::must_exist : mode);
  if (!store) return tl::unexpected(store.error());
  study.store = std::move(*store);

  const auto studies = study.store->studies();
  if (!studies) return tl::unexpected(studies.error());
  std::vector<std::string> names;
  for (const core::StudyRecord& record : *studies) names.push_back(record.name);
  if (names.empty()) return fail(ErrorKind::invalid_input, study.location + " holds no study yet");
  std::string list;
  for (const std::string& n : names) list += (list.empty() ? "" : ", ") + n;
  if (name.empty()) {
    if (names.size() > 1) return fail(ErrorKind::invalid_input, study.location + " holds several studies (" + list + "); choose one with --study");
    name = names[0];
  }
  auto record = study.store->study(name);
  if (!record) return tl::unexpected(record.error());
  if (!*record) {
    const std::string near = core::nearest(name, names);
    return fail(ErrorKind::invalid_input, study.location + " has no study '" + name + "'; it holds " + list +
                                              (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  study.record = std::move(**record);
  auto config = core::parse_study(study.record.resolved_config, study.location + " (resolved study '" + name + "')",
                                  core::folder_of(study.location));
  if (!config) return tl::unexpected(config.error());
  study.config = std::move(*config);
  return study;
}

}  // namespace nascent::cli
