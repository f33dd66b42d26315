#include "settings.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

namespace nascent::quality_diversity {
namespace {

constexpr std::int64_t kCellsMax = 1'000'000;

std::size_t cells_of(const Options& axis) {
  const std::int64_t cells = axis.integer("cells");
  if (cells >= 1 && cells <= kCellsMax) return static_cast<std::size_t>(cells);
  throw InvalidOption(axis.pointer("cells"),
                      "cells is " + std::to_string(cells) + "; 1 to " + std::to_string(kCellsMax) + " are possible");
}

double bound_of(const Options& axis, std::string_view name) {
  const double bound = axis.real(name);
  if (std::isfinite(bound)) return bound;
  throw InvalidOption(axis.pointer(name), std::string(name) + " has to be finite; leave it out and it is learnt");
}

Scale scale_of(const Options& axis) {
  const std::string scale = axis.text("scale");
  if (scale == "log") return Scale::log;
  if (scale == "linear") return Scale::linear;
  throw InvalidOption(axis.pointer("scale"),
                      "scale is \"" + scale + "\"; valid: linear, log; leave it out and it follows from the values");
}

void read_axis(const Options& axis, AxisSettings& settings) {
  constexpr std::array<std::string_view, 4> known{"cells", "min", "max", "scale"};
  for (const std::string& key : axis.keys()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    throw InvalidOption(axis.pointer(key), "an axis has no \"" + key + "\"; valid: cells, min, max, scale");
  }
  if (axis.has("cells")) settings.cells = cells_of(axis);
  if (axis.has("scale")) settings.scale = scale_of(axis);
  if (axis.has("min")) settings.min = bound_of(axis, "min");
  if (axis.has("max")) settings.max = bound_of(axis, "max");
  if (settings.is_fixed() && !(*settings.min < *settings.max))
    throw InvalidOption(axis.pointer("max"), "max has to be above min");
  if (settings.scale != Scale::log) return;
  for (const auto& [name, bound] : {std::pair("min", settings.min), std::pair("max", settings.max)}) {
    if (bound && !(*bound > 0))
      throw InvalidOption(axis.pointer(name), std::string(name) + " has to be above 0 on a log scale");
  }
}

std::vector<AxisSettings> axes_of(const Options& given) {
  const auto cells = static_cast<std::size_t>(given.integer("cells"));
  std::vector<AxisSettings> axes;
  std::string names;
  for (const std::string& metric : given.texts("descriptors")) {
    const bool twice = std::any_of(axes.begin(), axes.end(), [&](const auto& a) { return a.metric == metric; });
    if (twice) throw InvalidOption("descriptors", "descriptors names \"" + metric + "\" twice; leave one out");
    axes.push_back({.metric = metric, .cells = cells});
    names += (names.empty() ? "" : ", ") + metric;
  }
  if (axes.empty())
    throw InvalidOption("descriptors",
                        "descriptors names no metric; name those in which the results shall differ, "
                        "such as descriptors = [\"parameters\"]");
  const Options tables = given.table("axes");
  for (const std::string& metric : tables.keys()) {
    const auto axis = std::find_if(axes.begin(), axes.end(), [&](const auto& a) { return a.metric == metric; });
    if (axis == axes.end())
      throw InvalidOption(tables.pointer(metric),
                          "axes gives \"" + metric + "\", which is no descriptor; valid: " + names);
    if (tables.has(metric))
      throw InvalidOption(tables.pointer(metric),
                          metric + " has to be a table, such as { cells = 20, min = 0, max = 1 }");
    read_axis(tables.table(metric), *axis);
  }
  return axes;
}

void check_cells(const std::vector<AxisSettings>& axes) {
  std::size_t n = 1;
  for (const AxisSettings& axis : axes) {
    n *= axis.cells;
    if (n > kCellsMax)
      throw InvalidOption("cells", "the axes together make more than " + std::to_string(kCellsMax) +
                                       " cells; take fewer descriptors or fewer cells for each");
  }
}

}  // namespace

Settings settings_of(const Options& given) {
  Settings settings;
  settings.axes = axes_of(given);
  check_cells(settings.axes);
  settings.initial = static_cast<std::size_t>(given.integer("initial"));
  settings.crossover = given.real("crossover");
  settings.mutation = {static_cast<std::uint64_t>(given.integer("mutations")), given.real("sigma")};
  return settings;
}

}  // namespace nascent::quality_diversity
