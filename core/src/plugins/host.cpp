// The host's side of nas_host, and the reading of a plugin's errors.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "nascent/core/instance.hpp"
#include "nascent/core/plugins.hpp"
#include "nascent/core/version.hpp"
#include "plugins/utf8.hpp"

namespace nascent::core {
namespace {

void NAS_CALL write_log(void*, std::uint32_t level, nas_str who, nas_str message) noexcept {
  constexpr spdlog::level::level_enum levels[] = {spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
                                                  spdlog::level::warn, spdlog::level::err};
  try {
    spdlog::log(levels[level < std::size(levels) ? level : NAS_LOG_ERROR], "component={} {}", text_of(who),
                text_of(message));
  } catch (...) {  // a log line is never worth a search; and nothing may leave this function
  }
}

const void* NAS_CALL no_service(void*, const char*) noexcept { return nullptr; }

}  // namespace

const nas_host& host() {
  static const nas_host the_host{
      sizeof(nas_host), NAS_ABI_MAJOR, NAS_ABI_MINOR, 0, nullptr, {"nascent", 7}, {version().data(), version().size()},
      write_log,        no_service};
  return the_host;
}

std::string_view status_name(nas_status status) {
  switch (status) {
    case NAS_OK:
      return "ok";
    case NAS_E_INVALID:
      return "invalid";
    case NAS_E_UNSUPPORTED:
      return "unsupported";
    case NAS_E_CANCELLED:
      return "cancelled";
    case NAS_E_NOMEM:
      return "out of memory";
    case NAS_E_IO:
      return "i/o";
    case NAS_E_NUMERIC:
      return "numeric";
    case NAS_E_EXHAUSTED:
      return "exhausted";
    default:
      return "internal";
  }
}

std::string_view kind_name(std::string_view kind) {
  if (!kind.starts_with("nascent.")) return kind;
  kind.remove_prefix(8);
  return kind.substr(0, kind.find('/'));
}

PluginError plugin_error(const nas_component& component, nas_status status, const nas_error& error) {
  const auto bounded = [](const char* text, std::size_t capacity) {
    return text_of(std::string_view(text, strnlen(text, capacity)));
  };
  PluginError e;
  e.kind = status == NAS_E_INVALID ? ErrorKind::invalid_input : ErrorKind::plugin;
  e.status = status;
  e.option = bounded(error.option, sizeof error.option);
  e.reason = bounded(error.message, sizeof error.message);
  if (e.reason.empty()) e.reason = fmt::format("failed without a message (status {}: {})", status, status_name(status));
  e.message = fmt::format("{} \"{}\": {}", kind_name(text_of(component.kind)), text_of(component.alias), e.reason);
  return e;
}

}  // namespace nascent::core
