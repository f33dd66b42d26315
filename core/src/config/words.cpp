// The words of the file for the enumerations, in the order of the enumerators.
#include "config/settings.hpp"

namespace nascent::core::config {

const std::vector<std::string>& duplicates_names() {
  static const std::vector<std::string> names{"reuse", "resample", "retrain"};
  return names;
}
const std::vector<std::string>& direction_names() {
  static const std::vector<std::string> names{"minimize", "maximize"};
  return names;
}
const std::vector<std::string>& acceptance_names() {
  static const std::vector<std::string> names{"best", "pareto", "threshold", "metropolis"};
  return names;
}
const std::vector<std::string>& execution_names() {
  static const std::vector<std::string> names{"inline", "workers"};
  return names;
}
const std::vector<std::string>& isolation_names() {
  static const std::vector<std::string> names{"none", "process"};
  return names;
}
const std::vector<std::string>& unit_names() {
  static const std::vector<std::string> names{"epochs", "steps", "seconds", "fraction"};
  return names;
}

}  // namespace nascent::core::config
