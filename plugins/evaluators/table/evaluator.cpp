// Answers from a table of results measured before: tabular benchmarks, and searches over finished experiments.
#include "nascent/evaluator.hpp"
#include "table.hpp"

namespace {

class TableEvaluator : public nascent::Evaluator {
 public:
  static constexpr nascent::About about{"org.nascent.evaluator.table", "table", "1.0.0",
                                        "Looks results up in a CSV file of finished experiments"};
  static constexpr std::array options{
      nascent::option("file", "CSV file, plain or gzip, one row per configuration").path().required(),
      nascent::option("metrics", "metric = \"column\", or metric = [\"column\", ...] for the mean").table().required()};

  TableEvaluator(const nascent::Options& given, const nascent::EvaluatorSetup& setup)
      : sources_(sources(given)), space_(setup.space), table_(given.text("file"), setup.space, sources_) {
    for (const table::Source& source : sources_) {
      metrics_.push_back({source.metric, "column of the table", nascent::Direction::none, 0});
    }
  }

  const std::vector<nascent::MetricDeclaration>& metrics() const override { return metrics_; }

  void evaluate(const nascent::Task&, const nascent::EvalRequest& request, const nascent::Emit& emit) override {
    const auto values = table_.find(request.configuration);
    if (!values) throw nascent::Error(NAS_E_INVALID, "the table has no row for this configuration: " + describe(request.configuration));
    for (std::size_t m = 0; m < metrics_.size(); ++m) {
      if (std::isnan((*values)[m])) {
        throw nascent::Error(NAS_E_INVALID, "metric '" + metrics_[m].name + "' is missing for " + describe(request.configuration));
      }
      emit.metric(metrics_[m].name, (*values)[m]);
    }
  }

 private:
  static std::vector<table::Source> sources(const nascent::Options& given) {
    std::vector<table::Source> all;
    const nascent::Options metrics = given.table("metrics");
    for (const std::string& name : metrics.keys()) all.push_back({name, metrics.texts(name)});
    if (all.empty()) throw nascent::InvalidOption("metrics", "metrics is empty; name at least one column to look up");
    return all;
  }
  [[nodiscard]] std::string describe(nascent::ConstRow row) const {
    std::string text;
    for (std::size_t i = 0; i < space_.size(); ++i) {
      if (row.active[i] == 0) continue;
      text += (text.empty() ? "" : " ") + std::string(space_[i].name()) + "=" + table::cell_of(space_[i], row.x[i]);
    }
    return text;
  }

  std::vector<table::Source> sources_;
  nascent::SpaceView space_;
  table::Table table_;
  std::vector<nascent::MetricDeclaration> metrics_;
};

}  // namespace

NASCENT_PLUGIN("org.nascent.table", "1.0.0", TableEvaluator)
