// Curves that were measured: of a CSV file, or of a study's own trials.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <nascent/space_view.hpp>
#include <unordered_map>

#include "curves.hpp"
#include "nascent/core/config_value.hpp"
#include "nascent/core/given_values.hpp"
#include "nascent/core/nearest.hpp"
#include "nascent/core/ranking.hpp"

namespace nascent::core::simulation {
namespace {

constexpr std::size_t kPageOfTrials = 1000;

// Curves by configuration; what is not there has the curve of what is nearest.
class MeasuredCurves final : public Curves {
 public:
  explicit MeasuredCurves(const CurveNeeds& needs) : config_(*needs.config), space_(needs.space->view()) {}

  // The curve of a configuration, to be filled; it may have been begun.
  Curve& at(const Configuration& configuration) {
    const auto [known, is_new] = index_.try_emplace(key(configuration), curves_.size());
    if (is_new) {
      curves_.emplace_back();
      configurations_.push_back(configuration);
    }
    return curves_[known->second];
  }
  [[nodiscard]] bool has(const Configuration& configuration) const { return index_.contains(key(configuration)); }
  [[nodiscard]] std::vector<Curve>& all() { return curves_; }

  // Once everything is there.
  void finish() {
    const Objective& objective = config_.objectives.front();
    for (const Curve& curve : curves_) {
      if (curve.end != TrialState::completed) continue;
      const auto value = metric(curve.points.back().metrics, objective.metric);
      if (value && (!optimum_ || loss_of(objective, *value) < loss_of(objective, *optimum_))) optimum_ = value;
    }
    for (const Configuration& configuration : configurations_) {
      for (std::size_t i = 0; i < space_.size(); ++i) places_.push_back(place_of(configuration, i));
    }
  }

  Curve of(const Trial& trial) override {
    const auto known = index_.find(key(trial.configuration));
    if (known != index_.end()) return curves_[known->second];
    ++nearest_;
    return curves_[nearest_to(trial.configuration)];
  }
  [[nodiscard]] std::optional<double> optimum() const override { return optimum_; }
  [[nodiscard]] std::uint64_t nearest() const override { return nearest_; }

 private:
  [[nodiscard]] static std::string key(const Configuration& c) {
    std::string bytes(c.x.size() * sizeof(double) + c.active.size(), '\0');
    std::memcpy(bytes.data(), c.x.data(), c.x.size() * sizeof(double));
    std::memcpy(bytes.data() + c.x.size() * sizeof(double), c.active.data(), c.active.size());
    return bytes;
  }
  // In the prior's mass; the number of a categorical choice; negative where inactive.
  [[nodiscard]] double place_of(const Configuration& configuration, std::size_t i) const {
    if (configuration.active[i] == 0) return -1;
    return space_[i].is_categorical() ? configuration.x[i] : space_[i].cdf(configuration.x[i]);
  }
  [[nodiscard]] std::size_t nearest_to(const Configuration& configuration) const {
    std::vector<double> here(space_.size());
    for (std::size_t i = 0; i < space_.size(); ++i) here[i] = place_of(configuration, i);
    std::size_t best = 0;
    double best_distance = std::numeric_limits<double>::infinity();
    for (std::size_t row = 0; row < curves_.size(); ++row) {
      double distance = 0;
      const double* there = places_.data() + row * space_.size();
      for (std::size_t i = 0; i < space_.size() && distance < best_distance; ++i) {
        const bool is_other = space_[i].is_categorical() || here[i] < 0 || there[i] < 0;
        const double off = is_other ? (here[i] == there[i] ? 0 : 1) : here[i] - there[i];
        distance += off * off;
      }
      if (distance < best_distance) {
        best = row;
        best_distance = distance;
      }
    }
    return best;
  }

  const StudyConfig& config_;
  nascent::SpaceView space_;
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<Configuration> configurations_;
  std::vector<Curve> curves_;
  std::vector<double> places_;  // [curves_][n_params]
  std::optional<double> optimum_;
  std::uint64_t nearest_ = 0;
};

// ----------------------------------------------------------------------------------------------------------------------
std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

ConfigValue value_of_cell(std::string_view cell) {
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), whole);
  if (error == std::errc{} && end == cell.data() + cell.size()) return {whole, {}};
  if (const auto number = number_of(cell)) return {*number, {}};
  return {std::string(cell), {}};
}

std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  for (;;) {
    const std::size_t comma = line.find(',');
    cells.emplace_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

class TableReader {
 public:
  TableReader(const CurveNeeds& needs, const std::filesystem::path& file)
      : needs_(needs), file_(file.string()), lines_(file), curves_(std::make_unique<MeasuredCurves>(needs)) {}

  Result<std::unique_ptr<Curves>> operator()() {
    if (auto header = read_header(); !header) return tl::unexpected<Error>(header.error());
    for (std::string line; std::getline(lines_, line);) {
      ++line_;
      if (auto row = read_row(cells_of(line)); !row) return tl::unexpected<Error>(row.error());
    }
    if (auto sorted = sort(); !sorted) return tl::unexpected<Error>(sorted.error());
    curves_->finish();
    return std::unique_ptr<Curves>(std::move(curves_));
  }

 private:
  [[nodiscard]] tl::unexpected<Error> refuse(const std::string& what) const {
    return fail(ErrorKind::invalid_input, fmt::format("{}:{}: {}", file_, line_, what));
  }
  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const {
    const auto at = std::ranges::find(header_, name);
    return at == header_.end() ? std::nullopt : std::optional(static_cast<std::size_t>(at - header_.begin()));
  }

  Result<void> read_header() {
    std::string line;
    if (!lines_ || !std::getline(lines_, line)) {
      return fail(ErrorKind::invalid_input,
                  fmt::format("{}: cannot be read, or is empty; give a CSV file whose first line names the columns", file_));
    }
    header_ = cells_of(line);
    for (std::size_t i = 0; i < needs_.space->size(); ++i) {
      const std::string& full = needs_.space->declaration().parameters()[i].name;
      const std::string bare = full.starts_with("space.") ? full.substr(6) : full;
      const auto at = column(full) ? column(full) : column(bare);
      if (!at) return refuse(fmt::format("no column for parameter {}; {}", toml_text(bare), way_out(bare, header_)));
      parameters_.push_back(*at);
    }
    for (const std::string& name : needs_.metrics) {
      const auto at = column(name);
      if (!at) return refuse(fmt::format("no column for metric {}, which the study is judged by; {}", toml_text(name), way_out(name, header_)));
      metrics_.push_back(*at);
    }
    budget_ = column("budget");
    seconds_ = column("seconds");
    return {};
  }

  Result<void> read_row(const std::vector<std::string>& cells) {
    if (cells.size() != header_.size()) {
      return refuse(fmt::format("{} cells where the first line has {}", cells.size(), header_.size()));
    }
    const nascent::SpaceView space(needs_.space->view());
    Configuration c{std::vector<double>(space.size()), std::vector<std::uint8_t>(space.size())};
    for (std::size_t i = 0; i < space.size(); ++i) {
      const std::string& cell = cells[parameters_[i]];
      if (!space.is_active(i, c.x, c.active)) continue;
      const auto value = parameter_value(*needs_.space, i, value_of_cell(cell));
      if (!value) return {};  // the space may be a part of the table
      c.active[i] = 1;
      c.x[i] = *value;
    }
    Report report;
    report.budget = needs_.config->budget.amount;
    if (budget_) {
      const auto budget = number_of(cells[*budget_]);
      if (!budget || !(*budget > 0)) return refuse(fmt::format("budget is {}; it has to be a number above 0", toml_text(cells[*budget_])));
      report.budget = *budget;
    }
    if (report.budget > needs_.config->budget.amount) return {};
    for (std::size_t m = 0; m < metrics_.size(); ++m) {
      const std::string& cell = cells[metrics_[m]];
      if (cell.empty()) continue;
      const auto value = number_of(cell);
      if (!value) return refuse(fmt::format("{} is {}, which is no number", needs_.metrics[m], toml_text(cell)));
      report.metrics.push_back({needs_.metrics[m], *value});
    }
    Curve& curve = curves_->at(c);
    if (seconds_) {
      const auto seconds = number_of(cells[*seconds_]);
      if (!seconds || !(*seconds >= 0)) return refuse(fmt::format("seconds is {}; it has to be a number from 0 on", toml_text(cells[*seconds_])));
      curve.seconds.push_back(*seconds);
    }
    const auto same = std::ranges::find(curve.points, report.budget, &Report::budget);
    if (same != curve.points.end()) return refuse(budget_ ? "this configuration has a row with this budget already" : "this configuration has a row already; add a column budget, or leave one out");
    curve.points.push_back(std::move(report));
    return {};
  }

  // By budget; where an objective is missing or not finite, the training had diverged.
  Result<void> sort() {
    if (curves_->all().empty()) {
      return fail(ErrorKind::invalid_input, fmt::format("{}: no row lies in the study's search space and within its budget of {:g}; compare the values of its parameters", file_, needs_.config->budget.amount));
    }
    for (Curve& curve : curves_->all()) {
      Curve sorted;
      std::vector<std::size_t> order(curve.points.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      std::ranges::sort(order, {}, [&](std::size_t i) { return curve.points[i].budget; });
      for (const std::size_t i : order) {
        if (seconds_ && !sorted.seconds.empty() && curve.seconds[i] < sorted.seconds.back()) {
          return fail(ErrorKind::invalid_input, fmt::format("{}: seconds fall where the budget rises to {:g}; they count from the trial's start", file_, curve.points[i].budget));
        }
        if (seconds_) sorted.seconds.push_back(curve.seconds[i]);
        sorted.points.push_back(std::move(curve.points[i]));
        const bool finite = std::ranges::all_of(needs_.config->objectives, [&](const Objective& objective) {
          const auto value = metric(sorted.points.back().metrics, objective.metric);
          return value && std::isfinite(*value);
        });
        if (finite) continue;
        sorted.end = TrialState::failed;
        sorted.reason = FailureReason::diverged;
        sorted.message = fmt::format("the table has no finite value at budget {:g}", sorted.points.back().budget);
        break;
      }
      curve = std::move(sorted);
    }
    return {};
  }

  const CurveNeeds& needs_;
  std::string file_;
  std::ifstream lines_;
  std::size_t line_ = 1;
  std::unique_ptr<MeasuredCurves> curves_;
  std::vector<std::string> header_;
  std::vector<std::size_t> parameters_, metrics_;  // columns
  std::optional<std::size_t> budget_, seconds_;
};

// ----------------------------------------------------------------------------------------------------------------------
Curve curve_of(const Trial& trial, const std::vector<ReportRecord>& reports) {
  Curve curve;
  curve.end = trial.state == TrialState::pruned ? TrialState::completed : trial.state;  // who stops it here is asked anew
  curve.reason = trial.reason;
  curve.message = trial.message;
  for (const ReportRecord& record : reports) {
    if (curve.points.empty() || record.report.budget > curve.points.back().budget) curve.points.push_back(record.report);
  }
  // Evaluators measured at the end.
  if (curve.points.empty() || trial.budget_spent > curve.points.back().budget) {
    curve.points.push_back({std::max(trial.budget_spent, 1e-9), trial.metrics});
  } else if (trial.state == TrialState::completed) {
    curve.points.back().metrics = trial.metrics;
  }
  for (const Report& point : curve.points) {
    curve.seconds.push_back(trial.cost_seconds * point.budget / curve.points.back().budget);
  }
  return curve;
}

}  // namespace

Result<std::unique_ptr<Curves>> curves_of_table(const CurveNeeds& needs, const std::filesystem::path& file) {
  return TableReader(needs, file)();
}

Result<std::unique_ptr<Curves>> curves_of_study(const CurveNeeds& needs, const std::string& location,
                                                const std::string& study) {
  auto store = Store::open(location, OpenMode::read_only);
  if (!store) return tl::unexpected<Error>(store.error());
  const auto record = (*store)->study(study);
  if (!record) return tl::unexpected<Error>(record.error());
  if (!*record) return fail(ErrorKind::invalid_input, fmt::format("{} has no study {}; see: nascent status {}", location, toml_text(study), location));
  if ((*record)->space_fingerprint != needs.space->declaration().fingerprint()) {
    return fail(ErrorKind::invalid_input, fmt::format("study {} of {} has another search space than this one; its trials say nothing about it", toml_text(study), location));
  }
  auto curves = std::make_unique<MeasuredCurves>(needs);
  for (TrialId first = 0;;) {
    const auto page = (*store)->trials((*record)->id, {.state = {}, .role = TrialRole::search, .first = first, .limit = kPageOfTrials});
    if (!page) return tl::unexpected<Error>(page.error());
    if (page->empty()) break;
    first = page->back().id + 1;
    for (const Trial& trial : *page) {
      // What was lost or took too long says nothing of the configuration.
      const bool of_the_machine = trial.reason != FailureReason::none && trial.reason != FailureReason::diverged && trial.reason != FailureReason::error;
      const bool began_elsewhere = trial.parent.has_value();  // with another one's weights
      if (!trial.finished() || trial.duplicate_of || began_elsewhere || of_the_machine || curves->has(trial.configuration)) continue;
      const auto reports = (*store)->reports((*record)->id, trial.id);
      if (!reports) return tl::unexpected<Error>(reports.error());
      curves->at(trial.configuration) = curve_of(trial, *reports);
    }
  }
  if (curves->all().empty()) return fail(ErrorKind::invalid_input, fmt::format("study {} of {} has no finished trial yet", toml_text(study), location));
  curves->finish();
  return std::unique_ptr<Curves>(std::move(curves));
}

}  // namespace nascent::core::simulation
