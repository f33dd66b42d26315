// How near to the optimum a sampler and a scheduler come for the epochs they spend; one CSV row per study and budget.
//   multi_fidelity --tables DIR --sampler tpe --scheduler asha --scheduler-option eta=3 --seeds 30
// multi_fidelity.py runs it for several pairs side by side and sums up.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <regex>

#include "nascent/core/plugin_check.hpp"
#include "nascent/core/plugins.hpp"
#include "study.hpp"

namespace {

using namespace nascent;
using namespace nascent::multi_fidelity;

struct Arguments {
  std::string sampler = "random", scheduler, tables, problems = ".*";
  std::vector<std::string> sampler_options, scheduler_options, plugins;
  std::vector<double> budgets{500, 1000, 2000};
  std::uint64_t seeds = 30, first_seed = 0;
  bool list = false;
};

struct Component {
  const nas_component* component = nullptr;
  core::OptionTable options;
};

Component load(core::PluginCatalog& catalog, const char* kind, const std::string& alias, const std::vector<std::string>& options) {
  const auto component = catalog.load(kind, alias);
  if (!component) throw std::runtime_error(component.error().message);
  std::vector<std::string> entries;
  for (const std::string& o : options) entries.push_back(std::string(view((*component)->alias)) + "." + o);
  auto table = core::check_options(core::component_info(**component), entries);
  if (!table) throw std::runtime_error(table.error().message);
  return {*component, std::move(*table)};
}

void search(const Arguments& given, const std::vector<Problem>& problems) {
  auto catalog = core::PluginCatalog::discover({{given.plugins.begin(), given.plugins.end()}, {}, {}});
  if (!catalog) throw std::runtime_error(catalog.error().message);
  const Component sampler = load(*catalog, "sampler", given.sampler, given.sampler_options);
  Component scheduler;
  if (!given.scheduler.empty()) scheduler = load(*catalog, "scheduler", given.scheduler, given.scheduler_options);
  fmt::print("problem,seed,epochs,regret,trials,seconds\n");
  for (const Problem& problem : problems) {
    for (std::uint64_t seed = given.first_seed; seed < given.first_seed + given.seeds; ++seed) {
      for (const Checkpoint& c : run({sampler.component, &sampler.options, scheduler.component, &scheduler.options}, problem, seed,
                                     given.budgets)) {
        fmt::print("{},{},{},{:.9g},{},{:.3f}\n", problem.name, seed, c.spent, c.regret, c.trials, c.seconds);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_level(spdlog::level::err);  // the default logger shares standard output with the rows
  Arguments given;
  CLI::App app("How near to the optimum a sampler and a scheduler come for the epochs they spend");
  app.add_option("--sampler", given.sampler, "alias or id");
  app.add_option("--option", given.sampler_options, "an option of the sampler, NAME=VALUE; may be repeated");
  app.add_option("--scheduler", given.scheduler, "alias or id; absent: every trial gets its full budget");
  app.add_option("--scheduler-option", given.scheduler_options, "an option of the scheduler; may be repeated");
  app.add_option("--plugins", given.plugins, "a folder of plugins, before the usual ones");
  app.add_option("--tables", given.tables, "the folder of tables")->required();
  app.add_option("--problems", given.problems, "a regular expression of names");
  app.add_option("--budgets", given.budgets, "epochs after which to look")->delimiter(',');
  app.add_option("--seeds", given.seeds, "studies per problem");
  app.add_option("--first-seed", given.first_seed, "number of the first seed");
  app.add_flag("--list", given.list, "print the names of the problems");
  CLI11_PARSE(app, argc, argv);
  try {
    std::vector<Problem> chosen = problems(given.tables);
    std::erase_if(chosen, [wanted = std::regex(given.problems)](const Problem& p) { return !std::regex_match(p.name, wanted); });
    std::sort(given.budgets.begin(), given.budgets.end());
    if (!given.list) search(given, chosen);
    for (const Problem& p : chosen) {
      if (given.list) fmt::print("{}\n", p.name);
    }
  } catch (const std::exception& e) {
    fmt::print(stderr, "multi_fidelity: {}\n", e.what());
    return 1;
  }
}
