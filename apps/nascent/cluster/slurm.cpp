#include "cluster/slurm.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <algorithm>
#include <charconv>
#include <chrono>

#include "nascent/core/child_process.hpp"

namespace nascent::cli::slurm {
namespace {

using core::ErrorKind;
using core::fail;

// A controller that is busy or away answers late; squeue and sbatch wait for it themselves.
constexpr std::chrono::seconds kAnswerWithin{60};

// 'text' as one word of the shell.
std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') word += "'\\''";
    else word += c;
  }
  return word + "'";
}

// What a tool of Slurm printed.
core::Result<std::string> answer(const std::vector<std::string>& argv) {
  auto child = core::run_child(argv, kAnswerWithin);
  if (!child) {
    return fail(ErrorKind::system, child.error().message + "; nascent cluster slurm runs where Slurm's commands are in PATH, as on a login node");
  }
  if (child->timed_out) return fail(ErrorKind::system, fmt::format("{} has not answered within {} s; is slurmctld up (scontrol ping)?", argv[0], kAnswerWithin.count()));
  if (child->exit_code != 0 || child->signal != 0) {
    std::string said = child->err.empty() ? child->out : child->err;
    while (!said.empty() && said.back() == '\n') said.pop_back();
    return fail(ErrorKind::system, fmt::format("{}: {}", fmt::join(argv, " "), said.empty() ? fmt::format("exit code {}", child->exit_code) : said));
  }
  return child->out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// "1-02:03:04", "02:03:04", "03:04"; what is none ("INVALID": the clocks of the nodes differ) counts as no time.
double seconds_of(std::string_view elapsed) {
  double days = 0;
  if (const std::size_t dash = elapsed.find('-'); dash != std::string_view::npos) {
    std::from_chars(elapsed.data(), elapsed.data() + dash, days);
    elapsed.remove_prefix(dash + 1);
  }
  double seconds = 0;
  for (const std::string_view part : split(elapsed, ':')) {
    double value = 0;
    std::from_chars(part.data(), part.data() + part.size(), value);
    seconds = seconds * 60 + value;
  }
  return days * 86400 + seconds;
}

// FNV-1a, 32 bit: names only.
std::uint32_t hash(std::string_view text) {
  std::uint32_t value = 2166136261u;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 16777619u;
  return value;
}

}  // namespace

// Slurm's manual of squeue, "JOB STATE CODES".
JobPhase Job::phase() const {
  constexpr std::array running = {"RUNNING", "COMPLETING", "CONFIGURING", "STAGE_OUT", "SIGNALING", "SUSPENDED", "STOPPED", "RESIZING"};
  constexpr std::array waiting = {"PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"};
  if (std::ranges::find(running, state) != running.end()) return JobPhase::running;
  return std::ranges::find(waiting, state) != waiting.end() ? JobPhase::waiting : JobPhase::ended;
}

bool Job::failed() const { return state == "FAILED" || state == "BOOT_FAIL" || state == "OUT_OF_MEMORY"; }

std::string job_name(std::string_view store, std::string_view study) { return fmt::format("nascent-{}-{:08x}", study, hash(store)); }

core::Result<std::string> batch_script(const WorkerJob& job, const Resources& resources) {
  std::vector<std::string> directives = {
      "--job-name=" + job.name,
      "--output=" + (job.folder / "worker-%A_%a.log").string(),
      "--open-mode=append",
      "--requeue",
      "--signal=B:TERM@60",  // a minute before the time limit the worker gives its trial back
      "--ntasks=1",
      fmt::format("--cpus-per-task={}", resources.cpus),
  };
  for (const auto& [option, value] : {std::pair{"--partition=", &resources.partition}, {"--account=", &resources.account}, {"--gres=", &resources.gres},
                                      {"--mem=", &resources.memory}, {"--time=", &resources.time}}) {
    if (!value->empty()) directives.push_back(option + *value);
  }
  directives.insert(directives.end(), resources.further.begin(), resources.further.end());

  std::string script = "#!/bin/bash\n# One worker of a study; written by nascent cluster slurm.\n";
  for (const std::string& directive : directives) {
    if (directive.find('\n') != std::string::npos) {
      return fail(ErrorKind::invalid_input, "'" + directive + "' holds a line break; every option is one line of the batch script");
    }
    script += "#SBATCH " + directive + "\n";
  }
  for (const std::string& line : job.setup) script += line + "\n";
  script += fmt::format("exec {} worker --store {} --study {} --threads {}\n", shell_word(job.program), shell_word(job.store), shell_word(job.study), resources.cpus);
  return script;
}

std::filesystem::path log_of(const WorkerJob& job, const Job& element) { return job.folder / fmt::format("worker-{}.log", element.id()); }

core::Result<std::string> submit(const std::filesystem::path& script, std::uint32_t count) {
  auto printed = answer({"sbatch", "--parsable", fmt::format("--array=1-{}", count), script.string()});
  if (!printed) return tl::unexpected(printed.error());
  // "123" or, on a cluster of several, "123;cluster".
  std::string id = printed->substr(0, printed->find_first_of(";\n"));
  if (id.empty() || id.find_first_not_of("0123456789") != std::string::npos) {
    return fail(ErrorKind::system, "sbatch --parsable printed '" + *printed + "' where the job's number was expected");
  }
  return id;
}

core::Result<std::vector<Job>> jobs(const std::string& name) {
  auto printed = answer({"squeue", "--me", "--name=" + name, "--noheader", "--array", "--states=all", fmt::format("--format={}", kSqueueFormat)});
  if (!printed) return tl::unexpected(printed.error());
  return parse_squeue(*printed);
}

core::Result<void> cancel(const std::string& name) {
  auto printed = answer({"scancel", "--me", "--name=" + name});
  if (!printed) return tl::unexpected(printed.error());
  return {};
}

core::Result<std::vector<Job>> parse_squeue(std::string_view text) {
  std::vector<Job> jobs;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    const auto parts = split(line, '|');
    Job job;
    bool understood = parts.size() == 5;
    if (understood) {
      const auto [end, code] = std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), job.task);
      understood = code == std::errc{} && end == parts[1].data() + parts[1].size();
    }
    if (!understood) return fail(ErrorKind::system, fmt::format("squeue printed '{}' where '{}' was asked for", line, kSqueueFormat));
    job.array = parts[0];
    job.state = parts[2];
    job.reason = parts[3];
    job.elapsed_s = seconds_of(parts[4]);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

}  // namespace nascent::cli::slurm
