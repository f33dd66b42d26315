#include "config/units.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

namespace nascent::core::config {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr Unit time_units[] = {{"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}};
constexpr Unit byte_units[] = {{"B", 1},        {"kB", 1e3},     {"MB", 1e6},     {"GB", 1e9},    {"TB", 1e12},
                               {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}};

// Takes "<number><unit>" off the front of `text`; at most one space between the two.
std::optional<double> take_quantity(std::string_view& text, std::span<const Unit> units) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  double number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (status != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  const std::size_t length = std::min(text.find_first_of("0123456789 "), text.size());
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == text.substr(0, length); });
  if (unit == units.end()) return std::nullopt;
  text.remove_prefix(length);
  return number * unit->factor;
}

}  // namespace

std::optional<double> parse_seconds(std::string_view text) {
  double sum = 0;
  do {
    const std::optional<double> part = take_quantity(text, time_units);
    if (!part) return std::nullopt;
    sum += *part;
    if (text.starts_with(' ') && text.size() > 1) text.remove_prefix(1);
  } while (!text.empty());
  return std::isfinite(sum) ? std::optional(sum) : std::nullopt;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  const std::optional<double> bytes = take_quantity(text, byte_units);
  if (!bytes || !text.empty() || *bytes >= 0x1p63) return std::nullopt;
  return static_cast<std::uint64_t>(*bytes);
}

}  // namespace nascent::core::config
