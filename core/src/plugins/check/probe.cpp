// The child's side of a plugin check.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <nascent/options.hpp>
#include <nlohmann/json.hpp>

#include "nascent/core/nearest.hpp"
#include "plugins/check/contract.hpp"
#include "plugins/check/load_probes.hpp"
#include "plugins/check/probe.hpp"
#include "plugins/library.hpp"
#include "plugins/manifest.hpp"
#include "plugins/utf8.hpp"

namespace nascent::core {
namespace {

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class T>
std::optional<OptionValue> numbers(std::string_view text) {
  std::vector<T> all;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const auto value = number<T>(text.substr(0, comma));
    if (!value) return std::nullopt;
    all.push_back(*value);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return all;
}

std::optional<OptionValue> value_of(const std::string& text, std::uint32_t type) {
  const auto lift = [](auto number) { return number ? std::optional<OptionValue>(*number) : std::nullopt; };
  switch (type) {
    case NAS_O_BOOL:
      return text == "true" || text == "false" ? std::optional<OptionValue>(text == "true") : std::nullopt;
    case NAS_O_INT:
      return lift(number<std::int64_t>(text));
    case NAS_O_FLOAT:
    case NAS_O_SECONDS:
      return lift(number<double>(text));
    case NAS_O_INTS:
      return numbers<std::int64_t>(text);
    case NAS_O_FLOATS:
      return numbers<double>(text);
    default:
      return text;
  }
}

// Lists of numbers are one value; other lists and objects become a pointer for each element.
void set_json(OptionTable& table, const std::string& pointer, const nlohmann::ordered_json& j) {
  const auto all = [&](auto test) { return !j.empty() && std::ranges::all_of(j, test); };
  if (j.is_boolean()) return table.set(pointer, j.get<bool>());
  if (j.is_number_integer()) return table.set(pointer, j.get<std::int64_t>());
  if (j.is_number()) return table.set(pointer, j.get<double>());
  if (j.is_string()) return table.set(pointer, j.get<std::string>());
  if (j.is_array() && all([](const auto& e) { return e.is_number_integer(); }))
    return table.set(pointer, j.get<std::vector<std::int64_t>>());
  if (j.is_array() && all([](const auto& e) { return e.is_number(); }))
    return table.set(pointer, j.get<std::vector<double>>());
  std::size_t i = 0;
  for (const auto& [key, value] : j.items())
    set_json(table, pointer + pointer_step(j.is_array() ? std::to_string(i++) : key), value);
}

Result<std::vector<CheckFinding>> component_probe(bool contract, const std::string& kind, const std::string& id,
                                                  const std::filesystem::path& path,
                                                  const std::vector<std::string>& entries) {
  const auto library = open_library(path);
  if (!library) return tl::unexpected(library.error());
  if (auto ok = initialise(*library->plugin, path); !ok) return tl::unexpected(ok.error());
  for (std::size_t i = 0; i < library->plugin->n_components; ++i) {
    const nas_component& c = *library->plugin->components[i];
    if (text_of(c.kind) != kind || text_of(c.id) != id) continue;
    const auto options = check_options(component_info(c), entries);
    if (!options) {
      const bool mistyped = options.error().message.starts_with("--option");
      return std::vector<CheckFinding>{
          {fmt::format("{} {}.{}", kind_name(kind), text_of(c.alias), contract ? "contract" : "lifecycle"),
           mistyped ? CheckOutcome::failed : CheckOutcome::skipped, 0, options.error().message}};
    }
    return contract ? check_contract(c, *options) : check_lifecycle(c, *options);
  }
  return fail(ErrorKind::plugin, fmt::format("the component \"{}\" disappeared", id));
}

Result<std::vector<CheckFinding>> findings_of(const std::string& probe, const std::filesystem::path& path,
                                              const std::vector<std::string>& options) {
  if (probe == "needs") return probe_needs(path);
  if (probe == "load") return probe_load(path);
  if (probe == "twice") return probe_twice(path);
  if (probe == "descriptor") return probe_descriptor(path);
  const std::size_t first = probe.find(':'), second = probe.find(':', first + 1);
  if (second == std::string::npos)
    return fail(ErrorKind::invalid_input, fmt::format("there is no probe \"{}\"", probe));
  return component_probe(probe.starts_with("contract:"), probe.substr(first + 1, second - first - 1),
                         probe.substr(second + 1), path, options);
}

// An exception that reaches the top of this process is told on the real standard error, also while output is captured.
int real_stderr = 2;
[[noreturn]] void tell_and_abort() {
  std::string what = "an exception that is no std::exception";
  try {
    if (const std::exception_ptr e = std::current_exception()) std::rethrow_exception(e);
    what = "std::terminate was called";
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
  }
  what = "uncaught: " + what + '\n';
  static_cast<void>(!::write(real_stderr, what.data(), what.size()));
  std::abort();
}

}  // namespace

nlohmann::ordered_json to_json(const CheckFinding& f) {
  constexpr const char* outcomes[] = {"passed", "failed", "skipped"};
  return {{"test", f.test},
          {"outcome", outcomes[static_cast<int>(f.outcome)]},
          {"rule", f.rule},
          {"message", text_of(f.message)}};
}

Result<OptionTable> check_options(const ComponentInfo& component, const std::vector<std::string>& entries) {
  OptionTable table;
  for (const OptionInfo& o : component.options) {
    const bool given = std::ranges::any_of(
        entries, [&](const std::string& entry) { return entry.starts_with(component.alias + "." + o.name + "="); });
    if (given || std::holds_alternative<std::monostate>(o.dflt)) continue;
    if (o.type == NAS_O_STRS)
      set_json(table, pointer_step(o.name), nascent::default_texts(std::get<std::string>(o.dflt)));
    else
      table.set(pointer_step(o.name), o.dflt);
  }
  std::vector<std::string> names;
  for (const OptionInfo& o : component.options) names.push_back(o.name);
  for (const std::string& entry : entries) {
    const std::size_t dot = entry.find('.'), equals = entry.find('=');
    if (dot == std::string::npos || equals == std::string::npos || dot > equals)
      return fail(ErrorKind::invalid_input,
                  fmt::format("--option {}: it has the form <alias>.<option>=<value>", entry));
    if (entry.substr(0, dot) != component.alias) continue;
    const std::string name = entry.substr(dot + 1, equals - dot - 1), text = entry.substr(equals + 1);
    const auto option = std::ranges::find(component.options, name, &OptionInfo::name);
    if (option == component.options.end())
      return fail(ErrorKind::invalid_input, fmt::format("--option {}: {} has no option \"{}\"; {}", entry,
                                                        component.alias, name, way_out(name, names)));
    if (option->type == NAS_O_STRS || option->type == NAS_O_TABLE) {
      const auto json = nlohmann::ordered_json::parse(text, nullptr, false);
      if (!(option->type == NAS_O_STRS ? json.is_array() : json.is_structured()))
        return fail(ErrorKind::invalid_input,
                    fmt::format("--option {}: a {} is written as JSON: {}", entry, option_type_name(option->type),
                                option->type == NAS_O_STRS ? R"(["a", "b"])" : R"({"a": 1})"));
      set_json(table, pointer_step(name), json);
      continue;
    }
    const auto value = value_of(text, option->type);
    if (!value)
      return fail(ErrorKind::invalid_input,
                  fmt::format("--option {}: \"{}\" is no {}", entry, text, option_type_name(option->type)));
    table.set(pointer_step(name), *value);
  }
  for (const OptionInfo& o : component.options) {
    const std::string pointer = pointer_step(o.name);
    const bool given = std::ranges::any_of(table.items(), [&](const auto& item) {
      return item.first == pointer || item.first.starts_with(pointer + '/');
    });
    if (o.required && !given)
      return fail(ErrorKind::invalid_input, fmt::format("needs the option \"{}\"; give it with --option {}.{}=<{}>",
                                                        o.name, component.alias, o.name, option_type_name(o.type)));
  }
  return table;
}

std::vector<CheckFinding> check_contract(const nas_component& component, const OptionTable& options) {
  const std::string kind = text_of(component.kind);
  if (kind == NAS_KIND_SPACE) return check_space(component, options);
  if (kind == NAS_KIND_SAMPLER) return check_sampler(component, options);
  if (kind == NAS_KIND_SCHEDULER) return check_scheduler(component, options);
  if (kind == NAS_KIND_DATASET) return check_dataset(component, options);
  if (kind == NAS_KIND_TRAINER) return check_trainer(component, options);
  if (kind == NAS_KIND_COMPRESSOR) return check_compressor(component, options);
  if (kind == NAS_KIND_EVALUATOR) return check_evaluator(component, options);
  return {{kind + ".contract", CheckOutcome::skipped, 0, "a kind of a third party: its contract is not known here"}};
}

std::vector<CheckFinding> check_component(const nas_component& component, const OptionTable& options) {
  std::vector<CheckFinding> all = check_lifecycle(component, options);
  for (CheckFinding& f : check_contract(component, options)) all.push_back(std::move(f));
  return all;
}

int run_probe(const std::string& probe, const std::filesystem::path& path, const std::vector<std::string>& options) {
  real_stderr = ::dup(2);
  std::set_terminate(tell_and_abort);
  std::string line;
  if (probe == "manifest") {
    const auto text = manifest_json(path);
    if (!text) {
      std::fprintf(stderr, "%s\n", text.error().message.c_str());
      return 1;
    }
    line = nlohmann::ordered_json::parse(*text).dump();
  } else {
    const auto findings = findings_of(probe, path, options);
    if (!findings) {
      std::fprintf(stderr, "%s\n", findings.error().message.c_str());
      return 1;
    }
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const CheckFinding& f : *findings) all.push_back(to_json(f));
    line = all.dump();
  }
  std::printf("\n%s%s\n", probe_mark.data(), line.c_str());
  std::fflush(nullptr);
  // Exit handlers of the libraries loaded here are not what was asked about.
  ::_exit(0);
}

}  // namespace nascent::core
