/* The least a sampler plugin consists of; the members of the gallery spoil one thing each. */
#ifndef MINIMAL_SAMPLER_H
#define MINIMAL_SAMPLER_H

#include <nascent/abi.h>
#include <string.h>

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static nas_status NAS_CALL create(const nas_host* host, const nas_config* config, const void* arg, void** self,
                                  nas_error* error) NAS_NOEXCEPT;
static nas_status NAS_CALL ask(void* self, const nas_ask* request, nas_error* error) NAS_NOEXCEPT;

static nas_status refuse(nas_error* error, const char* message) {
  if (error != NULL) {
    error->option[0] = '\0';
    strncpy(error->message, message, sizeof error->message - 1);
    error->message[sizeof error->message - 1] = '\0';
  }
  return NAS_E_INVALID;
}

static void NAS_CALL destroy(void* self) NAS_NOEXCEPT { (void)self; }
static const void* NAS_CALL extension(void* self, const char* id) NAS_NOEXCEPT {
  (void)self;
  (void)id;
  return 0;
}
static nas_status NAS_CALL tell(void* self, const nas_obs* observations, nas_error* error) NAS_NOEXCEPT {
  (void)self;
  (void)observations;
  (void)error;
  return NAS_OK;
}

#endif
