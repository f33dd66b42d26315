// TorchScript source of an architecture: one line or a few for each node, saying what the plan's kernels do.
#pragma once

#include <string>
#include <vector>

#include "plan.hpp"

namespace nascent::libtorch {

// A node to be written: the names of its inputs, weights and outputs in the source.
struct ScriptNode {
  const Lowering& lowering;
  std::vector<std::string> inputs, weights, outputs;
};

// Lines of source without indentation. Throws Error(NAS_E_UNSUPPORTED) naming the node.
std::vector<std::string> script_lines(const ScriptNode& node);

// Numbers and lists as TorchScript reads them back exactly.
std::string script_number(double value);
std::string script_list(const std::vector<std::int64_t>& values);

}  // namespace nascent::libtorch
