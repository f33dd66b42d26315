// Samplers where there is nothing to search, or nothing to learn: an answer, in time and in little memory.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "plugins/check/contract.hpp"
#include "plugins/check/peak_memory.hpp"
#include "plugins/check/reference.hpp"
#include "plugins/check/sampler_subject.hpp"

namespace nascent::core {
namespace {

// Of a process that searches among a million choices. A sanitizer keeps freed memory for a while, and shadows it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kMemoryMax = std::size_t{2} << 30;
#else
constexpr std::size_t kMemoryMax = std::size_t{256} << 20;
#endif

class BadInputCheck {
 public:
  BadInputCheck(const nas_component& component, const OptionTable& options)
      : list_(subject_of(component)), subject_(component, options, list_) {}

  std::vector<CheckFinding> run() {
    list_.property("a_space_without_parameters_works_or_is_refused");
    only_one_configuration(empty_space());
    list_.property("a_space_of_one_point_works_or_is_refused");
    only_one_configuration(one_point_space());
    list_.property("conditions_that_never_hold_work_or_are_refused");
    only_one_configuration(inactive_space());
    for (const SpaceDeclaration* space : {&mixed_space(), &finite_space()}) {
      const std::string in = space == &mixed_space() ? " (mixed_space)" : " (finite_space)";
      subject_.search(SpaceView(space->view()));
      list_.property("values_that_are_not_finite_are_survived" + in, 10);
      not_finite();
      list_.property("repeats_of_one_configuration_are_survived" + in);
      only_repeats();
    }
    list_.property("a_million_choices_take_little_memory");
    many_choices();
    return list_.take();
  }

 private:
  // Empty where the sampler refuses this space with a message.
  std::optional<CheckedSampler> made(std::uint32_t n_constraints = 0) {
    auto sampler = subject_.make(1, n_constraints);
    if (sampler) return std::move(*sampler);
    list_.that(!sampler.error().reason.starts_with("failed without a message"), "create fails without a message");
    return std::nullopt;
  }
  void answers(const CheckedSampler& sampler, std::uint64_t trial, const nas_obs* pending = nullptr) {
    const Asked asked = subject_.ask(sampler, trial, 3, pending);
    list_.that(asked.answered(), fmt::format("ask for trial {} fails: {}", trial, asked.reason));
  }

  void only_one_configuration(const SpaceDeclaration& space) {
    subject_.search(SpaceView(space.view()));
    const auto sampler = made();
    if (!sampler) return;
    ObservationColumns history = subject_.columns(*sampler), pending = subject_.columns(*sampler);
    const auto rows = subject_.live(*sampler, 40, history, [](std::uint64_t trial, const Point&) {
      return TrialEnd{trial % 8 == 7 ? NAS_TRIAL_FAILED : NAS_TRIAL_COMPLETED, static_cast<double>(trial % 3)};
    });
    if (rows.empty()) return;
    pending.add(history.size(), NAS_TRIAL_PENDING, 0, 0, &rows.front());
    answers(*sampler, history.size() + 1, pending.view());
  }

  // The host tells no such objective; embedded searches and other hosts may.
  void not_finite() {
    const auto sampler = made(1);
    if (!sampler) return;
    constexpr double infinity = std::numeric_limits<double>::infinity(), huge = std::numeric_limits<double>::max();
    constexpr std::array values{0.5, std::numeric_limits<double>::quiet_NaN(), infinity, -infinity, huge, -huge, 0.25};
    ObservationColumns history = subject_.columns(*sampler, 1, 1);
    subject_.live(*sampler, 42, history, [&](std::uint64_t trial, const Point&) {
      return TrialEnd{trial % 5 == 4 ? NAS_TRIAL_PRUNED : NAS_TRIAL_COMPLETED, values[trial % values.size()]};
    });
    answers(*sampler, history.size());
  }

  // As a queue or a warm start may bring them.
  void only_repeats() {
    const auto sampler = made();
    if (!sampler) return;
    const Asked first = subject_.ask(*sampler, 0, 1);
    list_.that(first.answered(), "ask for trial 0 fails: " + first.reason);
    if (first.rows.empty()) return;
    ObservationColumns history = subject_.columns(*sampler), pending = subject_.columns(*sampler);
    for (std::uint64_t trial = 0; trial < 100; ++trial)
      history.add(trial, NAS_TRIAL_COMPLETED, 1, static_cast<double>(trial % 4), &first.rows[0]);
    subject_.tell(*sampler, history.view());
    for (std::uint64_t trial = 100; trial < 104; ++trial) pending.add(trial, NAS_TRIAL_PENDING, 0, 0, &first.rows[0]);
    answers(*sampler, 104, pending.view());
  }

  void many_choices() {
    subject_.search(many_choices_space());
    const PeakMemory memory;
    {
      const auto sampler = made();
      if (!sampler) return;
      ObservationColumns history = subject_.columns(*sampler);
      subject_.live(*sampler, 24, history, [](std::uint64_t, const Point& at) {
        return TrialEnd{NAS_TRIAL_COMPLETED, (at.x[0] + at.x[1]) / kManyChoices + at.x[2]};
      });
      answers(*sampler, history.size());
    }
    list_.that(memory.growth_bytes() <= kMemoryMax,
               fmt::format("24 trials of a space with two times {} choices took {} MiB; {} are enough", kManyChoices,
                           memory.growth_bytes() >> 20, kMemoryMax >> 20));
  }

  Checklist list_;
  SamplerSubject subject_;
};

}  // namespace

std::vector<CheckFinding> check_sampler_on_bad_input(const nas_component& component, const OptionTable& options) {
  return BadInputCheck(component, options).run();
}

}  // namespace nascent::core
