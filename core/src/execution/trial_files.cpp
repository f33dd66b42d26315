#include "trial_files.hpp"

#include <fmt/format.h>

#include <string_view>
#include <system_error>

#include "nascent/core/trial_runner.hpp"

namespace nascent::core {

namespace fs = std::filesystem;

constexpr const char* kModelFile = "model";

fs::path artifacts_folder(std::string_view store_location, std::string_view study_name) {
  if (store_location == ":memory:" || store_location.find("://") != std::string_view::npos) return {};
  fs::path folder(store_location);
  folder.replace_extension(".artifacts");
  return fs::absolute(folder) / study_name;
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

void TrialFiles::close() const {
  if (!kept()) return;
  std::error_code error;
  discard_checkpoint();
  fs::remove(checkpoint(), error);
  fs::remove(reports(), error);
}

}  // namespace nascent::core
