#include "grid.hpp"

#include <algorithm>
#include <cmath>

namespace nascent::grid {
namespace {

std::vector<std::vector<double>> all_values(const Options& given, SpaceView space) {
  const auto levels = static_cast<std::uint64_t>(given.integer("levels"));
  const Options levels_of = given.table("levels_of");
  for (const std::string& name : levels_of.keys()) {
    if (space.find(name) == space.size()) {
      throw InvalidOption(levels_of.pointer(name),
                          "levels_of names parameter '" + name + "', which this study does not have");
    }
    if (levels_of.integer(name) < 1 || levels_of.integer(name) > 100000) {
      throw InvalidOption(levels_of.pointer(name), "levels_of gives '" + name + "' " +
                                                       std::to_string(levels_of.integer(name)) +
                                                       " levels; 1 to 100000 are possible");
    }
  }
  std::vector<std::vector<double>> values;
  for (std::size_t i = 0; i < space.size(); ++i) {
    const std::string name(space[i].name());
    values.push_back(
        grid_values(space[i], levels_of.has(name) ? static_cast<std::uint64_t>(levels_of.integer(name)) : levels));
  }
  return values;
}

}  // namespace

std::vector<double> grid_values(ParamView param, std::uint64_t levels) {
  std::vector<double> values;
  const std::uint64_t own = param.levels();
  if (param.is_choice()) {
    for (std::uint64_t k = 0; k < own; ++k) {
      if (param.is_possible(k)) values.push_back(param.level(k));
    }
    return values;
  }
  if (own != 0 && own <= levels) {
    for (std::uint64_t k = 0; k < own; ++k) values.push_back(param.level(k));
    return values;
  }
  const nas_param& raw = param.raw();
  const double from = param.scaled(raw.lo), to = param.scaled(raw.hi);
  for (std::uint64_t k = 0; k < levels; ++k) {
    if (raw.prior == NAS_PRIOR_NORMAL || levels == 1) {
      values.push_back(param.quantile((static_cast<double>(k) + 0.5) / static_cast<double>(levels)));
    } else {
      const double at = from + (to - from) * static_cast<double>(k) / static_cast<double>(levels - 1);
      values.push_back(param.clamp(param.is_log() ? std::exp(at) : at));
    }
  }
  values.erase(std::unique(values.begin(), values.end()),
               values.end());  // rounding to levels may make neighbours equal
  return values;
}

Grid::Grid(const Options& given, const SamplerSetup& setup)
    : enumeration_(setup.space, all_values(given, setup.space)) {
  if (given.text("order") == "shuffled") shuffle_.emplace(enumeration_.size(), setup.seed);
}

void Grid::ask(const Ask& ask, Row row) {
  const std::optional<std::uint64_t> place = ask.trial_id < enumeration_.size() ? ask.trial_id : left_out(ask.pending, row.x.size());
  if (!place) {
    throw Error(NAS_E_EXHAUSTED, "the grid has " + std::to_string(enumeration_.size()) +
                                     " configurations, and all have been offered; raise levels for a finer one");
  }
  at(*place, row);
}

void Grid::tell(const Observation& observation) {
  known_.add(observation.at());
  if (displaced(observation)) displaced_.insert(observation.trial_id());
}

void Grid::at(std::uint64_t place, Row row) const { enumeration_.at(shuffle_ ? (*shuffle_)(place) : place, row); }

bool Grid::displaced(const Observation& observation) const {
  if (observation.trial_id() >= enumeration_.size()) return false;
  Point own(observation.at().x.size());
  at(observation.trial_id(), own.row());
  return own != Point(observation.at());
}

std::optional<std::uint64_t> Grid::left_out(Observations pending, std::size_t n_params) const {
  std::set<std::uint64_t> places = displaced_;
  for (std::size_t i = 0; i < pending.size(); ++i) {
    if (displaced(pending[i])) places.insert(pending[i].trial_id());
  }
  const samplers::Taken taken(known_, pending);
  Point point(n_params);
  for (const std::uint64_t place : places) {
    at(place, point.row());
    if (!taken.contains(point.row())) return place;
  }
  return std::nullopt;
}

}  // namespace nascent::grid
