/* One function that takes a pointer to every struct: abidiff compares two builds of it. Tables behind `const void *` would be
 * invisible to it otherwise. */
#include <nascent/abi.h>

NAS_EXPORT void nascent_abi_anchor(const nas_error *,
                                   const nas_str *,
                                   const nas_writer *,
                                   const nas_value *,
                                   const nas_named_value *,
                                   const nas_metric *,
                                   const nas_config *,
                                   const nas_tensor *,
                                   const nas_named_tensor *,
                                   const nas_host *,
                                   const nas_task *,
                                   const nas_param *,
                                   const nas_cond *,
                                   const nas_space *,
                                   const nas_rows *,
                                   const nas_obs *,
                                   const nas_marginal *,
                                   const nas_distribution *,
                                   const nas_edge *,
                                   const nas_graph *,
                                   const nas_budget *,
                                   const nas_task_shape *,
                                   const nas_space_arg *,
                                   const nas_space_vt *,
                                   const nas_space_ref *,
                                   const nas_sampler_arg *,
                                   const nas_sampler_metrics *,
                                   const nas_posterior *,
                                   const nas_sampler_posterior *,
                                   const nas_ask *,
                                   const nas_sampler_vt *,
                                   const nas_scheduler_arg *,
                                   const nas_verdict *,
                                   const nas_scheduler_vt *,
                                   const nas_field *,
                                   const nas_split *,
                                   const nas_dataset_info *,
                                   const nas_dataset_vt *,
                                   const nas_dataset *,
                                   const nas_subset *,
                                   const nas_model_vt *,
                                   const nas_model *,
                                   const nas_train_arg *,
                                   const nas_prepare_arg *,
                                   const nas_trainer_vt *,
                                   const nas_trainer *,
                                   const nas_compress_arg *,
                                   const nas_compressor_vt *,
                                   const nas_metric_info *,
                                   const nas_evaluator_arg *,
                                   const nas_eval_arg *,
                                   const nas_emit *,
                                   const nas_evaluator_vt *,
                                   const nas_option *,
                                   const nas_component *,
                                   const nas_plugin *,
                                   const nas_sampler_fidelity *, nas_entry_fn);
void nascent_abi_anchor(const nas_error *a0,
                        const nas_str *a1,
                        const nas_writer *a2,
                        const nas_value *a3,
                        const nas_named_value *a4,
                        const nas_metric *a5,
                        const nas_config *a6,
                        const nas_tensor *a7,
                        const nas_named_tensor *a8,
                        const nas_host *a9,
                        const nas_task *a10,
                        const nas_param *a11,
                        const nas_cond *a12,
                        const nas_space *a13,
                        const nas_rows *a14,
                        const nas_obs *a15,
                        const nas_marginal *a16,
                        const nas_distribution *a17,
                        const nas_edge *a18,
                        const nas_graph *a19,
                        const nas_budget *a20,
                        const nas_task_shape *a21,
                        const nas_space_arg *a22,
                        const nas_space_vt *a23,
                        const nas_space_ref *a24,
                        const nas_sampler_arg *a25,
                        const nas_sampler_metrics *a26,
                        const nas_posterior *a27,
                        const nas_sampler_posterior *a28,
                        const nas_ask *a29,
                        const nas_sampler_vt *a30,
                        const nas_scheduler_arg *a31,
                        const nas_verdict *a32,
                        const nas_scheduler_vt *a33,
                        const nas_field *a34,
                        const nas_split *a35,
                        const nas_dataset_info *a36,
                        const nas_dataset_vt *a37,
                        const nas_dataset *a38,
                        const nas_subset *a39,
                        const nas_model_vt *a40,
                        const nas_model *a41,
                        const nas_train_arg *a42,
                        const nas_prepare_arg *a43,
                        const nas_trainer_vt *a44,
                        const nas_trainer *a45,
                        const nas_compress_arg *a46,
                        const nas_compressor_vt *a47,
                        const nas_metric_info *a48,
                        const nas_evaluator_arg *a49,
                        const nas_eval_arg *a50,
                        const nas_emit *a51,
                        const nas_evaluator_vt *a52,
                        const nas_option *a53,
                        const nas_component *a54,
                        const nas_plugin *a55,
                        const nas_sampler_fidelity *a56, nas_entry_fn entry) {
  (void)a0;
  (void)a1;
  (void)a2;
  (void)a3;
  (void)a4;
  (void)a5;
  (void)a6;
  (void)a7;
  (void)a8;
  (void)a9;
  (void)a10;
  (void)a11;
  (void)a12;
  (void)a13;
  (void)a14;
  (void)a15;
  (void)a16;
  (void)a17;
  (void)a18;
  (void)a19;
  (void)a20;
  (void)a21;
  (void)a22;
  (void)a23;
  (void)a24;
  (void)a25;
  (void)a26;
  (void)a27;
  (void)a28;
  (void)a29;
  (void)a30;
  (void)a31;
  (void)a32;
  (void)a33;
  (void)a34;
  (void)a35;
  (void)a36;
  (void)a37;
  (void)a38;
  (void)a39;
  (void)a40;
  (void)a41;
  (void)a42;
  (void)a43;
  (void)a44;
  (void)a45;
  (void)a46;
  (void)a47;
  (void)a48;
  (void)a49;
  (void)a50;
  (void)a51;
  (void)a52;
  (void)a53;
  (void)a54;
  (void)a55;
  (void)a56;
  (void)entry;
}
