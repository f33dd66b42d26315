// A sampler under check: made, asked and told, and every proposal looked at.
#pragma once

#include <cstdint>
#include <functional>
#include <nascent/space_view.hpp>
#include <string>
#include <vector>

#include "plugins/check/checklist.hpp"
#include "plugins/check/instances.hpp"
#include "plugins/check/reference.hpp"

namespace nascent::core {

using CheckedSampler = Instance<nas_sampler_vt>;

struct Asked {
  nas_status status = NAS_OK;
  std::string reason;
  std::vector<Point> rows;
  // NAS_E_EXHAUSTED is an answer too.
  [[nodiscard]] bool answered() const { return !rows.empty() || status == NAS_E_EXHAUSTED; }
};

// What a trial came to: a state and, where that has one, a value.
struct TrialEnd {
  std::uint32_t state = NAS_TRIAL_COMPLETED;
  double value = 0;
};
using EndOfTrial = std::function<TrialEnd(std::uint64_t trial, const Point& at)>;

// Instances of one component on one space at a time. What breaks a rule goes to the checklist.
class SamplerSubject {
 public:
  // All outlive this object.
  SamplerSubject(const nas_component& component, const OptionTable& options, Checklist& list)
      : component_(component), options_(options), list_(list) {}

  // The space outlives the samplers that are made from now on.
  void search(SpaceView space) { space_ = space; }
  [[nodiscard]] SpaceView space() const { return space_; }

  PluginResult<CheckedSampler> make(std::uint32_t n_objectives = 1, std::uint32_t n_constraints = 0);
  // Observations of this space with the metrics that the sampler asks for.
  ObservationColumns columns(const CheckedSampler& sampler, std::size_t n_objectives = 1,
                             std::size_t n_constraints = 0);
  Asked ask(const CheckedSampler& sampler, std::uint64_t first_trial, std::size_t n, const nas_obs* pending = nullptr);
  void tell(const CheckedSampler& sampler, const nas_obs* observations);
  // Asks and tells `n` trials one by one, from history.size() on. Stops early when exhausted. The rows asked.
  std::vector<Point> live(const CheckedSampler& sampler, std::uint64_t n, ObservationColumns& history,
                          const EndOfTrial& end);
  void in_the_space(const Point& p, std::uint64_t trial);

 private:
  const nas_component& component_;
  const OptionTable& options_;
  Checklist& list_;
  SpaceView space_;
};

}  // namespace nascent::core
