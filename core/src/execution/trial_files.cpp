#include "trial_files.hpp"

#include <fmt/format.h>

#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "nascent/core/store_location.hpp"
#include "nascent/core/trial_runner.hpp"

namespace nascent::core {

namespace fs = std::filesystem;

constexpr const char* kModelFile = "model";

namespace {

constexpr const char* kMarkFile = "study";
constexpr const char* kInherited = "inherited";
constexpr const char* kCheckpoint = "checkpoint";
constexpr const char* kPausedFile = "paused";
constexpr const char* kPopulationFile = "population";

// Everything in it but what the trial has inherited.
void empty_but_inheritance(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> all;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) all.push_back(at->path());
  for (const fs::path& path : all) {
    if (path.filename() != kInherited) fs::remove_all(path, error);
  }
}

tl::unexpected<Error> no_checkpoint(TrialId parent, TrialId child, const std::string& where) {
  return fail(ErrorKind::invalid_input,
              fmt::format("trial {} has paused and left no checkpoint {}; trial {} was to go on from there. A population needs "
                          "a trainer that writes checkpoints, as \"torch\" does and a program of \"command\" may",
                          parent, where, child));
}

std::string mark_of(const StudyRecord& study) { return fmt::format("{} {} {}\n", study.id, study.created_at, study.name); }

}  // namespace

fs::path artifacts_folder(std::string_view store_location, std::string_view study_name, const fs::path& artifacts) {
  if (!artifacts.empty()) return artifacts / study_name;
  if (store_location == ":memory:" || is_url(store_location)) return {};
  fs::path folder(store_location);
  folder.replace_extension(".artifacts");
  return fs::absolute(folder) / study_name;
}

Result<void> mark_artifacts(const fs::path& folder, const StudyRecord& study) {
  std::error_code error;
  fs::create_directories(folder, error);
  std::ofstream file(folder / kMarkFile);
  file << mark_of(study);
  if (file.flush()) return {};
  return fail(ErrorKind::system, fmt::format("{} cannot be written; the files of the study's trials go there: make it "
                                             "writable, or name another folder with workers.artifacts",
                                             folder.string()));
}

Result<void> check_artifacts(const fs::path& folder, const StudyRecord& study) {
  std::string mark;
  std::getline(std::ifstream(folder / kMarkFile), mark);
  if (mark + "\n" == mark_of(study)) return {};
  return fail(ErrorKind::system,
              fmt::format("study {} keeps the files of its trials in {}, and this machine does not see them there; mount that "
                          "folder at the same place, or have the study keep them in one that all machines share: nascent "
                          "resume ... --set workers.artifacts=FOLDER",
                          study.name, folder.string()));
}

std::string trial_folder(TrialId trial) { return fmt::format("trial-{}", trial); }

fs::path model_path(const fs::path& artifacts, TrialId trial) { return artifacts / trial_folder(trial) / kModelFile; }

Result<TrialFiles> TrialFiles::open(const fs::path& artifacts, const Trial& trial) {
  if (artifacts.empty()) return TrialFiles({});
  TrialFiles files(artifacts / trial_folder(trial.id));
  std::error_code error;
  const bool has_inherited = trial.role == TrialRole::search && trial.parent;
  if (trial.attempts <= 1 && has_inherited) empty_but_inheritance(files.folder_);
  if (trial.attempts <= 1 && !has_inherited) fs::remove_all(files.folder_, error);
  if (!fs::create_directories(files.checkpoint(), error) && error) {
    return fail(ErrorKind::system,
                fmt::format("{}: {}; the files of trials go there", files.checkpoint(), error.message()));
  }
  return files;
}

bool TrialFiles::resumes() const {
  std::error_code error;
  return kept() && !fs::is_empty(checkpoint(), error) && !error;
}

std::string TrialFiles::inherited() const {
  std::error_code error;
  const fs::path copy = folder_ / kInherited;
  return kept() && fs::exists(copy, error) ? copy.string() : "";
}

void TrialFiles::note_pause(double budget) const {
  if (kept()) std::ofstream(folder_ / kPausedFile) << fmt::format("{}\n", budget);
}

bool TrialFiles::paused_at(double budget) const {
  std::string noted;
  std::getline(std::ifstream(folder_ / kPausedFile), noted);
  return noted == fmt::format("{}", budget);
}

void TrialFiles::let_others_inherit(const fs::path& artifacts) {
  if (artifacts.empty()) return;
  std::error_code error;
  fs::create_directories(artifacts, error);
  std::ofstream(artifacts / kPopulationFile).flush();
}

bool TrialFiles::others_inherit() const {
  std::error_code error;
  return kept() && fs::exists(folder_.parent_path() / kPopulationFile, error);
}

Result<void> TrialFiles::inherit(const fs::path& artifacts, TrialId parent, TrialId child) {
  const fs::path from = artifacts / trial_folder(parent) / kCheckpoint, folder = artifacts / trial_folder(child);
  std::error_code error;
  if (artifacts.empty() || fs::is_empty(from, error) || error) return no_checkpoint(parent, child, "in " + from.string());
  // Renamed last: half of a checkpoint would look like one.
  const fs::path copying = folder / "inherited.new";
  fs::remove_all(folder, error);
  fs::create_directories(folder, error);
  if (!error) fs::copy(from, copying, fs::copy_options::recursive, error);
  if (!error) fs::rename(copying, folder / kInherited, error);
  if (!error) return {};
  return fail(ErrorKind::system, fmt::format("the checkpoint {} cannot be copied to {}: {}", from.string(), folder.string(), error.message()));
}

Result<void> TrialFiles::inherit(Store& store, const Coordinator& coordinator, TrialId parent, TrialId child) {
  const auto copied = store.copy_artifacts(coordinator, parent, kCheckpoint, child, kInherited);
  if (!copied) return tl::unexpected<Error>(copied.error());
  return *copied > 0 ? Result<void>{} : no_checkpoint(parent, child, "in the database (where it has more than workers.artifact_bytes_max, raise that, or name a shared folder in workers.artifacts)");
}

void TrialFiles::discard_checkpoint() const {
  if (!kept()) return;
  std::error_code error;
  // Renamed first: half of a checkpoint would look like one.
  const fs::path old = folder_ / "checkpoint.old";
  fs::remove_all(old, error);
  fs::rename(checkpoint(), old, error);
  fs::remove_all(old, error);
  fs::create_directories(checkpoint(), error);
}

void TrialFiles::close(const fs::path& artifacts, TrialId trial) {
  if (artifacts.empty()) return;
  const TrialFiles files(artifacts / trial_folder(trial));
  std::error_code error;
  if (fs::exists(files.folder_, error)) files.close();
}

void TrialFiles::close() const {
  if (!kept()) return;
  std::error_code error;
  discard_checkpoint();
  fs::remove_all(folder_ / kInherited, error);
  fs::remove(folder_ / kPausedFile, error);
  fs::remove(checkpoint(), error);
  fs::remove(reports(), error);
}

}  // namespace nascent::core
