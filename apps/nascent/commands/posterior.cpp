// nascent posterior: how probable each value of each parameter is among good configurations.
#include "nascent/core/posterior.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "command.hpp"
#include "components.hpp"
#include "display/report_text.hpp"
#include "display/text_table.hpp"
#include "display/trial_text.hpp"
#include "nascent/core/ranking.hpp"

namespace nascent::cli {
namespace {

struct PosteriorOptions {
  StudyArgument study;
  core::PosteriorRequest request;
  bool json = false;
};

// The worst good value of the objective, as people write it: "val_accuracy >= 0.91".
std::string threshold_text(const core::StudyConfig& config, const core::StudyPosterior& posterior) {
  if (!posterior.threshold) return "the objectives' mean rank";
  const core::Objective& objective = config.objectives[0];
  return fmt::format("{} {} {}", objective.metric, objective.direction == core::Direction::maximize ? ">=" : "<=",
                     number_text(*posterior.threshold));
}

std::string diagnostics_text(const core::StudyPosterior& posterior) {
  std::string text;
  for (const core::Metric& m : posterior.diagnostics) text += fmt::format(" {}={}", m.name, number_text(m.value, 4));
  return text;
}

// What stands in the way, worst first.
std::string way_out(const core::StudyPosterior& posterior) {
  if (core::metric(posterior.diagnostics, "overlap").value_or(1) < core::kOverlapLeast) {
    return "; the sampler's family of distributions does not fit: try family = \"autoregressive\", or mcmc";
  }
  return " yet; more trials are needed";
}

std::string trust_text(const core::StudyPosterior& posterior) {
  const std::string worth = fmt::format("worth {} independent draws", number_text(posterior.n_effective, 3));
  switch (posterior.trust()) {
    case core::Trust::good: return worth + ": good to about two decimals";
    case core::Trust::rough: return worth + ": rough, look at the intervals";
    default: return worth + ": do not rely on it" + way_out(posterior);
  }
}

void print_source(const OpenStudy& study, const core::StudyPosterior& posterior) {
  const std::string& sampler = study.config.sampler.type;
  if (posterior.source == core::StudyPosterior::Source::sampler) {
    fmt::print("\nsource  {} configurations drawn by {}{}\n", posterior.n, sampler, diagnostics_text(posterior));
    fmt::print("good    counts exp(-objective / temperature), as the sampler's target does\n");
  } else {
    fmt::print("\nsource  {} good ones of {} trials of {}, each counting prior / proposal\n", posterior.n_good, posterior.n, sampler);
    fmt::print("good    the best {:.1f} % of the prior: {}\n", 100 * posterior.good, threshold_text(study.config, posterior));
    fmt::print("        proposals are estimated one parameter at a time; joint preferences of the sampler are not corrected\n");
  }
  fmt::print("trust   {}\n", trust_text(posterior));
}

void add_rows(TextTable& table, const core::ParameterPosterior& parameter, bool with_good) {
  std::string name = parameter.name;
  const auto add = [&](const core::ValuePosterior& v) {
    std::vector<std::string> row{name, v.text, share_text(v.prior), share_text(v.posterior),
                                 fmt::format("{} to {}", share_text(v.low), share_text(v.high))};
    if (with_good) row.push_back(v.good ? share_text(*v.good) : "-");
    table.add(std::move(row));
    name.clear();
  };
  if (parameter.active) add(*parameter.active);
  for (const core::ValuePosterior& v : parameter.values) add(v);
}

nlohmann::ordered_json value_json(const core::ValuePosterior& v) {
  nlohmann::ordered_json json = {{"value", v.text}, {"prior", v.prior}, {"posterior", v.posterior}, {"low", v.low}, {"high", v.high}};
  if (v.good) json["good"] = *v.good;
  return json;
}

nlohmann::ordered_json posterior_json(const core::StudyPosterior& posterior, const core::PosteriorRequest& request) {
  const bool drawn = posterior.source == core::StudyPosterior::Source::sampler;
  nlohmann::ordered_json json = {{"source", drawn ? "sampler" : "trials"},
                                 {"configurations", posterior.n},
                                 {"good_configurations", posterior.n_good},
                                 {"effective_draws", posterior.n_effective},
                                 {"trust", trust_name(posterior.trust())},
                                 {"credibility", request.credibility}};
  if (!drawn) json["good_share"] = posterior.good;
  if (posterior.threshold) json["threshold"] = *posterior.threshold;
  json["diagnostics"] = nlohmann::ordered_json::object();
  for (const core::Metric& m : posterior.diagnostics) json["diagnostics"][m.name] = m.value;
  json["parameters"] = nlohmann::ordered_json::array();
  for (const core::ParameterPosterior& parameter : posterior.parameters) {
    nlohmann::ordered_json entry = {{"name", parameter.name}};
    if (parameter.active) entry["active"] = value_json(*parameter.active);
    entry["values"] = nlohmann::ordered_json::array();
    for (const core::ValuePosterior& v : parameter.values) entry["values"].push_back(value_json(v));
    json["parameters"].push_back(std::move(entry));
  }
  return json;
}

Outcome show_posterior(const PosteriorOptions& options) {
  auto search = load_search(options.study);
  if (!search) return tl::unexpected(search.error());
  const auto posterior = core::study_posterior(search->components.catalog, search->components.study, search->space, search->trials, options.request);
  if (!posterior) return tl::unexpected(posterior.error());
  if (options.json) {
    fmt::print("{}\n", posterior_json(*posterior, options.request).dump(2));
    return ExitCode::done;
  }
  const bool with_good = posterior->source == core::StudyPosterior::Source::trials;
  std::vector<std::string> header{"parameter", "value", "prior", "posterior", fmt::format("{:g} %", 100 * options.request.credibility)};
  if (with_good) header.push_back("good");
  TextTable table(header);
  for (const core::ParameterPosterior& parameter : posterior->parameters) add_rows(table, parameter, with_good);
  fmt::print("{}", table.text());
  print_source(search->study, *posterior);
  return ExitCode::done;
}

}  // namespace

void add_posterior(Commands& commands) {
  commands.add<PosteriorOptions>(
      nullptr, "posterior", "Show how probable each value of each parameter is among good configurations",
      [](CLI::App& command, PosteriorOptions& o) {
        command.add_option("study", o.study.where, "store (fashion.db) or TOML file of the study")->required();
        command.add_option("--study", o.study.name, "name of the study, where the store holds several");
        command.add_option("--good", o.request.good, "share of the prior's configurations that count as good (trials)")
            ->check(CLI::Range(1e-6, 1.0));
        command.add_option("--credibility", o.request.credibility, "of the intervals")->check(CLI::Range(0.01, 0.9999));
        command.add_option("--values", o.request.values_max, "of one parameter at most; the others are summed up")
            ->check(CLI::Range(2, 1000000));
        command.add_flag("--trials", o.request.from_trials, "from the trials, though the sampler has draws of its own");
        command.add_flag("--json", o.json, "as JSON");
      },
      show_posterior);
}

}  // namespace nascent::cli
