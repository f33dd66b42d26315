// A component's options: how a plugin declares them (as data) and reads them (already validated by the host).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/abi.h"
#include "nascent/error.hpp"
#include "nascent/namespace.hpp"

NASCENT_SDK_BEGIN

// Declaration of one option; a constant expression, so that reading it runs no code:
//   static constexpr std::array options{nascent::option("population", "parents kept alive").integer(2, 100000).otherwise(50)};
// Without otherwise() an option is absent unless given; required() makes its absence an error.
struct Option : nas_option {
  constexpr Option integer(std::int64_t minimum, std::int64_t maximum) const {
    return bounded(NAS_O_INT, static_cast<double>(minimum), static_cast<double>(maximum));
  }
  constexpr Option real(double minimum = -infinity, double maximum = infinity) const {
    return bounded(NAS_O_FLOAT, minimum, maximum);
  }
  constexpr Option flag() const { return typed(NAS_O_BOOL); }
  constexpr Option text() const { return typed(NAS_O_STR); }
  constexpr Option path() const { return typed(NAS_O_PATH); }
  constexpr Option seconds() const { return bounded(NAS_O_SECONDS, 0, infinity); }
  constexpr Option integers(double minimum = -infinity, double maximum = infinity) const {
    return bounded(NAS_O_INTS, minimum, maximum);
  }
  constexpr Option reals(double minimum = -infinity, double maximum = infinity) const {
    return bounded(NAS_O_FLOATS, minimum, maximum);
  }
  // Its default, if any, is written as one text, an element a line: texts().otherwise("relu\ntanh").
  constexpr Option texts() const { return typed(NAS_O_STRS); }
  constexpr Option table() const { return typed(NAS_O_TABLE); }
  // names: a static array made by nascent::names("a", "b").
  template <std::size_t n>
  constexpr Option one_of(const std::array<nas_str, n>& names) const {
    Option o = typed(NAS_O_CHOICE);
    o.choices = names.data();
    o.n_choices = n;
    return o;
  }
  constexpr Option otherwise(std::int64_t v) const {
    return type == NAS_O_INT ? with_default({NAS_T_INT, 0, {.i = v}}) : otherwise(static_cast<double>(v));
  }
  constexpr Option otherwise(int v) const { return otherwise(static_cast<std::int64_t>(v)); }
  constexpr Option otherwise(double v) const { return with_default({NAS_T_FLOAT, 0, {.f = v}}); }
  constexpr Option otherwise(bool v) const { return with_default({NAS_T_BOOL, 0, {.i = v ? 1 : 0}}); }
  constexpr Option otherwise(const char* v) const {
    return with_default({NAS_T_STR, static_cast<std::uint32_t>(std::string_view(v).size()), {.s = v}});
  }
  template <std::size_t n>
  constexpr Option otherwise(const std::array<std::int64_t, n>& v) const {
    return with_default({NAS_T_INTS, n, {.is = v.data()}});
  }
  template <std::size_t n>
  constexpr Option otherwise(const std::array<double, n>& v) const {
    return with_default({NAS_T_FLOATS, n, {.fs = v.data()}});
  }
  constexpr Option required() const { return flagged(NAS_OF_REQUIRED); }
  // A distribution may stand in its place in TOML.
  constexpr Option searchable() const { return flagged(NAS_OF_SEARCHABLE); }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr Option typed(std::uint32_t t) const {
    Option o = *this;
    o.type = t;
    return o;
  }
  constexpr Option bounded(std::uint32_t t, double minimum, double maximum) const {
    Option o = typed(t);
    o.lo = minimum;
    o.hi = maximum;
    return o;
  }
  constexpr Option with_default(nas_value v) const {
    Option o = *this;
    o.dflt = v;
    return o;
  }
  constexpr Option flagged(std::uint32_t flag) const {
    Option o = *this;
    o.flags |= flag;
    return o;
  }
};
static_assert(sizeof(Option) == sizeof(nas_option));

// help: one line, no full stop.
constexpr Option option(std::string_view name, std::string_view help) {
  Option o{};
  o.name = str(name);
  o.help = str(help);
  o.type = NAS_O_STR;
  o.lo = -std::numeric_limits<double>::infinity();
  o.hi = std::numeric_limits<double>::infinity();
  return o;
}

// The elements of a list of texts, from its default: one on each line, so that "" is a list of one empty text.
inline std::vector<std::string> default_texts(std::string_view lines) {
  std::vector<std::string> all;
  for (std::size_t begin = 0; begin <= lines.size();) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    all.emplace_back(lines.substr(begin, end - begin));
    begin = end + 1;
  }
  return all;
}

template <class... Text>
constexpr std::array<nas_str, sizeof...(Text)> names(Text... text) {
  return {str(text)...};
}

// The options given to one instance or one trial. A view: valid only during the call that received it.
// Every reader throws InvalidOption when the option is absent or of another type.
class Options {
 public:
  explicit Options(const nas_config* config, std::string prefix = {}) : config_(config), prefix_(std::move(prefix)) {}

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  [[nodiscard]] std::int64_t integer(std::string_view name) const {
    const nas_value& v = at(name);
    if (v.type == NAS_T_INT || v.type == NAS_T_BOOL) return v.u.i;
    throw InvalidOption(pointer(name), std::string(name) + " has to be an integer");
  }
  [[nodiscard]] double real(std::string_view name) const {
    const nas_value& v = at(name);
    if (v.type == NAS_T_FLOAT) return v.u.f;
    if (v.type == NAS_T_INT) return static_cast<double>(v.u.i);
    throw InvalidOption(pointer(name), std::string(name) + " has to be a number");
  }
  [[nodiscard]] bool flag(std::string_view name) const {
    const nas_value& v = at(name);
    if (v.type == NAS_T_BOOL) return v.u.i != 0;
    throw InvalidOption(pointer(name), std::string(name) + " has to be true or false");
  }
  [[nodiscard]] std::string text(std::string_view name) const {
    const nas_value& v = at(name);
    if (v.type == NAS_T_STR) return {v.u.s, v.n};
    throw InvalidOption(pointer(name), std::string(name) + " has to be text");
  }
  // Arrays; a single value counts as an array of one, an absent option as an empty one.
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view name) const {
    const nas_value* v = find(name);
    if (v == nullptr) return {};
    if (v->type == NAS_T_INTS) return {v->u.is, v->u.is + v->n};
    return {integer(name)};
  }
  [[nodiscard]] std::vector<double> reals(std::string_view name) const {
    const nas_value* v = find(name);
    if (v == nullptr) return {};
    if (v->type == NAS_T_FLOATS) return {v->u.fs, v->u.fs + v->n};
    if (v->type == NAS_T_INTS) return {v->u.is, v->u.is + v->n};
    return {real(name)};
  }
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const {
    if (has(name)) return {text(name)};
    std::vector<std::string> all;
    const Options inner = table(name);
    for (std::size_t i = 0; inner.has(std::to_string(i)); ++i) all.push_back(inner.text(std::to_string(i)));
    return all;
  }
  // The options below `name`: a sub-table, or the elements "0", "1", ... of an array.
  [[nodiscard]] Options table(std::string_view name) const { return Options(config_, pointer(name)); }
  // Names directly below this table, in document order.
  [[nodiscard]] std::vector<std::string> keys() const {
    std::vector<std::string> all;
    for (std::size_t i = 0; config_ != nullptr && i < config_->n; ++i) {
      const std::string_view full = view(config_->items[i].name);
      if (!full.starts_with(prefix_) || full.size() <= prefix_.size() || full[prefix_.size()] != '/') continue;
      const std::string_view rest = full.substr(prefix_.size() + 1);
      std::string key = unescape(rest.substr(0, rest.find('/')));
      if (!all.empty() && all.back() == key) continue;
      if (std::find(all.begin(), all.end(), key) == all.end()) all.push_back(std::move(key));
    }
    return all;
  }
  // The JSON pointer of this table; "" for all options.
  [[nodiscard]] const std::string& pointer() const { return prefix_; }
  // The JSON pointer of an option of this table, for InvalidOption.
  [[nodiscard]] std::string pointer(std::string_view name) const {
    std::string p = prefix_ + '/';
    for (const char c : name) p += c == '~' ? std::string("~0") : c == '/' ? std::string("~1") : std::string(1, c);
    return p;
  }
  [[nodiscard]] const nas_value* find(std::string_view name) const {
    const std::string wanted = pointer(name);
    for (std::size_t i = 0; config_ != nullptr && i < config_->n; ++i) {
      if (view(config_->items[i].name) == wanted) return &config_->items[i].value;
    }
    return nullptr;
  }

 private:
  const nas_value& at(std::string_view name) const {
    if (const nas_value* v = find(name)) return *v;
    throw InvalidOption(pointer(name), std::string(name) + " is missing");
  }
  static std::string unescape(std::string_view key) {
    std::string text;
    for (std::size_t i = 0; i < key.size(); ++i) {
      const bool escaped = key[i] == '~' && i + 1 < key.size();
      text += escaped ? (key[++i] == '1' ? '/' : '~') : key[i];
    }
    return text;
  }
  const nas_config* config_;
  std::string prefix_;
};

NASCENT_SDK_END
