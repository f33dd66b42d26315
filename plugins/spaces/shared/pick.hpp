// An option that is one value (a constant of the space) or several (a random variable over them).
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nascent/options.hpp"
#include "nascent/space.hpp"

namespace nascent::spaces {

// One of `values`; no variable is declared when there is only one.
template <class T>
class Pick {
 public:
  Pick() = default;
  static Pick choice(SpaceBuilder& s, const std::string& name, std::vector<T> values) {
    Pick pick(std::move(values));
    if (pick.values_.size() > 1) pick.index_ = s.choice<T>(name, pick.values_).index;
    return pick;
  }
  static Pick ordinal(SpaceBuilder& s, const std::string& name, std::vector<T> values) {
    Pick pick(std::move(values));
    if (pick.values_.size() > 1) pick.index_ = s.ordinal<T>(name, pick.values_).index;
    return pick;
  }
  [[nodiscard]] const T& of(const Values& v) const {
    return values_[index_ ? static_cast<std::size_t>(v.row().x[*index_]) : 0];
  }
  [[nodiscard]] bool is_variable() const { return index_.has_value(); }
  [[nodiscard]] bool can_be(const T& value) const {
    return std::find(values_.begin(), values_.end(), value) != values_.end();
  }
  // "this is `value`"; only for a variable.
  [[nodiscard]] Predicate is(const T& value) const {
    const auto at = std::find(values_.begin(), values_.end(), value) - values_.begin();
    return {index_.value(), NAS_OP_EQ, static_cast<double>(at)};
  }

 private:
  explicit Pick(std::vector<T> values) : values_(std::move(values)) {}
  std::vector<T> values_;
  std::optional<std::size_t> index_;
};

// A whole or real number between two ends; no variable is declared when they are equal.
class Span {
 public:
  Span() = default;
  static Span integer(SpaceBuilder& s, const std::string& name, std::int64_t lo, std::int64_t hi) {
    return lo == hi ? Span(static_cast<double>(lo), {}) : Span(0, s.integer(name, lo, hi).index);
  }
  static Span real(SpaceBuilder& s, const std::string& name, double lo, double hi) {
    return lo == hi ? Span(lo, {}) : Span(0, s.real(name, lo, hi).index);
  }
  static Span variable(Integer declared) { return Span(0, declared.index); }
  [[nodiscard]] double of(const Values& v) const { return index_ ? v.row().x[*index_] : constant_; }

 private:
  Span(double constant, std::optional<std::size_t> index) : constant_(constant), index_(index) {}
  double constant_ = 0;
  std::optional<std::size_t> index_;
};

template <class T>
struct Ends {
  T lo, hi;
};

namespace detail {

// "[3, 1]".
template <class T>
std::string text_of(const std::vector<T>& list) {
  std::string text;
  for (const T& value : list) text += (text.empty() ? "" : ", ") + to_text(ChoiceValue(value));
  return "[" + text + "]";
}

}  // namespace detail

// [lowest, highest], or one value for both. Throws InvalidOption.
template <class T>
Ends<T> ends_of(const Options& given, const std::string& name, const std::vector<T>& list) {
  if (list.empty() || list.size() > 2 || list.front() > list.back()) {
    throw InvalidOption(given.pointer(name),
                        name + " is " + detail::text_of(list) + "; it has to be one value, or [lowest, highest]");
  }
  return {list.front(), list.back()};
}

// The values of a list of texts: at least one, each one of `known`, none twice. Throws InvalidOption.
inline std::vector<std::string> words_of(const Options& given, const std::string& name,
                                         const std::vector<std::string>& known) {
  std::vector<std::string> words = given.texts(name);
  if (words.empty()) throw InvalidOption(given.pointer(name), name + " is empty; give at least one value");
  for (auto w = words.begin(); w != words.end(); ++w) {
    if (std::find(known.begin(), known.end(), *w) == known.end()) {
      std::string all;
      for (const std::string& k : known) all += (all.empty() ? "" : ", ") + k;
      throw InvalidOption(given.pointer(name), name + " has '" + *w + "'; it has to be one of: " + all);
    }
    if (std::find(words.begin(), w, *w) != w)
      throw InvalidOption(given.pointer(name), name + " has '" + *w + "' twice; leave one out");
  }
  return words;
}

// The values of a list of whole numbers: at least one, ascending, none twice. Throws InvalidOption.
inline std::vector<std::int64_t> ascending_of(const Options& given, const std::string& name) {
  std::vector<std::int64_t> list = given.integers(name);
  if (list.empty()) throw InvalidOption(given.pointer(name), name + " is empty; give at least one value");
  if (std::adjacent_find(list.begin(), list.end(), std::greater_equal<>()) != list.end()) {
    throw InvalidOption(given.pointer(name),
                        name + " is " + detail::text_of(list) + "; it has to ascend, without equal values");
  }
  return list;
}

}  // namespace nascent::spaces
