// nascent importance: which parameters the objectives depend on.
#include "nascent/core/importance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "command.hpp"
#include "components.hpp"
#include "display/report_text.hpp"
#include "display/text_table.hpp"
#include "usage.hpp"

namespace nascent::cli {
namespace {

struct ImportanceOptions {
  StudyArgument study;
  std::size_t pairs = 10;
  bool json = false;
};

std::string fit_text(const core::ObjectiveImportance& importance) {
  const std::string fit = fmt::format("out-of-bag R^2 {:.2f} over {} configurations", importance.fit, importance.n);
  switch (importance.trust()) {
    case core::Trust::good:
      return fit + ": the forest knows this objective well";
    case core::Trust::rough:
      return fit + ": rough, the larger shares are right";
    default:
      return fit + ": do not rely on it yet; more trials are needed";
  }
}

// Search trials that have no value of the objectives, by how they ended.
struct LeftOut {
  std::size_t failed = 0, pruned = 0, paused = 0, invalid = 0;

  explicit LeftOut(const std::vector<core::Trial>& trials) {
    for (const core::Trial& trial : trials) {
      failed += trial.state == core::TrialState::failed ? 1 : 0;
      pruned += trial.state == core::TrialState::pruned ? 1 : 0;
      paused += trial.state == core::TrialState::paused ? 1 : 0;
      invalid += trial.state == core::TrialState::invalid ? 1 : 0;
    }
  }
  // "14 failed, 2 pruned"
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const auto& [n, name] : {std::pair{failed, "failed"}, {pruned, "pruned"}, {paused, "paused"}, {invalid, "invalid"}}) {
      if (n > 0) all += fmt::format("{}{} {}", all.empty() ? "" : ", ", n, name);
    }
    return all;
  }
};

void print(const core::ObjectiveImportance& importance, std::size_t pairs_max) {
  fmt::print("objective  {}\n", importance.metric);
  if (importance.parameters.empty()) {
    fmt::print("\nall {} configurations have the same value: nothing depends on any parameter\n", importance.n);
    return;
  }
  TextTable table({"parameter", "share", "sd", "active"});
  for (const core::ParameterImportance& p : importance.parameters) {
    table.add({p.name, share_text(p.share), share_text(p.sd), share_text(p.active)});
  }
  fmt::print("\n{}", table.text());
  TextTable pairs({"two together", "share", "sd"});
  for (std::size_t k = 0; k < std::min(pairs_max, importance.pairs.size()); ++k) {
    const core::PairImportance& p = importance.pairs[k];
    pairs.add({p.first + ", " + p.second, share_text(p.share), share_text(p.sd)});
  }
  if (!pairs.empty()) fmt::print("\n{}", pairs.text());
  fmt::print("\nrest    {} of the variance is from more than two together{}\n",
             share_text(std::max(0.0, 1 - importance.explained())),
             importance.parameters.size() > core::ObjectiveImportance::kPairedMax
                 ? fmt::format(", or from pairs of others than the first {}", core::ObjectiveImportance::kPairedMax)
                 : "");
  fmt::print("trust   {}\n", fit_text(importance));
}

nlohmann::ordered_json to_json(const core::ObjectiveImportance& importance, std::size_t pairs_max) {
  nlohmann::ordered_json parameters = nlohmann::ordered_json::array(), pairs = nlohmann::ordered_json::array();
  for (const core::ParameterImportance& p : importance.parameters) {
    parameters.push_back({{"name", p.name}, {"share", p.share}, {"sd", p.sd}, {"active", p.active}});
  }
  for (std::size_t k = 0; k < std::min(pairs_max, importance.pairs.size()); ++k) {
    const core::PairImportance& p = importance.pairs[k];
    pairs.push_back({{"names", {p.first, p.second}}, {"share", p.share}, {"sd", p.sd}});
  }
  return {{"objective", importance.metric},
          {"configurations", importance.n},
          {"fit", importance.fit},
          {"trust", trust_name(importance.trust())},
          {"parameters", parameters},
          {"pairs", pairs},
          {"explained", importance.explained()}};
}

Outcome show_importance(const ImportanceOptions& options) {
  const auto search = load_search(options.study);
  if (!search) return tl::unexpected(search.error());
  const auto all = core::study_importance(search->study.config, search->space, search->trials);
  if (!all) return tl::unexpected(all.error());
  const LeftOut left_out(search->trials);
  if (options.json) {
    nlohmann::ordered_json objectives = nlohmann::ordered_json::array();
    for (const core::ObjectiveImportance& each : *all) objectives.push_back(to_json(each, options.pairs));
    const nlohmann::ordered_json without = {{"failed", left_out.failed}, {"pruned", left_out.pruned}, {"paused", left_out.paused}, {"invalid", left_out.invalid}};
    fmt::print("{}\n", nlohmann::ordered_json{{"objectives", objectives}, {"left_out", without}}.dump(2));
    return ExitCode::done;
  }
  for (std::size_t k = 0; k < all->size(); ++k) {
    if (k > 0) fmt::print("\n");
    print((*all)[k], options.pairs);
  }
  if (const std::string text = left_out.text(); !text.empty()) fmt::print("\nleft out: {} trials, which have no final value\n", text);
  return ExitCode::done;
}

}  // namespace

void add_importance(Commands& commands) {
  commands.add<ImportanceOptions>(
      nullptr, "importance", "Show which parameters the objectives depend on, alone and two together",
      [](CLI::App& command, ImportanceOptions& o) {
        command.add_option("study", o.study.where, "store (fashion.db) or TOML file of the study")->required();
        command.add_option("--study", o.study.name, "name of the study, where the store holds several");
        command.add_option("--pairs", o.pairs, "how many pairs are listed")->check(whole_number());
        command.add_flag("--json", o.json, "as JSON");
      },
      show_importance);
}

}  // namespace nascent::cli
