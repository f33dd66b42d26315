// C++ plugins that let exceptions out; -D selects where from. They go around the SDK, whose thunks would catch them.
#include <nascent/abi.h>

#include <cstdio>
#include <stdexcept>

#ifdef IN_CONSTRUCTOR
// Thrown inside dlopen, where no caller can catch it.
static const int never = []() -> int { throw std::runtime_error("a static constructor threw"); }();
#endif

namespace {

[[noreturn]] nas_status create(const nas_host*, const nas_config*, const void*, void**, nas_error*) {
  throw std::runtime_error("create");
}
[[noreturn]] void destroy(void*) { throw 1; }
[[noreturn]] const void* extension(void*, const char*) { throw "extension"; }
[[noreturn]] nas_status ask(void*, const nas_ask*, nas_error*) { throw std::runtime_error("ask"); }
[[noreturn]] nas_status tell(void*, const nas_obs*, nas_error*) { throw std::runtime_error("tell"); }

// The cast takes away the noexcept that the slot's type demands.
template <class Slot, class Function>
Slot smuggled(Function function) {
  return reinterpret_cast<Slot>(function);
}
const nas_sampler_vt table{sizeof(nas_sampler_vt),
                           0,
                           smuggled<decltype(nas_sampler_vt::create)>(create),
                           smuggled<decltype(nas_sampler_vt::destroy)>(destroy),
                           smuggled<decltype(nas_sampler_vt::extension)>(extension),
                           smuggled<decltype(nas_sampler_vt::ask)>(ask),
                           smuggled<decltype(nas_sampler_vt::tell)>(tell)};

template <std::size_t n>
constexpr nas_str text(const char (&s)[n]) {
  return {s, n - 1};
}
const nas_component component{sizeof(nas_component),
                              0,
                              text(NAS_KIND_SAMPLER),
                              text("org.nascent.test." NAME),
                              text(NAME),
                              text("1.0.0"),
                              text("throws"),
                              0,
                              sizeof(nas_option),
                              nullptr,
                              &table};
const nas_component* const components[]{&component};
const nas_plugin plugin{
    sizeof(nas_plugin), NAS_MAGIC, NAS_ABI_MINOR, NAS_TARGET_MINOR, text("org.nascent.test." NAME), text("1.0.0"),
    text("g++"),        1,         components,    nullptr};

}  // namespace

extern "C" NAS_EXPORT const nas_plugin* NAS_CALL nascent_plugin_v1(void) noexcept { return &plugin; }
