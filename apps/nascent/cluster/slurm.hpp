// Workers of one study as jobs of a Slurm cluster: the batch script, and what squeue says of the jobs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/result.hpp"

namespace nascent::cli::slurm {

// What the jobs ask the cluster for. Texts are sbatch's own words, empty: not asked for.
struct Resources {
  std::string partition, account, gres, memory, time;
  std::uint32_t cpus = 1;            // per worker
  std::vector<std::string> further;  // other options of sbatch: "--qos=low"
};

// What a job does.
struct WorkerJob {
  std::string name;                // of the job; tells this study's jobs from all others
  std::filesystem::path folder;    // of the script and the logs; all nodes see it
  std::string program;             // nascent, as the nodes find it
  std::string store, study;
  std::vector<std::string> setup;  // lines of shell before the worker starts: "module load cuda"
};

enum class JobPhase { waiting, running, ended };

// One element of a job array.
struct Job {
  std::string array;  // id of the array
  std::uint32_t task = 0;
  std::string state;  // Slurm's word: "RUNNING"
  std::string reason;
  double elapsed_s = 0;  // since its start
  [[nodiscard]] JobPhase phase() const;
  // Ended by itself with an error.
  [[nodiscard]] bool failed() const;
  [[nodiscard]] std::string id() const { return array + "_" + std::to_string(task); }
};

// The job name of a study's workers. Two stores may hold studies of one name.
std::string job_name(std::string_view store, std::string_view study);

// The batch script. Refuses options with line breaks, which would begin lines of their own.
core::Result<std::string> batch_script(const WorkerJob& job, const Resources& resources);

// Where the element's output goes.
std::filesystem::path log_of(const WorkerJob& job, const Job& element);

// Submits an array of `count` jobs of the script; its id.
core::Result<std::string> submit(const std::filesystem::path& script, std::uint32_t count);

// All jobs of this name that Slurm still knows, ended ones included, one for each element.
core::Result<std::vector<Job>> jobs(const std::string& name);

// Ends every job of this name that has not ended. Workers give their trials back.
core::Result<void> cancel(const std::string& name);

// What squeue prints with kSqueueFormat, one element a line.
inline constexpr const char* kSqueueFormat = "%F|%K|%T|%r|%M";
core::Result<std::vector<Job>> parse_squeue(std::string_view text);

}  // namespace nascent::cli::slurm
