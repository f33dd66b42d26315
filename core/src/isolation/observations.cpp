#include "isolation/observations.hpp"

namespace nascent::core::isolation {

void put(Packer& to, const nas_obs* o) {
  to.put(o != nullptr);
  if (o == nullptr) return;
  to.put(o->n_objectives).put(o->n_constraints).put(o->n_metrics).put(static_cast<std::uint64_t>(o->n));
  to.put_array(o->trial_id, o->n).put_array(o->state, o->n).put_array(o->budget, o->n);
  to.put_array(o->values, o->n * o->n_objectives).put_array(o->constraints, o->n * o->n_constraints);
  to.put_array(o->cost_seconds, o->n).put_array(o->accepted, o->n).put_array(o->metrics, o->n * o->n_metrics);
  to.put_array(NAS_HAS(o, nas_obs, parent) ? o->parent : nullptr, o->n);
  to.put(o->at != nullptr);
  if (o->at == nullptr) return;
  const std::size_t cells = o->n * o->at->n_params;
  to.put(o->at->n_params).put_array(o->at->x, cells).put_array(o->at->active, cells);
}

Observations::Observations(Unpacker& from) {
  present_ = from.get<bool>();
  if (!present_) return;
  columns_.size = sizeof columns_;
  columns_.n_objectives = from.get<std::uint32_t>();
  columns_.n_constraints = from.get<std::uint32_t>();
  columns_.n_metrics = from.get<std::uint32_t>();
  columns_.n = from.get<std::uint64_t>();
  trial_id_ = from.get_array<std::uint64_t>();
  state_ = from.get_array<std::uint32_t>();
  budget_ = from.get_array<double>();
  values_ = from.get_array<double>();
  constraints_ = from.get_array<double>();
  cost_seconds_ = from.get_array<double>();
  accepted_ = from.get_array<std::uint8_t>();
  metrics_ = from.get_array<double>();
  parent_ = from.get_array<std::uint64_t>();
  columns_.trial_id = trial_id_.data();
  columns_.state = state_.data();
  columns_.budget = budget_.data();
  columns_.values = values_.data();
  columns_.constraints = constraints_.data();
  columns_.cost_seconds = cost_seconds_.data();
  columns_.accepted = accepted_.data();
  columns_.metrics = metrics_.data();
  if (!parent_.empty()) columns_.parent = parent_.data();
  if (!from.get<bool>()) return;
  rows_.size = sizeof rows_;
  rows_.n_params = from.get<std::uint32_t>();
  x_ = from.get_array<double>();
  active_ = from.get_array<std::uint8_t>();
  rows_.n_rows = columns_.n;
  rows_.trial_id = trial_id_.data();
  rows_.x = x_.data();
  rows_.active = active_.data();
  columns_.at = &rows_;
}

}  // namespace nascent::core::isolation
