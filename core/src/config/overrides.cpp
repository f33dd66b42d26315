#include "config/overrides.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "config/document.hpp"
#include "config/section.hpp"
#include "config/toml_text.hpp"
#include "plugins/utf8.hpp"

namespace nascent::core::config {
namespace {

const SourceLocation command_line{"--set", 0, 0};

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    parts.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::optional<std::size_t> index_of(std::string_view part) {
  std::size_t index = 0;
  const auto [end, status] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (part.empty() || status != std::errc{} || end != part.data() + part.size()) return std::nullopt;
  return index;
}

// The member or element `part` of `at`, made when it is not there yet; nullptr with a reason when it cannot be.
ConfigValue* step(ConfigValue& at, const std::string& part, std::string& reason) {
  if (auto* members = at.table()) {
    if (ConfigValue* known = find(*members, part)) return known;
    members->push_back({part, command_line, {ConfigValue::Table{}, command_line}});
    return &members->back().value;
  }
  auto* elements = at.array();
  if (elements == nullptr) {
    reason = fmt::format("{} is a value, which has nothing called {} in it", shown(at), toml_text(part));
    return nullptr;
  }
  const std::optional<std::size_t> index = index_of(part);
  if (!index || *index > elements->size()) {
    reason = fmt::format("{} is no place in a list of {}; count from 0", toml_text(part), elements->size());
    return nullptr;
  }
  if (*index == elements->size()) elements->push_back({ConfigValue::Table{}, command_line});
  return &(*elements)[*index];
}

void apply(ConfigValue& root, const std::string& text, Diagnostics& diagnostics) {
  const auto complain = [&](const std::string& message) { diagnostics.add(command_line, message); };
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos)
    return complain(fmt::format("{} sets nothing; write --set section.key=value", toml_text(text_of(text))));
  if (!is_utf8(text)) return complain(fmt::format("{} is no UTF-8", toml_text(text_of(text))));
  const std::string path = text.substr(0, equals), value = text.substr(equals + 1);
  const std::vector<std::string> parts = split(path);
  if (parts.size() > static_cast<std::size_t>(depth_max)) return complain("a path has at most 32 parts");
  if (std::ranges::any_of(parts, &std::string::empty))
    return complain(fmt::format("{} has an empty part; write --set section.key=value", toml_text(path)));
  ConfigValue* at = &root;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    // "evaluator.0.type" may also begin the list.
    if (i > 0 && at->table() != nullptr && at->table()->empty() && at->where == command_line && parts[i] == "0")
      at->data = ConfigValue::Array{};
    std::string reason;
    at = step(*at, parts[i], reason);
    if (at == nullptr) return complain(fmt::format("{}: {}", path, reason));
  }
  *at = parse_value(value, command_line).value_or(ConfigValue{value, command_line});
}

}  // namespace

void apply_overrides(Document& document, std::span<const std::string> overrides, Diagnostics& diagnostics) {
  ConfigValue tree{std::move(document.root), {}};
  for (const std::string& text : overrides) {
    const std::size_t before = diagnostics.size();
    apply(tree, text, diagnostics);
    if (diagnostics.size() > before) document.incomplete.insert(text.substr(0, text.find_first_of(".=")));
  }
  document.root = std::move(*tree.table());
}

}  // namespace nascent::core::config
