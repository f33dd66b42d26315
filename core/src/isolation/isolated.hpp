// Samplers, schedulers and spaces that run in a process of their own: tables of the host's that pass every call on.
#pragma once

#include "nascent/core/instance.hpp"
#include "nascent/core/resolved_study.hpp"

namespace nascent::core::isolation {

// Creates the study's own component (`component.path` is "space", "sampler" or "scheduler") elsewhere; nothing of its library is
// loaded here. It answers as it would here, but for extensions: it has none besides NAS_SAMPLER_METRICS and NAS_SAMPLER_FIDELITY. A crash, an exit
// or a call that takes longer than `call_seconds_max` is an answer NAS_E_INTERNAL, as are all that follow.
template <class Table>
Result<Instance<Table>> create_isolated(const ResolvedStudy& study, const StudyComponent& component, const ComponentConfig& config);

extern template Result<Instance<nas_sampler_vt>> create_isolated(const ResolvedStudy&, const StudyComponent&, const ComponentConfig&);
extern template Result<Instance<nas_space_vt>> create_isolated(const ResolvedStudy&, const StudyComponent&, const ComponentConfig&);
extern template Result<Instance<nas_scheduler_vt>> create_isolated(const ResolvedStudy&, const StudyComponent&, const ComponentConfig&);

// The other side: answers what comes through `socket` until that closes. An exit status.
int component_main(int socket);

}  // namespace nascent::core::isolation
