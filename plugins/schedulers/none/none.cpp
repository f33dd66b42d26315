// Every trial runs to its full budget.
#include "nascent/scheduler.hpp"

namespace {

class None : public nascent::Scheduler {
 public:
  static constexpr nascent::About about{"org.nascent.scheduler.none", "none", "1.0.0",
                                        "Every trial gets its full budget"};

  explicit None(const nascent::Options&) {}

  nascent::Verdict decide(const nascent::Observations&, const nascent::Observations&) override {
    return nascent::Verdict::go;
  }
};

}  // namespace

NASCENT_PLUGIN("org.nascent.none", "1.0.0", None)
