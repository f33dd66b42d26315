// A trained model: its architecture, its named weights, live prediction.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/dataset.hpp"
#include "nascent/error.hpp"
#include "nascent/graph.hpp"
#include "nascent/namespace.hpp"
#include "nascent/tensor.hpp"

NASCENT_SDK_BEGIN

struct NamedTensor {
  std::string name;  // "<weight group>.<parameter>"
  Tensor tensor;
};

// What a trainer or compressor makes.
class Model {
 public:
  virtual ~Model() = default;
  // Null for a model without a graph of ours.
  [[nodiscard]] virtual const Graph* architecture() const = 0;
  // Views of the weights; valid also after the model is gone. Any thread.
  [[nodiscard]] virtual std::vector<NamedTensor> weights() const = 0;
  // Inputs raw, as the dataset gives them; logits [rows, classes] or values [rows, targets], float32 on the CPU.
  [[nodiscard]] virtual Tensor predict(std::vector<Tensor> inputs) = 0;
  // format: "nascent", "torchscript", ...; throws Error(NAS_E_UNSUPPORTED) naming the formats it knows.
  virtual void save(std::string_view format, const std::string& path) = 0;
};

namespace detail {
// The model as the border sees it: a count of holders around a Model.
class SharedModel {
 public:
  static nas_model share(std::unique_ptr<Model> model) {
    if (model == nullptr) return {nullptr, nullptr};
    return {&table, new SharedModel(std::move(model))};
  }
  // The C++ model behind a handle of this very plugin, or null: a plugin must not reach into another's.
  static Model* own(const nas_model& model) {
    return model.vt == &table ? static_cast<SharedModel*>(model.self)->model_.get() : nullptr;
  }

 private:
  explicit SharedModel(std::unique_ptr<Model> model) : model_(std::move(model)) {
    if (model_->architecture() != nullptr) graph_ = model_->architecture()->to_abi();
  }
  ~SharedModel() {
    if (graph_ != nullptr) graph_->release(graph_->owner);
  }
  static SharedModel& of(void* self) { return *static_cast<SharedModel*>(self); }
  static void NAS_CALL retain(void* self) noexcept { of(self).holders_.fetch_add(1, std::memory_order_relaxed); }
  static void NAS_CALL release(void* self) noexcept {
    if (of(self).holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete &of(self);
  }
  static nas_status NAS_CALL architecture(void* self, const nas_graph** out, nas_error* error) noexcept {
    *out = of(self).graph_;
    return *out != nullptr ? NAS_OK : set_error(error, NAS_E_UNSUPPORTED, "this model has no architecture graph");
  }
  static nas_status NAS_CALL weights(void* self, nas_named_tensor* out, std::size_t cap, std::size_t* n, nas_error* error) noexcept {
    return guarded(error, [&] {
      std::vector<NamedTensor> all = of(self).model_->weights();
      *n = all.size();
      if (cap == 0) return;
      // Names have to outlive the call: they are kept beside the model.
      of(self).names_.resize(all.size());
      for (std::size_t i = 0; i < all.size() && i < cap; ++i) {
        of(self).names_[i] = std::move(all[i].name);
        out[i] = {str(of(self).names_[i]), all[i].tensor.release()};
      }
    });
  }
  static nas_status NAS_CALL predict(void* self, nas_tensor* const* in, std::size_t n_in, nas_tensor** out, nas_error* error) noexcept {
    return guarded(error, [&] {
      std::vector<Tensor> inputs;
      inputs.reserve(n_in);
      for (std::size_t i = 0; i < n_in; ++i) inputs.emplace_back(in[i]);
      *out = of(self).model_->predict(std::move(inputs)).release();
    });
  }
  static nas_status NAS_CALL save(void* self, nas_str format, nas_str path, nas_error* error) noexcept {
    return guarded(error, [&] { of(self).model_->save(view(format), std::string(view(path))); });
  }
  static const void* NAS_CALL extension(void*, const char*) noexcept { return nullptr; }
  static constexpr nas_model_vt table{sizeof(nas_model_vt), 0, &retain, &release, &architecture, &weights, &predict, &save, &extension};

  std::atomic<std::uint32_t> holders_{1};
  std::unique_ptr<Model> model_;
  nas_graph* graph_ = nullptr;
  std::vector<std::string> names_;
};
}  // namespace detail

// The reader's side: any plugin's model, counted.
class ModelRef {
 public:
  ModelRef() = default;
  // Takes over one count (what train() and load() hand out).
  static ModelRef adopt(nas_model raw) { return ModelRef(raw); }
  // Adds a count of its own (for models that were lent).
  static ModelRef share(nas_model raw) {
    if (raw.vt != nullptr) raw.vt->retain(raw.self);
    return ModelRef(raw);
  }
  ModelRef(ModelRef&& other) noexcept : raw_(std::exchange(other.raw_, {nullptr, nullptr})) {}
  ModelRef& operator=(ModelRef&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ModelRef(const ModelRef& other) : ModelRef(share(other.raw_)) {}
  ModelRef& operator=(const ModelRef& other) {
    ModelRef copy(other);
    return *this = std::move(copy);
  }
  ~ModelRef() {
    if (raw_.vt != nullptr) raw_.vt->release(raw_.self);
  }
  [[nodiscard]] bool empty() const { return raw_.vt == nullptr; }
  [[nodiscard]] const nas_model& raw() const { return raw_; }
  [[nodiscard]] nas_model release() { return std::exchange(raw_, {nullptr, nullptr}); }

  [[nodiscard]] std::optional<Graph> architecture() const {
    const nas_graph* graph = nullptr;
    nas_error error{};
    const nas_status status = raw_.vt->architecture(raw_.self, &graph, &error);
    if (status == NAS_E_UNSUPPORTED) return std::nullopt;
    check(status, error);
    return Graph::from_abi(*graph);
  }
  [[nodiscard]] std::vector<NamedTensor> weights() const {
    nas_error error{};
    std::size_t n = 0;
    check(raw_.vt->weights(raw_.self, nullptr, 0, &n, &error), error);
    std::vector<nas_named_tensor> raw(n);
    check(raw_.vt->weights(raw_.self, raw.data(), n, &n, &error), error);
    std::vector<NamedTensor> all;
    for (const nas_named_tensor& w : raw) all.push_back({std::string(view(w.name)), Tensor(w.tensor)});
    return all;
  }
  [[nodiscard]] Tensor predict(std::vector<Tensor> inputs) const {
    std::vector<nas_tensor*> raw;
    for (Tensor& t : inputs) raw.push_back(t.release());
    nas_tensor* out = nullptr;
    nas_error error{};
    check(raw_.vt->predict(raw_.self, raw.data(), raw.size(), &out, &error), error);
    return Tensor(out);
  }
  void save(std::string_view format, const std::string& path) const {
    nas_error error{};
    check(raw_.vt->save(raw_.self, str(format), str(path), &error), error);
  }

 private:
  explicit ModelRef(nas_model raw) : raw_(raw) {}
  nas_model raw_{nullptr, nullptr};
};

NASCENT_SDK_END
