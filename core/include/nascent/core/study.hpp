// A search inside a C++ program: declare a space, then pass a function, or ask and tell by hand.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nascent/plugin.hpp>
#include <nascent/space_builder.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nascent/core/config.hpp"
#include "nascent/core/plugins.hpp"
#include "nascent/core/result.hpp"
#include "nascent/core/search.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core {

struct StudyOptions {
  std::string sampler = "auto";  // alias or id of a plugin
  std::vector<std::pair<std::string, OptionValue>> sampler_options{};  // {{"population", 20}}; checked like a file's
  const nas_component* sampler_class = nullptr;  // a sampler of this program, in place of `sampler`: see in_process()
  std::uint64_t trials = 100;
  std::uint64_t seed = 1;
  std::uint32_t parallel = 1;  // trials that may be asked for before the first of them is told
  std::vector<Objective> objectives{{"value", Direction::minimize}};
  std::vector<Constraint> constraints{};
  Duplicates duplicates = Duplicates::retrain;
  std::string store = ":memory:";  // or a file, where the study goes on if it is there already
  std::string name = "study";
  std::vector<std::filesystem::path> plugin_path{};  // searched before the usual places
};

// A sampler class of this program: {.sampler_class = in_process<MySampler>()}.
template <class Sampler>
const nas_component* in_process() {
  return &nascent::ComponentOf<Sampler>::value;
}

// One study, deterministic: the same options give the same trials. One thread at a time.
class Study {
 public:
  // The loss of a configuration, or the value of the first objective in its own direction. An exception or a value that
  // is not finite makes a failed trial; the search goes on.
  using Function = std::function<double(const nascent::Values&)>;

  static Result<Study> open(nascent::SpaceDeclaration space, StudyOptions options = {});
  Study(Study&&) noexcept;
  Study& operator=(Study&&) noexcept;
  ~Study();

  // Runs the whole study; the best trial comes back. For one objective.
  Result<Trial> optimize(const Function& function);

  // The next trial to evaluate; empty when the study is over. At most `parallel` may be open at a time.
  Result<std::optional<Trial>> ask();
  // One value per objective, or metrics by name, constraints included.
  Result<void> tell(TrialId trial, double value);
  Result<void> tell(TrialId trial, std::vector<Metric> metrics);
  Result<void> tell_failed(TrialId trial, std::string message);

  // How to read a trial's configuration with the handles of the space's builder. Borrows from the trial.
  [[nodiscard]] nascent::Values values(const Trial& trial) const;
  // The best trial so far, its Pareto front, counts.
  [[nodiscard]] SearchOutcome outcome() const;

 private:
  struct State;
  explicit Study(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace nascent::core
