// From a configuration to its architecture, for samplers that look at the network itself.
#pragma once

#include <memory>
#include <optional>

#include "nascent/graph.hpp"
#include "nascent/space_view.hpp"

NASCENT_SDK_BEGIN

// The space of a study, as SamplerSetup::architectures hands it on. A handle: copy it freely; any thread.
class Architectures {
 public:
  explicit Architectures(nas_space_ref space = {}) : space_(space) {}
  // Has this space architectures at all?
  [[nodiscard]] bool exist() const { return space_.vt != nullptr; }
  // Empty where the configuration has none. Throws Error when the space fails.
  [[nodiscard]] std::optional<Graph> build(ConstRow row) const {
    if (!exist()) return std::nullopt;
    nas_graph* built = nullptr;
    nas_error error{};
    const nas_status status = space_.vt->build(space_.self, row.x.data(), row.active.data(), &built, &error);
    if (status == NAS_E_INVALID) return std::nullopt;
    check(status, error);
    if (built == nullptr) return std::nullopt;
    const std::unique_ptr<nas_graph, void (*)(nas_graph*)> held(built, [](nas_graph* graph) {
      if (graph->release != nullptr) graph->release(graph->owner);
    });
    return Graph::from_abi(*built);
  }

 private:
  nas_space_ref space_;
};

NASCENT_SDK_END
