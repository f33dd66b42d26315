#include "schema.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nascent/options.hpp>
#include <span>

namespace nascent::core::test {
namespace {

constexpr std::array momentum_names = nascent::names("none", "classic", "nesterov");
constexpr std::array<std::int64_t, 2> kernel_default{3, 5};

constexpr std::array trainer_options{
    option("learning_rate", "step size").real(1e-9, 10).otherwise(0.1).searchable(),
    option("batch_size", "rows of a step").integer(1, 4096).otherwise(128).searchable(),
    option("momentum", "kind of momentum").one_of(momentum_names).otherwise("classic").searchable(),
    option("shuffle", "new order each epoch").flag().otherwise(true).searchable(),
    option("warm_up", "time before the full step size").seconds().searchable(),
    option("weights", "file to begin with").path().searchable(),
    option("label", "shown in reports").text().searchable(),
    option("threads", "of one trial").integer(1, 64).otherwise(1),
    option("milestones", "epochs at which the step size falls").integers(0, 1000),
    option("betas", "decay of the moments").reals(0, 1),
    option("gammas", "shrinkage at each milestone").reals(0, 1).searchable(),
    option("columns", "used as inputs").texts(),
    option("augment", "chain of augmentations").table(),
};
constexpr std::array sampler_options{
    option("population", "parents kept alive").integer(2, 100000).otherwise(50),
    option("mutation", "share of parameters that change").real(0, 1).otherwise(0.1),
};
constexpr std::array dataset_options{
    option("images", "file of the images").path().required(),
    option("kernel", "sizes tried").integers(1, 9).otherwise(kernel_default),
    option("cache", "folder for copies").path().otherwise("cache"),
    option("timeout", "of the download").seconds().otherwise("2min"),
    option("mirrors", "places to look at").texts().otherwise("first\nsecond"),
};
constexpr std::array declared_options{
    option("parameters", "the random variables by name").table(),
    option("defaults", "values of absent ones").table(),
};

ComponentInfo component(std::string kind, std::string alias, std::span<const nascent::Option> options = {}) {
  nas_component c{};
  c.size = sizeof c;
  c.kind = nascent::str(kind);
  c.alias = nascent::str(alias);
  c.n_options = static_cast<std::uint32_t>(options.size());
  c.option_stride = sizeof(nas_option);
  c.options = options.data();
  return component_info(c);
}

const std::vector<ComponentInfo>& all() {
  static const std::vector<ComponentInfo> components{
      component("space", "declared", declared_options),
      component("space", "cnn"),
      component("sampler", "random"),
      component("sampler", "evolution", sampler_options),
      component("sampler", "auto"),
      component("scheduler", "median"),
      component("dataset", "idx", dataset_options),
      component("trainer", "torch", trainer_options),
      component("evaluator", "table"),
      component("evaluator", "classification"),
      component("compressor", "prune"),
  };
  return components;
}

}  // namespace

const ComponentInfo* schema(std::string_view kind, std::string_view alias) {
  const auto at = std::find_if(all().begin(), all().end(),
                               [&](const ComponentInfo& c) { return c.kind == kind && c.alias == alias; });
  return at == all().end() ? nullptr : &*at;
}

std::vector<std::string> schema_names(std::string_view kind) {
  std::vector<std::string> names;
  for (const ComponentInfo& c : all()) {
    if (c.kind == kind) names.push_back(c.alias);
  }
  return names;
}

ResolvedComponent resolve_trainer(std::string_view options, Diagnostics& diagnostics) {
  const std::string text =
      std::string(minimal_study) + "[budget]\nepochs = 1\n[trainer]\ntype = \"torch\"\n" + std::string(options) + "\n";
  const Result<StudyConfig> study = parse_study(text, "study.toml", "/data");
  if (!study) {
    ADD_FAILURE() << study.error().message;
    return {};
  }
  return resolve_component(*study->trainer, *schema("trainer", "torch"), diagnostics);
}

ResolvedComponent resolve_trainer(std::string_view options) {
  Diagnostics diagnostics;
  ResolvedComponent resolved = resolve_trainer(options, diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.error().message;
  return resolved;
}

std::string mistakes(std::string_view options) {
  Diagnostics diagnostics;
  resolve_trainer(options, diagnostics);
  std::string all_messages;
  for (const Diagnostic& d : diagnostics.sorted()) all_messages += (all_messages.empty() ? "" : "\n") + d.message;
  return all_messages;
}

}  // namespace nascent::core::test
