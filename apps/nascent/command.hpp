// What every command of the tool is: options on a CLI11 sub-command, and an action that ends in an exit code or an error.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "exit_code.hpp"
#include "nascent/core/result.hpp"

namespace nascent::cli {

using Outcome = core::Result<ExitCode>;

// Collects the commands; the chosen one's outcome is read after parsing.
class Commands {
 public:
  explicit Commands(CLI::App& app) : app_(&app) {}

  // Adds a sub-command below `parent` (null: the tool itself). `Options` holds what the person typed; `declare` binds
  // its members to the sub-command, `act` carries it out.
  template <class Options>
  CLI::App* add(CLI::App* parent, const std::string& name, const std::string& help,
                const std::function<void(CLI::App&, Options&)>& declare, std::function<Outcome(const Options&)> act) {
    CLI::App* command = (parent != nullptr ? parent : app_)->add_subcommand(name, help);
    auto options = std::make_shared<Options>();
    declare(*command, *options);
    command->callback([this, options, act = std::move(act)] { outcome_ = act(*options); });
    return command;
  }
  [[nodiscard]] CLI::App& app() const { return *app_; }
  [[nodiscard]] const Outcome& outcome() const { return outcome_; }

 private:
  CLI::App* app_;
  Outcome outcome_ = ExitCode::done;
};

// One function per file in commands/.
void add_run(Commands&);       // run, resume
void add_enqueue(Commands&);
void add_replay(Commands&);
void add_simulate(Commands&);
void add_validate(Commands&);
void add_status(Commands&);
void add_trials(Commands&);
void add_show(Commands&);
void add_best(Commands&);
void add_posterior(Commands&);
void add_importance(Commands&);
void add_export(Commands&);
void add_worker(Commands&);
void add_cluster(Commands&);    // cluster slurm
void add_plugin(Commands&);     // plugin list | inspect | check | manifest | new

}  // namespace nascent::cli
