// nascent plugin check: every rule of the ABI, each test in a process of its own.
#include "commands/plugin_check.hpp"

#include <fmt/format.h>

#include "catalog.hpp"
#include "nascent/core/plugin_check.hpp"

namespace nascent::cli {
namespace {

struct PluginCheckOptions {
  std::string library, probe;
  std::vector<std::string> options;
  unsigned limit_seconds = 60;
  bool json = false;
};

Outcome check_plugins(const PluginCheckOptions& options) {
  if (!options.probe.empty()) {
    return core::run_probe(options.probe, options.library, options.options) == 0 ? ExitCode::done : ExitCode::found_wanting;
  }
  const auto report = core::check_plugin(options.library, {this_program(), std::chrono::seconds(options.limit_seconds), options.options});
  if (!report) return tl::unexpected(report.error());
  fmt::print("{}\n", options.json ? report->to_json() : report->to_text());
  return report->passed() ? ExitCode::done : ExitCode::found_wanting;
}

}  // namespace

void add_plugin_check(Commands& commands, CLI::App* parent) {
  commands.add<PluginCheckOptions>(
      parent, "check", "Try a plugin against every rule of the ABI and the contract of its kind",
      [](CLI::App& command, PluginCheckOptions& o) {
        command.add_option("library", o.library, "shared library of the plugin")->required();
        command.add_option("--option", o.options, "what a component cannot be created without: idx.folder=/data")->type_name("ALIAS.OPTION=VALUE");
        command.add_option("--limit", o.limit_seconds, "seconds each test may take")->check(CLI::Range(1, 3600));
        command.add_flag("--json", o.json, "as JSON");
        command.add_option("--probe", o.probe, "")->group("");
      },
      check_plugins);
}

}  // namespace nascent::cli
