// Options as a study's TOML gives them to a component: read, checked against its list and completed by the host.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "config/document.hpp"
#include "nascent/core/options.hpp"
#include "nascent/plugin.hpp"

namespace nascent::test {

// `text` is what stands in the component's section but for `type`.
template <class T>
core::OptionTable options_from_toml(std::string_view text) {
  static constexpr nas_plugin plugin = describe_plugin<T>("test.plugin", "1.0.0");
  core::Diagnostics diagnostics;
  auto document = core::config::parse_document(text, "study.toml", diagnostics);
  if (!document) throw std::runtime_error("no TOML: " + std::string(text));
  core::ComponentConfig config;
  config.path = std::string(T::about.alias);
  config.options = std::move(document->root);
  auto resolved = core::resolve_component(config, *plugin.components[0], diagnostics);
  if (!diagnostics.empty()) throw std::runtime_error(diagnostics.error().message);
  return std::move(resolved.options);
}

}  // namespace nascent::test
