// Time a sampler takes to propose and to learn, on 40 mixed parameters and an objective that costs nothing.
//   sampler_speed PLUGIN.so TRIALS OBJECTIVES TOLD [PENDING]   ->  one JSON object on standard output
// TOLD trials drawn from the prior are told first, and PENDING more are pending; then TRIALS are asked, each time after the oldest
// pending one was told, which is what is timed. "proposals" is a digest of what was proposed: equal digests, equal proposals.
#include <dlfcn.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include "nascent/space_builder.hpp"
#include "support/observations.hpp"

namespace {

using namespace nascent;
using Clock = std::chrono::steady_clock;

double seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }

// 10 numbers, 10 on a logarithmic scale, 10 whole numbers, 10 choices of 5; sampler_speed.py declares the same.
SpaceDeclaration forty_parameters() {
  SpaceBuilder s;
  for (int i = 0; i < 10; ++i) s.real("x" + std::to_string(i), -5, 5);
  for (int i = 0; i < 10; ++i) s.real("l" + std::to_string(i), 1e-5, 1e-1, {.scale = Scale::log});
  for (int i = 0; i < 10; ++i) s.integer("i" + std::to_string(i), 1, 64);
  for (int i = 0; i < 10; ++i) s.choice("c" + std::to_string(i), {"a", "b", "c", "d", "e"});
  return s.declaration();
}

// Squared distance to an optimum that lies elsewhere for each objective; a wrong choice costs 1.
std::vector<double> objectives(const Point& p, std::size_t n) {
  std::vector<double> values;
  for (std::size_t k = 0; k < n; ++k) {
    const double shift = static_cast<double>(k);
    double sum = 0;
    for (std::size_t i = 0; i < 10; ++i) {
      sum += std::pow(p.x[i] - 1 + 2 * shift, 2) + std::pow(std::log10(p.x[10 + i]) + 3 - shift, 2);
      sum += std::pow((p.x[20 + i] - 20 - 20 * shift) / 10, 2) + (p.x[30 + i] == 1 + shift ? 0 : 1);
    }
    values.push_back(sum);
  }
  return values;
}

class SamplerUnderTest {
 public:
  SamplerUnderTest(const char* library, const SpaceDeclaration& space, std::uint32_t n_objectives) : space_(space) {
    void* const handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) throw std::runtime_error(dlerror());
    const auto entry = reinterpret_cast<nas_entry_fn>(dlsym(handle, "nascent_plugin_v1"));
    if (entry == nullptr) throw std::runtime_error(std::string(library) + " is no plugin");
    const nas_component& component = *entry()->components[0];
    if (view(component.kind) != NAS_KIND_SAMPLER) throw std::runtime_error(std::string(library) + " holds no sampler");
    vt_ = static_cast<const nas_sampler_vt*>(component.vt);

    std::vector<std::string> names(component.n_options);
    std::vector<nas_named_value> defaults;
    for (std::uint32_t i = 0; i < component.n_options; ++i) {
      const auto* bytes = reinterpret_cast<const char*>(component.options) + std::size_t{i} * component.option_stride;
      const auto& option = *reinterpret_cast<const nas_option*>(bytes);
      names[i] = std::string("/").append(view(option.name));
      if (option.dflt.type != NAS_T_NULL) defaults.push_back({str(names[i]), option.dflt});
    }
    const nas_config config{sizeof config, 0, defaults.size(), defaults.data()};
    nas_sampler_arg arg{};
    arg.size = sizeof arg;
    arg.n_objectives = n_objectives;
    arg.parallel = 1;
    arg.space = space_.view();
    arg.seed = 1;
    nas_error error{};
    check(vt_->create(nullptr, &config, &arg, &self_, &error), error);
  }
  SamplerUnderTest(const SamplerUnderTest&) = delete;
  SamplerUnderTest& operator=(const SamplerUnderTest&) = delete;
  ~SamplerUnderTest() { vt_->destroy(self_); }

  Point ask(std::uint64_t trial, const nas_obs* pending) {
    Point point(space_.size());
    nas_rows rows{sizeof rows,        static_cast<std::uint32_t>(space_.size()), 1, &trial, point.x.data(),
                  point.active.data()};
    std::size_t filled = 0;
    const nas_ask request{sizeof request, 0, &rows, &filled, pending, nullptr};
    nas_error error{};
    check(vt_->ask(self_, &request, &error), error);
    return point;
  }
  void tell(test::History& history) {
    nas_error error{};
    check(vt_->tell(self_, history.get(), &error), error);
  }

 private:
  SpaceDeclaration space_;
  const nas_sampler_vt* vt_ = nullptr;
  void* self_ = nullptr;
};

void measure(const char* library, std::uint64_t trials, std::uint32_t n_objectives, std::uint64_t told, std::uint64_t pending) {
  const SpaceDeclaration space = forty_parameters();
  SamplerUnderTest sampler(library, space, n_objectives);
  std::deque<std::pair<std::uint64_t, Point>> asked;
  double best = HUGE_VAL, slowest = 0, asking = 0, telling = 0;
  std::uint64_t digest = 0;
  const auto tell_oldest = [&] {
    const auto& [trial, point] = asked.front();
    const std::vector<double> values = objectives(point, n_objectives);
    best = std::min(best, values[0]);
    test::History one(n_objectives);
    one.add(trial, TrialState::completed, values, point);
    asked.pop_front();
    const auto before = Clock::now();
    sampler.tell(one);
    telling += seconds(Clock::now() - before);
  };
  for (std::uint64_t t = 0; t < told + pending; ++t) {
    Rng rng(2, t);
    SpaceView(space.view()).sample(rng, asked.emplace_back(t, Point(space.size())).second.row());
    if (asked.size() > pending) tell_oldest();
  }
  telling = 0;
  best = HUGE_VAL;
  for (std::uint64_t t = told + pending; t < told + pending + trials; ++t) {
    test::History running(n_objectives);
    for (const auto& [trial, point] : asked) running.add(trial, TrialState::pending, {}, point);
    const nas_obs* const seen = running.get();
    const auto before = Clock::now();
    Point point = sampler.ask(t, seen);
    const double took = seconds(Clock::now() - before);
    asking += took;
    slowest = std::max(slowest, took);
    for (const double x : point.x) digest = 31 * digest + std::bit_cast<std::uint64_t>(x);
    asked.emplace_back(t, std::move(point));
    tell_oldest();
  }
  const double n = static_cast<double>(trials), all = asking + telling;
  std::printf(
      "{\"trials\": %.0f, \"told\": %.0f, \"pending\": %.0f, \"seconds\": %.5f, \"suggestion_ms\": %.5f, \"ask_ms\": %.5f, "
      "\"ask_ms_max\": %.5f, \"best\": %.6g, \"proposals\": \"%016llx\"}\n",
      n, static_cast<double>(told), static_cast<double>(pending), all, all / n * 1e3, asking / n * 1e3, slowest * 1e3, best,
      static_cast<unsigned long long>(digest));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) {
    std::fprintf(stderr, "sampler_speed PLUGIN.so TRIALS OBJECTIVES TOLD [PENDING]\n");
    return 2;
  }
  try {
    measure(argv[1], std::strtoull(argv[2], nullptr, 10),
            static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10)), std::strtoull(argv[4], nullptr, 10), argc == 6 ? std::strtoull(argv[5], nullptr, 10) : 0);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}
