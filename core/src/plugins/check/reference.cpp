#include "plugins/check/reference.hpp"

#include <array>
#include <cmath>
#include <memory>
#include <nascent/rng.hpp>
#include <nascent/space.hpp>
#include <nascent/tensor.hpp>

namespace nascent::core {
namespace {

constexpr std::int64_t n_classes = 3, n_train = 96, n_validation = 33, n_features = 6;

// In-memory rows; the class is rank of the row's number, and shifts the mean of its features.
class ReferenceData final : public Dataset {
 public:
  explicit ReferenceData(ReferenceTask task) : task_(task) {
    const bool images = task == ReferenceTask::images;
    shape_ = images ? std::vector<std::int64_t>{1, 8, 8} : std::vector<std::int64_t>{n_features};
    info_.splits = {{"train", n_train}, {"validation", n_validation}};
    info_.fields.push_back({images ? "image" : "features", FieldRole::input, dtype_of<float>(), shape_});
    if (task == ReferenceTask::table_regression) {
      info_.fields.push_back({"target", FieldRole::target, dtype_of<float>(), {1}});
    } else {
      info_.fields.push_back({"class", FieldRole::target, dtype_of<std::int64_t>(), {}});
      info_.class_names = {"low", "middle", "high"};
    }
    info_.fingerprint = "reference/1";
    for (std::size_t split = 0; split < 2; ++split) fill(split);
  }
  [[nodiscard]] const DatasetInfo& info() const override { return info_; }
  [[nodiscard]] std::optional<std::vector<Tensor>> whole(std::size_t split) const override {
    const std::int64_t rows = info_.splits[split].rows;
    std::vector<std::int64_t> all(static_cast<std::size_t>(rows));
    for (std::int64_t i = 0; i < rows; ++i) all[static_cast<std::size_t>(i)] = i;
    return gather(split, all);
  }
  [[nodiscard]] std::vector<Tensor> gather(std::size_t split, std::span<const std::int64_t> index) const override {
    const std::size_t row = inputs_[split].size() / static_cast<std::size_t>(info_.splits[split].rows) * sizeof(float);
    std::vector<Tensor> tensors;
    tensors.push_back(gather_rows(inputs_[split].data(), row, info_.fields[0], index));
    if (task_ == ReferenceTask::table_regression)
      tensors.push_back(gather_rows(targets_[split].data(), sizeof(float), info_.fields[1], index));
    else
      tensors.push_back(gather_rows(classes_[split].data(), sizeof(std::int64_t), info_.fields[1], index));
    return tensors;
  }

 private:
  void fill(std::size_t split) {
    Rng rng(20261123, split);
    std::int64_t features = 1;
    for (const std::int64_t extent : shape_) features *= extent;
    for (std::int64_t i = 0; i < info_.splits[split].rows; ++i) {
      const std::int64_t rank = i % n_classes;
      double sum = 0;
      for (std::int64_t k = 0; k < features; ++k) {
        const double value = 0.5 * rng.normal() + (k % n_classes == rank ? 1.0 : 0.0);
        inputs_[split].push_back(static_cast<float>(value));
        sum += (k % 2 == 0 ? 1 : -1) * value;
      }
      classes_[split].push_back(rank);
      targets_[split].push_back(static_cast<float>(sum));
    }
  }
  ReferenceTask task_;
  std::vector<std::int64_t> shape_;
  DatasetInfo info_;
  std::array<std::vector<float>, 2> inputs_, targets_;
  std::array<std::vector<std::int64_t>, 2> classes_;
};

// The SDK's table creates datasets from options; these have none.
template <ReferenceTask task>
struct Preset {
  explicit Preset(const Options&) : data(task) {}
  [[nodiscard]] const DatasetInfo& info() const { return data.info(); }
  [[nodiscard]] auto whole(std::size_t split) const { return data.whole(split); }
  [[nodiscard]] auto gather(std::size_t split, std::span<const std::int64_t> index) const {
    return data.gather(split, index);
  }
  ReferenceData data;
};

template <ReferenceTask task>
nas_dataset preset() {
  static auto* held = new DatasetKind::Held<Preset<task>>(Options(nullptr));
  return {&DatasetKind::table<Preset<task>>, held};
}

std::int64_t outputs_of(ReferenceTask task) { return task == ReferenceTask::table_regression ? 1 : n_classes; }

class ReferenceModel final : public Model {
 public:
  explicit ReferenceModel(ReferenceTask task) : outputs_(outputs_of(task)) {
    const bool images = task == ReferenceTask::images;
    inputs_ = images ? 64 : n_features;
    const nascent::Edge x = graph_.input(images ? "image" : "features", images ? Shape{1, 8, 8} : Shape{n_features});
    graph_.output(graph_.linear(images ? nascent::Edge(graph_.flatten(x)) : x, outputs_, Bias::with, "head"));
    Rng rng(3);
    for (std::int64_t i = 0; i < outputs_ * inputs_; ++i) weight_->push_back(static_cast<float>(rng.normal()));
    for (std::int64_t i = 0; i < outputs_; ++i) bias_->push_back(static_cast<float>(rng.normal()));
  }
  [[nodiscard]] const Graph* architecture() const override { return &graph_; }
  [[nodiscard]] std::vector<NamedTensor> weights() const override {
    std::vector<NamedTensor> all;
    all.push_back({"head.weight", Tensor::view(weight_->data(), dtype_of<float>(), {outputs_, inputs_}, weight_)});
    all.push_back({"head.bias", Tensor::view(bias_->data(), dtype_of<float>(), {outputs_}, bias_)});
    return all;
  }
  Tensor predict(std::vector<Tensor> inputs) override {
    const std::span<const float> x = inputs.at(0).values<float>();
    const std::int64_t rows = inputs[0].shape()[0];
    std::vector<float> out;
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t o = 0; o < outputs_; ++o) {
        float sum = (*bias_)[static_cast<std::size_t>(o)];
        for (std::int64_t k = 0; k < inputs_; ++k)
          sum += (*weight_)[static_cast<std::size_t>(o * inputs_ + k)] * x[static_cast<std::size_t>(r * inputs_ + k)];
        out.push_back(sum);
      }
    }
    return Tensor::from(std::move(out), {rows, outputs_});
  }
  void save(std::string_view format, const std::string&) override {
    throw nascent::Error(NAS_E_UNSUPPORTED, "the reference model has no file format, not even '" + std::string(format) + "'");
  }

 private:
  Graph graph_;
  std::int64_t outputs_, inputs_ = 0;
  std::shared_ptr<std::vector<float>> weight_ = std::make_shared<std::vector<float>>(),
                                      bias_ = std::make_shared<std::vector<float>>();
};

std::vector<std::byte> bytes_of(const Tensor& tensor) {
  const nas_tensor& t = *tensor.get();
  const std::size_t size = static_cast<std::size_t>(tensor.elements()) * t.dl_tensor.dtype.bits / 8;
  if (t.dl_tensor.device.type != 1 || !tensor.is_compact())
    throw nascent::Error(NAS_E_INVALID, "a weight is not compact on the CPU");
  const auto* start = static_cast<const std::byte*>(t.dl_tensor.data) + t.dl_tensor.byte_offset;
  return {start, start + size};
}

}  // namespace

const SpaceDeclaration& mixed_space() {
  static const SpaceDeclaration space = [] {
    SpaceBuilder s;
    s.real("rate", 1e-4, 1e-1, {.scale = Scale::log});
    s.real("momentum", 0, 0.99, {.normal = NormalPrior{0.9, 0.1}});
    s.real("decay", 0, 1, {.step = 0.25});
    s.integer("width", 8, 128, {.scale = Scale::log, .step = 8});
    const auto depth = s.integer("depth", 1, 4);
    s.ordinal<std::int64_t>("batch", {32, 64, 128});
    const auto block = s.choice("block", {"plain", "residual", "dense"}, {1, 2, 1});
    s.when(s.is(block, "dense"), [](SpaceBuilder& b) { return b.integer("growth", 4, 32); });
    s.when(above(depth, 2), [](SpaceBuilder& b) { return b.real("dropout", 0, 0.5); });
    return s.declaration();
  }();
  return space;
}

const SpaceDeclaration& finite_space() {
  static const SpaceDeclaration space = [] {
    SpaceBuilder s;
    s.choice("block", {"plain", "residual", "dense"});
    s.integer("depth", 1, 4);
    s.choice<bool>("bias", {false, true});
    return s.declaration();
  }();
  return space;
}

const SpaceDeclaration& empty_space() {
  static const SpaceDeclaration space = SpaceBuilder().declaration();
  return space;
}

const SpaceDeclaration& one_point_space() {
  static const SpaceDeclaration space = [] {
    SpaceBuilder s;
    s.real("rate", 0.1, 0.1, {.scale = Scale::log});
    s.real("momentum", 0.9, 0.9);
    s.real("decay", 0.5, 0.5, {.step = 0.25});
    s.integer("width", 8, 8);
    s.choice("block", {"plain"});
    s.choice("norm", {"batch", "layer", "none"}, {0, 1, 0});
    s.ordinal<std::int64_t>("batch", {32});
    return s.declaration();
  }();
  return space;
}

const SpaceDeclaration& inactive_space() {
  static const SpaceDeclaration space = [] {
    SpaceBuilder s;
    const auto block = s.choice("block", {"plain", "dense"}, {1, 0});
    s.when(s.is(block, "dense"), [](SpaceBuilder& b) {
      b.real("dropout", 0, 0.5);
      b.choice("norm", {"batch", "layer"});
      const auto growth = b.integer("growth", 4, 32);
      b.when(above(growth, 16), [](SpaceBuilder& deep) { deep.ordinal<std::int64_t>("groups", {1, 2, 4}); });
    });
    return s.declaration();
  }();
  return space;
}

SpaceView many_choices_space() {
  // By hand: a declaration would hold a copy of the choices for each parameter, and as text for its fingerprint.
  static const std::vector<nas_value> choices = [] {
    std::vector<nas_value> all(kManyChoices);
    for (std::uint32_t k = 0; k < kManyChoices; ++k) all[k] = {NAS_T_INT, 0, {.i = k}};
    return all;
  }();
  static const std::vector<double> weights = [] {
    std::vector<double> all(kManyChoices);
    for (std::uint32_t k = 0; k < kManyChoices; k += 2) all[k] = 1 + k % 7;
    return all;
  }();
  static const std::array params = [] {
    const auto choice = [](const char* name, const double* prior) {
      nas_param p{};
      p.name = str(name);
      p.kind = NAS_P_CAT;
      p.prior = prior == nullptr ? NAS_PRIOR_UNIFORM : NAS_PRIOR_WEIGHTS;
      p.n_choices = kManyChoices;
      p.hi = kManyChoices - 1;
      p.dflt = std::nan("");
      p.choices = choices.data();
      p.weights = prior;
      return p;
    };
    nas_param number{};
    number.name = str("rate");
    number.hi = 1;
    number.dflt = std::nan("");
    return std::array{choice("word", nullptr), choice("token", weights.data()), number};
  }();
  static const nas_space space{sizeof space, sizeof(nas_param), params.size(), 0, params.data(), nullptr,
                               str("many choices")};
  return SpaceView(&space);
}

nas_dataset reference_data(ReferenceTask task) {
  switch (task) {
    case ReferenceTask::images:
      return preset<ReferenceTask::images>();
    case ReferenceTask::table_classes:
      return preset<ReferenceTask::table_classes>();
    default:
      return preset<ReferenceTask::table_regression>();
  }
}

nas_subset reference_subset(ReferenceTask task, std::uint32_t split) {
  return {reference_data(task), split, 0, nullptr, 0};
}

Graph reference_graph(ReferenceTask task) {
  Graph graph;
  if (task == ReferenceTask::images) {
    nascent::Edge x = graph.input("image", {1, 8, 8});
    x = graph.activation(graph.batch_norm(graph.conv(x, 4, 3)), "relu");
    graph.output(graph.linear(graph.flatten(graph.max_pool(x, 2)), n_classes, Bias::with, "head"));
  } else {
    nascent::Edge x = graph.input("features", {n_features});
    x = graph.activation(graph.linear(x, 8), "relu");
    graph.output(graph.linear(x, outputs_of(task), Bias::with, "head"));
  }
  return graph;
}

nas_model reference_model(ReferenceTask task) {
  return detail::SharedModel::share(std::make_unique<ReferenceModel>(task));
}

ModelState state_of(const nas_model& raw, const nas_subset& data) {
  const ModelRef model = ModelRef::share(raw);
  ModelState state;
  for (const NamedTensor& w : model.weights()) state.weights.emplace_back(w.name, bytes_of(w.tensor));
  const Subset subset(data);
  const std::array<std::int64_t, 5> rows{0, 1, 2, 3, 4};
  std::vector<Tensor> all = subset.gather(rows), inputs;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (subset.fields()[i].role == NAS_ROLE_INPUT) inputs.push_back(std::move(all[i]));
  }
  const Tensor out = model.predict(std::move(inputs));
  state.prediction_shape.assign(out.shape().begin(), out.shape().end());
  const auto values = out.values<float>();
  state.predictions.assign(values.begin(), values.end());
  return state;
}

RecordingTask::RecordingTask(std::uint64_t seed, std::string artifact_dir) : artifact_dir_(std::move(artifact_dir)) {
  task_.size = sizeof task_;
  task_.threads = 1;
  task_.ctx = this;
  task_.trial_id = 1;
  task_.seed = seed;
  task_.device_type = 1;
  task_.world_size = 1;
  task_.artifact_dir = {artifact_dir_.data(), artifact_dir_.size()};
  task_.rendezvous = {"", 0};
  task_.cancelled = [](void* ctx) noexcept -> std::int32_t { return static_cast<RecordingTask*>(ctx)->cancel ? 1 : 0; };
  task_.report = [](void* ctx, double budget, const nas_metric* metrics, size_t n,
                    std::uint32_t* answer) noexcept -> nas_status {
    auto& self = *static_cast<RecordingTask*>(ctx);
    Report report{budget, {}};
    for (size_t i = 0; i < n; ++i)
      report.metrics.emplace_back(std::string(metrics[i].name.p, metrics[i].name.n), metrics[i].value);
    self.reports.push_back(std::move(report));
    if (answer != nullptr) *answer = self.verdict(budget);
    return NAS_OK;
  };
  task_.progress = [](void*, double) noexcept {};
}

void ObservationColumns::add(std::uint64_t trial, std::uint32_t state, double budget, double value, const Point* row) {
  trial_id_.push_back(trial);
  state_.push_back(state);
  budget_.push_back(budget);
  const bool has_value = state == NAS_TRIAL_COMPLETED || state == NAS_TRIAL_PRUNED || row == nullptr;
  for (std::size_t k = 0; k < n_objectives_; ++k)
    values_.push_back(has_value ? value + static_cast<double>(k) * (1 - 2 * value) : 0);
  for (std::size_t k = 0; k < n_constraints_; ++k) constraints_.push_back(has_value ? value - 0.5 : 0);
  const bool measured = has_value && trial % 5 != 4;
  for (std::size_t k = 0; k < n_metrics_; ++k)
    metrics_.push_back(measured ? std::pow(10, static_cast<double>(k + 1) * value) : std::nan(""));
  cost_.push_back(1);
  accepted_.push_back(has_value && value < 0.5 ? 1 : 0);
  if (row == nullptr) return;
  with_rows_ = true;
  x_.insert(x_.end(), row->x.begin(), row->x.end());
  active_.insert(active_.end(), row->active.begin(), row->active.end());
}

const nas_obs* ObservationColumns::view(std::size_t from) {
  rows_ = {sizeof rows_,
           static_cast<std::uint32_t>(n_params_),
           size() - from,
           trial_id_.data() + from,
           x_.data() + from * n_params_,
           active_.data() + from * n_params_};
  obs_ = {sizeof obs_,
          static_cast<std::uint32_t>(n_objectives_),
          static_cast<std::uint32_t>(n_constraints_),
          static_cast<std::uint32_t>(n_metrics_),
          size() - from,
          trial_id_.data() + from,
          state_.data() + from,
          budget_.data() + from,
          values_.data() + from * n_objectives_,
          constraints_.data() + from * n_constraints_,
          cost_.data() + from,
          accepted_.data() + from,
          with_rows_ ? &rows_ : nullptr,
          metrics_.data() + from * n_metrics_};
  return &obs_;
}

}  // namespace nascent::core
