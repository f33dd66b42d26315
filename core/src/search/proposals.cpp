#include "proposals.hpp"

#include <fmt/format.h>

#include <nascent/error.hpp>

#include "nascent/core/seeds.hpp"
#include "verdicts.hpp"

namespace nascent::core::search {

Proposals::Proposals(Instance<nas_sampler_vt> sampler, const nas_space* space)
    : sampler_(std::move(sampler)),
      fidelity_(sampler_.extension<nas_sampler_fidelity>(NAS_SAMPLER_FIDELITY)),
      space_(space),
      metrics_(wanted_metrics(sampler_)) {}

Result<std::size_t> Proposals::ask(std::span<const TrialId> trials, ObservationView pending, double* x,
                                   std::uint8_t* active) {
  nas_rows rows{sizeof(nas_rows), static_cast<std::uint32_t>(space_.size()), trials.size(), trials.data(), x, active};
  std::size_t n_filled = 0;
  const nas_ask request{sizeof(nas_ask), 0, &rows, &n_filled, pending.get(), nullptr};
  if (auto answer = sampler_.call(&nas_sampler_vt::ask, &request); !answer) {
    if (answer.error().status == NAS_E_EXHAUSTED) return 0;
    return tl::unexpected<Error>(answer.error());
  }
  if (n_filled == 0 || n_filled > trials.size()) {
    return fail(ErrorKind::plugin, fmt::format("sampler \"{}\" filled {} of {} rows; it has to fill at least one, or "
                                               "answer NAS_E_EXHAUSTED",
                                               nascent::view(sampler_.component().alias), n_filled, trials.size()));
  }
  for (std::size_t i = 0; i < n_filled; ++i) {
    const std::size_t at = i * space_.size();
    if (auto good = check(trials[i], {{x + at, space_.size()}, {active + at, space_.size()}}); !good) {
      return tl::unexpected<Error>(good.error());
    }
  }
  return n_filled;
}

Result<void> Proposals::tell(ObservationView observations) {
  return to_result(sampler_.call(&nas_sampler_vt::tell, observations.get()));
}

Result<void> Proposals::tell_reports(ObservationView reports) {
  nas_error error{};
  const nas_status status = fidelity_->tell_reports(sampler_.self(), reports.get(), &error);
  if (status != NAS_OK) return tl::unexpected<Error>(plugin_error(sampler_.component(), status, error));
  return {};
}

Result<std::optional<Draws>> Proposals::draws(std::size_t n_max) const {
  const auto* offered = sampler_.extension<nas_sampler_posterior>(NAS_SAMPLER_POSTERIOR);
  if (offered == nullptr) return std::nullopt;
  const nas_posterior* columns = nullptr;
  nas_error error{};
  if (const nas_status status = offered->posterior(sampler_.self(), n_max, &columns, &error); status != NAS_OK) {
    return tl::unexpected<Error>(plugin_error(sampler_.component(), status, error));
  }
  const std::unique_ptr<const nas_posterior, void (*)(const nas_posterior*)> held(
      columns, [](const nas_posterior* p) { p->release(p->owner); });
  Draws draws;
  draws.n_effective = columns->n_effective;
  for (std::size_t r = 0; r < columns->n; ++r) {
    const std::span<const double> x(columns->x + r * space_.size(), space_.size());
    const std::span<const std::uint8_t> active(columns->active + r * space_.size(), space_.size());
    if (columns->n_params != space_.size() || !space_.contains({x, active}) || !(columns->weight[r] >= 0)) {
      return fail(ErrorKind::plugin, fmt::format("draw {} of sampler \"{}\" is no configuration of the search space with a "
                                                 "weight; report it to the sampler's author",
                                                 r, nascent::view(sampler_.component().alias)));
    }
    draws.rows.push_back({{x.begin(), x.end()}, {active.begin(), active.end()}});
    draws.weights.push_back(columns->weight[r]);
  }
  for (std::size_t d = 0; d < columns->n_diagnostics; ++d) {
    draws.diagnostics.push_back({std::string(nascent::view(columns->diagnostics[d].name)), columns->diagnostics[d].value});
  }
  return std::optional(std::move(draws));
}

Result<void> Proposals::check(TrialId trial, nascent::Row row) const {
  for (std::size_t i = 0; i < space_.size(); ++i) {
    const nascent::ParamView p = space_[i];
    const bool active = space_.is_active(i, row.x, row.active);
    const auto refuse = [&](std::string_view what) {
      return fail(ErrorKind::plugin,
                  fmt::format("sampler \"{}\" broke the rules of the search space at trial {}: {} {}; the study ends, its "
                              "trials are kept. Report it to the sampler's author, or choose another sampler",
                              nascent::view(sampler_.component().alias), trial, p.name(), what));
    };
    if (active != (row.active[i] != 0)) {
      return refuse(active ? "is marked inactive, though its conditions hold"
                           : "is marked active, though its conditions do not hold");
    }
    if (!active) {
      row.x[i] = 0;
    } else if (!p.contains(row.x[i])) {
      return refuse(fmt::format("is {:.9g}, which is {} [{:g}, {:g}]", row.x[i],
                                p.levels() > 0 ? "no level of" : "outside", p.raw().lo, p.raw().hi));
    }
  }
  return {};
}

std::vector<std::string> wanted_metrics(const Instance<nas_sampler_vt>& sampler) {
  std::vector<std::string> metrics;
  const auto* wanted = sampler.extension<nas_sampler_metrics>(NAS_SAMPLER_METRICS);
  nas_str name{};
  while (wanted != nullptr && wanted->name(sampler.self(), metrics.size(), &name) == NAS_OK) {
    metrics.emplace_back(nascent::view(name));
  }
  return metrics;
}

nas_sampler_arg sampler_arg(const StudyConfig& config, const StudySpace& space) {
  nas_sampler_arg arg{};
  arg.size = sizeof arg;
  arg.n_objectives = static_cast<std::uint32_t>(config.objectives.size());
  arg.n_constraints = static_cast<std::uint32_t>(config.constraints.size());
  arg.parallel = config.parallel;
  arg.space = space.view();
  arg.seed = study_seed(config.seed, SeedPart::sampler);
  arg.trials_max = config.stop.trials.value_or(0);
  arg.architectures = space.architectures();
  if (config.scheduler) arg.budget = full_budget(config);
  return arg;
}

}  // namespace nascent::core::search
