// nascent enqueue: a configuration that the study tries before its sampler is asked.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "components.hpp"
#include "display/trial_text.hpp"
#include "nascent/core/given_values.hpp"
#include "nascent/core/seeds.hpp"

namespace nascent::cli {
namespace {

struct EnqueueOptions {
  StudyArgument study;
  std::vector<std::string> values;
  bool json = false;
};

Outcome enqueue(const EnqueueOptions& options) {
  const auto given = core::parse_values(options.values);
  if (!given) return tl::unexpected(given.error());
  auto study = open_study(options.study, core::OpenMode::must_exist);
  if (!study) return tl::unexpected(study.error());
  auto components = load_components(*study);
  if (!components) return tl::unexpected(components.error());
  const auto space = load_space(*components);
  if (!space) return tl::unexpected(space.error());
  const core::StudyId id = study->record.id;
  const auto earlier = study->store->queued_configurations(id);
  if (!earlier) return tl::unexpected(earlier.error());
  const std::uint64_t seed = core::queue_seed(study->record.seed, earlier->size());
  auto configuration = core::complete_configuration(*space, *given, seed);
  if (!configuration) return tl::unexpected(configuration.error());
  const core::QueuedConfiguration queued{*configuration, "enqueue"};
  if (auto added = study->store->queue_configurations(id, {&queued, 1}); !added) return tl::unexpected(added.error());

  const auto waiting = 1 + std::ranges::count_if(*earlier, [](const core::QueuedConfiguration& q) { return !q.trial; });
  const auto parameters = nlohmann::ordered_json::parse(study->record.space_json);
  if (options.json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"parameters", configuration_json(*configuration, parameters)},
                                              {"waiting", waiting}}
                           .dump(2));
    return ExitCode::done;
  }
  fmt::print("queued {}\n", configuration_text(*configuration, parameters));
  fmt::print("{} waiting; the next trials of study {} try them", waiting, study->record.name);
  const bool runs = study->record.state == core::StudyState::running;
  fmt::print("{}\n", runs ? "" : fmt::format(": nascent resume {} --study {}", study->location, study->record.name));
  return ExitCode::done;
}

}  // namespace

void add_enqueue(Commands& commands) {
  commands.add<EnqueueOptions>(
      nullptr, "enqueue", "Have a study try a configuration before its sampler is asked again",
      [](CLI::App& command, EnqueueOptions& o) {
        command.add_option("study", o.study.where, "store (fashion.db) or TOML file of the study")->required();
        command
            .add_option("values", o.values,
                        "values of parameters: space.block=residual; the others take their default, or are drawn from "
                        "their prior")
            ->type_name("PARAMETER=VALUE ...");
        command.add_option("--study", o.study.name, "name of the study, where the store holds several");
        command.add_flag("--json", o.json, "what was queued, as JSON");
      },
      enqueue);
}

}  // namespace nascent::cli
