#include "torchscript.hpp"

#include <torch/csrc/jit/api/module.h>

#include <cctype>
#include <map>
#include <set>

#include "filled.hpp"
#include "normalisation.hpp"
#include "torch_model.hpp"

namespace nascent::libtorch {
namespace {

// Attribute names of the module: letters, digits and '_' only, each once.
class AttributeNames {
 public:
  std::string make(const std::string& name) {
    std::string clean;
    for (const char c : name) clean += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    if (clean.empty() || std::isdigit(static_cast<unsigned char>(clean[0])) != 0) clean = "_" + clean;
    std::string free = clean;
    for (int i = 2; !taken_.insert(free).second; ++i) free = clean + "_" + std::to_string(i);
    return free;
  }

 private:
  std::set<std::string> taken_{"training", "forward"};
};

// The module's source and the tensors it refers to.
struct Script {
  std::string source;
  std::vector<std::pair<std::string, at::Tensor>> parameters, buffers;
};

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Script write_script(const TorchModel& model) {
  const Graph& graph = *model.architecture();
  const GraphSummary summary = infer(graph);
  Script script;
  AttributeNames names;
  std::map<std::string, std::string> attribute_of;  // weight name -> "self.name"
  for (const Weights::Entry& entry : model.weight_buffers().entries()) {
    const std::string name = names.make(entry.info.name);
    attribute_of[entry.info.name] = "self." + name;
    auto& kind = entry.info.role == WeightRole::learnable ? script.parameters : script.buffers;
    const bool learnable = entry.info.role == WeightRole::learnable;
    kind.emplace_back(name, entry.tensor.detach().cpu().clone().set_requires_grad(learnable));
  }
  std::vector<std::string> arguments, body;
  std::vector<std::vector<std::string>> values(graph.nodes().size());  // [node][output] its name in the source
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    for (std::size_t k = 0; k < summary.shapes[i].size(); ++k) values[i].push_back(filled("v{}_{}", {i, k}));
    if (node.op == "Input") {
      const std::size_t k = arguments.size();
      const std::string x = filled("x{}", {k}), y = values[i][0];
      arguments.push_back(x + ": Tensor");
      std::string extents = x + ".size(0)";
      for (const std::int64_t extent : summary.shapes[i][0]) extents += filled(", {}", {extent});
      body.push_back(filled("{} = torch.reshape({}, [{}])", {y, x, extents}));
      const Standardisation& by = model.input_standardisation()[k];
      if (!by.mean.empty()) {
        const std::string mean = names.make("input_mean"), scale = names.make("input_scale");
        script.buffers.emplace_back(mean, broadcastable(by.mean, summary.shapes[i][0]));
        script.buffers.emplace_back(scale, broadcastable(by.scale, summary.shapes[i][0]));
        body.push_back(filled("{0} = ({0}.to(6) - self.{1}) * self.{2}", {y, mean, scale}));
      } else if (attributes_of(node).text("dtype") != "int64") {
        body.push_back(filled("{0} = {0}.to(6)", {y}));
      }
      continue;
    }
    if (!summary.live[i]) continue;
    Lowering lowering{node, attributes_of(node), {}, summary.shapes[i], {}};
    ScriptNode writing{lowering, {}, {}, values[i]};
    for (const Edge& edge : node.inputs) {
      lowering.inputs.push_back(summary.shapes[edge.node.value][edge.output]);
      writing.inputs.push_back(values[edge.node.value][edge.output]);
    }
    lowering.weights = weights(node, lowering.inputs);
    for (const WeightInfo& weight : lowering.weights) writing.weights.push_back(attribute_of.at(weight.name));
    for (std::string& line : script_lines(writing)) body.push_back(std::move(line));
  }
  const Edge output = graph.outputs()[0];
  std::string result = values[output.node.value][output.output];
  if (const Standardisation& target = model.target_standardisation(); !target.mean.empty()) {
    const std::string mean = names.make("target_mean"), scale = names.make("target_scale");
    script.buffers.emplace_back(mean, at::tensor(target.mean, at::kFloat));
    script.buffers.emplace_back(scale, at::tensor(target.scale, at::kFloat));
    result += filled(" / self.{} + self.{}", {scale, mean});
  }
  script.source = filled("def forward(self, {}) -> Tensor:\n", {list_of(arguments)});
  for (const std::string& line : body) script.source += "    " + line + "\n";
  script.source += "    return " + result + "\n";
  return script;
}

}  // namespace

std::string torchscript_source(const TorchModel& model) { return write_script(model).source; }

void save_torchscript(const TorchModel& model, const std::string& path) {
  const Script script = write_script(model);
  torch::jit::Module module("nascent_model");
  for (const auto& [name, value] : script.parameters) module.register_parameter(name, value, false);
  for (const auto& [name, value] : script.buffers) module.register_buffer(name, value);
  // Without it a loaded module has no train() and eval().
  module.register_attribute("training", c10::BoolType::get(), false);
  module.define(script.source);
  try {
    module.save(path);
  } catch (const c10::Error& error) {
    throw Error(NAS_E_IO, "cannot write " + path + ": " + error.what_without_backtrace());
  }
}

}  // namespace nascent::libtorch
