// Which parameters a study's objectives depend on.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "nascent/core/config.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/study_space.hpp"
#include "nascent/core/trial.hpp"
#include "nascent/core/trust.hpp"

namespace nascent::core {

// Shares of the variance that an objective has over the prior; mean and standard deviation over the forest's trees.
struct ParameterImportance {
  std::string name;
  double active = 1;  // prior probability that it takes part
  double share = 0, sd = 0;
};
struct PairImportance {
  std::string first, second;
  double share = 0, sd = 0;  // beyond what each does alone
};

struct ObjectiveImportance {
  std::string metric;
  std::size_t n = 0;  // different configurations that the forest learnt from
  // Share of the variance between the trials that the forest predicts for those it did not learn from (out-of-bag R^2):
  // 1 is perfect, 0 no better than their mean.
  double fit = 0;
  std::vector<ParameterImportance>
      parameters;                     // all that can vary, most important first; empty where the objective is constant
  std::vector<PairImportance> pairs;  // among the kPairedMax most important ones, most important first

  // Of the shares above; the rest are three parameters and more together, and pairs that are not listed.
  [[nodiscard]] double explained() const;
  // none: fit below 0.3; good: 0.7 or more.
  [[nodiscard]] Trust trust() const;

  static constexpr std::size_t kPairedMax = 16;
};

// One entry per objective. A random forest learns the objective from the completed search trials, those that break a
// constraint too, and its variance over the prior is taken apart (functional ANOVA, see report/fanova.hpp). `trials`:
// by id. Errors: ErrorKind::invalid_input when fewer than kConfigurationsMin different configurations completed.
Result<std::vector<ObjectiveImportance>> study_importance(const StudyConfig& config, const StudySpace& space,
                                                          std::span<const Trial> trials);
inline constexpr std::size_t kConfigurationsMin = 10;

}  // namespace nascent::core
