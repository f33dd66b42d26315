#include "stored_files.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "nascent/core/config_value.hpp"
#include "nascent/core/trial_runner.hpp"

namespace nascent::core {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> cannot_write(const fs::path& file, const std::string& why) {
  return fail(ErrorKind::system, fmt::format("{} cannot be written ({}); files of trials go there: make room, or make it writable",
                                             file.string(), why.empty() ? "an error while writing" : why));
}

// Relative, and not out of its folder.
bool stays_within(const fs::path& path) {
  return path.is_relative() && std::ranges::find(path, fs::path("..")) == path.end();
}

struct File {
  fs::path path;
  std::uint64_t bytes = 0;
};

std::vector<File> files_in(const fs::path& folder) {
  std::vector<File> files;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (!at->is_regular_file(gone)) continue;
    const auto bytes = at->file_size(gone);
    if (!gone) files.push_back({at->path(), bytes});
  }
  return files;
}

// Whose files lie in a trial's folder here: those of this attempt of this trial, and of no other study's of that name.
std::string words_of(const Trial& trial, std::uint32_t attempt) { return fmt::format("{} {}", trial.queued_at, attempt); }

}  // namespace

Result<void> fetch_artifacts(Store& store, StudyId study, TrialId trial, const fs::path& artifacts) {
  const auto stored = store.artifacts(study, trial);
  if (!stored) return tl::unexpected<Error>(stored.error());
  const fs::path folder = artifacts / trial_folder(trial);
  std::error_code error;
  fs::remove_all(folder, error);
  for (const Artifact& artifact : *stored) {
    const fs::path file = folder / artifact.path;
    if (!stays_within(artifact.path)) {
      return fail(ErrorKind::store, fmt::format("trial {} has a file {} in the store, which lies outside its folder", trial,
                                                toml_text(artifact.path)));
    }
    fs::create_directories(file.parent_path(), error);
    if (error) return cannot_write(file, error.message());
    std::ofstream out(file, std::ios::binary);
    out.write(artifact.bytes.data(), static_cast<std::streamsize>(artifact.bytes.size()));
    if (!out.flush()) return cannot_write(file, "");
  }
  return {};
}

fs::path StoredFiles::mark(TrialId trial) const { return artifacts_ / (trial_folder(trial) + ".attempt"); }

Result<void> StoredFiles::fetch(StudyId study, const Trial& trial) const {
  std::string earlier;
  std::getline(std::ifstream(mark(trial.id)), earlier);
  const bool ran_here = earlier == words_of(trial, trial.attempts - 1);
  const bool has_inherited = trial.role == TrialRole::search && trial.parent;
  if ((trial.attempts > 1 || has_inherited) && !ran_here) {
    if (auto fetched = fetch_artifacts(store_, study, trial.id, artifacts_); !fetched) return fetched;
  }
  std::error_code error;
  fs::create_directories(artifacts_, error);
  std::ofstream out(mark(trial.id));
  out << words_of(trial, trial.attempts) << "\n";
  return out.flush() ? Result<void>{} : cannot_write(mark(trial.id), error ? error.message() : "");
}

Result<bool> StoredFiles::keep(const Lease& lease) {
  const fs::path folder = artifacts_ / trial_folder(lease.trial);
  std::vector<File> files = files_in(folder);
  std::uint64_t bytes = 0;
  for (const File& file : files) bytes += file.bytes;
  const bool fits = bytes <= bytes_max_;
  if (!fits) {
    const auto level = std::exchange(told_, true) ? spdlog::level::info : spdlog::level::warn;
    spdlog::log(level, "trial={} files_bytes={} action=not_stored reason=\"workers.artifact_bytes_max is {}: nobody else can go on with "
                "it or read its model; raise that, or name a folder that all machines share in workers.artifacts\"",
                lease.trial, bytes, bytes_max_);
    files.clear();
  }
  if (files.empty() && lease.attempt == 1) return fits;  // and the store has none
  std::vector<Artifact> artifacts;
  for (const File& file : files) {
    std::ifstream in(file.path, std::ios::binary);
    artifacts.push_back({file.path.lexically_relative(folder).generic_string(), std::string(std::istreambuf_iterator<char>(in), {})});
  }
  const auto put = store_.put_artifacts(lease, artifacts);
  if (!put) return tl::unexpected<Error>(put.error());
  return fits;
}

void StoredFiles::forget(TrialId trial) const {
  std::error_code ignored;
  fs::remove(mark(trial), ignored);
}

Result<void> keep_files(Store& store, const Lease& lease, const WorkersSetup& setup) {
  if (!setup.files_in_store) return {};
  const auto folder = artifacts_folder(setup.store_location, setup.study_name, setup.config.artifacts);
  const auto kept = StoredFiles(store, folder, setup.config.artifact_bytes_max).keep(lease);
  return kept ? Result<void>{} : tl::unexpected<Error>(kept.error());
}

}  // namespace nascent::core
