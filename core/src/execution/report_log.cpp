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

// Follows the line of its report. Whoever may go on has none.
std::string to_line(Verdict verdict) { return nlohmann::ordered_json{{"verdict", name_of(verdict)}}.dump(); }

// Reports in order of budget; a later line replaces those of an earlier attempt at its budget and beyond. A line that a
// kill cut short ends the file.
std::vector<LoggedSession::Answered> read(const std::filesystem::path& file) {
  std::vector<LoggedSession::Answered> reports;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::ordered_json::parse(line, nullptr, false);
    if (json.is_discarded()) break;
    if (json.contains("verdict") && !reports.empty()) {
      reports.back().verdict = json["verdict"] == name_of(Verdict::pause) ? Verdict::pause : Verdict::stop;
      continue;
    }
    Report report{json.value("budget", 0.0), {}};
    for (const auto& [name, value] : json["metrics"].items()) report.metrics.push_back({name, value.get<double>()});
    while (!reports.empty() && reports.back().report.budget >= report.budget) reports.pop_back();
    reports.push_back({std::move(report)});
  }
  return reports;
}

}  // namespace

LoggedSession::LoggedSession(TrialSession& session, const std::filesystem::path& file, Start start)
    : session_(&session), earlier_(start == Start::resumes ? read(file) : std::vector<Answered>{}) {
  // Written anew, so that a line which was cut short does not swallow the next one.
  const std::filesystem::path fresh = file.string() + ".new";
  {
    std::ofstream out(fresh, std::ios::trunc);
    for (const auto& [report, verdict] : earlier_) {
      out << to_line(report) << '\n';
      if (verdict != Verdict::proceed) out << to_line(verdict) << '\n';
    }
  }
  std::error_code error;
  std::filesystem::rename(fresh, file, error);
  file_.open(file, std::ios::app);
}

Result<void> LoggedSession::repeat_before(double budget) {
  for (const auto& [report, verdict] : std::exchange(earlier_, {})) {
    if (report.budget >= budget) break;
    if (auto told = session_->repeat(report); !told) return told;
  }
  return {};
}

Result<Verdict> LoggedSession::report(const Report& report) {
  if (auto told = repeat_before(report.budget); !told) return tl::unexpected<Error>(told.error());
  file_ << to_line(report) << std::endl;
  auto verdict = session_->report(report);
  if (verdict && *verdict != Verdict::proceed) file_ << to_line(*verdict) << std::endl;
  return verdict;
}

Result<std::vector<Report>> LoggedSession::repeat_rest() {
  std::vector<Report> rest;
  for (const Answered& earlier : earlier_) rest.push_back(earlier.report);
  if (auto told = repeat_before(std::numeric_limits<double>::infinity()); !told) {
    return tl::unexpected<Error>(told.error());
  }
  return rest;
}

Result<std::optional<LoggedSession::Answered>> LoggedSession::repeat_to_end(double heeded) {
  if (earlier_.empty() || earlier_.back().verdict == Verdict::proceed || earlier_.back().report.budget <= heeded) return std::nullopt;
  Answered last = std::move(earlier_.back());
  earlier_.pop_back();
  if (auto told = repeat_before(last.report.budget); !told) return tl::unexpected<Error>(told.error());
  // Asked once more, so that this attempt's record tells why it ended. What was said first holds.
  if (auto again = session_->report(last.report); !again) return tl::unexpected<Error>(again.error());
  return last;
}

}  // namespace nascent::core
