// How near to the optimum a sampler comes: many searches of many problems, one CSV row per search and budget.
//   search_quality --sampler evolution --tables DIR --seeds 100 --budgets 50,100,200,300
// search_quality.py runs it for several samplers side by side and sums up.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <regex>

#include "nascent/core/plugin_check.hpp"
#include "nascent/core/plugins.hpp"
#include "run.hpp"
#include "synthetic.hpp"
#include "tables.hpp"

namespace {

using namespace nascent::search_quality;

struct Arguments {
  std::string sampler = "random", tables, problems = ".*";
  std::vector<std::string> options, plugins;
  std::vector<std::uint64_t> budgets{50, 100, 200, 300};
  std::uint64_t seeds = 100, first_seed = 0, parallel = 1;
  int objectives = 1;
  bool synthetic = false, categorical = false, list = false;
};

constexpr std::uint64_t kInstances = 10;  // of every made-up problem; the seeds go through them in turn

std::vector<Family> families_of(const Arguments& given) {
  std::vector<Family> all;
  if (given.synthetic) all = given.objectives == 2 ? two_objective_families() : synthetic_families();
  if (!given.tables.empty()) {
    const Ordinals ordinals = given.categorical ? Ordinals::categorical : Ordinals::ordered;
    for (Problem& p : given.objectives == 2 ? two_objective_table_problems(given.tables) : table_problems(given.tables, ordinals)) {
      std::string name = p.name;
      all.push_back({std::move(name), [p = std::move(p)](std::uint64_t) { return p; }});
    }
  }
  std::erase_if(all, [wanted = std::regex(given.problems)](const Family& f) { return !std::regex_match(f.name, wanted); });
  return all;
}

void search(const Arguments& given) {
  using namespace nascent::core;
  auto catalog = PluginCatalog::discover({{given.plugins.begin(), given.plugins.end()}, {}, {}});
  if (!catalog) throw std::runtime_error(catalog.error().message);
  const auto component = catalog->load("sampler", given.sampler);
  if (!component) throw std::runtime_error(component.error().message);
  std::vector<std::string> entries;
  for (const std::string& o : given.options) entries.push_back(std::string(nascent::view((*component)->alias)) + "." + o);
  const auto options = check_options(component_info(**component), entries);
  if (!options) throw std::runtime_error(options.error().message);
  fmt::print("problem,seed,evaluations,score,distance,unique,seconds\n");
  for (const Family& family : families_of(given)) {
    std::map<std::uint64_t, Problem> instances;
    for (std::uint64_t seed = given.first_seed; seed < given.first_seed + given.seeds; ++seed) {
      const std::uint64_t instance = seed % kInstances;
      if (!instances.contains(instance)) instances.emplace(instance, family.make(instance));
      for (const Checkpoint& c : run({*component, &*options}, instances.at(instance), seed, given.budgets, given.parallel)) {
        fmt::print("{},{},{},{:.9g},{:.9g},{},{:.6f}\n", family.name, seed, c.evaluations, c.score, c.distance, c.unique,
                   c.seconds);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_level(spdlog::level::warn);  // the default logger shares standard output with the rows
  Arguments given;
  CLI::App app("How near to the optimum a sampler comes; one CSV row per search and budget");
  app.add_option("--sampler", given.sampler, "alias or id");
  app.add_option("--option", given.options, "an option of the sampler, NAME=VALUE; may be repeated");
  app.add_option("--plugins", given.plugins, "a folder of plugins, before the usual ones");
  app.add_option("--tables", given.tables, "the folder of tables");
  app.add_flag("--synthetic", given.synthetic, "the made-up problems");
  app.add_option("--problems", given.problems, "a regular expression of names");
  app.add_option("--objectives", given.objectives, "1, or 2: hypervolume share instead of regret")->check(CLI::Range(1, 2));
  app.add_flag("--categorical", given.categorical, "declare ordinal parameters of tables as categorical");
  app.add_option("--budgets", given.budgets, "evaluations at which to look; the largest is the sampler's trials_max")->delimiter(',');
  app.add_option("--seeds", given.seeds, "searches per problem");
  app.add_option("--parallel", given.parallel, "trials in flight")->check(CLI::PositiveNumber);
  app.add_option("--first-seed", given.first_seed, "number of the first seed");
  app.add_flag("--list", given.list, "print the names of the problems");
  CLI11_PARSE(app, argc, argv);
  try {
    std::sort(given.budgets.begin(), given.budgets.end());
    if (given.list) {
      for (const Family& f : families_of(given)) fmt::print("{}\n", f.name);
    } else {
      search(given);
    }
  } catch (const std::exception& e) {
    fmt::print(stderr, "search_quality: {}\n", e.what());
    return 1;
  }
}
