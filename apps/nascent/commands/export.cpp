// nascent export: a trained model as a file for others.
#include <fmt/format.h>
#include <stdlib.h>

#include <filesystem>

#include "command.hpp"
#include "components.hpp"
#include "nascent/core/ranking.hpp"
#include "nascent/core/trial_runner.hpp"
#include "nascent/model.hpp"
#include "usage.hpp"

namespace nascent::cli {
namespace {

namespace fs = std::filesystem;
using core::ErrorKind;
using core::fail;

struct ExportOptions {
  StudyArgument study;
  std::optional<core::TrialId> trial;
  std::string format = "torchscript", output;
};

// The best model of the study that was kept: of the final trainings if there are any, else of the search.
core::Result<core::TrialId> best_model(const OpenStudy& study, const fs::path& artifacts) {
  for (const core::TrialRole role : {core::TrialRole::final, core::TrialRole::search}) {
    core::Ranking ranking{core::Scoring(study.config)};
    const auto read = core::each_trial(*study.store, study.record.id, {.role = role}, [&](const core::Trial& trial) {
      const bool kept = core::files_in_store(study.config) ? !trial.artifact_dir.empty() : fs::exists(core::model_path(artifacts, trial.id));
      if (kept) ranking.add(trial);
    });
    if (!read) return tl::unexpected(read.error());
    if (const auto best = ranking.best(1); !best.empty()) return best.front();
  }
  return fail(ErrorKind::invalid_input, fmt::format("study {} has kept no trained model in {}", study.record.name, artifacts.empty() ? study.location : artifacts.string()));
}

// Ends with what is in it.
struct Scratch {
  fs::path folder;
  ~Scratch() {
    std::error_code ignored;
    if (!folder.empty()) fs::remove_all(folder, ignored);
  }
};

Outcome export_trial(const ExportOptions& options) {
  auto study = open_study(options.study);
  if (!study) return tl::unexpected(study.error());
  fs::path artifacts = core::artifacts_folder(study->location, study->record.name, study->config.workers.artifacts);
  core::TrialId id = 0;
  if (options.trial) {
    const auto trial = find_trial(*study, *options.trial);
    if (!trial) return tl::unexpected(trial.error());
    id = trial->duplicate_of.value_or(trial->id);
  } else {
    const auto best = best_model(*study, artifacts);
    if (!best) return tl::unexpected(best.error());
    id = *best;
  }
  Scratch scratch;
  if (core::files_in_store(study->config)) {
    std::string folder = (fs::temp_directory_path() / "nascent-export-XXXXXX").string();  // mkdtemp(3) replaces the X
    if (mkdtemp(folder.data()) == nullptr) return fail(ErrorKind::system, folder + " cannot be made; name a folder that can be written to in TMPDIR");
    artifacts = scratch.folder = folder;
    if (auto fetched = core::fetch_artifacts(*study->store, study->record.id, id, artifacts); !fetched) return tl::unexpected(fetched.error());
  }
  const fs::path model_file = core::model_path(artifacts, id);
  if (!fs::exists(model_file)) {
    return fail(ErrorKind::invalid_input,
                fmt::format("trial {} has kept no model: {}", id,
                            scratch.folder.empty() ? model_file.string() + " does not exist" : study->location + " has none of it"));
  }
  auto components = load_components(*study);
  if (!components) return tl::unexpected(components.error());
  if (!components->study.trainer) return fail(ErrorKind::invalid_input, fmt::format("study {} has no trainer, so no models", study->record.name));
  const auto trainer = core::create_component<nas_trainer_vt>(components->catalog, *components->study.trainer, components->study.config);
  if (!trainer) return tl::unexpected(trainer.error());

  nas_task task{};
  task.size = sizeof task;
  task.threads = 1;
  task.world_size = 1;
  nas_model raw{};
  const std::string path = model_file.string(), output = fs::absolute(options.output).string();
  if (const auto loaded = trainer->call(&nas_trainer_vt::load, &task, nascent::str(path), &raw); !loaded) return tl::unexpected<core::Error>(loaded.error());
  const nascent::ModelRef model = nascent::ModelRef::adopt(raw);
  try {
    model.save(options.format, output);
  } catch (const nascent::Error& error) {
    return fail(ErrorKind::invalid_input, fmt::format("trial {} as {}: {}", id, options.format, error.what()));
  }
  fmt::print("{}\n", output);
  return ExitCode::done;
}

}  // namespace

void add_export(Commands& commands) {
  commands.add<ExportOptions>(
      nullptr, "export", "Write a trained model: TorchScript, or nascent's own file",
      [](CLI::App& command, ExportOptions& o) {
        command.add_option("study", o.study.where, "store (fashion.db) or TOML file of the study")->required();
        command.add_option("trial", o.trial, "number of the trial (default: the best model)")->check(whole_number());
        command.add_option("--study", o.study.name, "name of the study, where the store holds several");
        command.add_option("--format", o.format, "torchscript, nascent, or what else the trainer writes");
        command.add_option("--output", o.output, "file to write")->required();
      },
      export_trial);
}

}  // namespace nascent::cli
