// Declaring the random variables of a search space, and reading their values through the handles that this gives.
#pragma once

#include <any>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nascent/error.hpp"
#include "nascent/space_declaration.hpp"
#include "nascent/space_view.hpp"

NASCENT_SDK_BEGIN

// Handles of declared variables: small values to keep in the space and to read configurations with.
struct Real { std::size_t index = 0; };
struct Integer { std::size_t index = 0; };
template <class T>  // std::string, std::int64_t, double or bool
struct Choice { std::size_t index = 0; };
// A variable number of copies: parts[0 .. count) are in use.
template <class Part>
struct Repeat {
  Integer count;
  std::vector<Part> parts;
};
// A part that may be absent.
template <class Part>
struct Optional {
  Choice<bool> present;
  Part part;
};

// "variable `index` compares like this": the argument of SpaceBuilder::when().
struct Predicate {
  std::size_t index = 0;
  std::uint32_t op = NAS_OP_EQ;
  double value = 0;
};
inline Predicate above(Integer i, std::int64_t bound) { return {i.index, NAS_OP_GT, static_cast<double>(bound)}; }
inline Predicate below(Integer i, std::int64_t bound) { return {i.index, NAS_OP_LT, static_cast<double>(bound)}; }
inline Predicate above(Real r, double bound) { return {r.index, NAS_OP_GT, bound}; }
inline Predicate below(Real r, double bound) { return {r.index, NAS_OP_LT, bound}; }

// Refinements of a numeric variable: s.real("rate", 1e-4, 1e-1, {.scale = Scale::log}).
struct Numeric {
  Scale scale = Scale::linear;
  double step = 0;
  std::optional<NormalPrior> normal{};
  std::optional<double> otherwise{};
};

// Records a space by running the declaring code once. Names of nested parts are joined with '.': "stage1.block2.kernel".
class SpaceBuilder {
 public:
  Real real(const std::string& name, double lo, double hi, const Numeric& n = {}) {
    return {declare(numeric(name, ParameterKind::real, lo, hi, n))};
  }
  Integer integer(const std::string& name, std::int64_t lo, std::int64_t hi, const Numeric& n = {}) {
    return {declare(numeric(name, ParameterKind::integer, static_cast<double>(lo), static_cast<double>(hi), n))};
  }
  // weights: prior, one per value, or empty for uniform.
  template <class T = std::string>
  Choice<T> choice(const std::string& name, const std::vector<T>& values, std::vector<double> weights = {}) {
    return {declare(discrete(name, ParameterKind::categorical, values, std::move(weights)))};
  }
  template <class T>
  Choice<T> ordinal(const std::string& name, const std::vector<T>& values, std::vector<double> weights = {}) {
    return {declare(discrete(name, ParameterKind::ordinal, values, std::move(weights)))};
  }

  // A variable as it is described, but for its conditions: those in force here. Its place in the space.
  std::size_t parameter(Parameter p) { return declare(std::move(p)); }

  // Everything declared by `part(*this)` gets the prefix "<name>.". Returns what `part` returns, which may be nothing.
  template <class Part>
  decltype(auto) nested(const std::string& name, Part&& part) {
    const Scope outer(*this);
    prefix_ += name + ".";
    return part(*this);
  }
  // Everything declared by `part(*this)` is active only where the predicate (and all enclosing ones) holds. Returns what
  // `part` returns, which may be nothing.
  template <class Part>
  decltype(auto) when(Predicate predicate, Part&& part) {
    const Scope outer(*this);
    conditions_.push_back({0, parameters_.at(predicate.index).name, predicate.op, predicate.value});
    return part(*this);
  }
  // A part that is present with the given prior probability: variable "<name>" plus "<name>.*".
  template <class Part>
  auto optional(const std::string& name, Part&& part, double probability = 0.5) {
    const auto present = choice<bool>(name, {false, true}, {1 - probability, probability});
    auto inner = when({present.index, NAS_OP_EQ, 1}, [&](SpaceBuilder& s) { return s.nested(name, part); });
    return Optional<decltype(inner)>{present, std::move(inner)};
  }
  // lo..hi copies: variable "<name>.count" plus "<name>0.*", "<name>1.*", ...; part(builder, i) declares copy i.
  template <class Part>
  auto repeat(const std::string& name, std::int64_t lo, std::int64_t hi, Part&& part) {
    using Handles = decltype(part(*this, std::size_t{0}));
    Repeat<Handles> all{integer(name + ".count", lo, hi), {}};
    for (std::int64_t i = 0; i < hi; ++i) {
      const auto declare_copy = [&](SpaceBuilder& s) {
        return s.nested(name + std::to_string(i), [&](SpaceBuilder& inner) { return part(inner, static_cast<std::size_t>(i)); });
      };
      all.parts.push_back(i < lo ? declare_copy(*this) : when(above(all.count, i), declare_copy));
    }
    return all;
  }
  // One part used in several places: declared at the first call, outside all prefixes and conditions; later calls with
  // the same name return the same handles.
  template <class Part>
  auto shared(const std::string& name, Part&& part) {
    using Handles = decltype(part(*this));
    if (const auto known = shared_.find(name); known != shared_.end()) return std::any_cast<Handles>(known->second);
    const Scope outer(*this);
    prefix_ = name + ".";
    conditions_.clear();
    Handles handles = part(*this);
    shared_.emplace(name, handles);
    return handles;
  }
  // "this choice has that value", for when(). Throws if it is not one of the choice's values.
  template <class T>
  [[nodiscard]] Predicate is(Choice<T> variable, const std::type_identity_t<T>& value) const {
    const Parameter& p = parameters_[variable.index];
    for (std::size_t k = 0; k < p.choices.size(); ++k) {
      if (p.choices[k] == ChoiceValue(value)) return {variable.index, NAS_OP_EQ, static_cast<double>(k)};
    }
    throw Error(NAS_E_INVALID, "parameter '" + p.name + "' has no choice '" + to_text(ChoiceValue(value)) + "'");
  }
  template <class T>
  [[nodiscard]] Predicate is_not(Choice<T> variable, const std::type_identity_t<T>& value) const {
    Predicate p = is(variable, value);
    p.op = NAS_OP_NE;
    return p;
  }

  [[nodiscard]] SpaceDeclaration declaration() const { return SpaceDeclaration(parameters_); }

 private:
  // Puts prefix and conditions back when a nested part ends, also by an exception.
  struct Scope {
    explicit Scope(SpaceBuilder& builder) : space(builder), prefix(builder.prefix_), conditions(builder.conditions_) {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() {
      space.prefix_ = std::move(prefix);
      space.conditions_ = std::move(conditions);
    }
    SpaceBuilder& space;
    std::string prefix;
    std::vector<Condition> conditions;
  };
  static Parameter numeric(const std::string& name, ParameterKind kind, double lo, double hi, const Numeric& n) {
    Parameter p;
    p.name = name;
    p.kind = kind;
    p.lo = lo;
    p.hi = hi;
    p.scale = n.scale;
    p.step = n.step;
    p.normal = n.normal;
    p.otherwise = n.otherwise;
    return p;
  }
  template <class T>
  static Parameter discrete(const std::string& name, ParameterKind kind, const std::vector<T>& values, std::vector<double> weights) {
    Parameter p;
    p.name = name;
    p.kind = kind;
    for (const auto& v : values) p.choices.emplace_back(static_cast<T>(v));
    p.weights = std::move(weights);
    return p;
  }
  std::size_t declare(Parameter p) {
    p.name = prefix_ + p.name;
    p.conditions = conditions_;
    parameters_.push_back(std::move(p));
    return parameters_.size() - 1;
  }

  std::vector<Parameter> parameters_;
  std::string prefix_;
  std::vector<Condition> conditions_;
  std::map<std::string, std::any> shared_;
};

// One configuration, read through the handles of the builder.
class Values {
 public:
  Values(SpaceView space, ConstRow row) : space_(space), row_(row) {}
  double operator[](Real r) const { return row_.x[r.index]; }
  std::int64_t operator[](Integer i) const { return static_cast<std::int64_t>(row_.x[i.index]); }
  template <class T>
  T operator[](Choice<T> c) const {
    const nas_value& v = space_.param(c.index).choices[static_cast<std::size_t>(row_.x[c.index])];
    if constexpr (std::is_same_v<T, std::string>) {
      return {v.u.s, v.n};
    } else if constexpr (std::is_same_v<T, double>) {
      return v.u.f;
    } else {
      return static_cast<T>(v.u.i);
    }
  }
  // The copies in use.
  template <class Part>
  std::vector<Part> operator[](const Repeat<Part>& repeat) const {
    return {repeat.parts.begin(), repeat.parts.begin() + (*this)[repeat.count]};
  }
  template <class Part>
  std::optional<Part> operator[](const Optional<Part>& optional) const {
    return (*this)[optional.present] ? std::optional<Part>(optional.part) : std::nullopt;
  }
  [[nodiscard]] const nas_param& param(std::size_t index) const { return space_.param(index); }
  [[nodiscard]] bool active(std::size_t index) const { return row_.active[index] != 0; }
  [[nodiscard]] ConstRow row() const { return row_; }

 private:
  SpaceView space_;
  ConstRow row_;
};

NASCENT_SDK_END
