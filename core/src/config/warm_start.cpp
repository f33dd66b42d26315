// [warm_start]: what a study tries before its sampler is asked.
#include <fmt/format.h>

#include "config/section.hpp"
#include "config/settings.hpp"
#include "nascent/core/store_location.hpp"

namespace nascent::core::config {
namespace {

// "earlier.db#name", or the store alone.
WarmStart::Earlier earlier_study(const std::string& text, const std::filesystem::path& directory,
                                 SourceLocation where) {
  const std::size_t mark = text.find('#');
  const std::string name = mark == std::string::npos ? "" : text.substr(mark + 1);
  const std::string store = text.substr(0, mark);
  return {is_url(store) ? public_location(store) : resolved_path(directory, store).string(), name, std::move(where)};
}

}  // namespace

void read_warm_start(const ConfigValue::Table& root, StudyConfig& study, Diagnostics& diagnostics) {
  Section s(find(root, "warm_start"), "warm_start", diagnostics);
  WarmStart& w = study.warm_start;
  if (const ConfigValue* given = s.find("configurations")) {
    const ConfigValue::Array* elements = given->array();
    const std::string rule = "a list of tables, as [{ \"trainer.learning_rate\" = 0.01 }]";
    ValueReader reader{diagnostics};
    if (elements == nullptr) reader.refuse(*given, "warm_start.configurations", rule);
    for (std::size_t i = 0; elements != nullptr && i < elements->size(); ++i) {
      const ConfigValue& element = (*elements)[i];
      if (element.table() == nullptr) {
        reader.refuse(element, fmt::format("warm_start.configurations.{}", i), "a table of values by parameter");
      } else {
        w.configurations.push_back(element);
      }
    }
  }
  const auto studies = s.get(&ValueReader::texts, "studies").value_or(std::vector<std::string>{});
  for (std::size_t i = 0; i < studies.size(); ++i) {
    const ConfigValue& given = *s.find("studies");
    const SourceLocation& where = given.array() == nullptr ? given.where : (*given.array())[i].where;
    if (studies[i].empty() || studies[i].front() == '#' || studies[i].back() == '#') {
      diagnostics.add(where,
                      fmt::format("warm_start.studies.{} is {}; it has to be a store, or store#study where that holds "
                                  "several: \"earlier.db#name\"",
                                  i, toml_text(studies[i])));
    } else {
      w.studies.push_back(earlier_study(studies[i], study.directory, where));
    }
  }
  w.top = static_cast<std::uint32_t>(s.get(&ValueReader::integer, "top", Range{1, 10000}).value_or(w.top));
  s.finish();
}

}  // namespace nascent::core::config
