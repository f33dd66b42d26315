#include "nascent/core/posterior.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "nascent/core/ranking.hpp"
#include "report/good_trials.hpp"
#include "report/marginals.hpp"
#include "search/proposals.hpp"
#include "search/scores.hpp"

namespace nascent::core {
namespace {

constexpr std::size_t kDrawsMax = 10000;

// The sampler as it stands after all finished trials, and what it has drawn.
Result<std::optional<search::Draws>> sampler_draws(PluginCatalog& catalog, const ResolvedStudy& study, const StudySpace& space,
                                                   std::span<const Trial> trials) {
  const nas_sampler_arg arg = search::sampler_arg(study.config, space);
  auto sampler = create_component<nas_sampler_vt>(catalog, study.sampler, study.config, &arg);
  if (!sampler) return tl::unexpected<Error>(sampler.error());
  if (sampler->extension<nas_sampler_posterior>(NAS_SAMPLER_POSTERIOR) == nullptr) return std::nullopt;
  search::Proposals proposals(std::move(*sampler), space.view());
  const Scoring scoring(study.config);
  search::History history(space.size(), scoring.n_objectives(), scoring.n_constraints(), proposals.metrics().size());
  for (const Trial& trial : trials) {
    if (trial.role != TrialRole::search || !trial.finished()) continue;
    const search::Position i = history.append(trial.id);
    std::ranges::copy(trial.configuration.x, history.x_of(i));
    std::ranges::copy(trial.configuration.active, history.active_of(i));
    if (auto finished = search::finish(history, i, trial, scoring, proposals.metrics()); !finished) {
      return tl::unexpected<Error>(finished.error());
    }
  }
  if (auto told = proposals.tell(history.slice(0, history.size())); !told) return tl::unexpected<Error>(told.error());
  return proposals.draws(kDrawsMax);
}

StudyPosterior from_draws(search::Draws draws, const StudySpace& space, const PosteriorRequest& request) {
  StudyPosterior posterior;
  posterior.source = StudyPosterior::Source::sampler;
  posterior.n = posterior.n_good = draws.rows.size();
  posterior.n_effective = draws.n_effective;
  posterior.diagnostics = std::move(draws.diagnostics);
  const report::WeightedRows rows{std::move(draws.rows), std::move(draws.weights), draws.n_effective, {}};
  posterior.parameters = report::marginals(space, rows, request);
  return posterior;
}

}  // namespace

Trust StudyPosterior::trust() const {
  const double r_hat = metric(diagnostics, "r_hat_max").value_or(1), overlap = metric(diagnostics, "overlap").value_or(1);
  if (n_effective < 10 || r_hat > 1.2 || overlap < kOverlapLeast) return Trust::none;
  return n_effective < 100 || r_hat > 1.05 || overlap < 0.9 || corrected ? Trust::rough : Trust::good;
}

Result<StudyPosterior> study_posterior(PluginCatalog& catalog, const ResolvedStudy& study, const StudySpace& space,
                                       std::span<const Trial> trials, const PosteriorRequest& request) {
  if (!request.from_trials) {
    auto draws = sampler_draws(catalog, study, space, trials);
    if (!draws) return tl::unexpected<Error>(draws.error());
    if (*draws && !(*draws)->rows.empty()) return from_draws(std::move(**draws), space, request);
  }
  report::GoodTrials found = report::good_trials(Scoring(study.config), space, trials, request.good);
  if (found.good.rows.empty()) {
    return fail(ErrorKind::invalid_input,
                fmt::format("none of the {} finished trials of study {} completed within the constraints; nothing is known of "
                            "good configurations yet",
                            found.finished, study.config.name));
  }
  StudyPosterior posterior;
  posterior.n = found.finished;
  posterior.n_good = found.good.rows.size();
  posterior.n_effective = found.good.n_effective;
  posterior.corrected = std::ranges::any_of(found.good.weights, [](double w) { return w != 1; });
  posterior.good = found.good.good_share.value_or(0);
  posterior.threshold = found.threshold;
  posterior.parameters = report::marginals(space, found.good, request);
  return posterior;
}

}  // namespace nascent::core
