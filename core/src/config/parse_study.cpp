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
  static const std::vector<std::string> names{"study",     "objective",  "constraint", "acceptance", "stop",
                                              "budget",    "validation", "dataset",    "space",      "sampler",
                                              "scheduler", "trainer",    "evaluator",  "compressor", "workers",
                                              "final",     "plugins",    "warm_start"};
  return names;
}

bool is_section_name(const std::string& key) {
  return std::ranges::find(section_names(), key) != section_names().end();
}

// Notes in the document which sections are only misspelt.
void check_sections(Document& document, Diagnostics& diagnostics) {
  for (const ConfigMember& member : document.root) {
    if (is_section_name(member.key)) continue;
    const bool is_section = member.value.table() != nullptr || member.value.array() != nullptr;
    const std::string meant = nearest(member.key, section_names());
    if (is_section) {
      diagnostics.add(member.where, fmt::format("unknown section {}; {}", toml_text(member.key),
                                                way_out(member.key, section_names())));
      if (!meant.empty() && find(document.root, meant) == nullptr) document.misspelt.push_back(meant);
    } else {
      diagnostics.add(member.where, fmt::format("{} stands outside of every section; {}", toml_text(member.key),
                                                meant.empty() ? "move it below the one it belongs to, such as [study]"
                                                              : fmt::format("did you mean [{}]?", meant)));
    }
  }
}

void read_components(const Document& document, const std::string& file, StudyDraft& draft) {
  StudyConfig& study = draft.config;
  draft.parameters_known = document.misspelt.empty() && !document.incomplete.contains("");
  const auto unreadable = [&](std::string path) {
    return ComponentConfig{std::move(path), "", {file, 0, 0}, {file, 0, 0}, {}, study.directory};
  };
  const auto read = [&](const ConfigValue& value, const std::string& path) {
    const Absence absence = document.absence(std::string(kind_of_path(path)));
    if (absence == Absence::may_be_misspelt) {
      draft.refused.insert(path);
      draft.parameters_known = false;
    }
    return read_component(value, path, study.directory, absence, draft.mistakes);
  };
  const auto one = [&](std::string_view key) -> std::optional<ComponentConfig> {
    if (const ConfigValue* value = find(document.root, key)) return read(*value, std::string(key));
    return document.gives(key) ? std::optional(unreadable(std::string(key))) : std::nullopt;
  };
  const auto several = [&](std::string_view key, std::vector<ComponentConfig>& to) {
    const std::vector<ListedTable> tables = listed(document.root, key, draft.mistakes);
    for (std::size_t i = 0; i < tables.size(); ++i) to.push_back(read(*tables[i].value, fmt::format("{}.{}", key, i)));
    if (find(document.root, key) == nullptr && document.gives(key)) to.push_back(unreadable(fmt::format("{}.0", key)));
  };
  study.dataset = one("dataset");
  study.space = one("space").value_or(unreadable("space"));
  study.sampler =
      one("sampler").value_or(ComponentConfig{"sampler", "auto", {file, 0, 0}, {file, 0, 0}, {}, study.directory});
  study.scheduler = one("scheduler");
  study.trainer = one("trainer");
  several("evaluator", study.evaluators);
  several("compressor", study.compressors);
  if (!document.gives("space"))
    draft.mistakes.add({file, 0, 0}, "no [space], which says what is searched; write [space] with type = \"cnn\"");
  if (!document.gives("trainer") && !document.gives("evaluator")) {
    draft.mistakes.add({file, 0, 0},
                       "neither [trainer] nor [[evaluator]], so that no metric is measured; write [trainer] "
                       "with type = \"torch\" or [[evaluator]] with type = \"table\"");
  }
}

Result<StudyConfig> without_mistakes(Result<StudyDraft> draft) {
  if (!draft) return tl::unexpected<Error>(draft.error());
  if (!draft->mistakes.empty()) return tl::unexpected(draft->mistakes.error());
  return std::move(draft->config);
}

}  // namespace

Result<StudyDraft> parse_draft(std::string_view text, std::string file_name, const std::filesystem::path& directory,
                               std::span<const std::string> overrides) {
  std::error_code failed;
  StudyDraft draft;
  Diagnostics& mistakes = draft.mistakes;
  draft.config.directory = std::filesystem::absolute(directory.empty() ? "." : directory, failed).lexically_normal();
  if (failed) return fail(ErrorKind::system, "the current directory cannot be read: " + failed.message());

  std::optional<Document> document = parse_document(text, file_name, mistakes);
  if (!document) return tl::unexpected(mistakes.error());
  apply_overrides(*document, overrides, mistakes);
  if (!std::ranges::all_of(document->incomplete, is_section_name)) document->incomplete.insert("");
  if (document->root.empty() && document->incomplete.empty()) {
    mistakes.add({file_name, 0, 0},
                 "the study is empty; write at least [objective], [stop], [space] and [trainer] "
                 "or [[evaluator]]");
    return tl::unexpected(mistakes.error());
  }
  check_sections(*document, mistakes);
  read_settings(*document, file_name, draft);
  read_warm_start(document->root, draft.config, mistakes);
  read_components(*document, file_name, draft);
  return draft;
}

Result<StudyConfig> parse_study(std::string_view text, std::string file_name, const std::filesystem::path& directory,
                                std::span<const std::string> overrides) {
  return without_mistakes(parse_draft(text, std::move(file_name), directory, overrides));
}

Result<StudyDraft> load_draft(const std::filesystem::path& file, std::span<const std::string> overrides) {
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
  Result<StudyDraft> draft = parse_draft(text, file.string(), file.parent_path(), overrides);
  if (draft) draft->config.file = file;
  return draft;
}

Result<StudyConfig> load_study(const std::filesystem::path& file, std::span<const std::string> overrides) {
  return without_mistakes(load_draft(file, overrides));
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
