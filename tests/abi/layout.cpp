// The layout of every struct of abi.h on 64-bit machines, written down independently of it: a change that moves a
// member, or alters a function's type, does not compile. A minor adds rows and raises the SIZE of SIZED structs; it
// changes no other row.
#include <nascent/abi.h>

#include <type_traits>

#define SIZE(type, size) static_assert(sizeof(type) == (size))
#define AT(type, member, offset) static_assert(offsetof(type, member) == (offset))
#define SLOT(type, member, result, ...) \
  static_assert(std::is_same_v<decltype(type::member), result(NAS_CALL*)(__VA_ARGS__) noexcept>)

SIZE(nas_error, 512);
AT(nas_error, code, 0);
AT(nas_error, reserved, 4);
AT(nas_error, option, 8);
AT(nas_error, message, 64);

SIZE(nas_str, 16);
AT(nas_str, p, 0);
AT(nas_str, n, 8);

SIZE(nas_writer, 16);
AT(nas_writer, ctx, 0);
AT(nas_writer, write, 8);
SLOT(nas_writer, write, nas_status, void*, const void*, uint64_t);

SIZE(nas_value, 16);
AT(nas_value, type, 0);
AT(nas_value, n, 4);
AT(nas_value, u, 8);

SIZE(nas_named_value, 32);
AT(nas_named_value, name, 0);
AT(nas_named_value, value, 16);

SIZE(nas_metric, 24);
AT(nas_metric, name, 0);
AT(nas_metric, value, 16);

SIZE(nas_config, 24);
AT(nas_config, size, 0);
AT(nas_config, reserved, 4);
AT(nas_config, n, 8);
AT(nas_config, items, 16);

SIZE(nas_tensor, 80);
AT(nas_tensor, version, 0);
AT(nas_tensor, manager_ctx, 8);
AT(nas_tensor, deleter, 16);
AT(nas_tensor, flags, 24);
AT(nas_tensor, dl_tensor, 32);
SLOT(nas_tensor, deleter, void, nas_tensor*);

SIZE(nas_named_tensor, 24);
AT(nas_named_tensor, name, 0);
AT(nas_named_tensor, tensor, 16);

SIZE(nas_host, 72);
AT(nas_host, size, 0);
AT(nas_host, abi_major, 4);
AT(nas_host, abi_minor, 8);
AT(nas_host, flags, 12);
AT(nas_host, ctx, 16);
AT(nas_host, name, 24);
AT(nas_host, version, 40);
AT(nas_host, log, 56);
AT(nas_host, service, 64);
SLOT(nas_host, log, void, void*, uint32_t, nas_str, nas_str);
SLOT(nas_host, service, const void*, void*, const char*);

SIZE(nas_task, 104);
AT(nas_task, size, 0);
AT(nas_task, threads, 4);
AT(nas_task, ctx, 8);
AT(nas_task, trial_id, 16);
AT(nas_task, seed, 24);
AT(nas_task, device_type, 32);
AT(nas_task, device_id, 36);
AT(nas_task, rank, 40);
AT(nas_task, world_size, 44);
AT(nas_task, rendezvous, 48);
AT(nas_task, artifact_dir, 64);
AT(nas_task, cancelled, 80);
AT(nas_task, report, 88);
AT(nas_task, progress, 96);
SLOT(nas_task, cancelled, int32_t, void*);
SLOT(nas_task, report, nas_status, void*, double, const nas_metric*, size_t, uint32_t*);
SLOT(nas_task, progress, void, void*, double);

SIZE(nas_param, 104);
AT(nas_param, name, 0);
AT(nas_param, kind, 16);
AT(nas_param, scale, 20);
AT(nas_param, prior, 24);
AT(nas_param, n_choices, 28);
AT(nas_param, lo, 32);
AT(nas_param, hi, 40);
AT(nas_param, step, 48);
AT(nas_param, dflt, 56);
AT(nas_param, prior_a, 64);
AT(nas_param, prior_b, 72);
AT(nas_param, choices, 80);
AT(nas_param, weights, 88);
AT(nas_param, cond_first, 96);
AT(nas_param, cond_count, 100);

SIZE(nas_cond, 24);
AT(nas_cond, group, 0);
AT(nas_cond, parent, 4);
AT(nas_cond, op, 8);
AT(nas_cond, reserved, 12);
AT(nas_cond, value, 16);

SIZE(nas_space, 48);
AT(nas_space, size, 0);
AT(nas_space, param_stride, 4);
AT(nas_space, n_params, 8);
AT(nas_space, n_conds, 12);
AT(nas_space, params, 16);
AT(nas_space, conds, 24);
AT(nas_space, fingerprint, 32);

SIZE(nas_rows, 40);
AT(nas_rows, size, 0);
AT(nas_rows, n_params, 4);
AT(nas_rows, n_rows, 8);
AT(nas_rows, trial_id, 16);
AT(nas_rows, x, 24);
AT(nas_rows, active, 32);

SIZE(nas_obs, 104);
AT(nas_obs, size, 0);
AT(nas_obs, n_objectives, 4);
AT(nas_obs, n_constraints, 8);
AT(nas_obs, n_metrics, 12);
AT(nas_obs, n, 16);
AT(nas_obs, trial_id, 24);
AT(nas_obs, state, 32);
AT(nas_obs, budget, 40);
AT(nas_obs, values, 48);
AT(nas_obs, constraints, 56);
AT(nas_obs, cost_seconds, 64);
AT(nas_obs, accepted, 72);
AT(nas_obs, at, 80);
AT(nas_obs, metrics, 88);
AT(nas_obs, parent, 96);

SIZE(nas_marginal, 32);
AT(nas_marginal, probability, 0);
AT(nas_marginal, n, 8);
AT(nas_marginal, mean, 16);
AT(nas_marginal, sd, 24);

SIZE(nas_distribution, 16);
AT(nas_distribution, size, 0);
AT(nas_distribution, n_params, 4);
AT(nas_distribution, marginals, 8);

SIZE(nas_edge, 8);
AT(nas_edge, node, 0);
AT(nas_edge, output, 4);

SIZE(nas_graph, 96);
AT(nas_graph, size, 0);
AT(nas_graph, ir_version, 4);
AT(nas_graph, n_nodes, 8);
AT(nas_graph, n_outputs, 12);
AT(nas_graph, op, 16);
AT(nas_graph, name, 24);
AT(nas_graph, weight_group, 32);
AT(nas_graph, input_first, 40);
AT(nas_graph, inputs, 48);
AT(nas_graph, attr_first, 56);
AT(nas_graph, attrs, 64);
AT(nas_graph, outputs, 72);
AT(nas_graph, owner, 80);
AT(nas_graph, release, 88);
SLOT(nas_graph, release, void, void*);

SIZE(nas_budget, 24);
AT(nas_budget, unit, 0);
AT(nas_budget, reserved, 4);
AT(nas_budget, from, 8);
AT(nas_budget, to, 16);

SIZE(nas_task_shape, 24);
AT(nas_task_shape, size, 0);
AT(nas_task_shape, n_classes, 4);
AT(nas_task_shape, input_shape, 8);
AT(nas_task_shape, input_ndim, 16);
AT(nas_task_shape, n_outputs, 20);

SIZE(nas_space_arg, 16);
AT(nas_space_arg, size, 0);
AT(nas_space_arg, reserved, 4);
AT(nas_space_arg, shape, 8);

SIZE(nas_space_vt, 48);
AT(nas_space_vt, size, 0);
AT(nas_space_vt, flags, 4);
AT(nas_space_vt, create, 8);
AT(nas_space_vt, destroy, 16);
AT(nas_space_vt, extension, 24);
AT(nas_space_vt, describe, 32);
AT(nas_space_vt, build, 40);
SLOT(nas_space_vt, create, nas_status, const nas_host*, const nas_config*, const void*, void**, nas_error*);
SLOT(nas_space_vt, destroy, void, void*);
SLOT(nas_space_vt, extension, const void*, void*, const char*);
SLOT(nas_space_vt, describe, nas_status, void*, const nas_space**, nas_error*);
SLOT(nas_space_vt, build, nas_status, void*, const double*, const uint8_t*, nas_graph**, nas_error*);

SIZE(nas_space_ref, 16);
AT(nas_space_ref, vt, 0);
AT(nas_space_ref, self, 8);

SIZE(nas_sampler_arg, 80);
AT(nas_sampler_arg, size, 0);
AT(nas_sampler_arg, n_objectives, 4);
AT(nas_sampler_arg, n_constraints, 8);
AT(nas_sampler_arg, parallel, 12);
AT(nas_sampler_arg, space, 16);
AT(nas_sampler_arg, seed, 24);
AT(nas_sampler_arg, trials_max, 32);
AT(nas_sampler_arg, architectures, 40);
AT(nas_sampler_arg, budget, 56);

SIZE(nas_sampler_metrics, 16);
AT(nas_sampler_metrics, size, 0);
AT(nas_sampler_metrics, reserved, 4);
AT(nas_sampler_metrics, name, 8);
SLOT(nas_sampler_metrics, name, nas_status, void*, size_t, nas_str*);

SIZE(nas_posterior, 80);
AT(nas_posterior, size, 0);
AT(nas_posterior, n_params, 4);
AT(nas_posterior, n, 8);
AT(nas_posterior, n_diagnostics, 16);
AT(nas_posterior, x, 24);
AT(nas_posterior, active, 32);
AT(nas_posterior, weight, 40);
AT(nas_posterior, n_effective, 48);
AT(nas_posterior, diagnostics, 56);
AT(nas_posterior, owner, 64);
AT(nas_posterior, release, 72);
SLOT(nas_posterior, release, void, void*);

SIZE(nas_sampler_fidelity, 16);
AT(nas_sampler_fidelity, size, 0);
AT(nas_sampler_fidelity, reserved, 4);
AT(nas_sampler_fidelity, tell_reports, 8);
SLOT(nas_sampler_fidelity, tell_reports, nas_status, void*, const nas_obs*, nas_error*);

SIZE(nas_sampler_posterior, 16);
AT(nas_sampler_posterior, size, 0);
AT(nas_sampler_posterior, reserved, 4);
AT(nas_sampler_posterior, posterior, 8);
SLOT(nas_sampler_posterior, posterior, nas_status, void*, size_t, const nas_posterior**, nas_error*);

SIZE(nas_ask, 40);
AT(nas_ask, size, 0);
AT(nas_ask, reserved, 4);
AT(nas_ask, out, 8);
AT(nas_ask, n_filled, 16);
AT(nas_ask, pending, 24);
AT(nas_ask, learnt, 32);

SIZE(nas_sampler_vt, 48);
AT(nas_sampler_vt, size, 0);
AT(nas_sampler_vt, flags, 4);
AT(nas_sampler_vt, create, 8);
AT(nas_sampler_vt, destroy, 16);
AT(nas_sampler_vt, extension, 24);
AT(nas_sampler_vt, ask, 32);
AT(nas_sampler_vt, tell, 40);
SLOT(nas_sampler_vt, create, nas_status, const nas_host*, const nas_config*, const void*, void**, nas_error*);
SLOT(nas_sampler_vt, destroy, void, void*);
SLOT(nas_sampler_vt, extension, const void*, void*, const char*);
SLOT(nas_sampler_vt, ask, nas_status, void*, const nas_ask*, nas_error*);
SLOT(nas_sampler_vt, tell, nas_status, void*, const nas_obs*, nas_error*);

SIZE(nas_scheduler_arg, 56);
AT(nas_scheduler_arg, size, 0);
AT(nas_scheduler_arg, n_objectives, 4);
AT(nas_scheduler_arg, parallel, 8);
AT(nas_scheduler_arg, n_architecture_params, 12);
AT(nas_scheduler_arg, budget, 16);
AT(nas_scheduler_arg, seed, 40);
AT(nas_scheduler_arg, space, 48);

SIZE(nas_verdict, 24);
AT(nas_verdict, trial_id, 0);
AT(nas_verdict, verdict, 8);
AT(nas_verdict, reserved, 12);
AT(nas_verdict, budget, 16);

SIZE(nas_scheduler_vt, 48);
AT(nas_scheduler_vt, size, 0);
AT(nas_scheduler_vt, flags, 4);
AT(nas_scheduler_vt, create, 8);
AT(nas_scheduler_vt, destroy, 16);
AT(nas_scheduler_vt, extension, 24);
AT(nas_scheduler_vt, decide, 32);
AT(nas_scheduler_vt, poll, 40);
SLOT(nas_scheduler_vt, create, nas_status, const nas_host*, const nas_config*, const void*, void**, nas_error*);
SLOT(nas_scheduler_vt, destroy, void, void*);
SLOT(nas_scheduler_vt, extension, const void*, void*, const char*);
SLOT(nas_scheduler_vt, decide, nas_status, void*, const nas_obs*, const nas_obs*, nas_verdict*, nas_error*);
SLOT(nas_scheduler_vt, poll, nas_status, void*, const nas_obs*, nas_verdict*, size_t, size_t*, nas_error*);

SIZE(nas_scheduler_population, 24);
AT(nas_scheduler_population, size, 0);
AT(nas_scheduler_population, reserved, 4);
AT(nas_scheduler_population, admits, 8);
AT(nas_scheduler_population, explore, 16);
SLOT(nas_scheduler_population, admits, nas_status, void*, const nas_obs*, std::uint64_t, std::uint64_t*, nas_error*);
SLOT(nas_scheduler_population, explore, nas_status, void*, std::uint64_t, const double*, const std::uint8_t*, double*, std::uint8_t*, nas_error*);

SIZE(nas_field, 32);
AT(nas_field, name, 0);
AT(nas_field, role, 16);
AT(nas_field, dtype_code, 20);
AT(nas_field, dtype_bits, 21);
AT(nas_field, ndim, 22);
AT(nas_field, shape, 24);

SIZE(nas_split, 24);
AT(nas_split, name, 0);
AT(nas_split, rows, 16);

SIZE(nas_dataset_info, 56);
AT(nas_dataset_info, size, 0);
AT(nas_dataset_info, n_splits, 4);
AT(nas_dataset_info, n_fields, 8);
AT(nas_dataset_info, n_classes, 12);
AT(nas_dataset_info, splits, 16);
AT(nas_dataset_info, fields, 24);
AT(nas_dataset_info, class_names, 32);
AT(nas_dataset_info, fingerprint, 40);

SIZE(nas_dataset_vt, 56);
AT(nas_dataset_vt, size, 0);
AT(nas_dataset_vt, flags, 4);
AT(nas_dataset_vt, create, 8);
AT(nas_dataset_vt, destroy, 16);
AT(nas_dataset_vt, extension, 24);
AT(nas_dataset_vt, info, 32);
AT(nas_dataset_vt, whole, 40);
AT(nas_dataset_vt, gather, 48);
SLOT(nas_dataset_vt, create, nas_status, const nas_host*, const nas_config*, const void*, void**, nas_error*);
SLOT(nas_dataset_vt, destroy, void, void*);
SLOT(nas_dataset_vt, extension, const void*, void*, const char*);
SLOT(nas_dataset_vt, info, nas_status, void*, const nas_dataset_info**, nas_error*);
SLOT(nas_dataset_vt, whole, nas_status, void*, uint32_t, nas_tensor**, nas_error*);
SLOT(nas_dataset_vt, gather, nas_status, void*, uint32_t, const int64_t*, size_t, nas_tensor**, nas_error*);

SIZE(nas_dataset, 16);
AT(nas_dataset, vt, 0);
AT(nas_dataset, self, 8);

SIZE(nas_subset, 40);
AT(nas_subset, data, 0);
AT(nas_subset, split, 16);
AT(nas_subset, reserved, 20);
AT(nas_subset, rows, 24);
AT(nas_subset, n, 32);

SIZE(nas_model_vt, 64);
AT(nas_model_vt, size, 0);
AT(nas_model_vt, flags, 4);
AT(nas_model_vt, retain, 8);
AT(nas_model_vt, release, 16);
AT(nas_model_vt, architecture, 24);
AT(nas_model_vt, weights, 32);
AT(nas_model_vt, predict, 40);
AT(nas_model_vt, save, 48);
AT(nas_model_vt, extension, 56);
SLOT(nas_model_vt, retain, void, void*);
SLOT(nas_model_vt, release, void, void*);
SLOT(nas_model_vt, architecture, nas_status, void*, const nas_graph**, nas_error*);
SLOT(nas_model_vt, weights, nas_status, void*, nas_named_tensor*, size_t, size_t*, nas_error*);
SLOT(nas_model_vt, predict, nas_status, void*, nas_tensor* const*, size_t, nas_tensor**, nas_error*);
SLOT(nas_model_vt, save, nas_status, void*, nas_str, nas_str, nas_error*);
SLOT(nas_model_vt, extension, const void*, void*, const char*);

SIZE(nas_model, 16);
AT(nas_model, vt, 0);
AT(nas_model, self, 8);

SIZE(nas_train_arg, 224);
AT(nas_train_arg, size, 0);
AT(nas_train_arg, n_initial_weights, 4);
AT(nas_train_arg, graph, 8);
AT(nas_train_arg, options, 16);
AT(nas_train_arg, train, 24);
AT(nas_train_arg, validation, 64);
AT(nas_train_arg, budget, 104);
AT(nas_train_arg, resume_dir, 128);
AT(nas_train_arg, checkpoint_dir, 144);
AT(nas_train_arg, initial_weights, 160);
AT(nas_train_arg, prepared_dir, 168);
AT(nas_train_arg, space, 184);
AT(nas_train_arg, x, 192);
AT(nas_train_arg, active, 200);
AT(nas_train_arg, inherit_dir, 208);

SIZE(nas_prepare_arg, 144);
AT(nas_prepare_arg, size, 0);
AT(nas_prepare_arg, reserved, 4);
AT(nas_prepare_arg, space, 8);
AT(nas_prepare_arg, train, 24);
AT(nas_prepare_arg, validation, 64);
AT(nas_prepare_arg, budget, 104);
AT(nas_prepare_arg, dir, 128);

SIZE(nas_trainer_vt, 64);
AT(nas_trainer_vt, size, 0);
AT(nas_trainer_vt, flags, 4);
AT(nas_trainer_vt, create, 8);
AT(nas_trainer_vt, destroy, 16);
AT(nas_trainer_vt, extension, 24);
AT(nas_trainer_vt, train, 32);
AT(nas_trainer_vt, load, 40);
AT(nas_trainer_vt, prepare, 48);
AT(nas_trainer_vt, distribution, 56);
SLOT(nas_trainer_vt, create, nas_status, const nas_host*, const nas_config*, const void*, void**, nas_error*);
SLOT(nas_trainer_vt, destroy, void, void*);
SLOT(nas_trainer_vt, extension, const void*, void*, const char*);
SLOT(nas_trainer_vt, train, nas_status, void*, const nas_task*, const nas_train_arg*, nas_model*, nas_error*);
SLOT(nas_trainer_vt, load, nas_status, void*, const nas_task*, nas_str, nas_model*, nas_error*);
SLOT(nas_trainer_vt, prepare, nas_status, void*, const nas_task*, const nas_prepare_arg*, nas_error*);
SLOT(nas_trainer_vt, distribution, nas_status, void*, nas_str, const nas_distribution**, nas_error*);

SIZE(nas_trainer, 16);
AT(nas_trainer, vt, 0);
AT(nas_trainer, self, 8);

SIZE(nas_compress_arg, 160);
AT(nas_compress_arg, size, 0);
AT(nas_compress_arg, reserved, 4);
AT(nas_compress_arg, options, 8);
AT(nas_compress_arg, model, 16);
AT(nas_compress_arg, calibration, 32);
AT(nas_compress_arg, validation, 72);
AT(nas_compress_arg, trainer, 112);
AT(nas_compress_arg, trainer_options, 128);
AT(nas_compress_arg, budget, 136);

SIZE(nas_compressor_vt, 40);
AT(nas_compressor_vt, size, 0);
AT(nas_compressor_vt, flags, 4);
AT(nas_compressor_vt, create, 8);
AT(nas_compressor_vt, destroy, 16);
AT(nas_compressor_vt, extension, 24);
AT(nas_compressor_vt, compress, 32);
SLOT(nas_compressor_vt, create, nas_status, const nas_host*, const nas_config*, const void*, void**, nas_error*);
SLOT(nas_compressor_vt, destroy, void, void*);
SLOT(nas_compressor_vt, extension, const void*, void*, const char*);
SLOT(nas_compressor_vt, compress, nas_status, void*, const nas_task*, const nas_compress_arg*, nas_model*, nas_error*);

SIZE(nas_metric_info, 40);
AT(nas_metric_info, name, 0);
AT(nas_metric_info, help, 16);
AT(nas_metric_info, direction, 32);
AT(nas_metric_info, needs, 36);

SIZE(nas_evaluator_arg, 16);
AT(nas_evaluator_arg, size, 0);
AT(nas_evaluator_arg, n_classes, 4);
AT(nas_evaluator_arg, space, 8);

SIZE(nas_eval_arg, 120);
AT(nas_eval_arg, size, 0);
AT(nas_eval_arg, reserved, 4);
AT(nas_eval_arg, options, 8);
AT(nas_eval_arg, model, 16);
AT(nas_eval_arg, data, 32);
AT(nas_eval_arg, graph, 72);
AT(nas_eval_arg, x, 80);
AT(nas_eval_arg, active, 88);
AT(nas_eval_arg, budget, 96);

SIZE(nas_emit, 16);
AT(nas_emit, ctx, 0);
AT(nas_emit, emit, 8);
SLOT(nas_emit, emit, void, void*, const nas_named_value*);

SIZE(nas_evaluator_vt, 48);
AT(nas_evaluator_vt, size, 0);
AT(nas_evaluator_vt, flags, 4);
AT(nas_evaluator_vt, create, 8);
AT(nas_evaluator_vt, destroy, 16);
AT(nas_evaluator_vt, extension, 24);
AT(nas_evaluator_vt, metrics, 32);
AT(nas_evaluator_vt, evaluate, 40);
SLOT(nas_evaluator_vt, create, nas_status, const nas_host*, const nas_config*, const void*, void**, nas_error*);
SLOT(nas_evaluator_vt, destroy, void, void*);
SLOT(nas_evaluator_vt, extension, const void*, void*, const char*);
SLOT(nas_evaluator_vt, metrics, nas_status, void*, const nas_metric_info**, size_t*, nas_error*);
SLOT(nas_evaluator_vt, evaluate, nas_status, void*, const nas_task*, const nas_eval_arg*, nas_emit, nas_error*);

SIZE(nas_option, 88);
AT(nas_option, name, 0);
AT(nas_option, help, 16);
AT(nas_option, type, 32);
AT(nas_option, flags, 36);
AT(nas_option, lo, 40);
AT(nas_option, hi, 48);
AT(nas_option, dflt, 56);
AT(nas_option, choices, 72);
AT(nas_option, n_choices, 80);
AT(nas_option, reserved, 84);

SIZE(nas_component, 128);
AT(nas_component, size, 0);
AT(nas_component, flags, 4);
AT(nas_component, kind, 8);
AT(nas_component, id, 24);
AT(nas_component, alias, 40);
AT(nas_component, version, 56);
AT(nas_component, title, 72);
AT(nas_component, n_options, 88);
AT(nas_component, option_stride, 92);
AT(nas_component, options, 96);
AT(nas_component, vt, 104);
AT(nas_component, metrics, 112);
AT(nas_component, n_metrics, 120);
AT(nas_component, reserved, 124);

SIZE(nas_plugin, 88);
AT(nas_plugin, size, 0);
AT(nas_plugin, magic, 4);
AT(nas_plugin, abi_minor, 8);
AT(nas_plugin, abi_minor_min, 12);
AT(nas_plugin, id, 16);
AT(nas_plugin, version, 32);
AT(nas_plugin, build, 48);
AT(nas_plugin, n_components, 64);
AT(nas_plugin, components, 72);
AT(nas_plugin, init, 80);
SLOT(nas_plugin, init, nas_status, const nas_host*, nas_error*);

static_assert(std::is_same_v<nas_entry_fn, const nas_plugin*(NAS_CALL*)() noexcept>);
