// One fault of a plugin, in a component of each kind that can have it: at trial `at`, unless the file `only_once` shows that
// it has happened before.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nascent/compressor.hpp>
#include <nascent/evaluator.hpp>
#include <nascent/sampler.hpp>
#include <nascent/scheduler.hpp>
#include <nascent/space.hpp>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using nascent::option;
using nascent::Options;

constexpr auto faults = nascent::names("none", "segfault", "abort", "exit", "hang", "throw", "leak", "close_files");
constexpr std::array fault_options{
    option("fault", "what it does").one_of(faults).otherwise("none"),
    option("at", "number of the trial").integer(0, 1000000).otherwise(0),
    option("only_once", "the fault passes when this file exists; it is made first").path(),
};

constexpr std::uint64_t in_constructor = 1000000;  // in place of a trial; samplers only

class Fault {
 public:
  explicit Fault(const Options& o)
      : what_(o.text("fault")), at_(static_cast<std::uint64_t>(o.integer("at"))), only_once_(o.has("only_once") ? o.text("only_once") : "") {}
  void happen(std::uint64_t trial) const {
    if (what_ == "none" || trial != at_) return;
    if (!only_once_.empty()) {
      if (std::filesystem::exists(only_once_)) return;
      std::ofstream(only_once_) << "x";
    }
    std::fputs("about to do wrong\n", stderr);
    if (what_ == "segfault") std::raise(SIGSEGV);
    if (what_ == "abort") std::abort();
    if (what_ == "exit") std::_Exit(7);
    if (what_ == "hang") std::this_thread::sleep_for(std::chrono::minutes(10));
    if (what_ == "throw") throw std::runtime_error("a defect");
    constexpr std::size_t leaked = std::size_t{64} << 20;
    if (what_ == "leak") static_cast<void>(std::memset(std::malloc(leaked), 1, leaked));
    for (int fd = 3; what_ == "close_files" && fd < 1024; ++fd) ::close(fd);
  }

 private:
  std::string what_;
  std::uint64_t at_;
  std::string only_once_;
};

class FaultySampler : public nascent::Sampler {
 public:
  static constexpr nascent::About about{"org.nascent.test.sampler.faulty", "faulty", "1.0.0", "Draws, until it does not"};
  static constexpr auto options = fault_options;
  FaultySampler(const Options& o, const nascent::SamplerSetup& setup) : fault_(o), prior_(setup.space), seed_(setup.seed) {
    fault_.happen(in_constructor);
  }
  void ask(const nascent::Ask& ask, nascent::Row row) override {
    fault_.happen(ask.trial_id);
    nascent::Rng rng(seed_, ask.trial_id);
    prior_.sample(rng, row);
  }

 private:
  Fault fault_;
  nascent::PriorDraws prior_;
  std::uint64_t seed_;
};

// Two numbers and no architecture. `at` counts its builds.
class FaultySpace : public nascent::Space {
 public:
  static constexpr nascent::About about{"org.nascent.test.space.faulty", "faulty", "1.0.0", "Two numbers, until it does not"};
  static constexpr auto options = fault_options;
  explicit FaultySpace(const Options& o) : fault_(o) {
    nascent::SpaceBuilder s;
    s.real("a", 0, 1);
    s.real("b", 0, 1);
    declaration_ = s.declaration();
  }
  [[nodiscard]] const nascent::SpaceDeclaration& declaration() const override { return declaration_; }
  [[nodiscard]] std::optional<nascent::Graph> build(const nascent::Values&) const override {
    fault_.happen(builds_++);
    return std::nullopt;
  }

 private:
  Fault fault_;
  nascent::SpaceDeclaration declaration_;
  mutable std::atomic<std::uint64_t> builds_ = 0;
};

class FaultyScheduler : public nascent::Scheduler {
 public:
  static constexpr nascent::About about{"org.nascent.test.scheduler.faulty", "faulty", "1.0.0", "Lets go on, until it does not"};
  static constexpr auto options = fault_options;
  FaultyScheduler(const Options& o, const nascent::SchedulerSetup&) : fault_(o) {}
  nascent::Verdict decide(const nascent::Observations&, const nascent::Observations& trial) override {
    fault_.happen(trial[0].trial_id());
    return nascent::Verdict::go;
  }

 private:
  Fault fault_;
};

class FaultyEvaluator : public nascent::Evaluator {
 public:
  static constexpr nascent::About about{"org.nascent.test.evaluator.faulty", "faulty", "1.0.0", "Measures 1, until it does not"};
  static constexpr auto options = fault_options;
  explicit FaultyEvaluator(const Options& o) : fault_(o) {}
  [[nodiscard]] const std::vector<nascent::MetricDeclaration>& metrics() const override { return metrics_; }
  void evaluate(const nascent::Task& task, const nascent::EvalRequest&, const nascent::Emit& emit) override {
    fault_.happen(task.trial_id());
    emit.metric("one", 1);
  }

 private:
  Fault fault_;
  std::vector<nascent::MetricDeclaration> metrics_{{"one", "always 1", nascent::Direction::none, 0}};
};

// Gives no model: the study keeps the one it has.
class FaultyCompressor : public nascent::Compressor {
 public:
  static constexpr nascent::About about{"org.nascent.test.compressor.faulty", "faulty", "1.0.0", "Changes nothing, until it does"};
  static constexpr auto options = fault_options;
  explicit FaultyCompressor(const Options& o) : fault_(o) {}
  nascent::ModelRef compress(const nascent::Task& task, const nascent::CompressRequest&) override {
    fault_.happen(task.trial_id());
    return {};
  }

 private:
  Fault fault_;
};

}  // namespace

NASCENT_PLUGIN("org.nascent.test.faulty", "1.0.0", FaultySpace, FaultySampler, FaultyScheduler, FaultyEvaluator, FaultyCompressor)
