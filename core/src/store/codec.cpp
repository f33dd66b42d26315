#include "codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

namespace nascent::core::store {
namespace {

using Json = nlohmann::ordered_json;
constexpr auto kReplace = Json::error_handler_t::replace;  // bytes that are no UTF-8 become U+FFFD

std::string quoted(const std::string& text) { return Json(text).dump(-1, ' ', false, kReplace); }

// JSON has no text for these three.
constexpr std::string_view kNan = "NaN", kInfinity = "Infinity", kMinusInfinity = "-Infinity";

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    const auto start = out.size();
    fmt::format_to(std::back_inserter(out), "{}", value);
    // "-0" would read back as the integer 0.
    if (out.find_first_of(".e", start) == std::string::npos) out += ".0";
  }
}

std::optional<double> number_from(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value == kNan) return std::numeric_limits<double>::quiet_NaN();
  if (value == kInfinity) return std::numeric_limits<double>::infinity();
  if (value == kMinusInfinity) return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

// The object that metrics_to_json() writes, where its names are plain ASCII and its values finite: nearly always, and then
// many times faster than a parser for any JSON. Empty for everything else.
std::optional<std::vector<Metric>> plain_metrics(std::string_view text) {
  const char *at = text.data(), *const end = at + text.size();
  const auto take = [&](char c) { return at != end && *at == c && (++at, true); };
  const auto is_digit = [&](const char* c) { return c < end && *c >= '0' && *c <= '9'; };
  std::vector<Metric> metrics;
  if (!take('{')) return std::nullopt;
  if (take('}')) return at == end ? std::optional(metrics) : std::nullopt;
  do {
    if (!take('"')) return std::nullopt;
    const char* const name = at;
    while (at != end && *at >= ' ' && *at <= '~' && *at != '"' && *at != '\\') ++at;
    Metric& metric = metrics.emplace_back(std::string(name, at), 0.0);
    if (!take('"') || !take(':')) return std::nullopt;
    const char* const digits = at != end && *at == '-' ? at + 1 : at;
    if (!is_digit(digits) || (*digits == '0' && is_digit(digits + 1))) return std::nullopt;
    const auto [stop, error] = std::from_chars(at, end, metric.value);
    const char* const point = std::find(digits, stop, '.');
    if (error != std::errc{} || (point != stop && !is_digit(point + 1))) return std::nullopt;
    at = stop;
  } while (take(','));
  return take('}') && at == end ? std::optional(std::move(metrics)) : std::nullopt;
}

}  // namespace

std::string metrics_to_json(const std::vector<Metric>& metrics) {
  std::string out = "{";
  for (const Metric& metric : metrics) {
    if (out.size() > 1) out += ',';
    out += quoted(metric.name);
    out += ':';
    append_number(out, metric.value);
  }
  out += '}';
  return out;
}

std::optional<std::vector<Metric>> metrics_from_json(std::string_view text) {
  if (auto plain = plain_metrics(text)) return plain;
  const Json object = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return std::nullopt;
  std::vector<Metric> metrics;
  metrics.reserve(object.size());
  for (const auto& [name, value] : object.items()) {
    const auto number = number_from(value);
    if (!number) return std::nullopt;
    metrics.push_back({name, *number});
  }
  return metrics;
}

static_assert(std::endian::native == std::endian::little, "configurations are stored as little-endian doubles");

std::string configuration_to_bytes(const Configuration& configuration) {
  const std::size_t n = configuration.x.size();
  std::string bytes(9 * n, '\0');
  if (n > 0) {
    std::memcpy(bytes.data(), configuration.x.data(), 8 * n);
    std::memcpy(bytes.data() + 8 * n, configuration.active.data(), n);
  }
  return bytes;
}

std::optional<Configuration> configuration_from_bytes(std::string_view bytes) {
  if (bytes.size() % 9 != 0) return std::nullopt;
  const std::size_t n = bytes.size() / 9;
  Configuration configuration{std::vector<double>(n), std::vector<std::uint8_t>(n)};
  if (n > 0) {
    std::memcpy(configuration.x.data(), bytes.data(), 8 * n);
    std::memcpy(configuration.active.data(), bytes.data() + 8 * n, n);
  }
  return configuration;
}

Result<ParameterNames> ParameterNames::parse(std::string_view space_json) {
  ParameterNames names;
  if (space_json.empty()) return names;
  const Json array = Json::parse(space_json, nullptr, /*allow_exceptions=*/false);
  if (!array.is_array()) return fail(ErrorKind::store, "space_json is no JSON array of parameters");
  auto& parameters = names.parameters_.emplace();
  for (const Json& declaration : array) {
    if (!declaration.is_object() || !declaration.contains("name") || !declaration["name"].is_string()) {
      return fail(ErrorKind::store, fmt::format("space_json: parameter {} has no \"name\"", parameters.size()));
    }
    Parameter parameter{quoted(declaration["name"]) + ':', {}};
    if (declaration.contains("choices") && declaration["choices"].is_array()) {
      for (const Json& choice : declaration["choices"]) {
        parameter.choices.push_back(choice.dump(-1, ' ', false, kReplace));
      }
    }
    parameters.push_back(std::move(parameter));
  }
  return names;
}

Result<void> ParameterNames::check(const Configuration& configuration) const {
  const std::size_t n = configuration.x.size();
  if (n != configuration.active.size()) {
    return fail(ErrorKind::store,
                fmt::format("the configuration has {} values but {} activity marks", n, configuration.active.size()));
  }
  if (parameters_ && n != parameters_->size()) {
    return fail(ErrorKind::store,
                fmt::format("the configuration has {} values; the study has {} parameters", n, parameters_->size()));
  }
  return {};
}

std::string ParameterNames::to_json(const Configuration& configuration) const {
  std::string out = "{";
  for (std::size_t i = 0; parameters_ && i < parameters_->size(); ++i) {
    if (configuration.active[i] == 0) continue;
    const Parameter& parameter = (*parameters_)[i];
    const double x = configuration.x[i];
    if (out.size() > 1) out += ',';
    out += parameter.key;
    if (x >= 0 && x < static_cast<double>(parameter.choices.size())) {
      out += parameter.choices[static_cast<std::size_t>(x)];
    } else if (std::nearbyint(x) == x && std::abs(x) < 1e15) {
      fmt::format_to(std::back_inserter(out), "{}", static_cast<std::int64_t>(x));
    } else {
      append_number(out, x);
    }
  }
  out += '}';
  return out;
}

}  // namespace nascent::core::store
