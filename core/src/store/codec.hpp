// How values are written into columns: readable where a person looks, exact where a search continues from it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/result.hpp"
#include "nascent/core/trial.hpp"

namespace nascent::core::store {

// {"val_accuracy":0.91}: shortest decimals that read back to the same double; "NaN", "Infinity" and "-Infinity" as
// text. Names are unique.
std::string metrics_to_json(const std::vector<Metric>& metrics);
// Empty when the text is not such an object.
std::optional<std::vector<Metric>> metrics_from_json(std::string_view text);

// 8 n bytes of x (little-endian IEEE 754), then n bytes of `active`.
std::string configuration_to_bytes(const Configuration& configuration);
std::optional<Configuration> configuration_from_bytes(std::string_view bytes);

// Names and choices of a study's parameters, ready for writing configurations as JSON.
class ParameterNames {
 public:
  // `space_json` as in StudyRecord; empty text: parameters are not written.
  static Result<ParameterNames> parse(std::string_view space_json);

  // Fails when the configuration has another number of parameters than the study.
  Result<void> check(const Configuration& configuration) const;
  // Active parameters only, in order of declaration: {"trainer.learning_rate":0.001,"space.block":"residual"}.
  // For a configuration that passes check().
  std::string to_json(const Configuration& configuration) const;

 private:
  struct Parameter {
    std::string key;                   // with quotes and colon
    std::vector<std::string> choices;  // as JSON
  };
  std::optional<std::vector<Parameter>> parameters_;
};

// The value of an enumeration whose names are `names`, by value.
template <class Enum, std::size_t N>
std::optional<Enum> named(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace nascent::core::store
