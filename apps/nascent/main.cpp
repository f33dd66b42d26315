// nascent: the command line.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "command.hpp"
#include "usage.hpp"
#include "nascent/core/version.hpp"

namespace {

constexpr const char* footer =
    "Exit codes: 0 done, 1 found wanting, 2 invalid input, 3 plugin, 4 store, 5 system, 130 interrupted (resumable).";

// What stayed in the buffer of standard output may not have come through.
int finish(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  if (code == static_cast<int>(nascent::cli::ExitCode::interrupted)) return code;  // nobody reads: why it was interrupted
  std::fprintf(stderr, "nascent: standard output cannot be written (%s); part of the output is missing\n", std::strerror(errno));
  return static_cast<int>(nascent::cli::ExitCode::system);
}

}  // namespace

int main(int argc, char** argv) {
  using nascent::cli::ExitCode;
  // Standard output is for results; log lines go to standard error.
  spdlog::set_default_logger(spdlog::stderr_color_mt("nascent"));
  CLI::App app{"nascent finds neural networks.", "nascent"};
  app.set_version_flag("--version", std::string("nascent ") + std::string(nascent::core::version()));
  app.require_subcommand(1);
  app.footer(footer);
  app.get_formatter()->column_width(34);

  nascent::cli::Commands commands(app);
  nascent::cli::add_run(commands);
  nascent::cli::add_enqueue(commands);
  nascent::cli::add_worker(commands);
  nascent::cli::add_cluster(commands);
  nascent::cli::add_validate(commands);
  nascent::cli::add_simulate(commands);
  nascent::cli::add_status(commands);
  nascent::cli::add_trials(commands);
  nascent::cli::add_show(commands);
  nascent::cli::add_best(commands);
  nascent::cli::add_posterior(commands);
  nascent::cli::add_importance(commands);
  nascent::cli::add_export(commands);
  nascent::cli::add_replay(commands);
  nascent::cli::add_plugin(commands);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    // Help and version come this way too, with code 0.
    if (e.get_exit_code() == 0) return finish(app.exit(e));
    std::fprintf(stderr, "%s\n", nascent::cli::usage_complaint(app, e).c_str());
    return static_cast<int>(ExitCode::invalid_input);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "nascent: %s\n", e.what());
    return static_cast<int>(ExitCode::system);
  }
  if (!commands.outcome()) {
    std::fprintf(stderr, "nascent: %s\n", commands.outcome().error().message.c_str());
    return static_cast<int>(nascent::cli::exit_code_of(commands.outcome().error().kind));
  }
  return finish(static_cast<int>(*commands.outcome()));
}
