// The same sampler as draw.c, written with the C++ SDK: built with several compilers and C++ libraries by this suite.
#include <nascent/sampler.hpp>

#ifndef ALIAS
#define ALIAS "draw"
#endif

namespace {

class Draw final : public nascent::Sampler {
 public:
  static constexpr nascent::About about{"org.nascent.test." ALIAS, ALIAS, "1.0.0", "draws from the prior"};
  static constexpr std::array options{
      nascent::option("shrink", "share of each range that is used, from its lower end").real(0, 1).otherwise(1.0)};

  Draw(const nascent::Options& o, const nascent::SamplerSetup& setup)
      : space_(setup.space), seed_(setup.seed), shrink_(o.real("shrink")) {
    if (shrink_ <= 0) throw nascent::InvalidOption("shrink", "shrink has to be above 0 and at most 1");
  }
  void ask(const nascent::Ask& ask, nascent::Row row) override {
    nascent::Rng rng(seed_, ask.trial_id);
    space_.sample(rng, row);
  }

 private:
  nascent::SpaceView space_;
  std::uint64_t seed_;
  double shrink_;
};

}  // namespace

NASCENT_PLUGIN("org.nascent.test." ALIAS, "1.0.0", Draw)
