#include "config/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "config/toml_text.hpp"

// The whole of toml++ lives in this file alone; without exceptions its names differ from those of libtomlplusplus.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace nascent::core::config {
namespace {

class TreeBuilder {
 public:
  TreeBuilder(const std::string& file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}

  ConfigValue::Table table(const toml::table& from, const std::string& path) const {
    ConfigValue::Table to;
    to.reserve(from.size());
    for (auto&& [key, node] : from) {
      const std::string name(key.str());
      const std::string inner = path.empty() ? name : path + "." + name;
      to.push_back({name, at(key.source()), value(node, inner)});
    }
    // toml++ sorts by name; a reader expects the order of the file.
    std::stable_sort(to.begin(), to.end(), [](const ConfigMember& a, const ConfigMember& b) {
      return std::tie(a.where.line, a.where.column) < std::tie(b.where.line, b.where.column);
    });
    return to;
  }

 private:
  SourceLocation at(const toml::source_region& region) const {
    return {file_, static_cast<std::uint32_t>(region.begin.line), static_cast<std::uint32_t>(region.begin.column)};
  }

  ConfigValue value(const toml::node& node, const std::string& path) const {
    const SourceLocation where = at(node.source());
    if (const auto* t = node.as_table()) return {table(*t, path), where};
    if (const auto* a = node.as_array()) {
      ConfigValue::Array elements;
      elements.reserve(a->size());
      for (std::size_t i = 0; i < a->size(); ++i) elements.push_back(value(*a->get(i), fmt::format("{}.{}", path, i)));
      return {std::move(elements), where};
    }
    if (const auto* s = node.as_string()) return {s->get(), where};
    if (const auto* i = node.as_integer()) return {i->get(), where};
    if (const auto* b = node.as_boolean()) return {b->get(), where};
    if (const auto* f = node.as_floating_point()) {
      if (std::isfinite(f->get())) return {f->get(), where};
      diagnostics_.add(where, fmt::format("{} is {}; numbers have to be finite", path, f->get()));
    } else {
      diagnostics_.add(where, fmt::format("{} is a date or time, which no setting takes; write text in quotes", path));
    }
    return {std::int64_t{0}, where};
  }

  const std::string& file_;
  Diagnostics& diagnostics_;
};

// The line `number` (from 1) of the text.
std::string_view line_of(std::string_view text, std::uint32_t number) {
  std::size_t begin = 0;
  for (; number > 1 && begin != std::string_view::npos; --number) {
    begin = text.find('\n', begin);
    if (begin != std::string_view::npos) ++begin;
  }
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find('\n', begin) - begin);
}

// A mistake that ends with its line: a `key = value` on its own, which the rest of the file can be read without.
bool stands_alone(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos || line[first] == '[' || line[first] == '#') return false;
  if (line.find('=') == std::string_view::npos) return false;
  return line.find("\"\"\"") == std::string_view::npos && line.find("'''") == std::string_view::npos &&
         std::count(line.begin(), line.end(), '[') == std::count(line.begin(), line.end(), ']') &&
         std::count(line.begin(), line.end(), '{') == std::count(line.begin(), line.end(), '}');
}

// What toml++ found, with a way out where the cause is plain.
std::string readable(std::string_view description) {
  constexpr std::string_view lead = "Error while parsing ";
  constexpr std::string_view redefined = "cannot redefine existing ";
  constexpr std::pair<std::string_view, std::string_view> causes[] = {
      {"could not determine value type", "this is no TOML value; text stands in quotes: \"text\""},
      {"boolean: expected", "this is no TOML value; write true or false, or text in quotes"},
      {"key-value pair: expected '=', saw", "a key is followed by = and a value: key = value"},
      {"key-value pair: expected value, saw", "the value after = is missing"},
      {"unescaped control characters", "a text in quotes ends on its own line; a closing \" is missing"},
      {"cannot redefine existing array",
       "the same name stands for a list and for a single section; write [[name]] each time"},
  };
  for (const auto& [cause, message] : causes) {
    if (description.find(cause) != std::string_view::npos) return std::string(message);
  }
  if (description.find(redefined) != std::string_view::npos) {
    const std::size_t begin = description.find('\'');
    const std::size_t end = description.find('\'', std::min(begin, description.size() - 1) + 1);
    if (end != std::string_view::npos)
      return fmt::format("\"{}\" is given twice; leave one out", description.substr(begin + 1, end - begin - 1));
  }
  if (description.starts_with(lead)) description.remove_prefix(lead.size());
  return fmt::format("no valid TOML: {}", description);
}

}  // namespace

std::optional<Document> parse_document(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  constexpr int mistakes_max = 20;
  std::string remaining(text);
  Absence absence = Absence::is_a_mistake;
  std::uint32_t last_line = 0;
  for (int mistakes = 0; mistakes < mistakes_max; ++mistakes) {
    if (!check_text(remaining, file, diagnostics)) return std::nullopt;
    const toml::parse_result result = toml::parse(std::string_view(remaining));
    if (result.succeeded()) {
      return Document{TreeBuilder(file, diagnostics).table(result.table(), {}), absence};
    }
    const toml::parse_error& error = result.error();
    const auto line_number = static_cast<std::uint32_t>(error.source().begin.line);
    // After a line was left out, an end that comes too early, or a mistake before it, is only its consequence.
    const bool is_end = error.description().find("end-of-file") != std::string_view::npos;
    if (line_number <= last_line || (is_end && last_line > 0)) return std::nullopt;
    diagnostics.add({file, line_number, static_cast<std::uint32_t>(error.source().begin.column)},
                    readable(error.description()));
    const std::string_view line = line_of(remaining, line_number);
    if (!stands_alone(line)) return std::nullopt;
    const auto begin = static_cast<std::size_t>(line.data() - remaining.data());
    std::fill_n(remaining.begin() + static_cast<std::ptrdiff_t>(begin), line.size(), ' ');
    last_line = line_number;
    absence = Absence::may_be_misspelt;
  }
  return std::nullopt;
}

namespace {

void relocate(ConfigValue& value, const SourceLocation& where) {
  value.where = where;
  if (auto* elements = value.array()) {
    for (ConfigValue& element : *elements) relocate(element, where);
  }
  if (auto* members = value.table()) {
    for (ConfigMember& member : *members) {
      member.where = where;
      relocate(member.value, where);
    }
  }
}

}  // namespace

std::optional<ConfigValue> parse_value(std::string_view text, const SourceLocation& where) {
  Diagnostics ignored;
  std::optional<Document> document = parse_document("v = " + std::string(text), {}, ignored);
  if (!document || !ignored.empty() || document->root.size() != 1 || document->root[0].key != "v") return std::nullopt;
  relocate(document->root[0].value, where);
  return std::move(document->root[0].value);
}

}  // namespace nascent::core::config
