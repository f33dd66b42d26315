// nascent validate: everything that can be known of a study before it starts.
#include <fmt/format.h>

#include "catalog.hpp"
#include "command.hpp"
#include "nascent/core/prepared_study.hpp"

namespace nascent::cli {
namespace {

struct ValidateOptions {
  std::string file;
  std::vector<std::string> set;
  bool resolved = false, json = false;
};

Outcome validate(const ValidateOptions& options) {
  auto draft = core::load_draft(options.file, options.set);
  if (!draft) return tl::unexpected(draft.error());
  auto catalog = discover_plugins(*draft);
  if (!catalog) return tl::unexpected(catalog.error());
  const auto prepared = core::prepare_study(std::move(*draft), *catalog);
  if (!prepared) return tl::unexpected(prepared.error());
  const core::ResolvedStudy& study = prepared->study;

  if (options.json) {
    fmt::print("{}\n", core::resolved_json(study.config));
  } else if (options.resolved) {
    fmt::print("{}", core::resolved_toml(study.config));
  } else {
    fmt::print("{}: valid; study {}, {} parameters, sampler {}\n", options.file, study.config.name, prepared->space->size(), study.sampler.info.alias);
    if (!prepared->queue.empty()) fmt::print("  {} configurations of [warm_start] are tried first\n", prepared->queue.size());
    for (const nascent::Parameter& parameter : prepared->space->declaration().parameters()) {
      const std::string range = parameter.is_choice() ? fmt::format("{} choices", parameter.choices.size())
                                                      : fmt::format("[{}, {}]{}", parameter.lo, parameter.hi, parameter.scale == nascent::Scale::log ? " log" : "");
      fmt::print("  {:<36} {}{}\n", parameter.name, range, parameter.conditions.empty() ? "" : "  (conditional)");
    }
  }
  return ExitCode::done;
}

}  // namespace

void add_validate(Commands& commands) {
  commands.add<ValidateOptions>(
      nullptr, "validate", "Check a study's TOML file, its plugins and data without running it",
      [](CLI::App& command, ValidateOptions& o) {
        command.add_option("file", o.file, "TOML file of the study")->required();
        command.add_option("--set", o.set, "override a value: sampler.population=20")->type_name("KEY=VALUE");
        command.add_flag("--resolved", o.resolved, "print the study with every default written out");
        command.add_flag("--json", o.json, "print the resolved study as JSON");
      },
      validate);
}

}  // namespace nascent::cli
