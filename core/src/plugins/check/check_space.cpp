// The contract of spaces: a sound declaration, and a pure function from configuration to architecture.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <nascent/graph.hpp>
#include <nascent/space_view.hpp>
#include <set>
#include <thread>

#include "plugins/check/contract.hpp"
#include "plugins/check/instances.hpp"
#include "plugins/utf8.hpp"

namespace nascent::core {
namespace {

using Space = Instance<nas_space_vt>;

struct Demand {
  const char* name;
  std::vector<std::int64_t> input_shape;
  std::uint32_t n_classes, n_outputs;
};

class SpaceCheck {
 public:
  SpaceCheck(const nas_component& component, const OptionTable& options)
      : component_(component), options_(options), list_(subject_of(component)) {}

  std::vector<CheckFinding> run() {
    const std::vector<Demand> demands{
        {"no data", {}, 0, 0},       {"images 1x28x28", {1, 28, 28}, 10, 10}, {"images 3x16x16", {3, 16, 16}, 4, 4},
        {"20 features", {20}, 3, 3}, {"regression on 5 features", {5}, 0, 1}, {"sequence of 24", {24}, 2, 2}};
    list_.property("accepts_some_data");
    std::string refusal;
    bool any = false;
    for (const Demand& demand : demands) {
      auto space = make(demand);
      if (!space) {
        refusal = space.error().reason;
        list_.that(!refusal.starts_with("failed without a message"),
                   fmt::format("create for {} fails without a message", demand.name));
        continue;
      }
      any = true;
      contract(*space, demand);
    }
    if (!any) list_.fails("create refuses every kind of data: " + refusal);
    return list_.take();
  }

 private:
  PluginResult<Space> make(const Demand& d) {
    const nas_task_shape shape{sizeof shape, d.n_classes, d.input_shape.data(),
                               static_cast<std::uint32_t>(d.input_shape.size()), d.n_outputs};
    const nas_space_arg arg{sizeof arg, 0, d.input_shape.empty() ? nullptr : &shape};
    return fresh<nas_space_vt>(component_, options_, &arg);
  }

  void contract(const Space& space, const Demand& demand) {
    const auto on = [&](const char* name) { return fmt::format("{} ({})", name, demand.name); };
    list_.property(on("the_declaration_is_sound"));
    const nas_space* declared = nullptr;
    if (const auto told = space.call(&nas_space_vt::describe, &declared); !told || declared == nullptr)
      return list_.fails("describe fails: " + (told ? std::string("it gave null") : told.error().reason));
    sound(*declared);
    if (list_.failed()) return;

    list_.property(on("two_instances_declare_the_same"));
    auto second = make(demand);
    const nas_space* other = nullptr;
    if (!second || !second->call(&nas_space_vt::describe, &other))
      return list_.fails("a second instance cannot be made");
    list_.that(text_of(other->fingerprint) == text_of(declared->fingerprint),
               "two instances with equal options have different fingerprints");

    list_.property(on("10000_configurations_decode_or_are_refused"));
    std::size_t refused = 0, tried = 0;
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t trial = 0; trial < 10'000 && !list_.failed(); ++trial, ++tried) {
      if (std::chrono::steady_clock::now() - start > std::chrono::seconds(10))
        break;  // a slow space is checked on fewer
      const std::string hash =
          build(space, sample(*declared, trial), trial < 300 ? Depth::hash : Depth::shapes, demand);
      refused += hash == refused_mark;
    }
    list_.that(refused < tried || tried == 0, fmt::format("all of {} configurations are refused", tried));

    list_.property(on("building_is_pure"));
    for (std::uint64_t trial = 0; trial < 100 && !list_.failed(); ++trial) {
      const Point p = sample(*declared, trial);
      const std::string first = build(space, p, Depth::hash, demand);
      list_.that(build(space, p, Depth::hash, demand) == first,
                 "the same configuration built twice gives two architectures");
      list_.that(build(*second, p, Depth::hash, demand) == first,
                 "two instances build different architectures of one configuration");
    }

    list_.property(on("building_from_several_threads"), 9);
    const Point p = sample(*declared, 1);
    const std::string expected = build(space, p, Depth::hash, demand);
    std::array<bool, 4> equal{};
    std::vector<std::thread> builders;
    for (bool& mine : equal) {
      builders.emplace_back([&, this] {
        mine = true;
        for (int round = 0; round < 20; ++round) mine = mine && hash_of(space, p) == expected;
      });
    }
    for (std::thread& builder : builders) builder.join();
    list_.that(std::ranges::all_of(equal, [](bool b) { return b; }),
               "an architecture built by four threads at once differs");
  }

  static Point sample(const nas_space& declared, std::uint64_t trial) {
    const SpaceView view(&declared);
    Point p(view.size());
    Rng rng(20261123, trial);
    view.sample(rng, p.row());
    return p;
  }

  void sound(const nas_space& s) {
    const SpaceView view(&s);
    list_.that(s.param_stride >= sizeof(nas_param) || s.n_params == 0,
               fmt::format("param_stride is {}", s.param_stride));
    list_.that(s.fingerprint.n > 0, "the fingerprint is empty");
    if (list_.failed()) return;
    std::set<std::string> names;
    for (std::uint32_t i = 0; i < s.n_params && !list_.failed(); ++i) parameter(s, view.param(i), i, names);
  }

  void parameter(const nas_space& s, const nas_param& p, std::uint32_t i, std::set<std::string>& names) {
    const std::string name = text_of(p.name);
    const auto rule = [&](bool holds, const char* what) {
      list_.that(holds, fmt::format("parameter \"{}\": {}", name, what));
    };
    rule(!name.empty() && is_utf8({p.name.p, p.name.n}), "the name is empty or no UTF-8");
    rule(names.insert(name).second, "the name is used twice");
    rule(p.kind <= NAS_P_ORD, "unknown kind");
    rule(p.scale <= NAS_SCALE_LOG, "unknown scale");
    rule(p.prior <= NAS_PRIOR_WEIGHTS, "unknown prior");
    rule(std::isfinite(p.lo) && std::isfinite(p.hi) && p.lo <= p.hi, "lo and hi have to be finite, lo <= hi");
    rule(std::isnan(p.dflt) || (p.dflt >= p.lo && p.dflt <= p.hi), "the default lies outside lo and hi");
    rule(p.step >= 0 && std::isfinite(p.step), "step has to be 0 or positive");
    if (p.kind == NAS_P_CAT || p.kind == NAS_P_ORD) {
      rule(p.n_choices > 0 && p.choices != nullptr, "has no choices");
      rule(p.lo == 0 && p.hi == p.n_choices - 1.0, "lo and hi of choices are 0 and n_choices - 1");
    } else {
      rule(p.scale != NAS_SCALE_LOG || p.lo > 0, "a logarithmic range has to be above 0");
      rule(p.prior != NAS_PRIOR_WEIGHTS, "weights are for choices");
    }
    rule(p.prior != NAS_PRIOR_NORMAL || p.prior_b > 0, "the standard deviation has to be above 0");
    if (p.prior == NAS_PRIOR_WEIGHTS) {
      double sum = 0;
      rule(p.weights != nullptr, "has no weights");
      for (std::uint32_t k = 0; p.weights != nullptr && k < p.n_choices; ++k) {
        rule(p.weights[k] >= 0, "a weight is negative");
        sum += p.weights[k];
      }
      rule(sum > 0 && std::isfinite(sum), "the weights have to sum to more than 0");
    }
    rule(p.cond_first <= s.n_conds && p.cond_count <= s.n_conds - p.cond_first, "its conditions lie outside the list");
    for (std::uint32_t k = 0; k < p.cond_count && !list_.failed(); ++k) {
      const nas_cond& c = s.conds[p.cond_first + k];
      rule(c.parent < i, "a condition names a parent that does not come before it");
      rule(c.op <= NAS_OP_GT, "a condition has an unknown comparison");
    }
  }

  enum class Depth { shapes, hash };
  static constexpr const char* refused_mark = "refused";

  static std::string hash_of(const Space& space, const Point& p) {
    nas_graph* graph = nullptr;
    nas_error error{};
    const nas_status status = space.table().build(space.self(), p.x.data(), p.active.data(), &graph, &error);
    if (status != NAS_OK) return refused_mark;
    if (graph == nullptr) return "no architecture";
    std::string hash = canonical_hash(Graph::from_abi(*graph));
    if (graph->release != nullptr) graph->release(graph->owner);
    return hash;
  }

  // Builds, tests and releases one architecture; its hash, or a mark.
  std::string build(const Space& space, const Point& p, Depth depth, const Demand& demand) {
    nas_graph* raw = nullptr;
    const auto answer = space.call(&nas_space_vt::build, p.x.data(), p.active.data(), &raw);
    if (!answer) {
      list_.that(answer.error().status == NAS_E_INVALID,
                 fmt::format("build fails with {}; NAS_E_INVALID says that there is no architecture",
                             status_name(answer.error().status)));
      list_.that(!answer.error().reason.starts_with("failed without"),
                 "build refuses a configuration without a message");
      return refused_mark;
    }
    if (raw == nullptr) return "no architecture";
    std::string hash = "architecture";
    try {
      const Graph graph = Graph::from_abi(*raw);
      static_cast<void>(infer(graph));
      const Node& input = graph.nodes().at(0);
      if (!demand.input_shape.empty() && input.op == "Input") {
        const auto shape = input.attributes.find("shape");
        list_.that(
            shape != input.attributes.end() && std::get<std::vector<std::int64_t>>(shape->second) == demand.input_shape,
            "the architecture's input has another shape than the data");
      }
      if (depth == Depth::hash) hash = canonical_hash(graph);
    } catch (const std::exception& e) {
      list_.fails(fmt::format("build gives an architecture that is not sound: {}", e.what()));
    }
    if (raw->release != nullptr) raw->release(raw->owner);
    return hash;
  }

  const nas_component& component_;
  const OptionTable& options_;
  Checklist list_;
};

}  // namespace

std::vector<CheckFinding> check_space(const nas_component& component, const OptionTable& options) {
  return SpaceCheck(component, options).run();
}

}  // namespace nascent::core
