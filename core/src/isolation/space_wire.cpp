#include "isolation/space_wire.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <nascent/error.hpp>
#include <string>
#include <utility>
#include <vector>

namespace nascent::core::isolation {

// What the structs of the ABI point to. Elements stay where they are.
struct Pool {
  std::deque<std::string> texts;
  std::deque<std::vector<std::int64_t>> integers;
  std::deque<std::vector<double>> reals;
  std::deque<std::vector<nas_value>> values;

  nas_str text(Unpacker& from) { return nascent::str(texts.emplace_back(from.get_text())); }
  nas_value value(Unpacker& from) {
    nas_value v{};
    v.type = from.get<std::uint32_t>();
    switch (v.type) {
      case NAS_T_STR: {
        const nas_str s = text(from);
        v.n = static_cast<std::uint32_t>(s.n);
        v.u.s = s.p;
        break;
      }
      case NAS_T_INTS: {
        const auto& all = integers.emplace_back(from.get_array<std::int64_t>());
        v.n = static_cast<std::uint32_t>(all.size());
        v.u.is = all.data();
        break;
      }
      case NAS_T_FLOATS: {
        const auto& all = reals.emplace_back(from.get_array<double>());
        v.n = static_cast<std::uint32_t>(all.size());
        v.u.fs = all.data();
        break;
      }
      default:
        v.u.i = from.get<std::int64_t>();  // a float has the same bytes
    }
    return v;
  }
};

namespace {

void put_value(Packer& to, const nas_value& v) {
  to.put(v.type);
  switch (v.type) {
    case NAS_T_STR:
      to.put_text({v.u.s, v.n});
      break;
    case NAS_T_INTS:
      to.put_array(v.u.is, v.n);
      break;
    case NAS_T_FLOATS:
      to.put_array(v.u.fs, v.n);
      break;
    default:
      to.put(v.u.i);
  }
}

std::vector<nas_str> read_texts(Unpacker& from, std::size_t n, Pool& pool) {
  std::vector<nas_str> all;
  for (std::size_t i = 0; i < n && from.good(); ++i) all.push_back(pool.text(from));
  return all;
}

void put_parameter(Packer& to, const nas_param& p) {
  to.put_text(nascent::view(p.name)).put(p.kind).put(p.scale).put(p.prior).put(p.lo).put(p.hi).put(p.step).put(p.dflt);
  to.put(p.prior_a).put(p.prior_b).put(p.cond_first).put(p.cond_count);
  to.put(p.n_choices);
  for (std::uint32_t c = 0; c < p.n_choices; ++c) put_value(to, p.choices[c]);
  to.put_array(p.weights, p.n_choices);
}

nas_param read_parameter(Unpacker& from, Pool& pool) {
  nas_param p{};
  p.name = pool.text(from);
  p.kind = from.get<std::uint32_t>();
  p.scale = from.get<std::uint32_t>();
  p.prior = from.get<std::uint32_t>();
  p.lo = from.get<double>();
  p.hi = from.get<double>();
  p.step = from.get<double>();
  p.dflt = from.get<double>();
  p.prior_a = from.get<double>();
  p.prior_b = from.get<double>();
  p.cond_first = from.get<std::uint32_t>();
  p.cond_count = from.get<std::uint32_t>();
  const auto n_choices = from.get<std::uint32_t>();
  auto& choices = pool.values.emplace_back();
  for (std::uint32_t c = 0; c < n_choices && from.good(); ++c) choices.push_back(pool.value(from));
  p.n_choices = static_cast<std::uint32_t>(choices.size());
  p.choices = choices.empty() ? nullptr : choices.data();
  const auto& weights = pool.reals.emplace_back(from.get_array<double>());
  p.weights = weights.size() == choices.size() && !weights.empty() ? weights.data() : nullptr;
  return p;
}

struct OwnedGraph {
  nas_graph graph{};
  Pool pool;
  std::vector<nas_str> op, name, weight_group;
  std::vector<std::uint32_t> input_first, attr_first;
  std::vector<nas_edge> inputs, outputs;
  std::vector<nas_named_value> attrs;

  static void NAS_CALL release(void* owner) noexcept { delete static_cast<OwnedGraph*>(owner); }
  // The offsets lead through what they index, whatever the other process sent.
  static bool is_index(const std::vector<std::uint32_t>& first, std::size_t n, std::size_t size) {
    return first.size() == n + 1 && first.front() == 0 && first.back() == size && std::ranges::is_sorted(first);
  }
};

}  // namespace

struct OwnedSpace::Content {
  nas_space space{};
  Pool pool;
  std::vector<nas_param> params;
  std::vector<nas_cond> conds;
};

OwnedSpace::OwnedSpace() : content_(std::make_unique<Content>()) {}
OwnedSpace::~OwnedSpace() = default;
const nas_space* OwnedSpace::view() const { return &content_->space; }

void put(Packer& to, const nas_space& space) {
  to.put_text(nascent::view(space.fingerprint)).put_array(space.conds, space.n_conds).put(space.n_params);
  for (std::uint32_t i = 0; i < space.n_params; ++i) {
    const char* at = reinterpret_cast<const char*>(space.params) + std::size_t{i} * space.param_stride;
    put_parameter(to, *reinterpret_cast<const nas_param*>(at));
  }
}

std::unique_ptr<const OwnedSpace> OwnedSpace::read(Unpacker& from) {
  auto owned = std::make_unique<OwnedSpace>();
  Content& c = *owned->content_;
  c.space.size = sizeof c.space;
  c.space.param_stride = sizeof(nas_param);
  c.space.fingerprint = c.pool.text(from);
  c.conds = from.get_array<nas_cond>();
  const auto n_params = from.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < n_params && from.good(); ++i) {
    c.params.push_back(read_parameter(from, c.pool));
    if (std::uint64_t{c.params.back().cond_first} + c.params.back().cond_count > c.conds.size()) return nullptr;
  }
  c.space.n_params = static_cast<std::uint32_t>(c.params.size());
  c.space.n_conds = static_cast<std::uint32_t>(c.conds.size());
  c.space.params = c.params.data();
  c.space.conds = c.conds.data();
  return from.good() ? std::move(owned) : nullptr;
}

void put(Packer& to, const nas_graph& g) {
  to.put(g.ir_version).put(g.n_nodes);
  for (const nas_str* texts : {g.op, g.name, g.weight_group}) {
    for (std::uint32_t i = 0; i < g.n_nodes; ++i) to.put_text(nascent::view(texts[i]));
  }
  const std::uint32_t n_inputs = g.n_nodes > 0 ? g.input_first[g.n_nodes] : 0, n_attrs = g.n_nodes > 0 ? g.attr_first[g.n_nodes] : 0;
  to.put_array(g.input_first, g.n_nodes + std::size_t{1}).put_array(g.inputs, n_inputs).put_array(g.outputs, g.n_outputs);
  to.put_array(g.attr_first, g.n_nodes + std::size_t{1}).put(n_attrs);
  for (std::uint32_t i = 0; i < n_attrs; ++i) {
    to.put_text(nascent::view(g.attrs[i].name));
    put_value(to, g.attrs[i].value);
  }
}

nas_graph* read_graph(Unpacker& from) {
  auto owned = std::make_unique<OwnedGraph>();
  nas_graph& g = owned->graph;
  g.size = sizeof g;
  g.ir_version = from.get<std::uint32_t>();
  g.n_nodes = from.get<std::uint32_t>();
  owned->op = read_texts(from, g.n_nodes, owned->pool);
  owned->name = read_texts(from, g.n_nodes, owned->pool);
  owned->weight_group = read_texts(from, g.n_nodes, owned->pool);
  owned->input_first = from.get_array<std::uint32_t>();
  owned->inputs = from.get_array<nas_edge>();
  owned->outputs = from.get_array<nas_edge>();
  owned->attr_first = from.get_array<std::uint32_t>();
  const auto n_attrs = from.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < n_attrs && from.good(); ++i) {
    const nas_str name = owned->pool.text(from);
    owned->attrs.push_back({name, owned->pool.value(from)});
  }
  if (!from.good() || !OwnedGraph::is_index(owned->input_first, g.n_nodes, owned->inputs.size()) ||
      !OwnedGraph::is_index(owned->attr_first, g.n_nodes, owned->attrs.size())) {
    return nullptr;
  }
  g.n_outputs = static_cast<std::uint32_t>(owned->outputs.size());
  g.op = owned->op.data();
  g.name = owned->name.data();
  g.weight_group = owned->weight_group.data();
  g.input_first = owned->input_first.data();
  g.inputs = owned->inputs.data();
  g.attr_first = owned->attr_first.data();
  g.attrs = owned->attrs.data();
  g.outputs = owned->outputs.data();
  g.owner = owned.get();
  g.release = &OwnedGraph::release;
  return &owned.release()->graph;
}

}  // namespace nascent::core::isolation
