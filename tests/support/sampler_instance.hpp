// A sampler as the host sees it: created, asked and told through its C table.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "nascent/space_declaration.hpp"
#include "support/config.hpp"
#include "support/observations.hpp"

namespace nascent::test {

struct SamplerCase {
  std::uint64_t seed = 1;
  std::uint32_t n_objectives = 1, n_constraints = 0, parallel = 1;
  std::uint64_t trials_max = 0;
  double full_budget = 0;  // in epochs, of a study with a scheduler
};

class SamplerInstance {
 public:
  // Throws Error when create() refuses.
  SamplerInstance(const nas_sampler_vt& vt, const SpaceDeclaration& space, const Config& config, SamplerCase c = {})
      : vt_(&vt), space_(space) {
    const nas_sampler_arg arg{sizeof arg, c.n_objectives, c.n_constraints, c.parallel, space_.view(), c.seed, c.trials_max,
                              {},          {NAS_UNIT_EPOCH, 0, 0, c.full_budget}};
    nas_error error{};
    void* self = nullptr;
    check(vt.create(nullptr, config.get(), &arg, &self, &error), error);
    self_ = {self, vt.destroy};
  }
  // One batch. Fewer rows come back when the sampler fills fewer; throws Error when it refuses.
  std::vector<Point> ask(const std::vector<std::uint64_t>& trials, const nas_obs* pending = nullptr) {
    const std::size_t n = space_.size();
    std::vector<double> x(trials.size() * n, -7);  // not what a sampler may leave behind
    std::vector<std::uint8_t> active(trials.size() * n, 9);
    nas_rows rows{sizeof rows, static_cast<std::uint32_t>(n), trials.size(), trials.data(), x.data(), active.data()};
    std::size_t filled = 0;
    const nas_ask request{sizeof request, 0, &rows, &filled, pending, nullptr};
    nas_error error{};
    check(vt_->ask(self_.get(), &request, &error), error);
    std::vector<Point> points;
    for (std::size_t i = 0; i < filled; ++i) {
      points.emplace_back(ConstRow({x.data() + i * n, n}, {active.data() + i * n, n}));
    }
    return points;
  }
  Point ask_one(std::uint64_t trial, const nas_obs* pending = nullptr) { return ask({trial}, pending).at(0); }
  void tell(History& history) {
    nas_error error{};
    check(vt_->tell(self_.get(), history.get(), &error), error);
  }
  // False when the sampler does not learn from reports (NAS_SAMPLER_FIDELITY).
  bool tell_reports(History& reports) {
    const auto* table = static_cast<const nas_sampler_fidelity*>(vt_->extension(self_.get(), NAS_SAMPLER_FIDELITY));
    if (table == nullptr) return false;
    nas_error error{};
    check(table->tell_reports(self_.get(), reports.get(), &error), error);
    return true;
  }
  // At most n_max draws of the extension NAS_SAMPLER_POSTERIOR; empty when the sampler does not offer it.
  [[nodiscard]] std::optional<Posterior> posterior(std::size_t n_max) const {
    const auto* table = static_cast<const nas_sampler_posterior*>(vt_->extension(self_.get(), NAS_SAMPLER_POSTERIOR));
    if (table == nullptr) return std::nullopt;
    const nas_posterior* columns = nullptr;
    nas_error error{};
    check(table->posterior(self_.get(), n_max, &columns, &error), error);
    Posterior posterior;
    posterior.n_effective = columns->n_effective;
    posterior.weights.assign(columns->weight, columns->weight + columns->n);
    for (std::size_t i = 0, n = columns->n_params; i < columns->n; ++i) {
      posterior.draws.emplace_back(ConstRow({columns->x + i * n, n}, {columns->active + i * n, n}));
    }
    for (std::size_t i = 0; i < columns->n_diagnostics; ++i) {
      posterior.diagnostics.emplace_back(view(columns->diagnostics[i].name), columns->diagnostics[i].value);
    }
    columns->release(columns->owner);
    return posterior;
  }

 private:
  const nas_sampler_vt* vt_;
  SpaceDeclaration space_;
  std::unique_ptr<void, void (*)(void*) noexcept> self_{nullptr, nullptr};
};

}  // namespace nascent::test
