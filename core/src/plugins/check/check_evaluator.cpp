// The contract of evaluators: every declared metric once, finite, and nothing changed by measuring.
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>

#include "plugins/check/contract.hpp"
#include "plugins/check/instances.hpp"
#include "plugins/check/reference.hpp"

namespace nascent::core {
namespace {

using Evaluator = Instance<nas_evaluator_vt>;

struct Declared {
  std::map<std::string, std::uint32_t> needs;  // by metric
  std::uint32_t all_needs = 0;
};

struct Emitted {
  std::vector<std::pair<std::string, double>> numbers;
  std::set<std::string> details;
};

nas_emit collector(Emitted& into) {
  return {&into, [](void* ctx, const nas_named_value* item) noexcept {
            auto& emitted = *static_cast<Emitted*>(ctx);
            const std::string name(item->name.p, item->name.n);
            if (item->value.type == NAS_T_FLOAT)
              emitted.numbers.emplace_back(name, item->value.u.f);
            else if (item->value.type == NAS_T_INT)
              emitted.numbers.emplace_back(name, static_cast<double>(item->value.u.i));
            else
              emitted.details.insert(name);
          }};
}

bool snake_case(const std::string& name) {
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

class EvaluatorCheck {
 public:
  EvaluatorCheck(const nas_component& component, const OptionTable& options)
      : component_(component), options_(options), list_(subject_of(component)) {}

  std::vector<CheckFinding> run() {
    list_.property("accepts_classification_or_regression");
    std::string refusal;
    bool any = false;
    for (const ReferenceTask task :
         {ReferenceTask::table_classes, ReferenceTask::images, ReferenceTask::table_regression}) {
      // One that answers from a list of configurations cannot take a space of real numbers.
      for (const SpaceDeclaration* space : {&mixed_space(), &finite_space()}) {
        const nas_evaluator_arg arg{sizeof arg, task == ReferenceTask::table_regression ? 0U : 3U, space->view()};
        auto evaluator = fresh<nas_evaluator_vt>(component_, options_, &arg);
        if (!evaluator) {
          refusal = evaluator.error().reason;
          list_.that(!refusal.starts_with("failed without a message"), "create fails without a message");
          continue;
        }
        any = true;
        contract(*evaluator, task, SpaceView(space->view()));
        break;
      }
    }
    if (!any) list_.fails("create refuses every kind of data: " + refusal);
    return list_.take();
  }

 private:
  void contract(const Evaluator& evaluator, ReferenceTask task, SpaceView space) {
    const std::string on = task == ReferenceTask::images          ? " (images)"
                           : task == ReferenceTask::table_classes ? " (classes)"
                                                                  : " (regression)";
    list_.property("metrics_are_declared" + on);
    const auto declared = metrics(evaluator);
    if (list_.failed()) return;

    list_.property("every_declared_metric_is_emitted_once_and_finite" + on);
    const nas_model model = reference_model(task);
    const ModelRef held = ModelRef::adopt(model);
    const nas_subset data = reference_subset(task, 1);
    const ModelState before = state_of(model, data);
    std::string refusal;
    const auto first = evaluate(evaluator, task, space, model, declared, refusal);
    if (!first) return list_.skip("the reference model cannot be measured: " + refusal);
    complete(*first, declared);

    list_.property("the_model_is_not_changed" + on, 6);
    list_.that(state_of(model, data) == before, "weights or predictions differ after evaluate");

    list_.property("only_times_differ_between_two_measurements" + on);
    const auto second = evaluate(evaluator, task, space, model, declared, refusal);
    if (!second) return list_.fails("the second evaluate fails: " + refusal);
    for (std::size_t i = 0; i < first->numbers.size() && i < second->numbers.size(); ++i) {
      const auto& [name, value] = first->numbers[i];
      const bool time = name.find("_ms") != std::string::npos || name.find("_seconds") != std::string::npos ||
                        name.find("per_s") != std::string::npos || name.find("_s_") != std::string::npos;
      list_.that(time || value == second->numbers[i].second,
                 fmt::format("metric \"{}\" is {} and then {}", name, value, second->numbers[i].second));
    }
  }

  Declared metrics(const Evaluator& evaluator) {
    Declared declared;
    const nas_metric_info* infos = nullptr;
    std::size_t n = 0;
    const auto told = evaluator.call(&nas_evaluator_vt::metrics, &infos, &n);
    if (!list_.that(told.has_value() && n > 0 && infos != nullptr, "metrics names none")) return declared;
    for (std::size_t i = 0; i < n; ++i) {
      const std::string name = text_of(infos[i].name);
      list_.that(snake_case(name), fmt::format("the metric name \"{}\" is not snake_case", name));
      list_.that(!name.starts_with("val_") && !name.starts_with("test_"),
                 fmt::format("\"{}\": the host adds val_ and test_", name));
      list_.that(declared.needs.emplace(name, infos[i].needs).second,
                 fmt::format("metric \"{}\" is declared twice", name));
      list_.that(infos[i].direction <= NAS_MAXIMIZE, fmt::format("metric \"{}\" has an unknown direction", name));
      list_.that(infos[i].help.n > 0, fmt::format("metric \"{}\" has no help text", name));
      declared.all_needs |= infos[i].needs;
    }
    return declared;
  }

  // What was emitted; nothing, with the reason, when the evaluator refuses.
  std::optional<Emitted> evaluate(const Evaluator& evaluator, ReferenceTask task, SpaceView space,
                                  const nas_model& model, const Declared& declared, std::string& refusal) {
    const bool with_model = (declared.all_needs & NAS_NEEDS_MODEL) != 0,
               with_data = (declared.all_needs & (NAS_NEEDS_DATA | NAS_NEEDS_INPUT)) != 0;
    const Graph architecture = reference_graph(task);
    nas_graph* graph = architecture.to_abi();
    Point row(space.size());
    Rng rng(5);
    space.sample(rng, row.row());
    RecordingTask recorder;
    Emitted emitted;
    const nas_config config = options_.view();
    const nas_eval_arg arg{sizeof arg,
                           0,
                           &config,
                           with_model ? model : nas_model{},
                           with_data ? reference_subset(task, 1) : nas_subset{},
                           graph,
                           row.x.data(),
                           row.active.data(),
                           {NAS_UNIT_EPOCH, 0, 0, 1}};
    const auto answer = evaluator.call(&nas_evaluator_vt::evaluate, recorder.get(), &arg, collector(emitted));
    graph->release(graph->owner);
    if (answer) return emitted;
    refusal = answer.error().reason;
    return std::nullopt;
  }

  void complete(const Emitted& emitted, const Declared& declared) {
    std::map<std::string, int> seen;
    for (const auto& [name, value] : emitted.numbers) {
      list_.that(declared.needs.contains(name), fmt::format("\"{}\" is emitted but not declared", name));
      list_.that(std::isfinite(value),
                 fmt::format("metric \"{}\" is {}; NAS_E_NUMERIC says that there is no finite value", name, value));
      list_.that(++seen[name] == 1, fmt::format("metric \"{}\" is emitted twice", name));
    }
    for (const auto& [name, needs] : declared.needs)
      list_.that(seen.contains(name), fmt::format("the declared metric \"{}\" is not emitted", name));
  }

  const nas_component& component_;
  const OptionTable& options_;
  Checklist list_;
};

}  // namespace

std::vector<CheckFinding> check_evaluator(const nas_component& component, const OptionTable& options) {
  return EvaluatorCheck(component, options).run();
}

}  // namespace nascent::core
