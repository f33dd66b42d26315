#include "plugins/handshake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "plugins/utf8.hpp"

// End of `slot` in T: the size of the struct when `slot` was its last member.
#define SIZE_TO(T, slot) (offsetof(T, slot) + sizeof(T::slot))

namespace nascent::core {
namespace {

constexpr std::size_t component_count_max = 1024, option_count_max = 4096, metric_count_max = 4096, text_size_max = 65536;
constexpr const char* rebuild = "rebuild it with the nascent SDK";

struct Slot {
  std::size_t offset;
  const char* name;
};

// The slots of each table that may not be null, and its size at minor 0.
struct TableRule {
  std::string_view kind;
  std::size_t size_min;
  std::vector<Slot> required;
};

#define SLOT(T, name) \
  Slot { offsetof(T, name), #name }
#define HEAD(T) SLOT(T, create), SLOT(T, destroy), SLOT(T, extension)
const std::vector<TableRule>& table_rules() {
  static const std::vector<TableRule> rules{
      {NAS_KIND_SPACE,
       SIZE_TO(nas_space_vt, build),
       {HEAD(nas_space_vt), SLOT(nas_space_vt, describe), SLOT(nas_space_vt, build)}},
      {NAS_KIND_SAMPLER,
       SIZE_TO(nas_sampler_vt, tell),
       {HEAD(nas_sampler_vt), SLOT(nas_sampler_vt, ask), SLOT(nas_sampler_vt, tell)}},
      {NAS_KIND_SCHEDULER,
       SIZE_TO(nas_scheduler_vt, poll),
       {HEAD(nas_scheduler_vt), SLOT(nas_scheduler_vt, decide), SLOT(nas_scheduler_vt, poll)}},
      {NAS_KIND_DATASET,
       SIZE_TO(nas_dataset_vt, gather),
       {HEAD(nas_dataset_vt), SLOT(nas_dataset_vt, info), SLOT(nas_dataset_vt, whole), SLOT(nas_dataset_vt, gather)}},
      {NAS_KIND_TRAINER,
       SIZE_TO(nas_trainer_vt, distribution),
       {HEAD(nas_trainer_vt), SLOT(nas_trainer_vt, train), SLOT(nas_trainer_vt, load)}},
      {NAS_KIND_COMPRESSOR,
       SIZE_TO(nas_compressor_vt, compress),
       {HEAD(nas_compressor_vt), SLOT(nas_compressor_vt, compress)}},
      {NAS_KIND_EVALUATOR,
       SIZE_TO(nas_evaluator_vt, evaluate),
       {HEAD(nas_evaluator_vt), SLOT(nas_evaluator_vt, metrics), SLOT(nas_evaluator_vt, evaluate)}},
  };
  return rules;
}
#undef HEAD
#undef SLOT

// The metrics that a component lists; plugins of earlier headers list none.
std::span<const nas_metric_info> metrics_of(const nas_component& c) {
  if (!NAS_HAS(&c, nas_component, metrics) || c.size < SIZE_TO(nas_component, n_metrics)) return {};
  return {c.metrics, c.n_metrics};
}

// Collects violations of one description.
class Handshake {
 public:
  explicit Handshake(std::uint32_t host_minor) : host_minor_(host_minor) {}

  std::vector<Violation> run(const nas_plugin* plugin) {
    if (plugin == nullptr) {
      broken(1, "nascent_plugin_v1() returned null", "return a pointer to static const data");
      return std::move(found_);
    }
    if (plugin->magic != NAS_MAGIC) {
      broken(1, fmt::format("nas_plugin.magic is {:#010x}; it must be {:#010x}", plugin->magic, NAS_MAGIC), rebuild);
      return std::move(found_);
    }
    if (!sized("nas_plugin", plugin->size, SIZE_TO(nas_plugin, init))) return std::move(found_);
    if (plugin->abi_minor_min > host_minor_)
      broken(
          3,
          fmt::format("needs ABI minor {}; this nascent has {}.{}", plugin->abi_minor_min, NAS_ABI_MAJOR, host_minor_),
          "update nascent, or build the plugin with a lower NAS_TARGET_MINOR");
    if (plugin->abi_minor_min > plugin->abi_minor)
      broken(3, fmt::format("abi_minor_min {} is above abi_minor {}", plugin->abi_minor_min, plugin->abi_minor),
             rebuild);
    text("nas_plugin.id", plugin->id);
    text("nas_plugin.version", plugin->version);
    text("nas_plugin.build", plugin->build);
    if (plugin->n_components == 0 || plugin->n_components > component_count_max || plugin->components == nullptr) {
      broken(2,
             fmt::format("nas_plugin.n_components is {}; it must be 1 to {}, with components not null",
                         plugin->n_components, component_count_max),
             rebuild);
      return std::move(found_);
    }
    for (std::size_t i = 0; i < plugin->n_components; ++i) component(i, plugin->components[i]);
    return std::move(found_);
  }

 private:
  void broken(int rule, std::string what, std::string way_out) {
    found_.push_back({rule, std::move(what), std::move(way_out)});
  }
  bool sized(const std::string& where, std::size_t size, std::size_t size_min) {
    if (size >= size_min) return true;
    broken(2, fmt::format("{}.size is {}; ABI {}.0 needs at least {}", where, size, NAS_ABI_MAJOR, size_min),
           "set size to sizeof the struct; " + std::string(rebuild));
    return false;
  }
  bool text(const std::string& where, nas_str s) {
    if (s.n > 0 && s.p == nullptr) {
      broken(7, where + " has a size but no bytes", rebuild);
    } else if (s.n > text_size_max) {
      broken(7, fmt::format("{} has {} bytes; at most {} are allowed", where, s.n, text_size_max), rebuild);
    } else if (s.n > 0 && !is_utf8({s.p, s.n})) {
      broken(7, fmt::format("{} is not valid UTF-8: \"{}\"", where, text_of(s)), "encode the text as UTF-8");
    } else {
      return true;
    }
    return false;
  }

  void component(std::size_t i, const nas_component* c) {
    std::string where = fmt::format("component {}", i);
    if (c == nullptr) return broken(2, where + " is null", rebuild);
    if (!sized(where, c->size, SIZE_TO(nas_component, vt))) return;
    const bool texts = text(where + ".kind", c->kind) & text(where + ".id", c->id) & text(where + ".alias", c->alias) &
                       text(where + ".version", c->version) & text(where + ".title", c->title);
    if (!texts) return;
    const std::string id = text_of(c->id);
    if (!ids_.insert(id).second)
      broken(14, fmt::format("{}: the id \"{}\" is used twice", where, id), "give every component an id of its own");
    if (!aliases_.insert(text_of(c->kind) + ' ' + text_of(c->alias)).second)
      broken(14, fmt::format("{}: the alias \"{}\" is used twice for {}", where, text_of(c->alias), text_of(c->kind)),
             "give every component of a kind an alias of its own");
    where = fmt::format("component {} \"{}\"", i, id);
    ComponentInfo names;
    names.kind = text_of(c->kind);
    names.id = id;
    names.alias = text_of(c->alias);
    check_names(names, where, found_);
    table(where, *c);
    options(where, *c);
    metrics(where, *c);
  }

  void table(const std::string& where, const nas_component& c) {
    if (c.vt == nullptr) return broken(2, where + " has no table", "set nas_component.vt");
    const std::string_view kind(c.kind.p, c.kind.n);
    const auto rule = std::ranges::find(table_rules(), kind, &TableRule::kind);
    if (rule == table_rules().end()) return;  // a kind of a third party, or of a newer minor: listed, never used here
    const auto size = *static_cast<const std::uint32_t*>(c.vt);
    if (!sized(where + ": its table", size, rule->size_min)) return;
    for (const Slot& slot : rule->required) {
      void (*function)() = nullptr;
      std::copy_n(static_cast<const char*>(c.vt) + slot.offset, sizeof function, reinterpret_cast<char*>(&function));
      if (function == nullptr)
        broken(2, fmt::format("{}: slot {} is null", where, slot.name), "fill every required slot");
    }
  }

  void options(const std::string& where, const nas_component& c) {
    if (c.n_options == 0) return;
    if (c.options == nullptr || c.n_options > option_count_max)
      return broken(13,
                    fmt::format("{}: n_options is {}; it must be at most {}, with options not null", where, c.n_options,
                                option_count_max),
                    rebuild);
    if (c.option_stride < SIZE_TO(nas_option, reserved) || c.option_stride % alignof(nas_option) != 0)
      return broken(2,
                    fmt::format("{}: option_stride is {}; it must be a multiple of {} and at least {}", where,
                                c.option_stride, alignof(nas_option), SIZE_TO(nas_option, reserved)),
                    "set it to sizeof(nas_option)");
    std::set<std::string> names;
    for (std::uint32_t i = 0; i < c.n_options; ++i) {
      const auto& o = *reinterpret_cast<const nas_option*>(reinterpret_cast<const char*>(c.options) +
                                                           std::size_t{i} * c.option_stride);
      const std::string at = fmt::format("{}: option {}", where, i);
      if (!text(at + ".name", o.name) || !text(at + ".help", o.help) || !readable(at, o)) continue;
      const OptionInfo owned = owned_option(o);
      check_option(owned, where, found_);
      if (!names.insert(owned.name).second)
        broken(13, fmt::format("{}: option \"{}\" is declared twice", where, owned.name), "declare it once");
    }
  }

  void metrics(const std::string& where, const nas_component& c) {
    const std::span<const nas_metric_info> all = metrics_of(c);
    if (all.size() > metric_count_max)
      return broken(13, fmt::format("{}: n_metrics is {}; it must be at most {}", where, all.size(), metric_count_max),
                    rebuild);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::string at = fmt::format("{}: metric {}", where, i);
      if (text(at + ".name", all[i].name) && text(at + ".help", all[i].help))
        check_metric(owned_metric(all[i]), where, found_);
    }
  }

  // May the option's pointers be followed?
  bool readable(const std::string& at, const nas_option& o) {
    if (o.n_choices > option_count_max || (o.n_choices > 0 && o.choices == nullptr)) {
      broken(13, fmt::format("{} has {} choices, but no list of them that can be read", at, o.n_choices), rebuild);
      return false;
    }
    for (std::uint32_t k = 0; k < o.n_choices; ++k) {
      if (!text(fmt::format("{}.choices[{}]", at, k), o.choices[k])) return false;
    }
    const nas_value& v = o.dflt;
    if (v.type > NAS_T_FLOATS) {
      broken(13, fmt::format("{}: the default has the unknown type {}", at, v.type), rebuild);
      return false;
    }
    if (v.type >= NAS_T_STR && v.n > 0 && (v.u.s == nullptr || v.n > text_size_max)) {
      broken(13, at + ": the default cannot be read", rebuild);
      return false;
    }
    return v.type != NAS_T_STR || text(at + ".dflt", {v.u.s, v.n});
  }

 public:
  static MetricInfo owned_metric(const nas_metric_info& m) {
    return {text_of(m.name), text_of(m.help), m.direction, m.needs};
  }
  static OptionInfo owned_option(const nas_option& o) {
    OptionInfo info;
    info.name = text_of(o.name);
    info.help = text_of(o.help);
    info.type = o.type;
    info.required = (o.flags & NAS_OF_REQUIRED) != 0;
    info.searchable = (o.flags & NAS_OF_SEARCHABLE) != 0;
    info.lo = o.lo;
    info.hi = o.hi;
    const nas_value& v = o.dflt;
    switch (v.type) {
      case NAS_T_BOOL:
        info.dflt = v.u.i != 0;
        break;
      case NAS_T_INT:
        info.dflt = v.u.i;
        break;
      case NAS_T_FLOAT:
        info.dflt = v.u.f;
        break;
      case NAS_T_STR:
        info.dflt = text_of(nas_str{v.u.s, v.n});
        break;
      case NAS_T_INTS:
        info.dflt = std::vector<std::int64_t>(v.u.is, v.u.is + v.n);
        break;
      case NAS_T_FLOATS:
        info.dflt = std::vector<double>(v.u.fs, v.u.fs + v.n);
        break;
      default:
        break;
    }
    for (std::uint32_t k = 0; k < o.n_choices; ++k) info.choices.push_back(text_of(o.choices[k]));
    return info;
  }

 private:
  std::uint32_t host_minor_;
  std::vector<Violation> found_;
  std::set<std::string> ids_, aliases_;
};

}  // namespace

std::vector<Violation> handshake(const nas_plugin* plugin, std::uint32_t host_minor) {
  return Handshake(host_minor).run(plugin);
}

std::vector<ComponentInfo> describe(const nas_plugin& plugin, const std::shared_ptr<const PluginInfo>& info) {
  std::vector<ComponentInfo> all;
  for (std::size_t i = 0; i < plugin.n_components; ++i) {
    all.push_back(component_info(*plugin.components[i], info));
  }
  return all;
}

ComponentInfo component_info(const nas_component& c, std::shared_ptr<const PluginInfo> plugin) {
  ComponentInfo info{
      text_of(c.kind),  text_of(c.id), text_of(c.alias), text_of(c.version), text_of(c.title), c.flags, {}, {},
      std::move(plugin)};
  for (std::uint32_t k = 0; k < c.n_options; ++k) {
    info.options.push_back(Handshake::owned_option(*reinterpret_cast<const nas_option*>(
        reinterpret_cast<const char*>(c.options) + std::size_t{k} * c.option_stride)));
  }
  for (const nas_metric_info& m : metrics_of(c)) info.metrics.push_back(Handshake::owned_metric(m));
  return info;
}

std::string libtorch_build(std::string_view build) {
  const std::size_t at = build.find("libtorch ");
  if (at == std::string_view::npos) return {};
  std::string_view rest = build.substr(at);
  rest = rest.substr(0, rest.find_first_of(";,"));
  while (rest.ends_with(' ')) rest.remove_suffix(1);
  return std::string(rest);
}

std::string_view option_type_name(std::uint32_t type) {
  constexpr std::string_view names[] = {"bool",    "int",  "float",  "text",  "choice", "path",
                                        "seconds", "ints", "floats", "texts", "table"};
  return type < std::size(names) ? names[type] : "unknown";
}

}  // namespace nascent::core
