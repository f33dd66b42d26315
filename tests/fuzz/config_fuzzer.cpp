// libFuzzer harness of the TOML front end: any bytes give a study or located complaints, and an accepted study survives
// being written out and read again. Bytes after 0xFE are an override.
#include <nascent/core/config.hpp>

#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace nascent::core;

void require(bool holds, const char* rule, const std::string& context) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n%s\n", rule, context.c_str());
  std::abort();
}

// One option of each type, each searchable, so that every reader and distribution is reached.
const ComponentInfo& schema() {
  static const ComponentInfo component = [] {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    ComponentInfo c;
    c.kind = "any";
    c.options = {{"flag", "", NAS_O_BOOL, false, true, -infinity, infinity, true, {}},
                 {"whole", "", NAS_O_INT, false, true, 1, 1000, std::int64_t{3}, {}},
                 {"real", "", NAS_O_FLOAT, false, true, -infinity, infinity, {}, {}},
                 {"text", "", NAS_O_STR, false, true, -infinity, infinity, {}, {}},
                 {"choice", "", NAS_O_CHOICE, false, true, -infinity, infinity, std::string("a"), {"a", "b"}},
                 {"path", "", NAS_O_PATH, false, true, -infinity, infinity, {}, {}},
                 {"time", "", NAS_O_SECONDS, false, true, 0, infinity, {}, {}},
                 {"ints", "", NAS_O_INTS, false, true, -5, 5, {}, {}},
                 {"floats", "", NAS_O_FLOATS, false, true, 0, 1, {}, {}},
                 {"texts", "", NAS_O_STRS, false, true, -infinity, infinity, {}, {}},
                 {"table", "", NAS_O_TABLE, false, true, -infinity, infinity, {}, {}}};
    return c;
  }();
  return component;
}

void check_components(StudyConfig& study) {
  for (ComponentConfig* config : components(study)) {
    Diagnostics diagnostics;
    const ResolvedComponent resolved = resolve_component(*config, schema(), diagnostics);
    if (!diagnostics.empty()) {
      require(!diagnostics.error().message.empty(), "a mistake has words", config->path);
      continue;
    }
    require(resolved.options.view().n == resolved.options.items().size(), "the view shows every option", config->path);
    (void)resolved.options.to_json();
    std::vector<nascent::Parameter> parameters;
    for (const LiftedParameter& lifted : resolved.lifted) parameters.push_back(lifted.parameter);
    const nascent::SpaceDeclaration space(parameters);  // throws when a distribution is not one
    Diagnostics again_diagnostics;
    const ResolvedComponent again = resolve_component(resolved.complete, schema(), again_diagnostics);
    require(again_diagnostics.empty(), "a complete component is valid", config->path);
    require(again.options == resolved.options || again.lifted.size() == resolved.lifted.size(),
            "a complete component resolves to the same", config->path);
    *config = resolved.complete;
  }
}

void check_round_trip(const StudyConfig& study) {
  const std::string resolved = resolved_toml(study);
  const Result<StudyConfig> again = parse_study(resolved, "again.toml", "/elsewhere");
  // Escapes and defaults may make the text longer than a file may be.
  if (resolved.size() > (1U << 20)) return;
  require(again.has_value(), "a resolved study is valid", again ? "" : again.error().message + "\n" + resolved);
  require(resolved_toml(*again) == resolved, "a resolved study resolves to itself", resolved);
  (void)resolved_json(study);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t split = bytes.find('\xFE');
  std::vector<std::string> overrides;
  if (split != std::string_view::npos) overrides.emplace_back(bytes.substr(split + 1));
  Result<StudyConfig> study = parse_study(bytes.substr(0, split), "fuzz.toml", "/study", overrides);
  if (!study) {
    const std::string& message = study.error().message;
    require(message.starts_with("fuzz.toml") || message.starts_with("--set"), "a complaint begins with its place",
            message);
    return 0;
  }
  check_components(*study);
  check_round_trip(*study);
  return 0;
}
