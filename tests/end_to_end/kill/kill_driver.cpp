// Runs a study or continues it, as the command line does, without a terminal: kill_driver STUDY.toml
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>

#include "nascent/core/config.hpp"
#include "nascent/core/plugins.hpp"
#include "nascent/core/study_run.hpp"

namespace nascent::core {
namespace {

Result<StudyResult> run(const char* file) {
  auto config = load_study(file);
  if (!config) return tl::unexpected<Error>(config.error());
  auto catalog = PluginCatalog::discover({config->plugins.path, {}, {}});
  if (!catalog) return tl::unexpected<Error>(catalog.error());
  StudyRun request;
  {
    auto store = Store::open(config->store);
    if (!store) return tl::unexpected<Error>(store.error());
    const auto record = (*store)->study(config->name);
    if (!record) return tl::unexpected<Error>(record.error());
    if (*record) request.start = StudyStart::resume;
  }
  request.study = std::move(*config);
  return run_study(request, *catalog);
}

}  // namespace
}  // namespace nascent::core

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("driver"));
  if (argc != 2) return 2;
  const auto result = nascent::core::run(argv[1]);
  if (!result) std::fprintf(stderr, "kill_driver: %s\n", result.error().message.c_str());
  return result ? 0 : 1;
}
