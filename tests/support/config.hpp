// Options for a component under test, owned: as a host passes them, defaults filled in.
#pragma once

#include <deque>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "nascent/options.hpp"
#include "nascent/plugin.hpp"

namespace nascent::test {

using OptionValue = std::variant<bool, int, std::int64_t, double, const char*, std::string, std::vector<std::int64_t>,
                                 std::vector<double>, std::vector<std::string>>;

// Names are given without the leading '/': "stages/0/width", or plain "population".
class Config {
 public:
  Config() = default;
  Config(std::initializer_list<std::pair<std::string, OptionValue>> items) {
    for (const auto& [name, value] : items) set(name, value);
  }
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;

  void set(const std::string& name, const OptionValue& value) {
    if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
      for (std::size_t i = 0; i < texts->size(); ++i) set(name + "/" + std::to_string(i), (*texts)[i]);
      return;
    }
    names_.push_back("/" + name);
    values_.push_back(value);
    items_.push_back({str(names_.back()), raw(values_.back())});
  }
  // Adds the defaults that T declares for options that are absent.
  template <class T>
  Config& complete() {
    for (const Option& o : T::options) {
      const std::string name(view(o.name));
      const Options given = options();
      if (o.dflt.type == NAS_T_NULL || given.has(name) || given.table(name).has("0")) continue;
      if (o.type == NAS_O_STRS) {
        set(name, default_texts({o.dflt.u.s, o.dflt.n}));
        continue;
      }
      names_.push_back("/" + name);
      items_.push_back({str(names_.back()), o.dflt});
    }
    return *this;
  }
  [[nodiscard]] const nas_config* get() const {
    config_ = {sizeof(nas_config), 0, items_.size(), items_.data()};
    return &config_;
  }
  [[nodiscard]] Options options() const { return Options(get()); }

 private:
  static nas_value raw(const OptionValue& value) {
    if (const auto* v = std::get_if<bool>(&value)) return {NAS_T_BOOL, 0, {.i = *v ? 1 : 0}};
    if (const auto* v = std::get_if<int>(&value)) return {NAS_T_INT, 0, {.i = *v}};
    if (const auto* v = std::get_if<std::int64_t>(&value)) return {NAS_T_INT, 0, {.i = *v}};
    if (const auto* v = std::get_if<double>(&value)) return {NAS_T_FLOAT, 0, {.f = *v}};
    if (const auto* v = std::get_if<const char*>(&value)) return text(*v);
    if (const auto* v = std::get_if<std::string>(&value)) return text(*v);
    if (const auto* v = std::get_if<std::vector<std::int64_t>>(&value)) {
      return {NAS_T_INTS, static_cast<std::uint32_t>(v->size()), {.is = v->data()}};
    }
    const auto& v = std::get<std::vector<double>>(value);
    return {NAS_T_FLOATS, static_cast<std::uint32_t>(v.size()), {.fs = v.data()}};
  }
  static nas_value text(std::string_view v) {
    return {NAS_T_STR, static_cast<std::uint32_t>(v.size()), {.s = v.data()}};
  }

  std::deque<std::string> names_;
  std::deque<OptionValue> values_;
  std::vector<nas_named_value> items_;
  mutable nas_config config_{};
};

}  // namespace nascent::test
