#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>

#include "nascent/core/options.hpp"

namespace nascent::core {
namespace {

using Json = nlohmann::ordered_json;

struct ValueView {
  nas_value operator()(std::monostate) const { return {}; }
  nas_value operator()(bool v) const {
    nas_value value{NAS_T_BOOL, 0, {}};
    value.u.i = v ? 1 : 0;
    return value;
  }
  nas_value operator()(std::int64_t v) const {
    nas_value value{NAS_T_INT, 0, {}};
    value.u.i = v;
    return value;
  }
  nas_value operator()(double v) const {
    nas_value value{NAS_T_FLOAT, 0, {}};
    value.u.f = v;
    return value;
  }
  nas_value operator()(const std::string& v) const {
    nas_value value{NAS_T_STR, static_cast<std::uint32_t>(v.size()), {}};
    value.u.s = v.data();
    return value;
  }
  nas_value operator()(const std::vector<std::int64_t>& v) const {
    nas_value value{NAS_T_INTS, static_cast<std::uint32_t>(v.size()), {}};
    value.u.is = v.data();
    return value;
  }
  nas_value operator()(const std::vector<double>& v) const {
    nas_value value{NAS_T_FLOATS, static_cast<std::uint32_t>(v.size()), {}};
    value.u.fs = v.data();
    return value;
  }
};

// The tree behind the pointers: a leaf holds a value, an inner node its children in the order given.
struct JsonNode {
  const OptionValue* value = nullptr;
  std::vector<std::pair<std::string, std::size_t>> children;  // name, place in the list of nodes
};

std::string unescaped(std::string_view step) {
  std::string key;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const bool escaped = step[i] == '~' && i + 1 < step.size();
    key += escaped ? (step[++i] == '1' ? '/' : '~') : step[i];
  }
  return key;
}

Json json_of(const OptionValue& value) {
  return std::visit(
      [](const auto& v) -> Json {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::monostate>)
          return Json::object();
        else
          return v;
      },
      value);
}

Json json_of(const std::deque<JsonNode>& nodes, const JsonNode& node) {
  if (node.children.empty()) return node.value == nullptr ? Json::object() : json_of(*node.value);
  // Elements of an array are named by their place: "0", "1", ...
  bool is_array = true;
  for (std::size_t i = 0; i < node.children.size(); ++i)
    is_array = is_array && node.children[i].first == std::to_string(i);
  Json json = is_array ? Json::array() : Json::object();
  for (const auto& [name, child] : node.children) {
    if (is_array)
      json.push_back(json_of(nodes, nodes[child]));
    else
      json[name] = json_of(nodes, nodes[child]);
  }
  return json;
}

}  // namespace

std::string pointer_step(std::string_view key) {
  std::string step = "/";
  for (const char c : key) step += c == '~' ? std::string("~0") : c == '/' ? std::string("~1") : std::string(1, c);
  return step;
}

OptionTable& OptionTable::operator=(const OptionTable& other) {
  if (this != &other) {
    items_ = other.items_;
    view_.reset();
  }
  return *this;
}

void OptionTable::set(std::string_view pointer, OptionValue value) {
  view_.reset();
  const auto at = std::find_if(items_.begin(), items_.end(), [&](const auto& item) { return item.first == pointer; });
  if (at != items_.end())
    at->second = std::move(value);
  else
    items_.emplace_back(pointer, std::move(value));
}

void OptionTable::append(std::string pointer, OptionValue value) {
  view_.reset();
  items_.emplace_back(std::move(pointer), std::move(value));
}

const OptionValue* OptionTable::get(std::string_view pointer) const {
  const auto at = std::find_if(items_.begin(), items_.end(), [&](const auto& item) { return item.first == pointer; });
  return at == items_.end() ? nullptr : &at->second;
}

nas_config OptionTable::view() const {
  if (view_ == nullptr) {
    view_ = std::make_unique<nas_named_value[]>(items_.size());
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const auto& [pointer, value] = items_[i];
      view_[i] = {{pointer.data(), pointer.size()}, std::visit(ValueView{}, value)};
    }
  }
  return {sizeof(nas_config), 0, items_.size(), view_.get()};
}

std::string OptionTable::to_json() const {
  std::deque<JsonNode> nodes(1);
  for (const auto& [pointer, value] : items_) {
    std::size_t at = 0;
    for (std::size_t begin = 1; begin <= pointer.size();) {
      const std::size_t end = std::min(pointer.find('/', begin), pointer.size());
      const std::string key = unescaped(std::string_view(pointer).substr(begin, end - begin));
      auto& children = nodes[at].children;
      auto child = std::find_if(children.begin(), children.end(), [&](const auto& c) { return c.first == key; });
      if (child == children.end()) {
        nodes.emplace_back();
        child = children.insert(children.end(), {key, nodes.size() - 1});
      }
      at = child->second;
      begin = end + 1;
    }
    nodes[at].value = &value;
  }
  return json_of(nodes, nodes[0]).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace nascent::core
