#include "surrogate/encoder.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace nascent::surrogate {
namespace {

constexpr std::size_t kFigures = 6;

// Paths from an input to a node.
struct Paths {
  double shortest = 0, longest = 0, number = 1;
};

// Nodes come in topological order.
std::vector<Paths> paths_to(const Graph& graph) {
  std::vector<Paths> to(graph.nodes().size());
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto& inputs = graph.nodes()[i].inputs;
    if (inputs.empty()) continue;
    to[i] = {HUGE_VAL, 0, 0};
    for (const Edge& edge : inputs) {
      const Paths& from = to[edge.node.value];
      to[i].shortest = std::min(to[i].shortest, from.shortest + 1);
      to[i].longest = std::max(to[i].longest, from.longest + 1);
      to[i].number = std::min(to[i].number + from.number, 1e300);
    }
  }
  return to;
}

// out: [kFigures + operators.size()]
void describe(const Graph& graph, std::span<const std::string_view> operators, std::span<double> out) {
  const GraphSummary cost = infer(graph);
  const std::vector<Paths> paths = paths_to(graph);
  Paths whole{HUGE_VAL, 0, 0};
  for (const Edge& edge : graph.outputs()) {
    const Paths& to = paths[edge.node.value];
    whole = {std::min(whole.shortest, to.shortest), std::max(whole.longest, to.longest), whole.number + to.number};
  }
  std::ranges::fill(out, 0.0);
  double n_live = 0;
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    if (!cost.live[i]) continue;
    ++n_live;
    const auto op = std::ranges::find(operators, graph.nodes()[i].op);
    if (op != operators.end()) ++out[kFigures + static_cast<std::size_t>(op - operators.begin())];
  }
  const std::array<double, kFigures> figures{std::log1p(static_cast<double>(cost.parameters)),
                                             std::log1p(static_cast<double>(cost.flops)),
                                             n_live,
                                             whole.shortest,
                                             whole.longest,
                                             std::log(whole.number)};
  std::ranges::copy(figures, out.begin());
}

std::vector<std::string_view> operator_names(bool wanted) {
  std::vector<std::string_view> names;
  if (wanted) {
    for (const Operator* op : operators()) names.push_back(op->name);
  }
  return names;
}

}  // namespace

Encoder::Encoder(SpaceView space, Architectures architectures, GraphFeatures graph)
    : architectures_(architectures),
      operators_(operator_names(graph == GraphFeatures::with && architectures.exist())),
      features_(space, operators_.empty() ? 0 : kFigures + operators_.size()) {}

void Encoder::encode(ConstRow row, std::span<double> out) const {
  features_.encode(row, out);
  if (operators_.empty()) return;
  const std::span<double> figures = out.subspan(features_.n_parameters());
  try {
    if (const auto graph = architectures_.build(row)) return describe(*graph, operators_, figures);
  } catch (const Error&) {  // a space that fails or shapes that do not fit: the trial will say so
  }
  std::ranges::fill(figures, -1.0);
}

}  // namespace nascent::surrogate
