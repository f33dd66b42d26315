/* nascent/abi.h - the plugin C ABI: the only thing a host and a plugin share.
 *
 * C99 and C++20; needs <stddef.h> and <stdint.h> only. The numbered rules are in sdk/CONVENTIONS.md, the history in
 * sdk/CHANGELOG.md. Most plugins are written against the C++ headers beside this one and never name it.
 *
 * FROZEN  the layout never changes within a major.
 * SIZED   the first member is `size`; the struct grows only at its tail. Test NAS_HAS() before reading a slot
 *         newer than the minor you require. Arrays of SIZED elements carry an explicit stride.
 * [M] host's main thread, before or after everything else
 * [X] any thread, one call at a time per instance
 * [T] thread-safe: may run concurrently with itself and with [X] calls of the same instance
 *
 * Ownership: nobody frees the other side's memory. Pointers passed into a call are borrowed for that call unless a
 * comment says otherwise. Text is UTF-8 and not NUL-terminated. No exception, longjmp or panic leaves a function.
 */
#ifndef NASCENT_ABI_H
#define NASCENT_ABI_H

#include <stddef.h>
#include <stdint.h>

#define NAS_ABI_MAJOR 1u /* part of the entry symbol's name: a break is a second symbol, never an edit */
#define NAS_ABI_MINOR 0u /* newest minor this header knows */

#ifndef NAS_TARGET_MINOR /* a plugin pins the lowest minor it needs; structs are cut to that prefix */
#define NAS_TARGET_MINOR 0u
#endif
#if NAS_TARGET_MINOR > NAS_ABI_MINOR
#error "NAS_TARGET_MINOR is newer than this header; use a newer SDK or pin an older minor"
#endif

#if defined(_WIN32)
#define NAS_CALL __cdecl
#define NAS_EXPORT __declspec(dllexport)
#else
#define NAS_CALL
#define NAS_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
#define NAS_NOEXCEPT noexcept /* part of the pointer type since C++17: a throwing thunk does not compile */
extern "C" {
#else
#define NAS_NOEXCEPT
#endif
#define NAS_FN(ret, name) ret(NAS_CALL *name)

/* Is the tail slot `field` of the SIZED struct `*p` there and set? `T` is the struct type the reader compiled with. */
#define NAS_HAS(p, T, field) ((p)->size >= offsetof(T, field) + sizeof((p)->field) && (p)->field)

/* ---------------------------------------------------------------------------------------------- status and error */

typedef int32_t nas_status;        /* 0 is success, < 0 an error; open set: an unknown code means NAS_E_INTERNAL */
#define NAS_OK 0
#define NAS_E_INVALID (-1)         /* argument, option or architecture rejected; the same call fails again */
#define NAS_E_UNSUPPORTED (-2)     /* this instance cannot do that */
#define NAS_E_CANCELLED (-3)       /* stopped because task->cancelled() said so, or the verdict was NAS_STOP */
#define NAS_E_NOMEM (-4)           /* out of host or device memory; the host may retry */
#define NAS_E_IO (-5)              /* file, device or network */
#define NAS_E_NUMERIC (-6)         /* diverged (NaN or infinite): the trial failed, not the plugin */
#define NAS_E_INTERNAL (-7)        /* a defect in the plugin */
#define NAS_E_EXHAUSTED (-8)       /* a sampler has no configuration left to offer */

typedef struct nas_error {         /* FROZEN, 512 bytes, owned by the caller; may be NULL */
  int32_t code;                    /* a nas_status */
  uint32_t reserved;
  char option[56];                 /* NUL-terminated JSON pointer of the option at fault ("/population"), or "" */
  char message[448];               /* NUL-terminated UTF-8: the value, the rule, the way out */
} nas_error;

/* ------------------------------------------------------------------------------------------------ small values */

typedef struct nas_str {           /* FROZEN; borrowed for the call, or static where a comment says so */
  const char *p;
  size_t n;
} nas_str;

typedef struct nas_writer {        /* FROZEN; the receiver of bytes: may be called many times, in order */
  void *ctx;
  NAS_FN(nas_status, write)(void *ctx, const void *bytes, uint64_t n) NAS_NOEXCEPT;
} nas_writer;

#define NAS_T_NULL 0u
#define NAS_T_BOOL 1u              /* u.i is 0 or 1 */
#define NAS_T_INT 2u
#define NAS_T_FLOAT 3u
#define NAS_T_STR 4u               /* u.s, n bytes */
#define NAS_T_INTS 5u              /* u.is, n elements */
#define NAS_T_FLOATS 6u            /* u.fs, n elements */
typedef struct nas_value {         /* FROZEN, 16 bytes */
  uint32_t type, n;
  union {
    int64_t i;
    double f;
    const char *s;
    const int64_t *is;
    const double *fs;
  } u;
} nas_value;

typedef struct nas_named_value {   /* FROZEN */
  nas_str name;
  nas_value value;
} nas_named_value;

typedef struct nas_metric {        /* FROZEN; names are snake_case, the unit comes last: "latency_ms_p95" */
  nas_str name;
  double value;
} nas_metric;

/* The options of one component, already validated against its nas_option list and completed with defaults. Tables and
 * arrays are flattened: names are RFC 6901 JSON pointers in document order ("/stages/0/width"). */
typedef struct nas_config {        /* SIZED; borrowed for the call */
  uint32_t size, reserved;
  size_t n;
  const nas_named_value *items;
} nas_config;

/* One tensor; byte for byte DLPack 1.x `DLManagedTensorVersioned` (dmlc/dlpack, dlpack.h). Whoever holds it last calls
 * `deleter` exactly once; a NULL deleter means there is nothing to free. */
typedef struct nas_tensor {        /* FROZEN */
  struct { uint32_t major, minor; } version; /* 1, 0 */
  void *manager_ctx;
  NAS_FN(void, deleter)(struct nas_tensor *self) NAS_NOEXCEPT; /* [T] */
  uint64_t flags;                  /* bit 0: read-only */
  struct {
    void *data;
    struct { int32_t type, id; } device;              /* DLDeviceType: 1 CPU, 2 CUDA */
    int32_t ndim;
    struct { uint8_t code, bits; uint16_t lanes; } dtype; /* code: 0 int, 1 uint, 2 float, 4 bfloat, 6 bool */
    int64_t *shape;                /* [ndim] */
    int64_t *strides;              /* [ndim] in elements, or NULL for compact row-major */
    uint64_t byte_offset;
  } dl_tensor;
} nas_tensor;

typedef struct nas_named_tensor {  /* FROZEN */
  nas_str name;                    /* "<weight group>.<parameter>": "conv1.weight" */
  nas_tensor *tensor;
} nas_named_tensor;

/* --------------------------------------------------------------------------------------------- host -> plugin */

#define NAS_LOG_TRACE 0u
#define NAS_LOG_DEBUG 1u
#define NAS_LOG_INFO 2u
#define NAS_LOG_WARN 3u
#define NAS_LOG_ERROR 4u
typedef struct nas_host {          /* SIZED; valid from init() to the end of the process */
  uint32_t size, abi_major, abi_minor, flags;
  void *ctx;
  nas_str name, version;           /* static */
  NAS_FN(void, log)(void *ctx, uint32_t level, nas_str who, nas_str message) NAS_NOEXCEPT; /* [T] */
  NAS_FN(const void *, service)(void *ctx, const char *id) NAS_NOEXCEPT; /* [T] optional service table, or NULL */
} nas_host;

#define NAS_GO 0u                  /* carry on */
#define NAS_STOP 1u                /* end this trial now; what was learnt so far counts */
#define NAS_PAUSE 2u               /* write a checkpoint and return; the trial may be promoted later */
#define NAS_PROMOTE 3u             /* scheduler poll only: resume a paused trial up to `budget` */
#define NAS_FORK 4u                /* scheduler poll only: a new trial goes on from a paused one's checkpoint (NAS_SCHEDULER_POPULATION) */

typedef struct nas_task {          /* SIZED; one operation of one trial; valid for that call only */
  uint32_t size, threads;          /* thread budget including the caller; the plugin must not exceed it */
  void *ctx;
  uint64_t trial_id;
  uint64_t seed;                   /* all randomness of the operation derives from it (counter-based, see rng.hpp) */
  int32_t device_type, device_id;  /* DLPack codes; 0 means the plugin may choose */
  uint32_t rank, world_size;       /* data-parallel training: this process, and how many; 0 and 1 when alone */
  nas_str rendezvous;              /* where the ranks meet: a c10d store address or file; "" when alone */
  nas_str artifact_dir;            /* absolute, exists, private to the trial; "" when the host keeps no files */
  NAS_FN(int32_t, cancelled)(void *ctx) NAS_NOEXCEPT; /* [T] poll at least once per second of work */
  /* [T] Intermediate metrics at `budget` units spent so far. May block until the scheduler has decided. */
  NAS_FN(nas_status, report)(void *ctx, double budget, const nas_metric *metrics, size_t n, uint32_t *verdict) NAS_NOEXCEPT;
  NAS_FN(void, progress)(void *ctx, double fraction) NAS_NOEXCEPT; /* [T] display only */
} nas_task;

/* ------------------------------------------------------------------------------------- search space and history */

#define NAS_P_FLOAT 0u
#define NAS_P_INT 1u               /* |value| <= 2^53 */
#define NAS_P_CAT 2u               /* value = index into choices */
#define NAS_P_ORD 3u               /* like NAS_P_CAT; the order of the choices carries meaning */
#define NAS_SCALE_LINEAR 0u
#define NAS_SCALE_LOG 1u
#define NAS_PRIOR_UNIFORM 0u       /* uniform on the scale */
#define NAS_PRIOR_NORMAL 1u        /* prior_a = mean, prior_b = standard deviation, on the scale, truncated to [lo, hi] */
#define NAS_PRIOR_WEIGHTS 2u       /* choices only: unnormalised weights */
typedef struct nas_param {         /* grows at the tail: walk with nas_space.param_stride, never with ++ */
  nas_str name;                    /* unique in the space; nested parts joined with '.': "stage2.block" */
  uint32_t kind, scale, prior, n_choices;
  double lo, hi;                   /* inclusive; for choices 0 and n_choices - 1 */
  double step;                     /* > 0: values are lo + k*step; 0: continuous (float) or 1 (int) */
  double dflt;                     /* default value, or NaN */
  double prior_a, prior_b;
  const nas_value *choices;        /* [n_choices] what each index stands for */
  const double *weights;           /* [n_choices] for NAS_PRIOR_WEIGHTS, else NULL */
  uint32_t cond_first, cond_count; /* slice of nas_space.conds; count 0 = always active */
} nas_param;

#define NAS_OP_EQ 0u
#define NAS_OP_NE 1u
#define NAS_OP_LT 2u
#define NAS_OP_GT 3u
/* A parameter is active when, for at least one group, every condition of that group holds. A condition on an inactive
 * parent is false. Parents come before their children in the parameter list. */
typedef struct nas_cond {          /* FROZEN */
  uint32_t group, parent, op, reserved;
  double value;
} nas_cond;

typedef struct nas_space {         /* SIZED; owned by the space instance, unchanged while it lives */
  uint32_t size, param_stride, n_params, n_conds;
  const nas_param *params;
  const nas_cond *conds;
  nas_str fingerprint;             /* equal iff the declarations are; history of another fingerprint is not replayed */
} nas_space;

typedef struct nas_rows {          /* SIZED; n_rows x n_params, row-major; buffers owned by the caller */
  uint32_t size, n_params;
  size_t n_rows;
  const uint64_t *trial_id;        /* [n_rows] */
  double *x;                       /* natural units; choice index for NAS_P_CAT and NAS_P_ORD; 0 where inactive */
  uint8_t *active;                 /* 1 where the parameter is active */
} nas_rows;

#define NAS_TRIAL_COMPLETED 0u
#define NAS_TRIAL_FAILED 1u        /* diverged, crashed, out of memory, timed out: no values */
#define NAS_TRIAL_PRUNED 2u        /* stopped early; values are those of the last report */
#define NAS_TRIAL_PENDING 3u       /* running: no values yet (or, for a scheduler, the report's values) */
#define NAS_TRIAL_INVALID 4u       /* the configuration decodes to no architecture, or breaks a rule: never trained */
#define NAS_TRIAL_PAUSED 5u
#define NAS_NO_TRIAL UINT64_MAX
typedef struct nas_obs {           /* SIZED; columns of n, sorted by (trial_id, budget) */
  uint32_t size, n_objectives, n_constraints, n_metrics;
  size_t n;
  const uint64_t *trial_id;
  const uint32_t *state;
  const double *budget;            /* units spent when the values were seen */
  const double *values;            /* [n][n_objectives], always minimised (the host flips signs); 0 where there are none */
  const double *constraints;       /* [n][n_constraints], satisfied when <= 0 */
  const double *cost_seconds;      /* training and evaluation time */
  const uint8_t *accepted;         /* 1 where the study's acceptance rule took the trial */
  const nas_rows *at;              /* the configurations; NULL for schedulers */
  const double *metrics;           /* [n][n_metrics], as NAS_SAMPLER_METRICS names them; NaN where not measured */
  /* For schedulers: the trial from whose checkpoint the row's trial went on, or NAS_NO_TRIAL; NULL where none did. Such a
   * trial has a row from its beginning: what its parent had reached there. */
  const uint64_t *parent;
} nas_obs;

typedef struct nas_marginal {      /* FROZEN */
  const double *probability;       /* [n] for choices, else NULL */
  size_t n;
  double mean, sd;                 /* numbers, on the parameter's scale */
} nas_marginal;
typedef struct nas_distribution {  /* SIZED; a learnt distribution over a space, factorised over its parameters */
  uint32_t size, n_params;
  const nas_marginal *marginals;   /* [n_params] */
} nas_distribution;

/* ------------------------------------------------------------------------------------------ architecture graph */

typedef struct nas_edge {          /* FROZEN: output `output` of node `node` */
  uint32_t node, output;
} nas_edge;
/* Nodes in topological order, named by ONNX operators. Node i reads inputs[input_first[i] .. input_first[i+1]) and owns
 * attrs[attr_first[i] .. attr_first[i+1]). Nodes with the same non-empty weight group share their weights. Operators,
 * attributes and shape inference: graph.hpp. */
typedef struct nas_graph {         /* SIZED */
  uint32_t size, ir_version, n_nodes, n_outputs;
  const nas_str *op;               /* [n_nodes] "Input", "Conv", "Relu", ... */
  const nas_str *name;             /* [n_nodes] unique */
  const nas_str *weight_group;     /* [n_nodes] "" = the node's own name */
  const uint32_t *input_first;     /* [n_nodes + 1] */
  const nas_edge *inputs;
  const uint32_t *attr_first;      /* [n_nodes + 1] */
  const nas_named_value *attrs;
  const nas_edge *outputs;         /* [n_outputs] */
  void *owner;
  NAS_FN(void, release)(void *owner) NAS_NOEXCEPT; /* [T] exactly once; NULL when borrowed */
} nas_graph;

#define NAS_UNIT_EPOCH 0u
#define NAS_UNIT_STEP 1u
#define NAS_UNIT_SECOND 2u
#define NAS_UNIT_FRACTION 3u       /* share of the training rows, at most 1: of a fixed order of them the first so many */
typedef struct nas_budget {        /* FROZEN */
  uint32_t unit, reserved;
  double from, to;                 /* train from `from` (0, or where the checkpoint stands) to `to` */
} nas_budget;

/* ------------------------------------------------------------------- kinds: every table starts with this head */

/* create:    `kind_arg` is the struct the kind names below. On failure *self stays untouched and *err tells why.
 * extension: optional capability by id ("nascent.sampler.posterior/1"; third parties use reverse DNS); NULL if unknown. */
#define NAS_TABLE_HEAD                                                                                                  \
  uint32_t size, flags;                                                                                                 \
  NAS_FN(nas_status, create)(const nas_host *, const nas_config *, const void *kind_arg, void **self, nas_error *) NAS_NOEXCEPT; \
  NAS_FN(void, destroy)(void *self) NAS_NOEXCEPT; /* [X] last call; joins every thread the instance started */          \
  NAS_FN(const void *, extension)(void *self, const char *id) NAS_NOEXCEPT; /* [T] */

#define NAS_F_REENTRANT 1u         /* table flag: [X] functions of one instance may run concurrently */

/* --- space: declares random variables; a pure function from configuration to architecture */
#define NAS_KIND_SPACE "nascent.space/1"
typedef struct nas_task_shape {    /* SIZED; what the data demands of an architecture */
  uint32_t size, n_classes;        /* 0 = regression */
  const int64_t *input_shape;      /* without the batch dimension: [channels, height, width], [features], [length] */
  uint32_t input_ndim, n_outputs;  /* n_outputs: classes, or regression targets */
} nas_task_shape;
typedef struct nas_space_arg {     /* SIZED; kind_arg of a space */
  uint32_t size, reserved;
  const nas_task_shape *shape;     /* NULL when the study has no dataset */
} nas_space_arg;
typedef struct nas_space_vt {      /* SIZED */
  NAS_TABLE_HEAD
  NAS_FN(nas_status, describe)(void *self, const nas_space **out, nas_error *) NAS_NOEXCEPT; /* [T] */
  /* [T] pure. NAS_E_INVALID: this configuration has no architecture. *out stays NULL for a space without architectures. */
  NAS_FN(nas_status, build)(void *self, const double *x, const uint8_t *active, nas_graph **out, nas_error *) NAS_NOEXCEPT;
} nas_space_vt;
typedef struct nas_space_ref {     /* FROZEN; a space as a host hands it on */
  const nas_space_vt *vt;
  void *self;
} nas_space_ref;

/* --- sampler: a pure function of (options, seed, told observations, pending, trial id); see CONVENTIONS.md, rule 12 */
#define NAS_KIND_SAMPLER "nascent.sampler/1"
typedef struct nas_sampler_arg {   /* SIZED; kind_arg of a sampler */
  uint32_t size, n_objectives, n_constraints, parallel; /* parallel: trials that may run at once */
  const nas_space *space;          /* outlives the instance */
  uint64_t seed;
  uint64_t trials_max;             /* 0 = not limited by count */
  nas_space_ref architectures;     /* its build() makes the architecture of a row of `space`; vt NULL = there are none */
  nas_budget budget;               /* the full budget of a trial where a scheduler may end or pause it before; else `to` is 0 */
} nas_sampler_arg;
typedef struct nas_ask {           /* SIZED */
  uint32_t size, reserved;
  nas_rows *out;                   /* fill rows 0 .. *n_filled-1; trial_id of each row is set by the host */
  size_t *n_filled;                /* may be fewer than asked, at least 1 unless NAS_E_EXHAUSTED */
  const nas_obs *pending;          /* trials asked and not yet told */
  const nas_distribution *learnt;  /* from a trainer prepared once per study, or NULL */
} nas_ask;
typedef struct nas_sampler_vt {    /* SIZED */
  NAS_TABLE_HEAD
  NAS_FN(nas_status, ask)(void *self, const nas_ask *, nas_error *) NAS_NOEXCEPT;  /* [X] the whole batch in one call */
  NAS_FN(nas_status, tell)(void *self, const nas_obs *, nas_error *) NAS_NOEXCEPT; /* [X] each trial once, in trial order; also the replay of history */
} nas_sampler_vt;

/* Extension of samplers that learn from more than the objectives: the metrics they want to see in nas_obs.metrics. */
#define NAS_SAMPLER_METRICS "nascent.sampler.metrics/1"
typedef struct nas_sampler_metrics { /* SIZED */
  uint32_t size, reserved;
  /* [T] name of metric `index`, owned by the instance; NAS_E_EXHAUSTED behind the last. Asked once, after create(). */
  NAS_FN(nas_status, name)(void *self, size_t index, nas_str *out) NAS_NOEXCEPT;
} nas_sampler_metrics;

/* Extension of samplers that learn from trials before they end, in studies with a scheduler. */
#define NAS_SAMPLER_FIDELITY "nascent.sampler.fidelity/1"
typedef struct nas_sampler_fidelity { /* SIZED */
  uint32_t size, reserved;
  /* [X] What a trial has reported since it was last told of here, by rising budget, when it pauses or ends: each report
   * once; state: NAS_TRIAL_PAUSED, or what it ended as. Before the tell() of a trial that ends; never of one that fails.
   * No constraint is known (0). As tell() it is part of what ask() follows from, and replayed in the same order. */
  NAS_FN(nas_status, tell_reports)(void *self, const nas_obs *, nas_error *) NAS_NOEXCEPT;
} nas_sampler_fidelity;

/* Extension of samplers that infer a distribution over configurations: draws from it. */
#define NAS_SAMPLER_POSTERIOR "nascent.sampler.posterior/1"
typedef struct nas_posterior {     /* SIZED */
  uint32_t size, n_params;
  size_t n, n_diagnostics;
  const double *x;                 /* [n][n_params] as in nas_rows */
  const uint8_t *active;           /* [n][n_params] */
  const double *weight;            /* [n] >= 0; one per draw, not normalised */
  double n_effective;              /* independent draws that these are worth; 0 when nobody can tell yet */
  const nas_metric *diagnostics;   /* [n_diagnostics] "acceptance_rate", ...; hosts warn of "r_hat_max" above 1.05 */
  void *owner;
  NAS_FN(void, release)(void *owner) NAS_NOEXCEPT; /* [T] exactly once */
} nas_posterior;
typedef struct nas_sampler_posterior { /* SIZED */
  uint32_t size, reserved;
  /* [X] At most n_max draws, by what was told so far; none while there is nothing to draw from. A pure function, as ask is. */
  NAS_FN(nas_status, posterior)(void *self, size_t n_max, const nas_posterior **out, nas_error *) NAS_NOEXCEPT;
} nas_sampler_posterior;

/* --- scheduler: multi-fidelity decisions, a pure function of (options, visible history, this trial's reports) */
#define NAS_KIND_SCHEDULER "nascent.scheduler/1"
typedef struct nas_scheduler_arg { /* SIZED; kind_arg of a scheduler */
  uint32_t size, n_objectives, parallel;
  uint32_t n_architecture_params;  /* the first parameters of `space` make the architecture, the others are options */
  nas_budget budget;               /* the full budget of a trial */
  uint64_t seed;
  const nas_space *space;          /* outlives the instance */
} nas_scheduler_arg;
typedef struct nas_verdict {       /* FROZEN */
  uint64_t trial_id;
  uint32_t verdict, reserved;
  double budget;                   /* NAS_PROMOTE: train on up to here */
} nas_verdict;
typedef struct nas_scheduler_vt {  /* SIZED */
  NAS_TABLE_HEAD
  /* [X] history: every report of the trials this decision may see; trial: the reports of the trial in question, the newest last. */
  NAS_FN(nas_status, decide)(void *self, const nas_obs *history, const nas_obs *trial, nas_verdict *out, nas_error *) NAS_NOEXCEPT;
  /* [X] What becomes of paused trials now, *n of at most `cap`, the most urgent first: NAS_PROMOTE, or NAS_STOP for one
   * that can never be promoted whatever comes, which ends with what it has reached. */
  NAS_FN(nas_status, poll)(void *self, const nas_obs *history, nas_verdict *out, size_t cap, size_t *n, nas_error *) NAS_NOEXCEPT;
} nas_scheduler_vt;

/* Extension of schedulers that keep a population: poll() may answer NAS_FORK, and the sampler proposes only what they admit. */
#define NAS_SCHEDULER_POPULATION "nascent.scheduler.population/1"
typedef struct nas_scheduler_population { /* SIZED */
  uint32_t size, reserved;
  /* [X] How many more trials the sampler (or the queue) may begin now, of which it has begun `n_begun`. A pure function. */
  NAS_FN(nas_status, admits)(void *self, const nas_obs *history, uint64_t n_begun, uint64_t *out, nas_error *) NAS_NOEXCEPT;
  /* [X] The configuration of trial `trial_id`, which goes on from the checkpoint of one with the configuration `x`, `active`
   * ([n_params]). The parameters that make the architecture stay. A pure function of options, seed and arguments. */
  NAS_FN(nas_status, explore)(void *self, uint64_t trial_id, const double *x, const uint8_t *active, double *out_x, uint8_t *out_active, nas_error *) NAS_NOEXCEPT;
} nas_scheduler_population;

/* --- dataset */
#define NAS_KIND_DATASET "nascent.dataset/1"
#define NAS_ROLE_INPUT 0u
#define NAS_ROLE_TARGET 1u         /* int64 class index, or float regression target(s) */
#define NAS_ROLE_GROUP 2u          /* int64: rows of one group stay in one fold */
#define NAS_ROLE_TIME 3u           /* int64 or float64: order for time-ordered validation */
typedef struct nas_field {         /* FROZEN */
  nas_str name;
  uint32_t role;
  uint8_t dtype_code, dtype_bits;  /* as in nas_tensor */
  uint16_t ndim;
  const int64_t *shape;            /* [ndim] of one row */
} nas_field;
typedef struct nas_split {         /* FROZEN; "train", "validation" (optional), "test" (optional) */
  nas_str name;
  int64_t rows;
} nas_split;
typedef struct nas_dataset_info {  /* SIZED; owned by the instance */
  uint32_t size, n_splits, n_fields, n_classes; /* n_classes 0 = regression */
  const nas_split *splits;
  const nas_field *fields;
  const nas_str *class_names;      /* [n_classes], or NULL */
  nas_str fingerprint;             /* of the content; the same data gives the same text on any machine */
} nas_dataset_info;
typedef struct nas_dataset_vt {    /* SIZED */
  NAS_TABLE_HEAD                   /* kind_arg: NULL */
  NAS_FN(nas_status, info)(void *self, const nas_dataset_info **out, nas_error *) NAS_NOEXCEPT; /* [T] */
  /* [T] A whole split, one tensor per field, zero-copy where the data lies in memory. NAS_E_UNSUPPORTED: use gather. */
  NAS_FN(nas_status, whole)(void *self, uint32_t split, nas_tensor **out /* [n_fields] */, nas_error *) NAS_NOEXCEPT;
  /* [T] Rows `index[0..n)`, duplicates allowed; NAS_E_INVALID when one is out of range. */
  NAS_FN(nas_status, gather)(void *self, uint32_t split, const int64_t *index, size_t n, nas_tensor **out /* [n_fields] */, nas_error *) NAS_NOEXCEPT;
} nas_dataset_vt;
typedef struct nas_dataset {       /* FROZEN; during a search always a host's view, without the test split */
  const nas_dataset_vt *vt;
  void *self;
} nas_dataset;
typedef struct nas_subset {        /* FROZEN; folds, held-out parts and data fractions are lists of rows */
  nas_dataset data;                /* vt NULL = no data */
  uint32_t split, reserved;
  const int64_t *rows;             /* [n], or NULL for the whole split */
  size_t n;
} nas_subset;

/* --- model: architecture + named weights + live predict */
typedef struct nas_model_vt {      /* SIZED */
  uint32_t size, flags;
  NAS_FN(void, retain)(void *self) NAS_NOEXCEPT;  /* [T] */
  NAS_FN(void, release)(void *self) NAS_NOEXCEPT; /* [T] */
  NAS_FN(nas_status, architecture)(void *self, const nas_graph **out, nas_error *) NAS_NOEXCEPT; /* [T] borrowed while the model lives */
  /* [T] *n is the number of weights; fills at most `cap`. The receiver calls each deleter. */
  NAS_FN(nas_status, weights)(void *self, nas_named_tensor *out, size_t cap, size_t *n, nas_error *) NAS_NOEXCEPT;
  /* [X] Rows of the dataset's input fields in, raw as the dataset gives them; logits [rows, classes] or values
   * [rows, targets] out, float32 on the CPU. Consumes `in` also on failure. */
  NAS_FN(nas_status, predict)(void *self, nas_tensor *const *in, size_t n_in, nas_tensor **out, nas_error *) NAS_NOEXCEPT;
  /* [X] format: "nascent" (a folder or file load() reads), "torchscript", "onnx", ...; NAS_E_UNSUPPORTED if unknown. */
  NAS_FN(nas_status, save)(void *self, nas_str format, nas_str path, nas_error *) NAS_NOEXCEPT;
  NAS_FN(const void *, extension)(void *self, const char *id) NAS_NOEXCEPT; /* [T] */
} nas_model_vt;
typedef struct nas_model {         /* FROZEN; vt NULL = no model */
  const nas_model_vt *vt;
  void *self;
} nas_model;

/* --- trainer */
#define NAS_KIND_TRAINER "nascent.trainer/1"
typedef struct nas_train_arg {     /* SIZED */
  uint32_t size, n_initial_weights;
  const nas_graph *graph;          /* NULL for a space without architectures */
  const nas_config *options;       /* this trial's options: searched values in place */
  nas_subset train, validation;
  nas_budget budget;
  nas_str resume_dir;              /* a checkpoint to continue exactly, or "" */
  nas_str checkpoint_dir;          /* write checkpoints here, or "" = write none */
  const nas_named_tensor *initial_weights; /* borrowed; matched by name and shape, the rest is initialised */
  nas_str prepared_dir;            /* what prepare() wrote, or "" */
  const nas_space *space;          /* the configuration itself, for programs that want the parameters by name */
  const double *x;                 /* [space->n_params] */
  const uint8_t *active;
  /* A checkpoint, at `budget.from`, of a trial with the same architecture and other options, or "": start from its weights,
   * and from the state of its optimiser where that fits. Not together with resume_dir. */
  nas_str inherit_dir;
} nas_train_arg;
typedef struct nas_prepare_arg {   /* SIZED; work done once per study, for instance a weight-sharing supernet */
  uint32_t size, reserved;
  nas_space_ref space;
  nas_subset train, validation;
  nas_budget budget;
  nas_str dir;                     /* write here; handed to train() as prepared_dir, in any process */
} nas_prepare_arg;
typedef struct nas_trainer_vt {    /* SIZED */
  NAS_TABLE_HEAD                   /* kind_arg: NULL; options hold the values that are not searched */
  /* [X] Reports through task->report; the newest report's metrics count as the trial's. out->vt stays NULL for a
   * trainer that returns no model. Verdict NAS_STOP: return NAS_OK with the model so far. */
  NAS_FN(nas_status, train)(void *self, const nas_task *, const nas_train_arg *, nas_model *out, nas_error *) NAS_NOEXCEPT;
  NAS_FN(nas_status, load)(void *self, const nas_task *, nas_str path, nas_model *out, nas_error *) NAS_NOEXCEPT; /* [X] a model saved as "nascent" */
  NAS_FN(nas_status, prepare)(void *self, const nas_task *, const nas_prepare_arg *, nas_error *) NAS_NOEXCEPT;   /* [X] optional: may be NULL */
  /* [X] optional: the distribution learnt by prepare(); borrowed until the next call on this instance */
  NAS_FN(nas_status, distribution)(void *self, nas_str prepared_dir, const nas_distribution **out, nas_error *) NAS_NOEXCEPT;
} nas_trainer_vt;
typedef struct nas_trainer {       /* FROZEN; a trainer as a host hands it on */
  const nas_trainer_vt *vt;
  void *self;
} nas_trainer;

/* --- compressor */
#define NAS_KIND_COMPRESSOR "nascent.compressor/1"
typedef struct nas_compress_arg {  /* SIZED */
  uint32_t size, reserved;
  const nas_config *options;
  nas_model model;                 /* borrowed; must not be changed */
  nas_subset calibration, validation;
  nas_trainer trainer;             /* for fine-tuning: train() with the new graph and initial weights; vt NULL = none */
  const nas_config *trainer_options;
  nas_budget budget;               /* for fine-tuning */
} nas_compress_arg;
typedef struct nas_compressor_vt { /* SIZED */
  NAS_TABLE_HEAD                   /* kind_arg: NULL */
  NAS_FN(nas_status, compress)(void *self, const nas_task *, const nas_compress_arg *, nas_model *out, nas_error *) NAS_NOEXCEPT; /* [X] */
} nas_compressor_vt;

/* --- evaluator */
#define NAS_KIND_EVALUATOR "nascent.evaluator/1"
#define NAS_NEEDS_GRAPH 1u
#define NAS_NEEDS_MODEL 2u         /* training has to come first */
#define NAS_NEEDS_DATA 4u          /* a property of a subset: the host prefixes the metric with "val_" or "test_" */
#define NAS_NEEDS_INPUT 8u         /* any rows will do as input; not a property of them: no prefix */
#define NAS_NEEDS_CLASSES 16u      /* exists only where the target is a class */
#define NAS_NEEDS_NUMBERS 32u      /* exists only where the targets are numbers */
#define NAS_DIRECTION_NONE 0u
#define NAS_MINIMIZE 1u
#define NAS_MAXIMIZE 2u
typedef struct nas_metric_info {   /* FROZEN */
  nas_str name, help;
  uint32_t direction, needs;
} nas_metric_info;
typedef struct nas_evaluator_arg { /* SIZED; kind_arg of an evaluator */
  uint32_t size, n_classes;        /* 0 = regression, or no dataset */
  const nas_space *space;
} nas_evaluator_arg;
typedef struct nas_eval_arg {      /* SIZED */
  uint32_t size, reserved;
  const nas_config *options;
  nas_model model;                 /* vt NULL when no metric needs one */
  nas_subset data;                 /* vt NULL when no metric needs data */
  const nas_graph *graph;          /* NULL for a space without architectures */
  const double *x;
  const uint8_t *active;
  nas_budget budget;               /* what was spent on the trial */
} nas_eval_arg;
/* A number is a metric; text and arrays (a confusion matrix, row-major) are kept beside the trial as details. */
typedef struct nas_emit {          /* FROZEN */
  void *ctx;
  NAS_FN(void, emit)(void *ctx, const nas_named_value *) NAS_NOEXCEPT;
} nas_emit;
typedef struct nas_evaluator_vt {  /* SIZED */
  NAS_TABLE_HEAD
  NAS_FN(nas_status, metrics)(void *self, const nas_metric_info **out, size_t *n, nas_error *) NAS_NOEXCEPT; /* [T] owned by the instance */
  NAS_FN(nas_status, evaluate)(void *self, const nas_task *, const nas_eval_arg *, nas_emit, nas_error *) NAS_NOEXCEPT; /* [X] each declared metric once, finite */
} nas_evaluator_vt;

/* ---------------------------------------------------------------------------------------- the one exported symbol */

#define NAS_O_BOOL 0u
#define NAS_O_INT 1u
#define NAS_O_FLOAT 2u
#define NAS_O_STR 3u
#define NAS_O_CHOICE 4u            /* text out of `choices` */
#define NAS_O_PATH 5u              /* relative paths are resolved against the TOML file by the host */
#define NAS_O_SECONDS 6u           /* a number of seconds, or text such as "5min" */
#define NAS_O_INTS 7u
#define NAS_O_FLOATS 8u
#define NAS_O_STRS 9u
#define NAS_O_TABLE 10u            /* free form: the component checks it itself in create() */
#define NAS_OF_REQUIRED 1u
#define NAS_OF_SEARCHABLE 2u       /* may be a distribution in TOML: trainer, compressor and evaluator options */
typedef struct nas_option {        /* grows at the tail: walk with nas_component.option_stride */
  nas_str name, help;              /* help: one line, no full stop */
  uint32_t type, flags;
  double lo, hi;                   /* inclusive bounds of numbers (of each element); infinite = none */
  nas_value dflt;                  /* NAS_T_NULL = none: absent unless given */
  const nas_str *choices;
  uint32_t n_choices, reserved;
} nas_option;

typedef struct nas_component {     /* SIZED, static const data */
  uint32_t size, flags;            /* trainers: NAS_NEEDS_GRAPH, NAS_NEEDS_DATA where every training needs it; else 0 */
  nas_str kind;                    /* NAS_KIND_* */
  nas_str id;                      /* reverse DNS: "org.nascent.sampler.evolution" */
  nas_str alias;                   /* the short name used in TOML: "evolution" */
  nas_str version, title;
  uint32_t n_options, option_stride;
  const nas_option *options;
  const void *vt;                  /* the kind's table */
  /* Trainers: every metric that a report may hold, under the name it has there; a study that is judged by another one is
   * refused before anything is trained. None: what the reports hold is not known in advance. */
  const nas_metric_info *metrics;
  uint32_t n_metrics, reserved;
} nas_component;

#define NAS_MAGIC 0x5341454eu      /* "NEAS" in memory on a little-endian machine */
typedef struct nas_plugin {        /* SIZED, static const data: reading it runs no plugin code */
  uint32_t size, magic;
  uint32_t abi_minor;              /* built with */
  uint32_t abi_minor_min;          /* needs at least */
  nas_str id, version;
  nas_str build;                   /* "g++ 12.2.0; libtorch 1.13.1": compiler and what must be unique per process */
  size_t n_components;
  const nas_component *const *components; /* pointers, so that entries may grow */
  NAS_FN(nas_status, init)(const nas_host *, nas_error *) NAS_NOEXCEPT; /* [M] once; no threads, no I/O, no device; may be NULL */
} nas_plugin;

typedef const nas_plugin *(NAS_CALL *nas_entry_fn)(void)NAS_NOEXCEPT;
NAS_EXPORT const nas_plugin *NAS_CALL nascent_plugin_v1(void) NAS_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* NASCENT_ABI_H */
