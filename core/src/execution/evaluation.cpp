#include "evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <nascent/error.hpp>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "plugins/utf8.hpp"

namespace nascent::core {
namespace {

nlohmann::ordered_json to_json(const nas_value& value) {
  switch (value.type) {
    case NAS_T_STR:
      return std::string(value.u.s, value.n);
    case NAS_T_INTS:
      return std::vector<std::int64_t>(value.u.is, value.u.is + value.n);
    case NAS_T_FLOATS: {
      // JSON has no word for what is not finite.
      auto list = nlohmann::ordered_json::array();
      for (const double v : std::span(value.u.fs, value.n)) {
        list.push_back(std::isfinite(v) ? nlohmann::ordered_json(v) : nlohmann::ordered_json());
      }
      return list;
    }
    default:
      return nullptr;
  }
}

Result<void> check_needs(const ResolvedStudy& study, const StudyComponent& component, std::uint32_t needs) {
  const auto refuse = [&](std::string_view what, std::string_view section) -> Result<void> {
    const auto given = std::ranges::find(study.config.evaluators, component.path, &ComponentConfig::path);
    return tl::unexpected(
        mistake(given->type_where,
                fmt::format("{} \"{}\" measures {}, and the study has no [{}]; add one, or remove the evaluator",
                            component.path, component.info.alias, what, section)));
  };
  if ((needs & NAS_NEEDS_MODEL) != 0 && !study.trainer) return refuse("models", "trainer");
  if ((needs & (NAS_NEEDS_DATA | NAS_NEEDS_INPUT)) != 0 && !study.dataset) return refuse("on data", "dataset");
  return {};
}

bool is_number(std::uint32_t type) { return type == NAS_T_BOOL || type == NAS_T_INT || type == NAS_T_FLOAT; }

}  // namespace

struct Evaluation::Call {
  Evaluation* evaluation;
  std::string_view split;
  Findings* findings;
  std::size_t next = 0;  // evaluators emit in the order of their declaration, as a rule
  nas_status status = NAS_OK;
  std::string complaint;

  void take(std::string_view name, const nas_value& value);
  void take_number(std::string_view name, double value);
  void complain(nas_status code, std::string why) {
    if (status != NAS_OK) return;
    status = code;
    complaint = std::move(why);
  }
};

void Evaluation::Call::take(std::string_view name, const nas_value& value) {
  if (is_number(value.type))
    return take_number(name, value.type == NAS_T_FLOAT ? value.u.f : static_cast<double>(value.u.i));
  if (!is_metric_name(name)) {
    return complain(NAS_E_INTERNAL, fmt::format("detail \"{}\"; names are [a-z][a-z0-9_]*", name));
  }
  std::string& json = findings->details_json;
  if (!json.empty()) json += ',';
  json += fmt::format("\"{}\":{}", name,
                      to_json(value).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void Evaluation::Call::take_number(std::string_view name, double value) {
  std::vector<Declared>& all = evaluation->declared_;
  for (std::size_t tried = 0; tried < all.size(); ++tried) {
    Declared& metric = all[(next + tried) % all.size()];
    if (metric.name != name) continue;
    next += tried + 1;
    if (metric.emitted) return complain(NAS_E_INTERNAL, fmt::format("metric \"{}\" was emitted twice", name));
    metric.emitted = true;
    if (!std::isfinite(value)) return complain(NAS_E_NUMERIC, fmt::format("{} is {}", name, value));
    if (split == "val") return findings->metrics.push_back({metric.info.name, value});
    const bool on_data = (metric.info.needs & NAS_NEEDS_DATA) != 0;
    return findings->metrics.push_back({on_data ? fmt::format("{}_{}", split, name) : metric.name, value});
  }
  complain(NAS_E_INTERNAL, fmt::format("metric \"{}\" was emitted but not declared", name));
}

void Evaluation::emit(void* ctx, const nas_named_value* item) noexcept {
  auto& call = *static_cast<Call*>(ctx);
  try {
    call.take(view(item->name), item->value);
  } catch (const std::exception& error) {
    call.status = NAS_E_NOMEM;
    call.complaint = error.what();
  }
}

Result<Evaluation> Evaluation::create(PluginCatalog& catalog, const ResolvedStudy& study,
                                      const StudyComponent& component, const StudySpace& space,
                                      std::uint32_t n_classes) {
  const nas_evaluator_arg arg{sizeof(nas_evaluator_arg), n_classes, space.view()};
  auto instance = create_component<nas_evaluator_vt>(catalog, component, study.config, &arg);
  if (!instance) return tl::unexpected<Error>(instance.error());
  const nas_metric_info* metrics = nullptr;
  std::size_t n = 0;
  if (auto told = instance->call(&nas_evaluator_vt::metrics, &metrics, &n); !told) {
    return tl::unexpected<Error>(told.error());
  }
  Evaluation evaluation(component, space, std::move(*instance));
  for (const nas_metric_info& info : std::span(metrics, n)) {
    std::string name(view(info.name));
    if (!is_metric_name(name)) {
      return fail(ErrorKind::plugin, fmt::format("evaluator \"{}\" declares metric \"{}\"; names are [a-z][a-z0-9_]*",
                                                 component.info.alias, name));
    }
    std::string trial_name = (info.needs & NAS_NEEDS_DATA) != 0 ? "val_" + name : name;
    evaluation.needs_ |= info.needs;
    evaluation.declared_.push_back(
        {std::move(name), {std::move(trial_name), text_of(info.help), info.direction, info.needs}, false});
  }
  if (auto fits = check_needs(study, component, evaluation.needs_); !fits) return tl::unexpected<Error>(fits.error());
  return evaluation;
}

std::vector<MetricInfo> Evaluation::metrics() const {
  std::vector<MetricInfo> all;
  for (const Declared& metric : declared_) all.push_back(metric.info);
  return all;
}

PluginResult<void> Evaluation::evaluate(const nas_task& task, const EvaluationSubject& subject, std::string_view split,
                                        Findings& into) {
  const OptionTable searched = component_->lifted.empty() ? OptionTable()
                                                          : space_->options(component_->path, component_->fixed,
                                                                            subject.configuration->x.data());
  const nas_config options = component_->lifted.empty() ? component_->fixed.view() : searched.view();
  nas_eval_arg arg{};
  arg.size = sizeof arg;
  arg.options = &options;
  if ((needs_ & NAS_NEEDS_MODEL) != 0) arg.model = subject.model;
  if ((needs_ & (NAS_NEEDS_DATA | NAS_NEEDS_INPUT)) != 0) arg.data = subject.data;
  arg.graph = subject.graph;
  arg.x = subject.configuration->x.data();
  arg.active = subject.configuration->active.data();
  arg.budget = subject.budget;

  for (Declared& metric : declared_) metric.emitted = false;
  Call call{.evaluation = this, .split = split, .findings = &into, .complaint = {}};
  const nas_emit sink{&call, &emit};
  auto answer = instance_.call(&nas_evaluator_vt::evaluate, &task, static_cast<const nas_eval_arg*>(&arg), sink);
  if (!answer) return answer;
  for (const Declared& metric : declared_) {
    if (!metric.emitted)
      call.complain(NAS_E_INTERNAL, fmt::format("metric \"{}\" was declared but not emitted", metric.name));
  }
  if (call.status == NAS_OK) return {};
  nas_error error{};
  set_error(&error, call.status, call.complaint);
  return tl::unexpected(plugin_error(instance_.component(), call.status, error));
}

}  // namespace nascent::core
