#include "first_failures.hpp"

#include <fmt/format.h>

#include "nascent/core/executor.hpp"

namespace nascent::core {

Result<void> FirstFailures::start(Store& store, StudyId study) {
  for (const TrialState state : {TrialState::completed, TrialState::pruned}) {
    TrialFilter filter;
    filter.state = state;
    filter.limit = 1;
    const auto found = store.trials(study, filter);
    if (!found) return tl::unexpected<Error>(found.error());
    if (!found->empty()) watching_ = false;
  }
  return {};
}

std::size_t FirstFailures::Alike::add(const std::string& text) {
  if (count == 0) message = text;
  differ = differ || text != message;
  ++count;
  return differ ? 0 : count;
}

void FirstFailures::see(const Trial& finished) {
  if (!watching_) return;
  const bool invalid = finished.state == TrialState::invalid, failed = finished.state == TrialState::failed;
  watching_ = invalid || failed;
  if (!watching_) return;
  const std::size_t n = (invalid ? refusals_ : failures_).add(finished.message);
  // Refusals are common where the space holds what cannot be built, and say less.
  if (failed && n >= kFirstFailuresMax) {
    verdict_ = Error{ErrorKind::plugin,
                     fmt::format("the first {} trials all failed alike ({}): {}; mend the cause and resume the study", n,
                                 name_of(finished.reason), finished.message)};
  } else if (invalid && failures_.count == 0 && n >= kFirstInvalidMax) {
    verdict_ = Error{ErrorKind::plugin,
                     fmt::format("the first {} trials were all refused alike: {}; mend the cause and start again", n,
                                 finished.message)};
  }
  watching_ = !verdict_;
}

}  // namespace nascent::core
