// A search space as an owned value: what a builder records, a TOML file lifts and a host composes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "nascent/abi.h"
#include "nascent/error.hpp"
#include "nascent/namespace.hpp"
#include "nascent/space_view.hpp"

NASCENT_SDK_BEGIN

// What one choice stands for.
using ChoiceValue = std::variant<bool, std::int64_t, double, std::string>;

inline std::string to_text(const ChoiceValue& value) {
  if (const auto* b = std::get_if<bool>(&value)) return *b ? "true" : "false";
  if (const auto* i = std::get_if<std::int64_t>(&value)) return std::to_string(*i);
  if (const auto* s = std::get_if<std::string>(&value)) return *s;
  // 15 digits if they are the same number, else all 17.
  const double number = std::get<double>(value);
  std::string buffer(32, '\0');
  const auto write = [&](int digits) { return std::snprintf(buffer.data(), buffer.size(), "%.*g", digits, number); };
  auto length = write(15);
  if (std::strtod(buffer.c_str(), nullptr) != number) length = write(17);
  buffer.resize(static_cast<std::size_t>(length));
  return buffer;
}

enum class ParameterKind : std::uint32_t { real = NAS_P_FLOAT, integer = NAS_P_INT, categorical = NAS_P_CAT, ordinal = NAS_P_ORD };
enum class Scale : std::uint32_t { linear = NAS_SCALE_LINEAR, log = NAS_SCALE_LOG };
struct NormalPrior {
  double mean = 0, sd = 1;  // on the scale: of log(value) for logarithmic parameters
};
struct Condition {
  std::uint32_t group = 0;   // active when all conditions of at least one group hold
  std::string parent;        // an earlier parameter
  std::uint32_t op = NAS_OP_EQ;
  double value = 0;          // choice index for choices
  bool operator==(const Condition&) const = default;
};

// One random variable.
struct Parameter {
  std::string name;
  ParameterKind kind = ParameterKind::real;
  Scale scale = Scale::linear;
  double lo = 0, hi = 0;     // numbers only; inclusive
  double step = 0;           // 0: continuous (real) or 1 (integer)
  std::optional<double> otherwise;     // default value (choice index for choices)
  std::optional<NormalPrior> normal;   // else uniform on the scale
  std::vector<ChoiceValue> choices;
  std::vector<double> weights;         // empty = uniform
  std::vector<Condition> conditions;   // all of one group, for at least one group

  [[nodiscard]] bool is_choice() const { return kind == ParameterKind::categorical || kind == ParameterKind::ordinal; }
};

// An immutable, checked list of parameters with its C view. Copies share the data; view() stays valid while one lives.
class SpaceDeclaration {
 public:
  SpaceDeclaration() : SpaceDeclaration(std::vector<Parameter>{}) {}
  // Throws Error(NAS_E_INVALID) naming the parameter and the rule it breaks.
  explicit SpaceDeclaration(std::vector<Parameter> parameters) : data_(std::make_shared<const Data>(std::move(parameters))) {}
  // A deep copy of somebody else's space; checks it as hostile input.
  static SpaceDeclaration from_abi(const nas_space& space);

  [[nodiscard]] const std::vector<Parameter>& parameters() const { return data_->parameters; }
  [[nodiscard]] std::size_t size() const { return data_->parameters.size(); }
  [[nodiscard]] const nas_space* view() const { return &data_->space; }
  [[nodiscard]] const std::string& fingerprint() const { return data_->fingerprint; }

 private:
  struct Data {
    explicit Data(std::vector<Parameter> list);
    Data(const Data&) = delete;
    Data& operator=(const Data&) = delete;
    std::vector<Parameter> parameters;
    std::vector<nas_param> params;
    std::vector<std::vector<nas_value>> choices;
    std::vector<nas_cond> conds;
    std::string fingerprint;
    nas_space space{};
  };
  std::shared_ptr<const Data> data_;
};

namespace detail {
[[noreturn]] inline void refuse(const Parameter& p, const std::string& rule) {
  throw Error(NAS_E_INVALID, "parameter '" + p.name + "': " + rule);
}
inline std::string exact_text(double v) { return to_text(ChoiceValue(v)); }

inline void check_parameter(const Parameter& p) {
  if (p.name.empty()) throw Error(NAS_E_INVALID, "a parameter has no name; every random variable needs one");
  for (const char c : p.name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) refuse(p, "its name holds a control character");
  }
  if (p.is_choice()) {
    if (p.choices.empty()) refuse(p, "has no choices; give at least one");
    if (p.normal) refuse(p, "a choice takes weights as its prior, not a normal distribution");
    if (!p.weights.empty() && p.weights.size() != p.choices.size()) {
      refuse(p, std::to_string(p.weights.size()) + " weights for " + std::to_string(p.choices.size()) + " choices; give one each");
    }
    double total = 0;
    for (const double w : p.weights) {
      if (!(w >= 0) || !std::isfinite(w)) refuse(p, "weight " + exact_text(w) + " is not a finite number >= 0");
      total += w;
    }
    if (!p.weights.empty() && !(total > 0)) refuse(p, "all weights are 0; at least one has to be positive");
  } else {
    if (!p.weights.empty()) refuse(p, "a number takes no weights; use a normal prior, or a choice");
    if (!std::isfinite(p.lo) || !std::isfinite(p.hi) || p.lo > p.hi || !std::isfinite(p.hi - p.lo)) {
      refuse(p, "range [" + exact_text(p.lo) + ", " + exact_text(p.hi) + "] is not finite and ascending");
    }
    if (p.kind == ParameterKind::integer && (p.lo != std::floor(p.lo) || p.hi != std::floor(p.hi) ||
                                             std::abs(p.lo) > 0x1p53 || std::abs(p.hi) > 0x1p53)) {
      refuse(p, "bounds of an integer have to be whole numbers of at most 2^53");
    }
    if (p.scale == Scale::log && !(p.lo > 0)) refuse(p, "a logarithmic range has to start above 0, not at " + exact_text(p.lo));
    if (!(p.step >= 0) || !std::isfinite(p.step)) refuse(p, "step " + exact_text(p.step) + " has to be a finite number >= 0");
    if (p.kind == ParameterKind::integer && p.step != std::floor(p.step)) refuse(p, "the step of an integer has to be whole");
    if (p.step > 0 && (p.hi - p.lo) / p.step > 0x1p53) {
      refuse(p, "step " + exact_text(p.step) + " makes more than 2^53 levels; leave it out for a continuous parameter");
    }
    if (p.normal && !(p.normal->sd > 0 && std::isfinite(p.normal->sd) && std::isfinite(p.normal->mean))) {
      refuse(p, "a normal prior needs a finite mean and a standard deviation above 0");
    }
  }
}
// A prior that puts (almost) nothing on the range cannot be drawn from.
inline void check_prior(const Parameter& p, const nas_param& raw) {
  if (p.normal && !(ParamView(raw).prior_mass() > 1e-280)) {
    refuse(p, "its normal prior has next to no mass in the range; move the mean or widen the range");
  }
  if (p.otherwise && !ParamView(raw).contains(*p.otherwise)) {
    refuse(p, "default " + exact_text(*p.otherwise) + " is outside its range");
  }
}
}  // namespace detail

inline SpaceDeclaration::Data::Data(std::vector<Parameter> list) : parameters(std::move(list)) {
  std::unordered_map<std::string, std::uint32_t> index;
  choices.reserve(parameters.size());
  for (Parameter& p : parameters) {
    if (p.is_choice()) {
      p.lo = 0;
      p.hi = static_cast<double>(p.choices.size()) - 1;
    }
    detail::check_parameter(p);
    std::stable_sort(p.conditions.begin(), p.conditions.end(),
                     [](const Condition& a, const Condition& b) { return a.group < b.group; });
    nas_param raw{};
    raw.name = str(p.name);
    raw.kind = static_cast<std::uint32_t>(p.kind);
    raw.scale = static_cast<std::uint32_t>(p.scale);
    raw.prior = !p.weights.empty() ? NAS_PRIOR_WEIGHTS : p.normal ? NAS_PRIOR_NORMAL : NAS_PRIOR_UNIFORM;
    raw.lo = p.lo;
    raw.hi = p.hi;
    raw.step = p.step;
    raw.dflt = p.otherwise.value_or(std::nan(""));
    raw.prior_a = p.normal ? p.normal->mean : 0;
    raw.prior_b = p.normal ? p.normal->sd : 0;
    choices.emplace_back();
    for (const ChoiceValue& c : p.choices) {
      nas_value v{};
      if (const auto* b = std::get_if<bool>(&c)) v = {NAS_T_BOOL, 0, {.i = *b ? 1 : 0}};
      if (const auto* i = std::get_if<std::int64_t>(&c)) v = {NAS_T_INT, 0, {.i = *i}};
      if (const auto* f = std::get_if<double>(&c)) v = {NAS_T_FLOAT, 0, {.f = *f}};
      if (const auto* s = std::get_if<std::string>(&c)) v = {NAS_T_STR, static_cast<std::uint32_t>(s->size()), {.s = s->data()}};
      choices.back().push_back(v);
    }
    raw.n_choices = static_cast<std::uint32_t>(choices.back().size());
    raw.choices = choices.back().data();
    raw.weights = p.weights.empty() ? nullptr : p.weights.data();
    raw.cond_first = static_cast<std::uint32_t>(conds.size());
    raw.cond_count = static_cast<std::uint32_t>(p.conditions.size());
    for (const Condition& c : p.conditions) {
      const auto parent = index.find(c.parent);
      if (parent == index.end()) detail::refuse(p, "its condition names '" + c.parent + "', which is not declared before it");
      if (c.op > NAS_OP_GT) detail::refuse(p, "its condition uses an unknown comparison");
      if (std::isnan(c.value)) detail::refuse(p, "its condition compares with NaN, which never holds");
      conds.push_back({c.group, parent->second, c.op, 0, c.value});
    }
    detail::check_prior(p, raw);
    if (!index.emplace(p.name, static_cast<std::uint32_t>(params.size())).second) detail::refuse(p, "is declared twice");
    params.push_back(raw);
  }
  // FNV-1a, 64 bit, over every field as text; lengths go first, so that no two declarations read alike.
  std::uint64_t hash = 0xcbf29ce484222325U;
  const auto mix = [&hash](const std::string& text) {
    for (const char ch : std::to_string(text.size()) + ':' + text) {
      hash = (hash ^ static_cast<unsigned char>(ch)) * 0x100000001b3U;
    }
  };
  const auto mix_number = [&mix](double v) { mix(detail::exact_text(v)); };
  for (const Parameter& p : parameters) {
    mix(p.name);
    mix(std::to_string(static_cast<int>(p.kind)) + (p.scale == Scale::log ? "log" : "lin"));
    for (const double v : {p.lo, p.hi, p.step}) mix_number(v);
    mix(p.otherwise ? detail::exact_text(*p.otherwise) : "");
    mix(p.normal ? detail::exact_text(p.normal->mean) + "/" + detail::exact_text(p.normal->sd) : "");
    mix(std::to_string(p.choices.size()));
    for (const ChoiceValue& c : p.choices) mix(std::to_string(c.index()) + to_text(c));
    mix(std::to_string(p.weights.size()));
    for (const double w : p.weights) mix_number(w);
    mix(std::to_string(p.conditions.size()));
    for (const Condition& c : p.conditions) {
      mix(std::to_string(c.group));
      mix(c.parent);
      mix(std::to_string(c.op));
      mix_number(c.value);
    }
  }
  char hex[17];
  std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(hash));
  fingerprint = hex;
  space = {sizeof(nas_space), sizeof(nas_param), static_cast<std::uint32_t>(params.size()),
           static_cast<std::uint32_t>(conds.size()), params.data(), conds.data(), str(fingerprint)};
}

inline SpaceDeclaration SpaceDeclaration::from_abi(const nas_space& space) {
  if (space.size < offsetof(nas_space, fingerprint) + sizeof space.fingerprint || space.param_stride < sizeof(nas_param)) {
    throw Error(NAS_E_INVALID, "nas_space is smaller than ABI 1.0; build the plugin against a released SDK");
  }
  if (space.param_stride % alignof(nas_param) != 0) throw Error(NAS_E_INVALID, "nas_space.param_stride is not a multiple of 8");
  if (space.n_params > 0 && space.params == nullptr) throw Error(NAS_E_INVALID, "nas_space.params is null");
  if (space.n_conds > 0 && space.conds == nullptr) throw Error(NAS_E_INVALID, "nas_space.conds is null");
  const SpaceView source(&space);
  std::vector<Parameter> list;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const nas_param& raw = source.param(i);
    Parameter p;
    if (raw.name.n > 0 && raw.name.p == nullptr) throw Error(NAS_E_INVALID, "the name of parameter " + std::to_string(i) + " is null");
    p.name = std::string(::nascent::view(raw.name));
    if (raw.kind > NAS_P_ORD || raw.scale > NAS_SCALE_LOG || raw.prior > NAS_PRIOR_WEIGHTS) {
      detail::refuse(p, "kind, scale or prior is not one of ABI 1");
    }
    if (raw.prior == NAS_PRIOR_WEIGHTS && raw.kind < NAS_P_CAT) detail::refuse(p, "a number takes no weights; only choices do");
    p.kind = static_cast<ParameterKind>(raw.kind);
    p.scale = static_cast<Scale>(raw.scale);
    p.lo = raw.lo;
    p.hi = raw.hi;
    p.step = raw.step;
    if (!std::isnan(raw.dflt)) p.otherwise = raw.dflt;
    if (raw.prior == NAS_PRIOR_NORMAL) p.normal = NormalPrior{raw.prior_a, raw.prior_b};
    if (p.is_choice()) {
      if (raw.n_choices > 0 && raw.choices == nullptr) detail::refuse(p, "its choices are null");
      for (std::uint32_t k = 0; k < raw.n_choices; ++k) {
        const nas_value& v = raw.choices[k];
        switch (v.type) {
          case NAS_T_BOOL: p.choices.emplace_back(v.u.i != 0); break;
          case NAS_T_INT: p.choices.emplace_back(v.u.i); break;
          case NAS_T_FLOAT: p.choices.emplace_back(v.u.f); break;
          case NAS_T_STR:
            if (v.n > 0 && v.u.s == nullptr) detail::refuse(p, "the text of a choice is null");
            p.choices.emplace_back(v.n > 0 ? std::string(v.u.s, v.n) : std::string());
            break;
          default: detail::refuse(p, "a choice is neither bool, integer, number nor text");
        }
      }
      if (raw.prior == NAS_PRIOR_WEIGHTS) {
        if (raw.weights == nullptr) detail::refuse(p, "its weights are null");
        p.weights.assign(raw.weights, raw.weights + raw.n_choices);
      }
    }
    if (std::uint64_t{raw.cond_first} + raw.cond_count > space.n_conds) detail::refuse(p, "its conditions lie outside the list");
    for (std::uint32_t c = 0; c < raw.cond_count; ++c) {
      const nas_cond& cond = space.conds[raw.cond_first + c];
      if (cond.parent >= i) detail::refuse(p, "its condition refers to a parameter that does not come before it");
      p.conditions.push_back({cond.group, list[cond.parent].name, cond.op, cond.value});
    }
    list.push_back(std::move(p));
  }
  return SpaceDeclaration(std::move(list));
}

NASCENT_SDK_END
