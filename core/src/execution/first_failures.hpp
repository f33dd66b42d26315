// Notices a study that cannot succeed: its first trials all fail in the same way.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "nascent/core/result.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core {

class FirstFailures {
 public:
  // A study in which a trial ever ended otherwise is not watched any more.
  Result<void> start(Store& store, StudyId study);
  void see(const Trial& finished);
  // Set once kFirstFailuresMax trials in a row failed with one message, or kFirstInvalidMax were refused with one, and
  // nothing else happened.
  [[nodiscard]] const std::optional<Error>& verdict() const { return verdict_; }

 private:
  // Outcomes with one message.
  struct Alike {
    std::size_t count = 0;
    std::string message;
    bool differ = false;
    // The number of them, 0 once they differ.
    std::size_t add(const std::string& text);
  };
  bool watching_ = true;
  Alike failures_, refusals_;
  std::optional<Error> verdict_;
};

}  // namespace nascent::core
