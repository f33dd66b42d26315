// Writing a dataset, and reading one: splits, fields, rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nascent/plugin.hpp"
#include "nascent/tensor.hpp"

NASCENT_SDK_BEGIN

enum class FieldRole : std::uint32_t { input = NAS_ROLE_INPUT, target = NAS_ROLE_TARGET, group = NAS_ROLE_GROUP, time = NAS_ROLE_TIME };

struct Field {
  std::string name;
  FieldRole role = FieldRole::input;
  DType dtype;
  std::vector<std::int64_t> shape;  // of one row
};
struct Split {
  std::string name;  // "train", "validation" (optional), "test" (optional)
  std::int64_t rows = 0;
};
struct DatasetInfo {
  std::vector<Split> splits;
  std::vector<Field> fields;
  std::vector<std::string> class_names;  // empty = regression
  std::string fingerprint;               // of the content, the same on any machine
};

struct DatasetKind;
// A dataset plugin: opens and checks its files in the constructor.
class Dataset {
 public:
  using Kind = DatasetKind;
  virtual ~Dataset() = default;
  // Constant while the instance lives.
  [[nodiscard]] virtual const DatasetInfo& info() const = 0;
  // A whole split, one tensor per field, without copying; nothing when it does not lie in memory. Any thread.
  [[nodiscard]] virtual std::optional<std::vector<Tensor>> whole(std::size_t split) const = 0;
  // The rows named, in that order, one tensor per field. Indices were checked. Any thread.
  [[nodiscard]] virtual std::vector<Tensor> gather(std::size_t split, std::span<const std::int64_t> index) const = 0;
};

// Rows `index` of a compact in-memory field of `row_bytes` bytes a row: what most datasets need for gather().
inline Tensor gather_rows(const void* data, std::size_t row_bytes, const Field& field, std::span<const std::int64_t> index) {
  auto bytes = std::make_shared<std::vector<std::byte>>(row_bytes * index.size());
  for (std::size_t i = 0; i < index.size(); ++i) {
    std::memcpy(bytes->data() + i * row_bytes, static_cast<const std::byte*>(data) + static_cast<std::size_t>(index[i]) * row_bytes, row_bytes);
  }
  std::vector<std::int64_t> shape{static_cast<std::int64_t>(index.size())};
  shape.insert(shape.end(), field.shape.begin(), field.shape.end());
  const void* start = bytes->data();
  return Tensor::view(start, field.dtype, std::move(shape), std::move(bytes));
}

// The reader's side: a list of rows of one split. A view.
class Subset {
 public:
  explicit Subset(const nas_subset& raw) : raw_(raw) {
    if (raw_.data.vt == nullptr) return;
    nas_error error{};
    check(raw_.data.vt->info(raw_.data.self, &info_, &error), error);
    if (raw_.split >= info_->n_splits) {
      throw Error(NAS_E_INVALID, "split " + std::to_string(raw_.split) + " of " + std::to_string(info_->n_splits) + " does not exist");
    }
  }
  [[nodiscard]] bool empty() const { return raw_.data.vt == nullptr; }
  [[nodiscard]] const nas_subset& raw() const { return raw_; }
  [[nodiscard]] const nas_dataset_info& info() const { return *info_; }
  [[nodiscard]] std::int64_t rows() const {
    if (empty()) return 0;
    return raw_.rows != nullptr ? static_cast<std::int64_t>(raw_.n) : info_->splits[raw_.split].rows;
  }
  [[nodiscard]] std::int64_t n_classes() const { return info_->n_classes; }
  [[nodiscard]] std::span<const nas_field> fields() const { return {info_->fields, info_->n_fields}; }
  // Index of the first field with this role; throws when there is none.
  [[nodiscard]] std::size_t field(FieldRole role) const {
    for (std::size_t i = 0; i < info_->n_fields; ++i) {
      if (info_->fields[i].role == static_cast<std::uint32_t>(role)) return i;
    }
    throw Error(NAS_E_INVALID, "the dataset has no field of the role that is needed here");
  }
  // Row of the split that row i of this subset stands for.
  [[nodiscard]] std::int64_t split_row(std::int64_t i) const { return raw_.rows != nullptr ? raw_.rows[i] : i; }

  // The whole split (all rows, not only this subset's), or nothing when it does not lie in memory.
  [[nodiscard]] std::optional<std::vector<Tensor>> whole_split() const {
    std::vector<nas_tensor*> out(info_->n_fields);
    nas_error error{};
    const nas_status status = raw_.data.vt->whole(raw_.data.self, raw_.split, out.data(), &error);
    if (status == NAS_E_UNSUPPORTED) return std::nullopt;
    check(status, error);
    return std::vector<Tensor>(take(out));
  }
  // Rows of this subset by position, one tensor per field.
  [[nodiscard]] std::vector<Tensor> gather(std::span<const std::int64_t> positions) const {
    std::vector<std::int64_t> index(positions.begin(), positions.end());
    for (std::int64_t& i : index) i = split_row(i);
    std::vector<nas_tensor*> out(info_->n_fields);
    nas_error error{};
    check(raw_.data.vt->gather(raw_.data.self, raw_.split, index.data(), index.size(), out.data(), &error), error);
    return take(out);
  }

 private:
  static std::vector<Tensor> take(const std::vector<nas_tensor*>& raw) {
    std::vector<Tensor> tensors;
    for (nas_tensor* t : raw) tensors.emplace_back(t);
    return tensors;
  }
  nas_subset raw_;
  const nas_dataset_info* info_ = nullptr;
};

struct DatasetKind {
  static constexpr std::string_view id = NAS_KIND_DATASET;
  // The instance plus its description in C form.
  template <class T>
  struct Held {
    explicit Held(const Options& options) : dataset(options) {
      const DatasetInfo& info = dataset.info();
      for (const Split& s : info.splits) splits.push_back({str(s.name), s.rows});
      for (const Field& f : info.fields) {
        fields.push_back({str(f.name), static_cast<std::uint32_t>(f.role), f.dtype.code, f.dtype.bits,
                          static_cast<std::uint16_t>(f.shape.size()), f.shape.data()});
      }
      for (const std::string& name : info.class_names) class_names.push_back(str(name));
      raw = {sizeof raw, static_cast<std::uint32_t>(splits.size()), static_cast<std::uint32_t>(fields.size()),
             static_cast<std::uint32_t>(class_names.size()), splits.data(), fields.data(),
             class_names.empty() ? nullptr : class_names.data(), str(info.fingerprint)};
    }
    T dataset;
    std::vector<nas_split> splits;
    std::vector<nas_field> fields;
    std::vector<nas_str> class_names;
    nas_dataset_info raw{};
    const void* extension(std::string_view name) {
      if constexpr (requires(T& t) { t.extension(name); }) return dataset.extension(name);
      return nullptr;
    }
  };
  template <class T>
  static nas_status NAS_CALL create(const nas_host*, const nas_config* config, const void*, void** self, nas_error* error) noexcept {
    return guarded(error, [&] { *self = new Held<T>(Options(config)); });
  }
  template <class T>
  static nas_status NAS_CALL info(void* self, const nas_dataset_info** out, nas_error* error) noexcept {
    return guarded(error, [&] { *out = &detail::self_of<Held<T>>(self).raw; });
  }
  template <class T>
  static nas_status NAS_CALL whole(void* self, std::uint32_t split, nas_tensor** out, nas_error* error) noexcept {
    return guarded(error, [&]() -> nas_status {
      Held<T>& held = detail::self_of<Held<T>>(self);
      check_split(held.raw, split);
      std::optional<std::vector<Tensor>> tensors = held.dataset.whole(split);
      if (!tensors) return set_error(error, NAS_E_UNSUPPORTED, "this split does not lie in memory; use gather");
      hand_over(*tensors, held.fields.size(), out);
      return NAS_OK;
    });
  }
  template <class T>
  static nas_status NAS_CALL gather(void* self, std::uint32_t split, const std::int64_t* index, std::size_t n, nas_tensor** out, nas_error* error) noexcept {
    return guarded(error, [&] {
      Held<T>& held = detail::self_of<Held<T>>(self);
      check_split(held.raw, split);
      for (std::size_t i = 0; i < n; ++i) {
        if (index[i] < 0 || index[i] >= held.splits[split].rows) {
          throw Error(NAS_E_INVALID, "row " + std::to_string(index[i]) + " is outside split '" + std::string(view(held.splits[split].name)) +
                                         "' of " + std::to_string(held.splits[split].rows) + " rows");
        }
      }
      std::vector<Tensor> tensors = held.dataset.gather(split, {index, n});
      hand_over(tensors, held.fields.size(), out);
    });
  }
  template <class T>
  static constexpr nas_dataset_vt table{sizeof(nas_dataset_vt), NAS_F_REENTRANT, &create<T>, &detail::destroy<Held<T>>,
                                        &detail::extension<Held<T>>, &info<T>, &whole<T>, &gather<T>};

 private:
  static void check_split(const nas_dataset_info& info, std::uint32_t split) {
    if (split >= info.n_splits) throw Error(NAS_E_INVALID, "split " + std::to_string(split) + " of " + std::to_string(info.n_splits) + " does not exist");
  }
  static void hand_over(std::vector<Tensor>& tensors, std::size_t n_fields, nas_tensor** out) {
    if (tensors.size() != n_fields) {
      throw Error(NAS_E_INTERNAL, "the dataset returned " + std::to_string(tensors.size()) + " tensors for " +
                                      std::to_string(n_fields) + " fields; one each is needed");
    }
    for (std::size_t i = 0; i < tensors.size(); ++i) out[i] = tensors[i].release();
  }
};

NASCENT_SDK_END
