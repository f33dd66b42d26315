/* Descriptions that break one rule each; -D selects which. None of their code is ever reached but the entry point. */
#include "minimal_sampler.h"

#ifndef NAME
#define NAME "broken"
#endif

static nas_status NAS_CALL create(const nas_host* host, const nas_config* config, const void* arg, void** self,
                                  nas_error* error) {
  (void)host;
  (void)config;
  if (arg == NULL) return refuse(error, "nas_sampler_arg is missing");
  *self = 0;
  return NAS_OK;
}
static nas_status NAS_CALL ask(void* self, const nas_ask* request, nas_error* error) {
  (void)self;
  (void)request;
  (void)error;
  return NAS_E_EXHAUSTED;
}

static const nas_sampler_vt table = {
#if defined(UNDERSIZED_TABLE)
    sizeof(nas_sampler_vt) - sizeof(void*),
#else
    sizeof(nas_sampler_vt),
#endif
    0,
    create,
    destroy,
    extension,
#if defined(NULL_SLOT)
    NULL,
#else
    ask,
#endif
    tell};

static const nas_str choices[] = {TEXT("a"), TEXT("b")};
static const nas_option options[] = {
#if defined(DEFAULT_OUT_OF_BOUNDS)
    {TEXT("population"), TEXT("parents kept"), NAS_O_INT, 0, 2, 100, {NAS_T_INT, 0, {.i = 1}}, NULL, 0, 0},
#elif defined(DEFAULT_OF_WRONG_TYPE)
    {TEXT("population"), TEXT("parents kept"), NAS_O_INT, 0, 2, 100, {NAS_T_FLOAT, 0, {.f = 2.5}}, NULL, 0, 0},
#elif defined(OPTION_TWICE)
    {TEXT("mode"), TEXT("how"), NAS_O_CHOICE, 0, 0, 0, {NAS_T_STR, 1, {.s = "a"}}, choices, 2, 0},
    {TEXT("mode"), TEXT("how"), NAS_O_CHOICE, 0, 0, 0, {NAS_T_STR, 1, {.s = "a"}}, choices, 2, 0},
#elif defined(UNKNOWN_OPTION_TYPE)
    {TEXT("mode"), TEXT("how"), 77, 0, 0, 0, {NAS_T_NULL, 0, {0}}, NULL, 0, 0},
#else
    {TEXT("mode"), TEXT("how"), NAS_O_CHOICE, 0, 0, 0, {NAS_T_STR, 1, {.s = "a"}}, choices, 2, 0},
#endif
};

#if defined(INVALID_UTF8)
#define TITLE "caf\xe9"
#else
#define TITLE "breaks a rule"
#endif
static const nas_component first = {sizeof(nas_component),
                                    0,
                                    TEXT(NAS_KIND_SAMPLER),
                                    TEXT("org.nascent.test." NAME),
                                    TEXT(NAME),
                                    TEXT("1.0.0"),
                                    TEXT(TITLE),
                                    sizeof options / sizeof *options,
                                    sizeof(nas_option),
                                    options,
                                    &table};
#if defined(DUPLICATE_IDS)
static const nas_component second = {sizeof(nas_component),
                                     0,
                                     TEXT(NAS_KIND_SAMPLER),
                                     TEXT("org.nascent.test." NAME),
                                     TEXT("second"),
                                     TEXT("1.0.0"),
                                     TEXT("the same id"),
                                     0,
                                     sizeof(nas_option),
                                     NULL,
                                     &table};
static const nas_component* const components[] = {&first, &second};
#else
static const nas_component* const components[] = {&first};
#endif

#if defined(LIBTORCH_ONE)
#define BUILD "g++ 12.2.0; libtorch 1.13.1"
#elif defined(LIBTORCH_TWO)
#define BUILD "g++ 12.2.0; libtorch 2.6.0"
#else
#define BUILD "a C99 compiler"
#endif
static const nas_plugin plugin = {
#if defined(UNDERSIZED_PLUGIN)
    16,
#else
    sizeof(nas_plugin),
#endif
#if defined(WRONG_MAGIC)
    0x12345678u,
#else
    NAS_MAGIC,
#endif
#if defined(NEWER_MINOR)
    99,
    98,
#else
    NAS_ABI_MINOR,
    NAS_TARGET_MINOR,
#endif
    TEXT("org.nascent.test." NAME),
    TEXT("1.0.0"),
    TEXT(BUILD),
    sizeof components / sizeof *components,
    components,
    NULL};

#if defined(NEWER_MAJOR)
#define ENTRY nascent_plugin_v2
#elif defined(MISSING_SYMBOL)
#define ENTRY some_function
#else
#define ENTRY nascent_plugin_v1
#endif
NAS_EXPORT const nas_plugin* NAS_CALL ENTRY(void);
NAS_EXPORT const nas_plugin* NAS_CALL ENTRY(void) { return &plugin; }

#if defined(SECOND_EXPORT)
NAS_EXPORT int leaked_counter;
int leaked_counter = 1;
#endif
