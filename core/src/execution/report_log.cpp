#include "report_log.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace nascent::core {
namespace {

std::string to_line(const Report& report) {
  nlohmann::ordered_json metrics = nlohmann::ordered_json::object();
  for (const Metric& metric : report.metrics) metrics[metric.name] = metric.value;
  return nlohmann::ordered_json{{"budget", report.budget}, {"metrics", std::move(metrics)}}.dump();
}

// Reports in order of budget; a later line replaces those of an earlier attempt at its budget and beyond. A line that a
// kill cut short ends the file.
std::vector<Report> read(const std::filesystem::path& file) {
  std::vector<Report> reports;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::ordered_json::parse(line, nullptr, false);
    if (json.is_discarded()) break;
    Report report{json.value("budget", 0.0), {}};
    for (const auto& [name, value] : json["metrics"].items()) report.metrics.push_back({name, value.get<double>()});
    while (!reports.empty() && reports.back().budget >= report.budget) reports.pop_back();
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace

LoggedSession::LoggedSession(TrialSession& session, const std::filesystem::path& file, Start start)
    : session_(&session), earlier_(start == Start::resumes ? read(file) : std::vector<Report>{}) {
  // Written anew, so that a line which was cut short does not swallow the next one.
  const std::filesystem::path fresh = file.string() + ".new";
  {
    std::ofstream out(fresh, std::ios::trunc);
    for (const Report& report : earlier_) out << to_line(report) << '\n';
  }
  std::error_code error;
  std::filesystem::rename(fresh, file, error);
  file_.open(file, std::ios::app);
}

Result<void> LoggedSession::repeat_before(double budget) {
  for (const Report& report : std::exchange(earlier_, {})) {
    if (report.budget >= budget) break;
    if (auto told = session_->repeat(report); !told) return told;
  }
  return {};
}

Result<Verdict> LoggedSession::report(const Report& report) {
  if (auto told = repeat_before(report.budget); !told) return tl::unexpected<Error>(told.error());
  file_ << to_line(report) << std::endl;
  return session_->report(report);
}

Result<std::vector<Report>> LoggedSession::repeat_rest() {
  std::vector<Report> rest = earlier_;
  if (auto told = repeat_before(std::numeric_limits<double>::infinity()); !told) {
    return tl::unexpected<Error>(told.error());
  }
  return rest;
}

}  // namespace nascent::core
