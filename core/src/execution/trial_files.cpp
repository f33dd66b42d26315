#include "trial_files.hpp"

#include <fmt/format.h>

#include <fstream>
#include <string_view>
#include <system_error>

#include "nascent/core/store_location.hpp"
#include "nascent/core/trial_runner.hpp"

namespace nascent::core {

namespace fs = std::filesystem;

constexpr const char* kModelFile = "model";

namespace {

constexpr const char* kMarkFile = "study";

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
  if (trial.attempts <= 1) fs::remove_all(files.folder_, error);
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
  fs::remove(checkpoint(), error);
  fs::remove(reports(), error);
}

}  // namespace nascent::core
