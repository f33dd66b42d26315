#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "config/component.hpp"
#include "config/document.hpp"
#include "config/overrides.hpp"
#include "config/settings.hpp"
#include "config/toml_text.hpp"
#include "nascent/core/config.hpp"
#include "nascent/core/nearest.hpp"

namespace nascent::core {
namespace {

using namespace config;

const std::vector<std::string>& section_names() {
  static const std::vector<std::string> names{
      "study",   "objective", "constraint", "acceptance", "stop",       "budget",  "validation", "dataset", "space",
      "sampler", "scheduler", "trainer",    "evaluator",  "compressor", "workers", "final",      "plugins",
      "warm_start"};
  return names;
}

void check_sections(const ConfigValue::Table& root, Diagnostics& diagnostics) {
  for (const ConfigMember& member : root) {
    if (std::find(section_names().begin(), section_names().end(), member.key) != section_names().end()) continue;
    const bool is_section = member.value.table() != nullptr || member.value.array() != nullptr;
    diagnostics.add(
        member.where,
        is_section ? fmt::format("unknown section {}; {}", toml_text(member.key), way_out(member.key, section_names()))
                   : fmt::format("{} stands outside of every section; move it below the one it belongs to, "
                                 "such as [study]",
                                 toml_text(member.key)));
  }
}

void read_components(const ConfigValue::Table& root, const std::string& file, Absence absence, StudyConfig& study,
                     Diagnostics& diagnostics) {
  const auto one = [&](std::string_view key) -> std::optional<ComponentConfig> {
    const ConfigValue* value = find(root, key);
    if (value == nullptr) return std::nullopt;
    return read_component(*value, std::string(key), study.directory, absence, diagnostics);
  };
  const auto several = [&](std::string_view key, std::vector<ComponentConfig>& to) {
    const std::vector<ListedTable> tables = listed(root, key, diagnostics);
    for (std::size_t i = 0; i < tables.size(); ++i)
      to.push_back(
          read_component(*tables[i].value, fmt::format("{}.{}", key, i), study.directory, absence, diagnostics));
  };
  study.dataset = one("dataset");
  study.space = one("space").value_or(ComponentConfig{});
  study.sampler =
      one("sampler").value_or(ComponentConfig{"sampler", "auto", {file, 0, 0}, {file, 0, 0}, {}, study.directory});
  study.scheduler = one("scheduler");
  study.trainer = one("trainer");
  several("evaluator", study.evaluators);
  several("compressor", study.compressors);
  if (absence == Absence::may_be_misspelt) return;
  if (find(root, "space") == nullptr)
    diagnostics.add({file, 0, 0}, "no [space], which says what is searched; write [space] with type = \"cnn\"");
  if (find(root, "trainer") == nullptr && find(root, "evaluator") == nullptr) {
    diagnostics.add({file, 0, 0},
                    "neither [trainer] nor [[evaluator]], so that no metric is measured; write [trainer] "
                    "with type = \"torch\" or [[evaluator]] with type = \"table\"");
  }
}

}  // namespace

Result<StudyConfig> parse_study(std::string_view text, std::string file_name, const std::filesystem::path& directory,
                                std::span<const std::string> overrides) {
  Diagnostics diagnostics;
  std::error_code failed;
  StudyConfig study;
  study.directory = std::filesystem::absolute(directory.empty() ? "." : directory, failed).lexically_normal();
  if (failed) return fail(ErrorKind::system, "the current directory cannot be read: " + failed.message());

  std::optional<Document> document = parse_document(text, file_name, diagnostics);
  if (!document) return tl::unexpected(diagnostics.error());
  apply_overrides(document->root, overrides, diagnostics);
  const Absence absence = document->absence;
  if (document->root.empty() && absence == Absence::is_a_mistake) {
    diagnostics.add({file_name, 0, 0},
                    "the study is empty; write at least [objective], [stop], [space] and [trainer] "
                    "or [[evaluator]]");
    return tl::unexpected(diagnostics.error());
  }
  check_sections(document->root, diagnostics);
  read_settings(document->root, file_name, absence, study, diagnostics);
  read_warm_start(document->root, study, diagnostics);
  read_components(document->root, file_name, absence, study, diagnostics);
  if (!diagnostics.empty()) return tl::unexpected(diagnostics.error());
  return study;
}

Result<StudyConfig> load_study(const std::filesystem::path& file, std::span<const std::string> overrides) {
  const auto unreadable = [&](const std::string& why) {
    return fail(ErrorKind::invalid_input, fmt::format("{}: {}", file.string(), why));
  };
  std::error_code status;
  if (std::filesystem::is_directory(file, status)) return unreadable("is a folder; name the TOML file in it");
  if (!std::filesystem::exists(file, status)) return unreadable("no such file");
  std::ifstream in(file, std::ios::binary);
  if (!in) return unreadable("cannot be read; check its permissions");
  // One byte more than allowed is enough to tell; devices have no size to ask for.
  std::string text(file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return unreadable("cannot be read to its end");
  text.resize(static_cast<std::size_t>(in.gcount()));
  Result<StudyConfig> study = parse_study(text, file.string(), file.parent_path(), overrides);
  if (study) study->file = file;
  return study;
}

std::vector<const ComponentConfig*> components(const StudyConfig& study) {
  std::vector<const ComponentConfig*> all;
  if (study.dataset) all.push_back(&*study.dataset);
  all.push_back(&study.space);
  all.push_back(&study.sampler);
  if (study.scheduler) all.push_back(&*study.scheduler);
  if (study.trainer) all.push_back(&*study.trainer);
  for (const ComponentConfig& c : study.compressors) all.push_back(&c);
  for (const ComponentConfig& c : study.evaluators) all.push_back(&c);
  return all;
}

std::vector<ComponentConfig*> components(StudyConfig& study) {
  std::vector<ComponentConfig*> all;
  for (const ComponentConfig* c : components(static_cast<const StudyConfig&>(study)))
    all.push_back(const_cast<ComponentConfig*>(c));
  return all;
}

}  // namespace nascent::core
