// After the search: the winners trained again with the final budget, one model chosen, the test split opened once for it.
#pragma once

#include <optional>
#include <vector>

#include "nascent/core/search.hpp"

namespace nascent::core::search {

struct FinalOutcome {
  std::vector<Trial> finals;
  std::optional<Trial> chosen;
  bool interrupted = false;
};

// Trains the best trials of the search again: [final] top, seeds, budget. What an earlier run has done of that is taken
// over. Without [final] the best search trial is chosen. Winners are compared by the mean first objective of their
// trainings, judged on the validation part; of the best winner the best training is chosen.
Result<FinalOutcome> run_final_stage(const Search::Setup& setup, Executor& executor, const StopRequest& request);

}  // namespace nascent::core::search
