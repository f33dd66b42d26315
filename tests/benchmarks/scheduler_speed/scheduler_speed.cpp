// Time a scheduler's own code takes to decide about a trial, and about the paused ones, with many trials to compare with.
//   scheduler_speed PLUGIN.so TRIALS OBJECTIVES [OPTION=TEXT]...   ->  one JSON object on standard output
// TRIALS trials of a budget of 81 have come to 1, 3, 9, 27, 81, the better third of each rung to the next, and reported three times on
// the way to each; who ended at a rung is pruned or, every second one where the scheduler promotes, paused. The trials in question
// report at a rung. Medians.
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "nascent/rng.hpp"
#include "support/observations.hpp"

namespace {

using namespace nascent;
using Clock = std::chrono::steady_clock;

constexpr double kBudgets[] = {1, 3, 9, 27, 81};
constexpr int kReports = 3;  // on the way to a budget
constexpr int kCalls = 200;

double milliseconds(Clock::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

class SchedulerUnderTest {
 public:
  SchedulerUnderTest(const char* library, std::uint32_t n_objectives, const std::vector<std::string>& options) {
    void* const handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) throw std::runtime_error(dlerror());
    const auto entry = reinterpret_cast<nas_entry_fn>(dlsym(handle, "nascent_plugin_v1"));
    if (entry == nullptr) throw std::runtime_error(std::string(library) + " is no plugin");
    const nas_component& component = *entry()->components[0];
    if (view(component.kind) != NAS_KIND_SCHEDULER) throw std::runtime_error(std::string(library) + " holds no scheduler");
    vt_ = static_cast<const nas_scheduler_vt*>(component.vt);

    std::vector<std::string> names(component.n_options);
    std::vector<nas_named_value> values;
    for (std::uint32_t i = 0; i < component.n_options; ++i) {
      const auto* bytes = reinterpret_cast<const char*>(component.options) + std::size_t{i} * component.option_stride;
      const auto& option = *reinterpret_cast<const nas_option*>(bytes);
      names[i] = std::string("/").append(view(option.name));
      nas_value value = option.dflt;
      for (const std::string& given : options) {
        const std::size_t equals = given.find('=');
        if (given.substr(0, equals) != view(option.name)) continue;
        const std::string_view text = std::string_view(given).substr(equals + 1);
        value = {NAS_T_STR, static_cast<std::uint32_t>(text.size()), {.s = text.data()}};
      }
      if (value.type != NAS_T_NULL) values.push_back({str(names[i]), value});
    }
    const nas_config config{sizeof config, 0, values.size(), values.data()};
    nas_scheduler_arg arg{};
    arg.size = sizeof arg;
    arg.n_objectives = n_objectives;
    arg.parallel = 1000;
    arg.budget = {NAS_UNIT_EPOCH, 0, 0, 81};
    nas_error error{};
    check(vt_->create(nullptr, &config, &arg, &self_, &error), error);
  }
  SchedulerUnderTest(const SchedulerUnderTest&) = delete;
  SchedulerUnderTest& operator=(const SchedulerUnderTest&) = delete;
  ~SchedulerUnderTest() { vt_->destroy(self_); }

  std::uint32_t decide(const nas_obs* history, const nas_obs* trial) {
    nas_verdict verdict{};
    nas_error error{};
    check(vt_->decide(self_, history, trial, &verdict, &error), error);
    return verdict.verdict;
  }
  std::size_t poll(const nas_obs* history) {
    std::vector<nas_verdict> answers(256);
    std::size_t n = 0;
    nas_error error{};
    check(vt_->poll(self_, history, answers.data(), answers.size(), &n, &error), error);
    return n;
  }

 private:
  const nas_scheduler_vt* vt_ = nullptr;
  void* self_ = nullptr;
};

std::vector<double> values_of(double loss, double budget, std::size_t n_objectives) {
  std::vector<double> values{loss + 1 / budget};
  while (values.size() < n_objectives) values.push_back(1 - loss + 0.1 * std::sin(1e3 * loss) + 1 / budget);
  return values;
}

void report_until(test::History& history, std::uint64_t trial, TrialState state, std::size_t rung, double loss, std::size_t n_objectives) {
  double from = 0;
  for (std::size_t r = 0; r <= rung; from = kBudgets[r++]) {
    for (int k = 1; k <= kReports; ++k) {
      const double budget = from + (kBudgets[r] - from) * k / kReports;
      history.report(trial, state, budget, values_of(loss, budget, n_objectives));
    }
  }
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

void measure(const char* library, std::uint64_t trials, std::uint32_t n_objectives, const std::vector<std::string>& options) {
  SchedulerUnderTest scheduler(library, n_objectives, options);
  const bool pauses = std::ranges::any_of(options, [](const std::string& o) { return o == "form=promotion"; }) ||
                      std::string(library).find("halving") != std::string::npos || std::string(library).find("hyperband") != std::string::npos;
  test::History history(n_objectives);
  for (std::uint64_t t = 0; t < trials; ++t) {
    const double loss = Rng(1, t).uniform();
    const auto rung = std::min<std::size_t>(4, static_cast<std::size_t>(-std::log(loss) / std::log(3.0)));
    const TrialState state = rung == 4 ? TrialState::completed : pauses && t % 2 == 0 ? TrialState::paused : TrialState::pruned;
    report_until(history, t, state, rung, loss, n_objectives);
  }
  const nas_obs* const seen = history.get();
  std::vector<double> deciding, polling;
  std::uint64_t answers = 0;
  for (int call = 0; call < kCalls; ++call) {
    test::History own(n_objectives);
    const double loss = Rng(2, static_cast<std::uint64_t>(call)).uniform();
    report_until(own, trials, TrialState::pending, static_cast<std::size_t>(call % 4), loss, n_objectives);
    const nas_obs* const trial = own.get();
    const auto before = Clock::now();
    answers = 31 * answers + scheduler.decide(seen, trial);
    deciding.push_back(milliseconds(Clock::now() - before));
  }
  for (int call = 0; call < kCalls / 10; ++call) {
    const auto before = Clock::now();
    answers = 31 * answers + scheduler.poll(seen);
    polling.push_back(milliseconds(Clock::now() - before));
  }
  std::printf("{\"trials\": %.0f, \"reports\": %zu, \"decide_ms\": %.5f, \"poll_ms\": %.5f, \"answers\": \"%016llx\"}\n", static_cast<double>(trials),
              history.size(), median(deciding), median(polling), static_cast<unsigned long long>(answers));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "scheduler_speed PLUGIN.so TRIALS OBJECTIVES [OPTION=TEXT]...\n");
    return 2;
  }
  try {
    measure(argv[1], std::strtoull(argv[2], nullptr, 10), static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10)), {argv + 4, argv + argc});
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}
