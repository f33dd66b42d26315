// A sampler whose proposals give away everything it was told: two studies agree exactly when it saw the same.
#pragma once

#include <cstring>
#include <functional>
#include <nascent/sampler.hpp>

namespace nascent::fakes {

class Digest {
 public:
  void add(double value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    add(bits);
  }
  void add(std::uint64_t word) { value_ = nascent::derive_seed(value_, word); }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

class Telltale : public nascent::Sampler {
 public:
  static constexpr nascent::About about{"test.sampler.telltale", "telltale", "1.0.0", "Draws that depend on all it was told"};

  // What to do when told, for tests that look at the world at that moment.
  static inline std::function<void(const nascent::Observation&)> on_tell, on_report;

  Telltale(const nascent::Options&, const nascent::SamplerSetup& setup) : space_(setup.space), seed_(setup.seed) {}

  void ask(const nascent::Ask& ask, nascent::Row row) override {
    Digest seen = told_;
    for (std::size_t i = 0; i < ask.pending.size(); ++i) add(seen, ask.pending[i]);
    nascent::Rng rng(seed_ ^ seen.value(), ask.trial_id);
    space_.sample(rng, row);
  }
  void tell(const nascent::Observation& observation) override {
    if (on_tell) on_tell(observation);
    add(told_, observation);
  }
  void tell_report(const nascent::Observation& report) override {
    if (on_report) on_report(report);
    add(told_, report);
  }

 private:
  static void add(Digest& digest, const nascent::Observation& o) {
    digest.add(o.trial_id());
    digest.add(static_cast<std::uint64_t>(o.state()));
    digest.add(o.budget());
    digest.add(static_cast<std::uint64_t>(o.accepted()));
    for (const double v : o.values()) digest.add(v);
    for (const double v : o.constraints()) digest.add(v);
    for (const double v : o.at().x) digest.add(v);
    for (const std::uint8_t v : o.at().active) digest.add(static_cast<std::uint64_t>(v));
  }

  nascent::SpaceView space_;
  std::uint64_t seed_;
  Digest told_;
};

// Proposes what a test wrote down, trial by trial; then it has nothing left. Rows are x then active.
class Scripted : public nascent::Sampler {
 public:
  static constexpr nascent::About about{"test.sampler.scripted", "scripted", "1.0.0", "Proposals from a list"};
  static inline std::vector<nascent::Point> script;

  Scripted(const nascent::Options&, const nascent::SamplerSetup&) {}
  void ask(const nascent::Ask& ask, nascent::Row row) override {
    if (ask.trial_id >= script.size()) throw nascent::Error(NAS_E_EXHAUSTED, "the script is over");
    script[ask.trial_id].copy_to(row);
  }
};

}  // namespace nascent::fakes
