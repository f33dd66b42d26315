// Trials per second of a whole study that looks its results up in a table, inline, in memory and on disk.
//   search_loop TABLE.csv PLUGINS STORE TRIALS PARALLEL   ->  one JSON object on standard output
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>

#include "nascent/core/study_run.hpp"

namespace {

constexpr int kParameters = 6, kChoices = 5;  // the size of NAS-Bench-201

std::string study_text(const std::string& table, const std::string& store, const std::string& trials, const std::string& parallel) {
  std::string text = fmt::format(
      "[study]\nname = \"loop\"\nparallel = {}\nduplicates = \"retrain\"\nstore = \"{}\"\n"
      "[objective]\nmetric = \"accuracy\"\ndirection = \"maximize\"\n[stop]\ntrials = {}\n"
      "[sampler]\ntype = \"random\"\n[workers]\nexecution = \"inline\"\n"
      "[[evaluator]]\ntype = \"table\"\nfile = \"{}\"\n[evaluator.metrics]\naccuracy = \"accuracy\"\n"
      "[space]\ntype = \"declared\"\n[space.parameters]\n",
      parallel, store, trials, table);
  for (int p = 0; p < kParameters; ++p) {
    text += fmt::format("p{} = {{ choice = [", p);
    for (int c = 0; c < kChoices; ++c) text += fmt::format("{}\"c{}\"", c > 0 ? ", " : "", c);
    text += "] }\n";
  }
  return text;
}

// Peak resident memory of this process in bytes, as Linux counts it.
double peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtod(line.c_str() + 6, nullptr) * 1024;
  }
  return 0;
}

int fail(const std::string& message) {
  fmt::print(stderr, "{}\n", message);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return fail("search_loop TABLE.csv PLUGINS STORE TRIALS PARALLEL");
  using namespace nascent::core;
  auto catalog = PluginCatalog::discover({{argv[2]}, {}, {}});
  if (!catalog) return fail(catalog.error().message);
  auto config = parse_study(study_text(argv[1], argv[3], argv[4], argv[5]), "search_loop", ".");
  if (!config) return fail(config.error().message);
  StudyRun run;
  run.study = std::move(*config);
  const auto start = std::chrono::steady_clock::now();
  const auto result = run_study(run, *catalog);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!result) return fail(result.error().message);
  const double trials = static_cast<double>(result->search.counts.finished());
  fmt::print("{{\"trials\": {}, \"seconds\": {:.4f}, \"trials_per_second\": {:.0f}, \"peak_memory_mib\": {:.1f}, \"best\": {}}}\n",
             trials, seconds, trials / seconds, peak_bytes() / 1048576, metric(result->chosen->metrics, "accuracy").value_or(0));
}
