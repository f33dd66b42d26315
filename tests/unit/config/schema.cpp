#include "schema.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nascent/compressor.hpp>
#include <nascent/dataset.hpp>
#include <nascent/evaluator.hpp>
#include <nascent/sampler.hpp>
#include <nascent/scheduler.hpp>
#include <nascent/space.hpp>
#include <nascent/trainer.hpp>

namespace nascent::core::test {
namespace {

using nascent::About;
using nascent::option;

template <class Name>
class Plane : public nascent::Space {
 public:
  static constexpr About about = Name::about;
  static constexpr std::array options{
      option("parameters", "the random variables by name").table(),
      option("defaults", "values of absent ones").table(),
  };
  Plane(const nascent::Options&, const nascent::SpaceSetup&) {
    nascent::SpaceBuilder s;
    s.integer("depth", 1, 8);
    s.choice("kernel", {"small", "large"});
    declaration_ = s.declaration();
  }
  [[nodiscard]] const nascent::SpaceDeclaration& declaration() const override { return declaration_; }
  [[nodiscard]] std::optional<nascent::Graph> build(const nascent::Values&) const override { return std::nullopt; }

 private:
  nascent::SpaceDeclaration declaration_;
};
struct DeclaredName {
  static constexpr About about{"test.space.declared", "declared", "1.0.0", "Parameters without architectures"};
};
struct CnnName {
  static constexpr About about{"test.space.cnn", "cnn", "1.0.0", "The same under another name"};
};

class Still : public nascent::Sampler {
 public:
  void ask(const nascent::Ask&, nascent::Row) override {
    throw nascent::Error(NAS_E_EXHAUSTED, "nothing is asked here");
  }
};
class Random : public Still {
 public:
  static constexpr About about{"test.sampler.random", "random", "1.0.0", "Takes any study"};
  Random(const nascent::Options&, const nascent::SamplerSetup&) {}
};
class Auto : public Still {
 public:
  static constexpr About about{"test.sampler.auto", "auto", "1.0.0", "Takes any study too"};
  Auto(const nascent::Options&, const nascent::SamplerSetup&) {}
};
class Evolution : public Still {
 public:
  static constexpr About about{"test.sampler.evolution", "evolution", "1.0.0", "Refuses what only it can judge"};
  static constexpr std::array options{
      option("population", "parents kept alive").integer(2, 100000).otherwise(50),
      option("mutation", "share of parameters that change").real(0, 1).otherwise(0.1),
  };
  Evolution(const nascent::Options& given, const nascent::SamplerSetup& setup) {
    if (given.integer("population") < static_cast<std::int64_t>(setup.parallel))
      throw nascent::InvalidOption("/population", "population is " + std::to_string(given.integer("population")) +
                                                      ", below parallel = " + std::to_string(setup.parallel));
  }
};

class Median : public nascent::Scheduler {
 public:
  static constexpr About about{"test.scheduler.median", "median", "1.0.0", "Lets every trial go on"};
  explicit Median(const nascent::Options&) {}
  nascent::Verdict decide(const nascent::Observations&, const nascent::Observations&) override {
    return nascent::Verdict::go;
  }
};

// Its file is there unless its name says otherwise.
class Idx : public nascent::Dataset {
 public:
  static constexpr About about{"test.dataset.idx", "idx", "1.0.0", "Two classes"};
  static constexpr std::array<std::int64_t, 2> kernel_default{3, 5};
  static constexpr std::array options{
      option("images", "file of the images").path().required(),
      option("kernel", "sizes tried").integers(1, 9).otherwise(kernel_default),
      option("cache", "folder for copies").path().otherwise("cache"),
      option("timeout", "of the download").seconds().otherwise("2min"),
  };
  explicit Idx(const nascent::Options& given) {
    const std::string images(given.text("images"));
    if (images.find("missing") != std::string::npos)
      throw nascent::Error(NAS_E_IO, images + ": No such file or directory");
    info_ = {{{"train", 10}},
             {{"x", nascent::FieldRole::input, nascent::DType{2, 32}, {4}},
              {"y", nascent::FieldRole::target, nascent::DType{0, 64}, {}}},
             {"cat", "dog"},
             "f"};
  }
  [[nodiscard]] const nascent::DatasetInfo& info() const override { return info_; }
  [[nodiscard]] std::optional<std::vector<nascent::Tensor>> whole(std::size_t) const override { return std::nullopt; }
  [[nodiscard]] std::vector<nascent::Tensor> gather(std::size_t, std::span<const std::int64_t>) const override {
    return {};
  }

 private:
  nascent::DatasetInfo info_;
};

constexpr std::array momentum_names = nascent::names("none", "classic", "nesterov");

class Torch : public nascent::Trainer {
 public:
  static constexpr About about{"test.trainer.torch", "torch", "1.0.0", "Every type of option"};
  static constexpr std::array options{
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
  static constexpr std::array reported{
      nascent::reported_metric("val_accuracy", "on the validation rows", nascent::Direction::maximize),
      nascent::reported_metric("val_loss", "on the validation rows", nascent::Direction::minimize),
      nascent::reported_metric("parameters", "of the model", nascent::Direction::minimize),
  };
  explicit Torch(const nascent::Options&) {}
  std::unique_ptr<nascent::Model> train(const nascent::Task&, const nascent::TrainRequest&) override { return nullptr; }
};

class Table : public nascent::Evaluator {
 public:
  static constexpr About about{"test.evaluator.table", "table", "1.0.0", "Needs nothing"};
  [[nodiscard]] const std::vector<nascent::MetricDeclaration>& metrics() const override { return metrics_; }
  void evaluate(const nascent::Task&, const nascent::EvalRequest&, const nascent::Emit&) override {}

 private:
  std::vector<nascent::MetricDeclaration> metrics_{{"loss", "", nascent::Direction::minimize, 0},
                                                   {"accuracy", "", nascent::Direction::maximize, 0}};
};
class Classification : public nascent::Evaluator {
 public:
  static constexpr About about{"test.evaluator.classification", "classification", "1.0.0", "Needs models and data"};
  [[nodiscard]] const std::vector<nascent::MetricDeclaration>& metrics() const override { return metrics_; }
  void evaluate(const nascent::Task&, const nascent::EvalRequest&, const nascent::Emit&) override {}

 private:
  std::vector<nascent::MetricDeclaration> metrics_{
      {"f1", "", nascent::Direction::maximize, NAS_NEEDS_DATA | NAS_NEEDS_MODEL}};
};

class Prune : public nascent::Compressor {
 public:
  static constexpr About about{"test.compressor.prune", "prune", "1.0.0", "Leaves the model as it is"};
  explicit Prune(const nascent::Options&) {}
  nascent::ModelRef compress(const nascent::Task&, const nascent::CompressRequest& request) override {
    return request.model;
  }
};

}  // namespace

PluginCatalog& catalog() {
  static PluginCatalog the_catalog = [] {
    static constexpr nas_plugin plugin =
        nascent::describe_plugin<Plane<DeclaredName>, Plane<CnnName>, Random, Auto, Evolution, Median, Idx, Torch,
                                 Table, Classification, Prune>("test.config", "1.0.0");
    PluginCatalog c = PluginCatalog::empty();
    const auto registered = c.register_builtin(&plugin);
    EXPECT_TRUE(registered) << registered.error().message;
    return c;
  }();
  return the_catalog;
}

ComponentInfo schema(std::string_view kind, std::string_view alias) {
  const auto found = catalog().find(kind, alias);
  EXPECT_TRUE(found) << found.error().message;
  return found ? *found : ComponentInfo{};
}

ResolvedComponent resolve_trainer(std::string_view options, Diagnostics& diagnostics) {
  const std::string text =
      std::string(minimal_study) + "[budget]\nepochs = 1\n[trainer]\ntype = \"torch\"\n" + std::string(options) + "\n";
  const Result<StudyConfig> study = parse_study(text, "study.toml", "/data");
  if (!study) {
    ADD_FAILURE() << study.error().message;
    return {};
  }
  return resolve_component(*study->trainer, schema("trainer", "torch"), diagnostics);
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
