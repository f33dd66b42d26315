/* Plugins with a faultless description that fail when they are used; -D selects how. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "minimal_sampler.h"

static nas_status NAS_CALL create(const nas_host* host, const nas_config* config, const void* arg, void** self,
                                  nas_error* error) {
  (void)host;
  (void)config;
  if (arg == NULL) return refuse(error, "nas_sampler_arg is missing");
#if defined(CRASH_IN_CREATE)
  *(volatile int*)8 = 1;
#endif
#if defined(GREEDY)
  { /* 400 bytes for each choice */
    static char* hoard = NULL;
    const nas_space* space = ((const nas_sampler_arg*)arg)->space;
    const size_t bytes = space->n_params > 0 ? (size_t)space->params[0].n_choices * 400 : 0;
    if (bytes > 0 && (hoard = realloc(hoard, bytes)) != NULL) memset(hoard, 1, bytes);
  }
#endif
#if defined(FRAGILE) || defined(GREEDY)
  *self = (void*)((const nas_sampler_arg*)arg)->space;
#elif defined(LEAK_IN_CREATE)
  *self = memset(malloc(65536), 1, 65536);
#else
  *self = 0;
#endif
  return NAS_OK;
}

static nas_status NAS_CALL ask(void* self, const nas_ask* request, nas_error* error) {
  (void)self;
  (void)error;
#if defined(HANG_IN_ASK)
  for (;;) {
    const struct timespec second = {1, 0};
    nanosleep(&second, NULL);
  }
#elif defined(OUT_OF_BOUNDS)
  {
    size_t i;
    for (i = 0; i < request->out->n_rows * request->out->n_params; ++i) {
      request->out->x[i] = 1e30;
      request->out->active[i] = 1;
    }
    *request->n_filled = request->out->n_rows;
  }
  return NAS_OK;
#elif defined(FRAGILE) || defined(GREEDY)
  { /* always the lowest values */
    const nas_space* space = self;
    size_t i, n = request->out->n_rows * request->out->n_params;
    for (i = 0; i < n; ++i) {
      const nas_param* p = (const nas_param*)((const char*)space->params + i % space->n_params * space->param_stride);
      request->out->active[i] = p->cond_count == 0;
      request->out->x[i] = p->cond_count == 0 ? p->lo : 0;
    }
    *request->n_filled = request->out->n_rows;
  }
  return NAS_OK;
#else
  (void)request;
  return NAS_E_INTERNAL;
#endif
}

#if defined(FRAGILE)
static nas_status NAS_CALL tell_numbers(void* self, const nas_obs* observations, nas_error* error) {
  size_t i;
  (void)self;
  for (i = 0; i < observations->n * observations->n_objectives; ++i) {
    if (observations->values[i] - observations->values[i] != 0) return refuse(error, "a value is not finite");
  }
  return NAS_OK;
}
#define tell tell_numbers
#endif

static const nas_sampler_vt table = {sizeof(nas_sampler_vt), 0, create, destroy, extension, ask, tell};
static const nas_component component = {sizeof(nas_component),
                                        0,
                                        TEXT(NAS_KIND_SAMPLER),
                                        TEXT("org.nascent.test." NAME),
                                        TEXT(NAME),
                                        TEXT("1.0.0"),
                                        TEXT("misbehaves when used"),
                                        0,
                                        sizeof(nas_option),
                                        NULL,
                                        &table};
static const nas_component* const components[] = {&component};

#if defined(REFUSE_INIT)
static nas_status NAS_CALL init(const nas_host* host, nas_error* error) {
  (void)host;
  strcpy(error->message, "licence file missing; put it beside the plugin");
  return NAS_E_IO;
}
#else
#define init NULL
#endif
static const nas_plugin plugin = {sizeof(nas_plugin),
                                  NAS_MAGIC,
                                  NAS_ABI_MINOR,
                                  NAS_TARGET_MINOR,
                                  TEXT("org.nascent.test." NAME),
                                  TEXT("1.0.0"),
                                  TEXT("a C99 compiler"),
                                  1,
                                  components,
                                  init};
NAS_EXPORT const nas_plugin* NAS_CALL nascent_plugin_v1(void) { return &plugin; }
