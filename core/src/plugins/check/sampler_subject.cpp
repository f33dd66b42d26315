#include "plugins/check/sampler_subject.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "nascent/core/plugins.hpp"

namespace nascent::core {

PluginResult<CheckedSampler> SamplerSubject::make(std::uint32_t n_objectives, std::uint32_t n_constraints) {
  constexpr std::uint64_t seed = 42;
  const nas_sampler_arg arg{sizeof arg, n_objectives, n_constraints, 4, &space_.raw(), seed, 0};
  return fresh<nas_sampler_vt>(component_, options_, &arg);
}

ObservationColumns SamplerSubject::columns(const CheckedSampler& sampler, std::size_t n_objectives,
                                           std::size_t n_constraints) {
  constexpr std::size_t n_max = 1000;
  std::size_t n_metrics = 0;
  const auto* wanted = sampler.extension<nas_sampler_metrics>(NAS_SAMPLER_METRICS);
  for (nas_str name{}; wanted != nullptr && n_metrics <= n_max; ++n_metrics) {
    if (wanted->name(sampler.self(), n_metrics, &name) != NAS_OK) break;
    list_.that(
        is_metric_name(text_of(name)),
        fmt::format("it asks for metric {} by the name \"{}\"; names are of a-z, 0-9, _", n_metrics, text_of(name)));
  }
  list_.that(n_metrics <= n_max, fmt::format("it asks for more than {} metrics", n_max));
  return ObservationColumns(space_.size(), n_objectives, n_constraints, n_metrics);
}

Asked SamplerSubject::ask(const CheckedSampler& sampler, std::uint64_t first_trial, std::size_t n,
                          const nas_obs* pending) {
  const std::size_t width = space_.size();
  std::vector<std::uint64_t> ids(n);
  for (std::size_t i = 0; i < n; ++i) ids[i] = first_trial + i;
  // A sentinel row behind the buffer shows a write out of bounds.
  std::vector<double> x((n + 1) * width, -7777);
  std::vector<std::uint8_t> active((n + 1) * width, 9);
  nas_rows rows{sizeof rows, static_cast<std::uint32_t>(width), n, ids.data(), x.data(), active.data()};
  std::size_t filled = n + 1;
  const nas_ask request{sizeof request, 0, &rows, &filled, pending, nullptr};
  Asked asked;
  const auto answer = sampler.call(&nas_sampler_vt::ask, &request);
  if (!answer) {
    asked.status = answer.error().status;
    asked.reason = answer.error().reason;
    return asked;
  }
  list_.that(filled >= 1 && filled <= n,
             fmt::format("ask for {} rows set n_filled to {}; 1 to {} are allowed, or NAS_E_EXHAUSTED", n, filled, n));
  for (std::size_t k = n * width; k < (n + 1) * width; ++k)
    list_.that(x[k] == -7777 && active[k] == 9, fmt::format("ask for {} rows writes behind the buffer", n));
  for (std::size_t r = 0; r < std::min(filled, n); ++r) {
    Point p(width);
    std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(r * width), width, p.x.begin());
    std::copy_n(active.begin() + static_cast<std::ptrdiff_t>(r * width), width, p.active.begin());
    in_the_space(p, first_trial + r);
    asked.rows.push_back(std::move(p));
  }
  return asked;
}

void SamplerSubject::in_the_space(const Point& p, std::uint64_t trial) {
  for (std::size_t i = 0; i < p.x.size(); ++i) {
    const std::string_view name = space_[i].name();
    const bool expected = space_.is_active(i, p.x, p.active);
    list_.that(p.active[i] == (expected ? 1 : 0),
               fmt::format("trial {}: parameter \"{}\" is marked {}, but its condition {}", trial, name,
                           p.active[i] != 0 ? "active" : "inactive", expected ? "holds" : "does not hold"));
    if (p.active[i] != 0)
      list_.that(space_[i].contains(p.x[i]),
                 fmt::format("trial {}: parameter \"{}\" is {}, which is outside its range or between its steps", trial,
                             name, p.x[i]));
    else
      list_.that(p.x[i] == 0,
                 fmt::format("trial {}: the inactive parameter \"{}\" is {}; it has to be 0", trial, name, p.x[i]));
  }
}

void SamplerSubject::tell(const CheckedSampler& sampler, const nas_obs* observations) {
  const auto told = sampler.call(&nas_sampler_vt::tell, observations);
  if (!told) list_.fails("tell is refused: " + told.error().reason);
}

std::vector<Point> SamplerSubject::live(const CheckedSampler& sampler, std::uint64_t n, ObservationColumns& history,
                                        const EndOfTrial& end) {
  std::vector<Point> rows;
  for (std::uint64_t k = 0; k < n; ++k) {
    const std::uint64_t trial = history.size();
    const Asked asked = ask(sampler, trial, 1);
    if (asked.rows.empty()) {
      list_.that(asked.answered(), fmt::format("trial {}: ask fails: {}", trial, asked.reason));
      break;
    }
    rows.push_back(asked.rows[0]);
    const TrialEnd ended = end(trial, rows.back());
    history.add(trial, ended.state, 1, ended.value, &rows.back());
    tell(sampler, history.view(history.size() - 1));
  }
  return rows;
}

}  // namespace nascent::core
