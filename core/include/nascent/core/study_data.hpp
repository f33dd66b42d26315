// The data of a study: what a search may see of a dataset, and the test split behind its own door.
#pragma once

#include <nascent/abi.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nascent/core/plugins.hpp"
#include "nascent/core/resolved_study.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/study_space.hpp"

namespace nascent::core {

// An open dataset. train() and validation() never give access to the test split: plugins get a table of ours that does
// not know it. The subsets borrow from this object and are valid while it lives. Threads: any, after open().
class StudyData {
 public:
  // Creates the study's dataset and lays down which rows judge the trials: its own "validation" split, or else the
  // study's share of the rows of "train", drawn by the study's seed - stratified by class, in whole groups where there
  // is a group field, the newest rows where there is a time field. The study has a dataset.
  static Result<StudyData> open(PluginCatalog& catalog, const ResolvedStudy& study);

  StudyData(StudyData&&) noexcept;
  StudyData& operator=(StudyData&&) noexcept;
  ~StudyData();

  [[nodiscard]] const TaskShape& shape() const;
  [[nodiscard]] std::string fingerprint() const;
  [[nodiscard]] nas_subset train() const;
  [[nodiscard]] nas_subset validation() const;
  // The whole "train" split, the held-out rows included.
  [[nodiscard]] nas_subset all_of_train() const;
  [[nodiscard]] bool has_test() const;
  // Record the opening in the store first. Fails when the dataset has no test split.
  [[nodiscard]] Result<nas_subset> test() const;

 private:
  struct State;
  explicit StudyData(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace nascent::core
