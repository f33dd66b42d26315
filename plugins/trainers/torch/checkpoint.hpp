// Everything that changes while training, kept in a file from which training continues as if it had not stopped.
#pragma once

#include <ATen/ATen.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace nascent::libtorch {

// Where a training stands. Random numbers need no entry: they are counter-based, keyed by seed, epoch and step.
struct Progress {
  std::int64_t batch_size = 0;
  std::int64_t step = 0, epoch = 0, step_in_epoch = 0;  // steps and epochs done
  std::int64_t optimizer_step = 0;  // steps that the optimiser has taken: fewer than `step` where it began later
  std::int64_t reports_since_best = 0;
  double elapsed_seconds = 0;
  double loss_sum = 0;  // of the steps of the current epoch
  double best = -std::numeric_limits<double>::infinity();  // of the validation metric, higher is better
};

// What a checkpoint has to agree with.
struct CheckpointKey {
  std::string graph;      // encode_graph()
  std::string optimizer;  // its name: the moments mean something else for another
  std::uint64_t seed = 0;
};

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// Writes `folder`/checkpoint.nascent, all or nothing. tensors: float32.
void write_checkpoint(const std::string& folder, const CheckpointKey& key, const Progress& progress, const NamedTensors& tensors);

// Copies the saved values into `tensors`. Throws Error naming the file when it is missing, damaged, or of another
// architecture, optimiser or seed.
Progress read_checkpoint(const std::string& folder, const CheckpointKey& key, const NamedTensors& tensors);

// What a training of the same architecture has left for another one with other options.
struct Inherited {
  Progress progress;                      // of the one that left it; optimizer_step is 0 where the optimiser is another one
  std::vector<std::string> not_there{};   // of `tensors`: they are as they were
};
// Copies what it can: all that has the same name, but nothing that another optimiser has kept. Throws as read_checkpoint(), but not for
// another optimiser or seed.
Inherited inherit_checkpoint(const std::string& folder, const CheckpointKey& key, const NamedTensors& tensors);

}  // namespace nascent::libtorch
