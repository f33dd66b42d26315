/* A sampler in plain C99, without any SDK but abi.h: draws each active parameter uniformly, keyed by (seed, trial,
 * parameter). The file also shows what a thunk of the C++ SDK does. */
#include <math.h>
#include <nascent/abi.h>
#include <stdlib.h>
#include <string.h>

#ifndef ALIAS
#define ALIAS "draw_c"
#endif
#define TEXT(s) \
  { s, sizeof(s) - 1 }

typedef struct draw {
  const nas_space* space;
  uint64_t seed;
  double shrink;
} draw;

static nas_status refuse(nas_error* error, nas_status status, const char* option, const char* message) {
  if (error != NULL) {
    error->code = status;
    error->reserved = 0;
    strncpy(error->option, option, sizeof error->option - 1);
    error->option[sizeof error->option - 1] = '\0';
    strncpy(error->message, message, sizeof error->message - 1);
    error->message[sizeof error->message - 1] = '\0';
  }
  return status;
}

/* splitmix64 (Steele, Lea, Flood 2014), here as a counter-based generator. */
static uint64_t mix(uint64_t x) {
  x += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}
static double uniform(uint64_t seed, uint64_t trial, uint64_t stream) {
  return (double)(mix(mix(mix(seed) ^ trial) ^ stream) >> 11) * (1.0 / 9007199254740992.0);
}

static nas_status NAS_CALL draw_create(const nas_host* host, const nas_config* config, const void* kind_arg,
                                       void** self, nas_error* error) {
  const nas_sampler_arg* arg = (const nas_sampler_arg*)kind_arg;
  draw* d;
  size_t i;
  (void)host;
  if (arg == NULL || arg->space == NULL) return refuse(error, NAS_E_INVALID, "", "nas_sampler_arg.space is missing");
  d = (draw*)malloc(sizeof *d);
  if (d == NULL) return refuse(error, NAS_E_NOMEM, "", "out of memory");
  d->space = arg->space;
  d->seed = arg->seed;
  d->shrink = 1.0;
  for (i = 0; config != NULL && i < config->n; ++i) {
    const nas_named_value* item = &config->items[i];
    if (item->name.n == 7 && memcmp(item->name.p, "/shrink", 7) == 0 && item->value.type == NAS_T_FLOAT)
      d->shrink = item->value.u.f;
  }
#ifdef NEXT_MINOR
  if (NAS_HAS(arg, nas_sampler_arg, temperature)) d->shrink = arg->temperature;
#endif
  if (!(d->shrink > 0 && d->shrink <= 1)) {
    free(d);
    return refuse(error, NAS_E_INVALID, "/shrink", "shrink has to be above 0 and at most 1");
  }
  *self = d;
  return NAS_OK;
}
static void NAS_CALL draw_destroy(void* self) { free(self); }
static const void* NAS_CALL draw_extension(void* self, const char* id) {
  (void)self;
  (void)id;
  return NULL;
}

static const nas_param* param_at(const nas_space* space, uint32_t i) {
  return (const nas_param*)((const char*)space->params + (size_t)i * space->param_stride);
}

static int holds(const nas_cond* c, const double* x, const uint8_t* active) {
  const double v = x[c->parent];
  if (!active[c->parent]) return 0;
  switch (c->op) {
    case NAS_OP_EQ:
      return v == c->value;
    case NAS_OP_NE:
      return v != c->value;
    case NAS_OP_LT:
      return v < c->value;
    default:
      return v > c->value;
  }
}
static int is_active(const nas_space* space, const nas_param* p, const double* x, const uint8_t* active) {
  uint32_t i = p->cond_first;
  const uint32_t end = p->cond_first + p->cond_count;
  if (p->cond_count == 0) return 1;
  while (i < end) {
    const uint32_t group = space->conds[i].group;
    int all = 1;
    for (; i < end && space->conds[i].group == group; ++i) all = all && holds(&space->conds[i], x, active);
    if (all) return 1;
  }
  return 0;
}

static double choice_of(const nas_param* p, double u) {
  double total = 0;
  uint32_t k;
  if (p->prior != NAS_PRIOR_WEIGHTS) return floor(u * p->n_choices);
  for (k = 0; k < p->n_choices; ++k) total += p->weights[k];
  u *= total;
  for (k = 0; k + 1 < p->n_choices && u >= p->weights[k]; ++k) u -= p->weights[k];
  return k;
}

static double value_of(const nas_param* p, double u) {
  double x;
  if (p->kind == NAS_P_CAT || p->kind == NAS_P_ORD) {
    x = choice_of(p, u);
  } else if (p->kind == NAS_P_INT || p->step > 0) {
    const double step = p->step > 0 ? p->step : 1;
    x = p->lo + step * floor(u * (floor((p->hi - p->lo) / step + 1e-9) + 1));
  } else if (p->scale == NAS_SCALE_LOG) {
    x = exp(log(p->lo) + u * (log(p->hi) - log(p->lo)));
  } else {
    x = p->lo + u * (p->hi - p->lo);
  }
  return x < p->lo ? p->lo : x > p->hi ? p->hi : x;
}

static nas_status NAS_CALL draw_ask(void* self, const nas_ask* ask, nas_error* error) {
  const draw* d = (const draw*)self;
  nas_rows* rows = ask->out;
  size_t r;
  (void)error;
  for (r = 0; r < rows->n_rows; ++r) {
    double* x = rows->x + r * rows->n_params;
    uint8_t* active = rows->active + r * rows->n_params;
    uint32_t i;
    for (i = 0; i < rows->n_params; ++i) {
      const nas_param* p = param_at(d->space, i);
      active[i] = (uint8_t)is_active(d->space, p, x, active);
      x[i] = active[i] ? value_of(p, d->shrink * uniform(d->seed, rows->trial_id[r], i)) : 0;
    }
  }
  *ask->n_filled = rows->n_rows;
  return NAS_OK;
}
static nas_status NAS_CALL draw_tell(void* self, const nas_obs* observations, nas_error* error) {
  (void)self;
  (void)observations;
  (void)error;
  return NAS_OK;
}

static const nas_sampler_vt table = {sizeof(nas_sampler_vt), 0,        draw_create, draw_destroy,
                                     draw_extension,         draw_ask, draw_tell};

static const nas_option options[] = {
    {TEXT("shrink"),
     TEXT("share of each range that is used, from its lower end"),
     NAS_O_FLOAT,
     0,
     0.0,
     1.0,
     {NAS_T_FLOAT, 0, {.f = 1.0}},
     NULL,
     0,
     0},
};
static const nas_component component = {sizeof(nas_component),
                                        0,
                                        TEXT(NAS_KIND_SAMPLER),
                                        TEXT("org.nascent.test." ALIAS),
                                        TEXT(ALIAS),
                                        TEXT("1.0.0"),
                                        TEXT("uniform draws, in plain C"),
                                        1,
                                        sizeof(nas_option),
                                        options,
                                        &table};
static const nas_component* const components[] = {&component};
static const nas_plugin plugin = {sizeof(nas_plugin),
                                  NAS_MAGIC,
                                  NAS_ABI_MINOR,
                                  NAS_TARGET_MINOR,
                                  TEXT("org.nascent.test." ALIAS),
                                  TEXT("1.0.0"),
                                  TEXT("a C99 compiler"),
                                  1,
                                  components,
                                  NULL};

NAS_EXPORT const nas_plugin* NAS_CALL nascent_plugin_v1(void) { return &plugin; }
