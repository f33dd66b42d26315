// What an architecture costs, known before any training.
#include "nascent/evaluator.hpp"

namespace {

class Cost : public nascent::Evaluator {
 public:
  static constexpr nascent::About about{"org.nascent.evaluator.cost", "cost", "1.0.0",
                                        "Parameters, FLOPs and bytes of an architecture, without training"};

  explicit Cost(const nascent::Options&) {}

  const std::vector<nascent::MetricDeclaration>& metrics() const override { return metrics_; }

  void evaluate(const nascent::Task&, const nascent::EvalRequest& request, const nascent::Emit& emit) override {
    if (request.graph == nullptr) {
      throw nascent::Error(NAS_E_INVALID, "this space builds no architecture; evaluator \"cost\" needs one");
    }
    const nascent::GraphSummary summary = nascent::infer(nascent::Graph::from_abi(*request.graph));
    emit.metric("parameters", static_cast<double>(summary.parameters));
    emit.metric("flops", static_cast<double>(summary.flops));
    emit.metric("size_bytes", static_cast<double>(summary.weight_bytes));
  }

 private:
  std::vector<nascent::MetricDeclaration> metrics_{
      {"parameters", "trainable numbers", nascent::Direction::minimize, NAS_NEEDS_GRAPH},
      {"flops", "floating-point operations of one forward pass of one row", nascent::Direction::minimize, NAS_NEEDS_GRAPH},
      {"size_bytes", "bytes of the weights as stored", nascent::Direction::minimize, NAS_NEEDS_GRAPH}};
};

}  // namespace

NASCENT_PLUGIN("org.nascent.cost", "1.0.0", Cost)
