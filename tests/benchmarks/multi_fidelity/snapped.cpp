#include "snapped.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <stdexcept>

namespace nascent::multi_fidelity {
namespace {

using Inner = core::Instance<nas_sampler_vt>;

const nas_component* inner_component = nullptr;
const Problem* inner_problem = nullptr;

class Pool {
 public:
  Pool(Inner inner, const Problem& problem) : inner_(std::move(inner)), problem_(problem) {
    const std::size_t n = problem.pool.front().size();
    low_.assign(n, std::numeric_limits<double>::infinity());
    high_.assign(n, -low_.front());
    for (const auto& row : problem.pool) {
      for (std::size_t d = 0; d < n; ++d) {
        low_[d] = std::min(low_[d], std::log10(row[d]));
        high_[d] = std::max(high_[d], std::log10(row[d]));
      }
    }
  }
  static Pool& of(void* self) { return *static_cast<Pool*>(self); }

  nas_status ask(const nas_ask& ask, nas_error* error) {
    if (used_.size() == problem_.pool.size()) return NAS_E_EXHAUSTED;
    if (const auto answer = inner_.call(&nas_sampler_vt::ask, &ask); !answer) return answer.error().status;
    static_cast<void>(error);
    *ask.n_filled = 1;  // one row per ask: parallel is 1
    std::optional<std::size_t> nearest;
    double least = 0;
    for (std::size_t i = 0; i < problem_.pool.size(); ++i) {
      if (used_.contains(i)) continue;
      double distance = 0;
      for (std::size_t d = 0; d < low_.size(); ++d) {
        const double apart = (std::log10(ask.out->x[d]) - std::log10(problem_.pool[i][d])) / (high_[d] - low_[d]);
        distance += apart * apart;
      }
      if (nearest && distance >= least) continue;
      nearest = i;
      least = distance;
    }
    used_.insert(*nearest);
    std::ranges::copy(problem_.pool[*nearest], ask.out->x);
    return NAS_OK;
  }
  [[nodiscard]] const Inner& inner() const { return inner_; }

 private:
  Inner inner_;
  const Problem& problem_;
  std::vector<double> low_, high_;  // [n_params]
  std::set<std::size_t> used_;
};

nas_status create(const nas_host*, const nas_config* options, const void* arg, void** self, nas_error*) noexcept {
  auto inner = Inner::create(*inner_component, *options, arg);
  if (!inner) return inner.error().status;
  *self = new Pool(std::move(*inner), *inner_problem);
  return NAS_OK;
}
void destroy(void* self) noexcept { delete &Pool::of(self); }
nas_status ask(void* self, const nas_ask* ask, nas_error* error) noexcept { return Pool::of(self).ask(*ask, error); }
nas_status tell(void* self, const nas_obs* told, nas_error*) noexcept {
  const auto answer = Pool::of(self).inner().call(&nas_sampler_vt::tell, told);
  return answer ? NAS_OK : answer.error().status;
}
nas_status tell_reports(void* self, const nas_obs* told, nas_error* error) noexcept {
  const Inner& inner = Pool::of(self).inner();
  return inner.extension<nas_sampler_fidelity>(NAS_SAMPLER_FIDELITY)->tell_reports(inner.self(), told, error);
}
constexpr nas_sampler_fidelity kFidelity{sizeof(nas_sampler_fidelity), 0, &tell_reports};
const void* extension(void* self, const char* id) noexcept {
  const bool asked = id != nullptr && std::string_view(id) == NAS_SAMPLER_FIDELITY;
  return asked && Pool::of(self).inner().extension<nas_sampler_fidelity>(id) != nullptr ? &kFidelity : nullptr;
}
constexpr nas_sampler_vt kTable{sizeof(nas_sampler_vt), 0, &create, &destroy, &extension, &ask, &tell};

}  // namespace

Inner snapped(const nas_component& inner, const nas_config& options, const nas_sampler_arg& arg, const Problem& problem) {
  static nas_component component;
  component = inner;
  component.vt = &kTable;
  inner_component = &inner;
  inner_problem = &problem;
  auto made = Inner::create(component, options, &arg);
  if (!made) throw std::runtime_error(made.error().message);
  return std::move(*made);
}

}  // namespace nascent::multi_fidelity
