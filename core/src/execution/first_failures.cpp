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

void FirstFailures::see(const Trial& finished) {
  if (!watching_) return;
  if (finished.state != TrialState::failed || (count_ > 0 && finished.message != message_)) {
    watching_ = finished.state == TrialState::invalid;  // says nothing about the next one
    return;
  }
  message_ = finished.message;
  if (++count_ < kFirstFailuresMax) return;
  watching_ = false;
  verdict_ = Error{ErrorKind::plugin,
                   fmt::format("the first {} trials all failed alike ({}): {}; mend the cause and resume the study",
                               count_, name_of(finished.reason), message_)};
}

}  // namespace nascent::core
