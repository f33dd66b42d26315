// The folder of one trial: its checkpoint, the reports beside it, its model.
#pragma once

#include <filesystem>
#include <string>

#include "nascent/core/result.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core {

// Of a trial that trains; everything is a no-op and every path "" where the study keeps no files.
class TrialFiles {
 public:
  // Lays the folder down. What an earlier attempt of this trial left stays, and what it inherited; what another study left there
  // does not.
  static Result<TrialFiles> open(const std::filesystem::path& artifacts, const Trial& trial);

  [[nodiscard]] bool kept() const { return !folder_.empty(); }
  [[nodiscard]] std::string folder() const { return folder_.string(); }
  [[nodiscard]] std::string checkpoint() const { return kept() ? (folder_ / "checkpoint").string() : ""; }
  [[nodiscard]] std::filesystem::path reports() const { return folder_ / "reports.jsonl"; }
  // There is a checkpoint to go on from.
  [[nodiscard]] bool resumes() const;
  // A copy of the checkpoint of the trial that this one goes on from, which serves until there is one of its own. "" where
  // there is none.
  [[nodiscard]] std::string inherited() const;
  // The trainer has returned from its pause at `budget`: the checkpoint is of there, and whole.
  void note_pause(double budget) const;
  [[nodiscard]] bool paused_at(double budget) const;
  // Other trials go on from the checkpoints of this study's paused ones: these have to be of where they paused, and whole. For a
  // trial itself an older one does, and none: it trains what is missing once more.
  static void let_others_inherit(const std::filesystem::path& artifacts);
  [[nodiscard]] bool others_inherit() const;
  // The next training starts anew.
  void discard_checkpoint() const;
  // Copies the checkpoint of the paused trial `parent` for `child`, all or nothing; what lay in the child's folder goes.
  static Result<void> inherit(const std::filesystem::path& artifacts, TrialId parent, TrialId child);
  // The same where their files travel through the store.
  static Result<void> inherit(Store& store, const Coordinator& coordinator, TrialId parent, TrialId child);
  // The trial is over: nobody goes on from here.
  void close() const;
  // The same for a trial that this process need not have trained; without files a no-op.
  static void close(const std::filesystem::path& artifacts, TrialId trial);

 private:
  explicit TrialFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

}  // namespace nascent::core
