// nascent cluster slurm: keeps a study supplied with workers that are jobs of a cluster.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "cluster/slurm.hpp"
#include "command.hpp"
#include "nascent/core/child_process.hpp"
#include "open_study.hpp"
#include "stop_signals.hpp"
#include "usage.hpp"

namespace nascent::cli {
namespace {

using core::ErrorKind;
using core::fail;
namespace fs = std::filesystem;

struct SlurmOptions {
  StudyArgument study;
  std::uint32_t workers = 1;
  slurm::Resources resources;
  std::vector<std::string> setup;
  std::string folder, program;
  double every = 10;
  bool dry_run = false;
};

// A job that fails within this time did not come to train anything.
constexpr double kStartSeconds = 60;
// As many such jobs in a row say that the next one fails too.
constexpr int kFailedStartsMax = 3;

std::string last_lines(const fs::path& file, std::size_t bytes_max) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return "(there is no such file)";
  const auto size = static_cast<std::size_t>(in.tellg());
  const std::size_t from = size > bytes_max ? size - bytes_max : 0;
  in.seekg(static_cast<std::streamoff>(from));
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (from > 0) text.erase(0, text.find('\n') + 1);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? "(empty)" : text;
}

// The jobs of one study, seen from turn to turn.
class Supply {
 public:
  Supply(slurm::WorkerJob job, fs::path script, std::uint32_t workers) : job_(std::move(job)), script_(std::move(script)), workers_(workers) {}

  // Looks at the jobs and submits what is missing. Jobs of an earlier call of the command count.
  core::Result<void> turn() {
    auto jobs = slurm::jobs(job_.name);
    if (!jobs) return tl::unexpected(jobs.error());
    std::uint32_t waiting = 0, running = 0;
    for (const slurm::Job& job : *jobs) {
      const slurm::JobPhase phase = job.phase();
      if (phase == slurm::JobPhase::waiting) ++waiting;
      if (phase == slurm::JobPhase::running) {
        ++running;
        if (job.elapsed_s >= kStartSeconds) failed_starts_ = 0;
      }
      if (phase == slurm::JobPhase::ended) ended(job);
    }
    looked_ = true;
    if (failed_starts_ >= kFailedStartsMax) {
      return fail(ErrorKind::system,
                  fmt::format("{} jobs in a row failed within {} s of their start; the last lines of {}:\n{}\nmend that and start the command again; the "
                              "study keeps what it has",
                              failed_starts_, kStartSeconds, last_failed_.string(), last_lines(last_failed_, 2000)));
    }
    if (running != running_ || waiting != waiting_) fmt::print("jobs: {} running, {} waiting\n", running, waiting);
    running_ = running;
    waiting_ = waiting;
    const std::uint32_t there = running + waiting;
    if (there < workers_) {
      auto array = slurm::submit(script_, workers_ - there);
      if (!array) return tl::unexpected(array.error());
      submitted_ += workers_ - there;
      fmt::print("submitted job {}: {} worker{}\n", *array, workers_ - there, workers_ - there == 1 ? "" : "s");
    }
    std::fflush(stdout);
    return {};
  }

  // Ends every job and waits, at most `patience`, until they are gone.
  core::Result<void> end(std::chrono::seconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    bool cancelled = false;
    while (true) {
      auto jobs = slurm::jobs(job_.name);
      if (!jobs) return tl::unexpected(jobs.error());
      std::size_t left = 0;
      for (const slurm::Job& job : *jobs) left += job.phase() != slurm::JobPhase::ended;
      if (left == 0) return {};
      if (!cancelled) {
        if (auto done = slurm::cancel(job_.name); !done) return done;
        fmt::print("cancelled {} job{}\n", left, left == 1 ? "" : "s");
        std::fflush(stdout);
        cancelled = true;
      }
      if (std::chrono::steady_clock::now() >= deadline) {
        return fail(ErrorKind::system, fmt::format("{} jobs have not ended {} s after scancel; see: squeue --me --name={}", left, patience.count(), job_.name));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
  }

  [[nodiscard]] std::uint32_t submitted() const { return submitted_; }

 private:
  void ended(const slurm::Job& job) {
    if (!ended_.insert(job.id()).second || !looked_) return;  // those of an earlier call are none of this one's business
    if (job.failed() && job.elapsed_s < kStartSeconds) {
      ++failed_starts_;
      last_failed_ = slurm::log_of(job_, job);
    } else {
      failed_starts_ = 0;
    }
    fmt::print("job {} ended: {}{}\n", job.id(), job.state, job.reason.empty() || job.reason == "None" ? "" : " (" + job.reason + ")");
  }

  slurm::WorkerJob job_;
  fs::path script_;
  std::uint32_t workers_, running_ = 0, waiting_ = 0, submitted_ = 0;
  std::set<std::string> ended_;
  bool looked_ = false;
  int failed_starts_ = 0;
  fs::path last_failed_;
};

core::Result<void> write_script(const fs::path& file, const std::string& text) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  std::ofstream out(file, std::ios::trunc);
  out << text;
  out.close();
  if (!out) return fail(ErrorKind::system, fmt::format("{}: cannot be written; --folder chooses a folder that all nodes see", file.string()));
  return {};
}

Outcome supply_by_slurm(const SlurmOptions& options) {
  auto study = open_study(options.study);
  if (!study) return tl::unexpected(study.error());
  if (!study->location.starts_with("postgresql://") && !study->location.starts_with("postgres://")) {
    return fail(ErrorKind::invalid_input,
                fmt::format("{}: workers on other machines need a store that they can reach; this one is a file. Give the study "
                            "store = \"postgresql://HOST/DATABASE\"",
                            study->location));
  }
  const core::StudyId id = study->record.id;
  slurm::WorkerJob job{.name = slurm::job_name(study->location, study->record.name),
                       .folder = fs::absolute(options.folder.empty() ? study->record.name + ".slurm" : options.folder),
                       .program = options.program.empty() ? core::own_executable() : options.program,
                       .store = study->location,
                       .study = study->record.name,
                       .setup = options.setup};
  auto script = slurm::batch_script(job, options.resources);
  if (!script) return tl::unexpected(script.error());
  if (options.dry_run) {
    fmt::print("{}", *script);
    return ExitCode::done;
  }
  const fs::path file = job.folder / "worker.sh";
  if (auto written = write_script(file, *script); !written) return tl::unexpected(written.error());
  fmt::print("script and logs in {}\n", job.folder.string());

  const core::StopRequest& stop = listen_for_signals();
  Supply supply(job, file, options.workers);
  auto state = core::Result<core::StudyState>(study->record.state);
  core::Result<void> kept;
  while (!stop.made()) {
    state = study->store->study_state(id);
    if (!state || *state != core::StudyState::running) break;
    if (kept = supply.turn(); !kept) break;
    const auto next = std::chrono::steady_clock::now() + std::chrono::duration<double>(options.every);
    while (!stop.made() && std::chrono::steady_clock::now() < next) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  // Whatever ended the loop, no job outlives it: the cluster is not only ours.
  auto ended = supply.end(std::chrono::seconds(120));
  if (!state) return tl::unexpected(state.error());
  if (!kept) return tl::unexpected(kept.error());
  if (!ended) return tl::unexpected(ended.error());
  if (*state == core::StudyState::running) {
    fmt::print("interrupted; the study {} is still running, without these workers\n", study->record.name);
    return ExitCode::interrupted;
  }
  fmt::print("study {} has ended; {} jobs were submitted\n", study->record.name, supply.submitted());
  return ExitCode::done;
}

}  // namespace

void add_cluster(Commands& commands) {
  CLI::App* cluster = commands.app().add_subcommand("cluster", "Workers of a study on the machines of a cluster");
  cluster->require_subcommand(1);
  commands.add<SlurmOptions>(
      cluster, "slurm", "Submit a study's workers as jobs of Slurm and keep up their number until the study ends",
      [](CLI::App& command, SlurmOptions& o) {
        command.add_option("study", o.study.where, "store (postgresql://...) or TOML file of a study that was started")->required();
        command.add_option("--study", o.study.name, "name of the study, where the store holds several");
        command.add_option("--workers", o.workers, "jobs to keep waiting or running")->check(whole_number(1))->required();
        command.add_option("--cpus", o.resources.cpus, "cores of each worker, its threads")->check(whole_number(1))->capture_default_str();
        command.add_option("--memory", o.resources.memory, "memory of each worker, as sbatch --mem has it: 8G");
        command.add_option("--gres", o.resources.gres, "further resources of each worker, as sbatch has it: gpu:1");
        command.add_option("--time", o.resources.time, "time limit of each job, as sbatch has it: 4:00:00");
        command.add_option("--partition", o.resources.partition, "partition of the cluster");
        command.add_option("--account", o.resources.account, "account that pays");
        command.add_option("--sbatch", o.resources.further, "further option of sbatch, may be repeated: --sbatch=--qos=low")->allow_extra_args(false);
        command.add_option("--setup", o.setup, "line of shell before the worker starts, may be repeated: 'module load cuda'")->allow_extra_args(false);
        command.add_option("--folder", o.folder, "folder of the batch script and the logs, which all nodes see; NAME.slurm by default");
        command.add_option("--program", o.program, "nascent as the nodes find it; this program by default");
        command.add_option("--every", o.every, "seconds between two looks at the jobs")->check(CLI::Range(0.1, 3600.0))->capture_default_str();
        command.add_flag("--dry-run", o.dry_run, "print the batch script and submit nothing");
      },
      supply_by_slurm);
}

}  // namespace nascent::cli
