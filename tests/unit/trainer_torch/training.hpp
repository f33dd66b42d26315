// What a host hands to a trainer, in memory: a dataset, a task that keeps the reports, options with their defaults.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "nascent/trainer.hpp"

namespace training {

// Whether the dataset hands out whole splits, or rows only.
enum class Access { whole, rows };

// Two fields, "x" and "y", of one split; rows as float32 or uint8, targets as int64 classes or float32 values.
class Arrays {
 public:
  using Inputs = std::variant<std::vector<std::uint8_t>, std::vector<float>, std::vector<std::int64_t>>;
  using Targets = std::variant<std::vector<std::int64_t>, std::vector<float>>;

  Arrays(Inputs x, std::vector<std::int64_t> row_shape, Targets y, std::uint32_t classes, Access access = Access::whole)
      : x_(std::move(x)), y_(std::move(y)), row_shape_(std::move(row_shape)), access_(access) {
    rows_ = std::visit([](const auto& v) { return static_cast<std::int64_t>(v.size()); }, y_);
    const nascent::DType in = std::visit([](const auto& v) { return nascent::dtype_of<typename std::decay_t<decltype(v)>::value_type>(); }, x_);
    const nascent::DType out = std::visit([](const auto& v) { return nascent::dtype_of<typename std::decay_t<decltype(v)>::value_type>(); }, y_);
    fields_ = {{nascent::str("x"), NAS_ROLE_INPUT, in.code, in.bits, static_cast<std::uint16_t>(row_shape_.size()), row_shape_.data()},
               {nascent::str("y"), NAS_ROLE_TARGET, out.code, out.bits, 0, nullptr}};
    split_ = {nascent::str("train"), rows_};
    for (std::uint32_t i = 0; i < classes; ++i) names_.push_back("class " + std::to_string(i));
    for (const std::string& name : names_) name_views_.push_back(nascent::str(name));
    info_ = {sizeof info_, 1, 2, classes, &split_, fields_.data(), classes > 0 ? name_views_.data() : nullptr, nascent::str("")};
  }
  Arrays(const Arrays&) = delete;
  Arrays& operator=(const Arrays&) = delete;

  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] nas_subset all() const { return {{&table, const_cast<Arrays*>(this)}, 0, 0, nullptr, 0}; }
  [[nodiscard]] nas_subset subset(const std::vector<std::int64_t>& rows) const {
    if (rows.empty()) return {};  // a null list of rows would mean all of them
    return {{&table, const_cast<Arrays*>(this)}, 0, 0, rows.data(), rows.size()};
  }
  // Rows as the model's predict() takes them.
  [[nodiscard]] nascent::Tensor inputs(const std::vector<std::int64_t>& rows) const {
    std::vector<std::int64_t> shape{static_cast<std::int64_t>(rows.size())};
    shape.insert(shape.end(), row_shape_.begin(), row_shape_.end());
    return std::visit([&](const auto& v) { return gathered(v, rows, shape); }, x_);
  }

 private:
  static const Arrays& of(void* self) { return *static_cast<Arrays*>(self); }
  template <class T>
  static nascent::Tensor gathered(const std::vector<T>& values, const std::vector<std::int64_t>& rows, std::vector<std::int64_t> shape) {
    std::size_t width = 1;
    for (std::size_t i = 1; i < shape.size(); ++i) width *= static_cast<std::size_t>(shape[i]);
    std::vector<T> out;
    for (const std::int64_t row : rows) {
      const auto begin = values.begin() + row * static_cast<std::ptrdiff_t>(width);
      out.insert(out.end(), begin, begin + static_cast<std::ptrdiff_t>(width));
    }
    return nascent::Tensor::from(std::move(out), std::move(shape));
  }
  static nas_status NAS_CALL describe(void* self, const nas_dataset_info** out, nas_error*) noexcept {
    *out = &of(self).info_;
    return NAS_OK;
  }
  static nas_status NAS_CALL whole(void* self, std::uint32_t, nas_tensor** out, nas_error* error) noexcept {
    const Arrays& data = of(self);
    if (data.access_ == Access::rows) return nascent::set_error(error, NAS_E_UNSUPPORTED, "rows only");
    const auto view = [&](const auto& values, const std::vector<std::int64_t>& row) {
      using T = typename std::decay_t<decltype(values)>::value_type;
      std::vector<std::int64_t> shape{data.rows_};
      shape.insert(shape.end(), row.begin(), row.end());
      return nascent::Tensor::view(values.data(), nascent::dtype_of<T>(), std::move(shape), nullptr).release();
    };
    out[0] = std::visit([&](const auto& v) { return view(v, data.row_shape_); }, data.x_);
    out[1] = std::visit([&](const auto& v) { return view(v, {}); }, data.y_);
    return NAS_OK;
  }
  static nas_status NAS_CALL gather(void* self, std::uint32_t, const std::int64_t* index, std::size_t n, nas_tensor** out, nas_error*) noexcept {
    const std::vector<std::int64_t> rows(index, index + n);
    out[0] = of(self).inputs(rows).release();
    out[1] = std::visit([&](const auto& v) { return gathered(v, rows, {static_cast<std::int64_t>(n)}).release(); }, of(self).y_);
    return NAS_OK;
  }
  static constexpr nas_dataset_vt table{sizeof(nas_dataset_vt), 0, nullptr, nullptr, nullptr, &describe, &whole, &gather};

  Inputs x_;
  Targets y_;
  std::vector<std::int64_t> row_shape_;
  Access access_;
  std::int64_t rows_ = 0;
  std::vector<nas_field> fields_;
  nas_split split_{};
  std::vector<std::string> names_;
  std::vector<nas_str> name_views_;
  nas_dataset_info info_{};
};

// A task that keeps what is reported and answers with `verdict`.
class KeptReports {
 public:
  struct Report {
    double budget = 0;
    std::map<std::string, double> metrics;
  };
  explicit KeptReports(std::uint64_t seed, std::uint32_t threads = 1) {
    task_.size = sizeof task_;
    task_.threads = threads;
    task_.ctx = this;
    task_.trial_id = 1;
    task_.seed = seed;
    task_.world_size = 1;
    task_.cancelled = [](void* ctx) noexcept -> std::int32_t {
      auto& kept = *static_cast<KeptReports*>(ctx);
      if (kept.polled) kept.polled();
      return kept.cancelled ? 1 : 0;
    };
    task_.report = [](void* ctx, double budget, const nas_metric* metrics, std::size_t n, std::uint32_t* answer) noexcept -> nas_status {
      auto& kept = *static_cast<KeptReports*>(ctx);
      Report report{budget, {}};
      for (std::size_t i = 0; i < n; ++i) report.metrics.emplace(nascent::view(metrics[i].name), metrics[i].value);
      kept.reports.push_back(report);
      *answer = kept.verdict ? static_cast<std::uint32_t>(kept.verdict(report)) : NAS_GO;
      return NAS_OK;
    };
  }
  KeptReports(const KeptReports&) = delete;
  KeptReports& operator=(const KeptReports&) = delete;

  std::vector<Report> reports;
  std::function<nascent::Verdict(const Report&)> verdict;
  std::function<void()> polled;  // before every step
  bool cancelled = false;
  std::int32_t device_type = 0;
  std::uint32_t rank = 0, processes = 1;
  std::string rendezvous;
  [[nodiscard]] nascent::Task task() {
    task_.device_type = device_type;
    task_.rank = rank;
    task_.world_size = processes;
    task_.rendezvous = nascent::str(rendezvous);
    return nascent::Task(&task_);
  }

 private:
  nas_task task_{};
};

// The options of a component: its defaults, some replaced.
class Config {
 public:
  using Value = std::variant<bool, std::int64_t, double, std::string>;
  template <class Declared>
  Config(const Declared& declared, std::map<std::string, Value> replaced) : replaced_(std::move(replaced)) {
    for (const auto& option : declared) {
      const std::string name(nascent::view(option.name));
      nas_value value = option.dflt;
      if (const auto it = replaced_.find(name); it != replaced_.end()) value = raw(it->second);
      names_.push_back(std::make_unique<std::string>("/" + name));
      items_.push_back({nascent::str(*names_.back()), value});
    }
    config_ = {sizeof config_, 0, items_.size(), items_.data()};
  }
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;
  [[nodiscard]] const nas_config* get() const { return &config_; }

 private:
  static nas_value raw(const Value& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return {NAS_T_BOOL, 0, {.i = *flag ? 1 : 0}};
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return {NAS_T_INT, 0, {.i = *integer}};
    if (const auto* number = std::get_if<double>(&value)) return {NAS_T_FLOAT, 0, {.f = *number}};
    const auto& text = std::get<std::string>(value);
    return {NAS_T_STR, static_cast<std::uint32_t>(text.size()), {.s = text.data()}};
  }
  std::map<std::string, Value> replaced_;
  std::vector<std::unique_ptr<std::string>> names_;
  std::vector<nas_named_value> items_;
  nas_config config_{};
};

}  // namespace training
