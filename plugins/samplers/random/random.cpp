// Monte Carlo search: every trial is drawn from the prior, independent of all others.
#include "nascent/sampler.hpp"

namespace {

class Random : public nascent::Sampler {
 public:
  static constexpr nascent::About about{"org.nascent.sampler.random", "random", "1.0.0",
                                        "Independent draws from the prior (Monte Carlo)"};

  Random(const nascent::Options&, const nascent::SamplerSetup& setup) : prior_(setup.space), seed_(setup.seed) {}

  void ask(const nascent::Ask& ask, nascent::Row row) override {
    nascent::Rng rng(seed_, ask.trial_id);
    prior_.sample(rng, row);
  }

 private:
  nascent::PriorDraws prior_;
  std::uint64_t seed_;
};

}  // namespace

NASCENT_PLUGIN("org.nascent.random", "1.0.0", Random)
