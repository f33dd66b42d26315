#include "nascent/core/study_space.hpp"

#include <fmt/format.h>

#include <nascent/error.hpp>
#include <nlohmann/json.hpp>

namespace nascent::core {
namespace {

using nascent::Parameter;

OptionValue option_value(const nascent::ChoiceValue& choice) {
  return std::visit([](const auto& v) { return OptionValue(v); }, choice);
}

// The value of parameter `p` at `x`, as an option of its component takes it.
OptionValue option_value(const Parameter& p, double x) {
  if (p.is_choice()) return option_value(p.choices[static_cast<std::size_t>(x)]);
  if (p.kind == nascent::ParameterKind::integer) return static_cast<std::int64_t>(x);
  return x;
}

nlohmann::ordered_json to_json(const nascent::ChoiceValue& choice) {
  return std::visit([](const auto& v) { return nlohmann::ordered_json(v); }, choice);
}

nlohmann::ordered_json to_json(const Parameter& p) {
  constexpr std::array kinds{"real", "integer", "categorical", "ordinal"};
  constexpr std::array comparisons{"==", "!=", "<", ">"};
  nlohmann::ordered_json json;
  json["name"] = p.name;
  json["kind"] = kinds[static_cast<std::size_t>(p.kind)];
  if (p.is_choice()) {
    for (const auto& c : p.choices) json["choices"].push_back(to_json(c));
    if (!p.weights.empty()) json["weights"] = p.weights;
  } else {
    json["scale"] = p.scale == nascent::Scale::log ? "log" : "linear";
    json["lo"] = p.lo;
    json["hi"] = p.hi;
    if (p.step > 0) json["step"] = p.step;
    if (p.normal) json["normal"] = {p.normal->mean, p.normal->sd};
  }
  for (const auto& c : p.conditions) {
    json["conditions"].push_back(
        {{"group", c.group}, {"parent", c.parent}, {"op", comparisons[c.op]}, {"value", c.value}});
  }
  return json;
}

// The parameters of a space under "space.", conditions included.
std::vector<Parameter> prefixed(const nascent::SpaceDeclaration& declared) {
  std::vector<Parameter> list = declared.parameters();
  for (Parameter& p : list) {
    p.name.insert(0, "space.");
    for (auto& c : p.conditions) c.parent.insert(0, "space.");
  }
  return list;
}

// The host's table in front of a StudySpace: a row is as wide as the study's whole space.
const StudySpace& space_of(void* self) { return *static_cast<const StudySpace*>(self); }

nas_status NAS_CALL refuse_create(const nas_host*, const nas_config*, const void*, void**, nas_error* error) noexcept {
  return nascent::set_error(error, NAS_E_UNSUPPORTED, "the host's view of a space cannot be created anew");
}
void NAS_CALL keep(void*) noexcept {}
const void* NAS_CALL no_extension(void*, const char*) noexcept { return nullptr; }
nas_status NAS_CALL describe(void* self, const nas_space** out, nas_error*) noexcept {
  *out = space_of(self).view();
  return NAS_OK;
}
nas_status NAS_CALL build_graph(void* self, const double* x, const std::uint8_t* active, nas_graph** out,
                                nas_error* error) noexcept {
  auto graph = space_of(self).build(x, active);
  if (!graph) return nascent::set_error(error, graph.error().status, graph.error().message);
  *out = graph->release();
  return NAS_OK;
}
constexpr nas_space_vt kHostTable{sizeof(nas_space_vt), NAS_F_REENTRANT, &refuse_create, &keep, &no_extension, &describe,
                                  &build_graph};

}  // namespace

Result<TaskShape> TaskShape::of(const nas_dataset_info& info) {
  TaskShape shape;
  shape.n_classes_ = info.n_classes;
  std::size_t inputs = 0, targets = 0;
  for (std::uint32_t i = 0; i < info.n_fields; ++i) {
    const nas_field& field = info.fields[i];
    std::int64_t elements = 1;
    for (std::uint16_t d = 0; d < field.ndim; ++d) elements *= field.shape[d];
    if (field.role == NAS_ROLE_INPUT) {
      ++inputs;
      shape.input_shape_.assign(field.shape, field.shape + field.ndim);
    } else if (field.role == NAS_ROLE_TARGET) {
      ++targets;
      shape.n_outputs_ = info.n_classes > 0 ? info.n_classes : static_cast<std::uint32_t>(elements);
    }
  }
  if (inputs != 1 || targets != 1) {
    return fail(ErrorKind::invalid_input,
                fmt::format("the dataset has {} input and {} target fields; a study needs one of each", inputs, targets));
  }
  return shape;
}

nas_task_shape TaskShape::view() const {
  return {sizeof(nas_task_shape), n_classes_, input_shape_.data(), static_cast<std::uint32_t>(input_shape_.size()),
          n_outputs_};
}

StudySpace::StudySpace(std::optional<Instance<nas_space_vt>> space, std::vector<LiftedParameter> lifted,
                       nascent::SpaceDeclaration declaration)
    : space_(std::move(space)), lifted_(std::move(lifted)), declaration_(std::move(declaration)) {}

StudySpace::StudySpace(nascent::SpaceDeclaration declaration) : declaration_(std::move(declaration)) {}

Result<StudySpace> StudySpace::compose(Instance<nas_space_vt> space, std::vector<LiftedParameter> lifted) {
  const nas_space* declared = nullptr;
  if (auto answer = space.call(&nas_space_vt::describe, &declared); !answer) {
    return tl::unexpected<Error>(answer.error());
  }
  const std::string_view alias = nascent::view(space.component().alias);
  if (declared == nullptr) {
    return fail(ErrorKind::plugin, fmt::format("space \"{}\" described nothing; its describe() must set *out", alias));
  }
  try {
    std::vector<Parameter> list = prefixed(nascent::SpaceDeclaration::from_abi(*declared));
    for (const LiftedParameter& l : lifted) list.push_back(l.parameter);
    nascent::SpaceDeclaration all(std::move(list));
    return StudySpace(std::move(space), std::move(lifted), std::move(all));
  } catch (const nascent::Error& e) {
    return fail(ErrorKind::plugin, fmt::format("space \"{}\": {}", alias, e.what()));
  }
}

PluginResult<GraphPtr> StudySpace::build(const double* x, const std::uint8_t* active) const {
  if (!space_) return GraphPtr{};
  nas_graph* graph = nullptr;
  if (auto answer = space_->call(&nas_space_vt::build, x, active, &graph); !answer) {
    return tl::unexpected(answer.error());
  }
  return GraphPtr(graph);
}

nas_space_ref StudySpace::architectures() const {
  if (!space_) return {};
  return {&kHostTable, const_cast<StudySpace*>(this)};
}

OptionTable StudySpace::options(std::string_view component_path, const OptionTable& fixed, const double* x) const {
  OptionTable all = fixed;
  for (std::size_t k = 0; k < lifted_.size(); ++k) {
    if (lifted_[k].component_path != component_path) continue;
    all.set(lifted_[k].option_pointer, option_value(lifted_[k].parameter, x[n_space_parameters() + k]));
  }
  return all;
}

std::string StudySpace::value_text(std::size_t i, double x) const {
  const Parameter& p = declaration_.parameters()[i];
  if (p.is_choice()) return nascent::to_text(p.choices[static_cast<std::size_t>(x)]);
  return fmt::format("{:.6g}", x);
}

std::string StudySpace::to_json() const {
  auto all = nlohmann::ordered_json::array();
  for (const Parameter& p : declaration_.parameters()) all.push_back(core::to_json(p));
  return all.dump();
}

}  // namespace nascent::core
