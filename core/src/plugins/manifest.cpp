#include "plugins/manifest.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "plugins/handshake.hpp"
#include "plugins/sha256.hpp"

namespace nascent::core {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int format_version = 1;
constexpr std::uintmax_t manifest_size_max = 4u << 20;
constexpr std::string_view suffix = ".nascent.json";

tl::unexpected<Error> broken(std::string what) { return fail(ErrorKind::plugin, std::move(what)); }

struct FileStamp {
  std::uint64_t size_bytes;
  std::int64_t mtime_ns;
};
std::optional<FileStamp> stamp_of(const fs::path& file) {
  struct stat s {};
  if (::stat(file.c_str(), &s) != 0 || !S_ISREG(s.st_mode)) return std::nullopt;
  return FileStamp{static_cast<std::uint64_t>(s.st_size),
                   std::int64_t{s.st_mtim.tv_sec} * 1'000'000'000 + s.st_mtim.tv_nsec};
}

Json json_of(const OptionInfo& o) {
  Json j{{"name", o.name},
         {"help", o.help},
         {"type", option_type_name(o.type)},
         {"required", o.required},
         {"searchable", o.searchable}};
  if (std::isfinite(o.lo)) j["lo"] = o.lo;
  if (std::isfinite(o.hi)) j["hi"] = o.hi;
  std::visit(
      [&j](const auto& v) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(v)>, std::monostate>) j["default"] = v;
      },
      o.dflt);
  if (!o.choices.empty()) j["choices"] = o.choices;
  return j;
}

constexpr std::string_view kDirectionNames[] = {"none", "minimize", "maximize"};

Json json_of(const MetricInfo& m) {
  return {{"name", m.name}, {"help", m.help}, {"direction", kDirectionNames[m.direction]}, {"needs", m.needs}};
}

// Typed reading of hostile JSON; the first mistake is kept and everything after it reads as empty.
class Fields {
 public:
  Fields(const Json& object, std::string where, std::string& mistake)
      : object_(object), where_(std::move(where)), mistake_(mistake) {
    if (!object.is_object()) wrong("", "an object");
  }
  std::string text(const char* key) const {
    const Json* j = find(key);
    if (j == nullptr || !j->is_string()) return wrong(key, "text"), std::string();
    return j->get<std::string>();
  }
  bool flag(const char* key) const {
    const Json* j = find(key);
    if (j == nullptr || !j->is_boolean()) return wrong(key, "true or false"), false;
    return j->get<bool>();
  }
  template <class T>
  T count(const char* key) const {
    const Json* j = find(key);
    if (j == nullptr || !j->is_number_unsigned() ||
        j->get<std::uint64_t>() > std::uint64_t{std::numeric_limits<T>::max()})
      return wrong(key, "a count"), T{0};
    return j->get<T>();
  }
  double number_or(const char* key, double absent) const {
    const Json* j = find(key);
    if (j == nullptr) return absent;
    if (!j->is_number()) return wrong(key, "a number"), absent;
    return j->get<double>();
  }
  const Json& list(const char* key, bool required) const {
    static const Json none = Json::array();
    const Json* j = find(key);
    if (j == nullptr && !required) return none;
    if (j == nullptr || !j->is_array()) return wrong(key, "a list"), none;
    return *j;
  }
  const Json& object(const char* key) const {
    static const Json none = Json::object();
    const Json* j = find(key);
    if (j == nullptr || !j->is_object()) return wrong(key, "an object"), none;
    return *j;
  }
  const Json* find(const char* key) const {
    if (!object_.is_object()) return nullptr;
    const auto it = object_.find(key);
    return it == object_.end() ? nullptr : &*it;
  }
  void wrong(const std::string& key, const char* wanted) const {
    if (mistake_.empty()) mistake_ = fmt::format("{}{} is not {}", where_, key, wanted);
  }
  std::string at(const char* key, std::size_t i) const { return fmt::format("{}{}/{}/", where_, key, i); }

 private:
  const Json& object_;
  std::string where_;
  std::string& mistake_;
};

std::uint32_t option_type(const std::string& name) {
  for (std::uint32_t type = NAS_O_BOOL; type <= NAS_O_TABLE; ++type) {
    if (option_type_name(type) == name) return type;
  }
  return NAS_O_TABLE + 1;  // refused by check_option
}

bool is_int64(const Json& j) {
  return j.is_number_integer() &&
         !(j.is_number_unsigned() && j.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()});
}

OptionValue default_of(const Json& j, std::uint32_t type, const Fields& fields) {
  if (j.is_boolean()) return j.get<bool>();
  if (j.is_string()) return j.get<std::string>();
  if (is_int64(j)) return j.get<std::int64_t>();
  if (j.is_number()) return j.get<double>();
  if (j.is_array() && type == NAS_O_INTS && std::ranges::all_of(j, is_int64)) return j.get<std::vector<std::int64_t>>();
  if (j.is_array() && type == NAS_O_FLOATS && std::ranges::all_of(j, [](const Json& e) { return e.is_number(); }))
    return j.get<std::vector<double>>();
  fields.wrong("default", "a default of that type");
  return {};
}

OptionInfo parse_option(const Json& j, const std::string& where, std::string& mistake) {
  const Fields f(j, where, mistake);
  OptionInfo o;
  o.name = f.text("name");
  o.help = f.text("help");
  o.type = option_type(f.text("type"));
  o.required = f.flag("required");
  o.searchable = f.flag("searchable");
  o.lo = f.number_or("lo", -std::numeric_limits<double>::infinity());
  o.hi = f.number_or("hi", std::numeric_limits<double>::infinity());
  if (const Json* dflt = f.find("default")) o.dflt = default_of(*dflt, o.type, f);
  for (const Json& choice : f.list("choices", false)) {
    if (!choice.is_string())
      f.wrong("choices", "a list of texts");
    else
      o.choices.push_back(choice.get<std::string>());
  }
  return o;
}

MetricInfo parse_metric(const Json& j, const std::string& where, std::string& mistake) {
  const Fields f(j, where, mistake);
  MetricInfo m{f.text("name"), f.text("help"), NAS_DIRECTION_NONE, f.count<std::uint32_t>("needs")};
  const auto direction = std::ranges::find(kDirectionNames, f.text("direction"));
  if (direction == std::end(kDirectionNames)) f.wrong("direction", "none, minimize or maximize");
  m.direction = static_cast<std::uint32_t>(direction - std::begin(kDirectionNames));
  return m;
}

ComponentInfo parse_component(const Json& j, const std::string& where, std::string& mistake) {
  const Fields f(j, where, mistake);
  ComponentInfo c;
  c.kind = f.text("kind");
  c.id = f.text("id");
  c.alias = f.text("alias");
  c.version = f.text("version");
  c.title = f.text("title");
  c.flags = f.count<std::uint32_t>("flags");
  std::size_t i = 0;
  for (const Json& option : f.list("options", true))
    c.options.push_back(parse_option(option, f.at("options", i++), mistake));
  i = 0;
  for (const Json& metric : f.list("metrics", false))
    c.metrics.push_back(parse_metric(metric, f.at("metrics", i++), mistake));
  return c;
}

}  // namespace

fs::path manifest_path(const fs::path& library) {
  return library.parent_path() / (library.stem().string() + std::string(suffix));
}

std::string to_json(const Manifest& m) {
  Json components = Json::array();
  for (const ComponentInfo& c : m.components) {
    Json options = Json::array();
    for (const OptionInfo& o : c.options) options.push_back(json_of(o));
    Json metrics = Json::array();
    for (const MetricInfo& metric : c.metrics) metrics.push_back(json_of(metric));
    components.push_back({{"kind", c.kind},
                          {"id", c.id},
                          {"alias", c.alias},
                          {"version", c.version},
                          {"title", c.title},
                          {"flags", c.flags},
                          {"options", std::move(options)},
                          {"metrics", std::move(metrics)}});
  }
  const PluginInfo& p = *m.plugin;
  const Json j{{"manifest", format_version},
               {"library", p.path.filename().string()},
               {"size_bytes", m.size_bytes},
               {"mtime_ns", m.mtime_ns},
               {"sha256", p.sha256},
               {"abi_major", NAS_ABI_MAJOR},
               {"abi_minor", p.abi_minor},
               {"abi_minor_min", p.abi_minor_min},
               {"id", p.id},
               {"version", p.version},
               {"build", p.build},
               {"components", std::move(components)}};
  return j.dump(2) + '\n';
}

Result<Manifest> parse_manifest(std::string_view text, const fs::path& library) {
  const Json j = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (j.is_discarded()) return broken("is not valid JSON");
  std::string mistake;
  const Fields f(j, "/", mistake);
  if (f.count<int>("manifest") != format_version && mistake.empty())
    mistake = fmt::format("/manifest is {}; this nascent reads format {}", f.count<int>("manifest"), format_version);
  if (!mistake.empty()) return broken(mistake);

  auto plugin = std::make_shared<PluginInfo>();
  plugin->path = library;
  plugin->id = f.text("id");
  plugin->version = f.text("version");
  plugin->build = f.text("build");
  plugin->sha256 = f.text("sha256");
  plugin->abi_minor = f.count<std::uint32_t>("abi_minor");
  plugin->abi_minor_min = f.count<std::uint32_t>("abi_minor_min");
  Manifest m;
  m.size_bytes = f.count<std::uint64_t>("size_bytes");
  m.mtime_ns = f.count<std::int64_t>("mtime_ns");
  if (f.text("library") != library.filename().string()) f.wrong("library", "the name of the library beside it");
  if (f.count<std::uint32_t>("abi_major") != NAS_ABI_MAJOR) f.wrong("abi_major", "the major this nascent speaks");
  std::size_t i = 0;
  for (const Json& component : f.list("components", true)) {
    m.components.push_back(parse_component(component, f.at("components", i++), mistake));
    m.components.back().plugin = plugin;
  }
  m.plugin = std::move(plugin);
  if (!mistake.empty()) return broken(mistake);

  std::vector<Violation> found;
  for (const ComponentInfo& c : m.components) {
    const std::string where = fmt::format("component \"{}\"", c.id);
    check_names(c, where, found);
    for (const OptionInfo& o : c.options) check_option(o, where, found);
    for (const MetricInfo& metric : c.metrics) check_metric(metric, where, found);
  }
  if (!found.empty()) return broken(found.front().what);
  return m;
}

Result<Manifest> read_manifest(const fs::path& file) {
  const std::string name = file.filename().string();
  const fs::path library =
      file.parent_path() / (name.substr(0, name.size() - suffix.size()) + std::string(library_suffix));
  const std::string way_out = fmt::format("run `nascent plugin manifest {}`", library.string());
  if (!stamp_of(library))
    return broken(fmt::format("{}: the library {} is not there; remove the manifest or restore the library",
                              file.string(), library.filename().string()));
  std::error_code code;
  if (fs::file_size(file, code) > manifest_size_max || code)
    return broken(fmt::format("{}: is no manifest: more than {} bytes, or unreadable; {}", file.string(),
                              manifest_size_max, way_out));
  auto text = read_bytes(file);
  if (!text) return tl::unexpected(text.error());
  auto m = parse_manifest(*text, library);
  if (!m) return broken(fmt::format("{}: {}; {}", file.string(), m.error().message, way_out));
  return m;
}

Result<std::string> staleness(const Manifest& manifest, const fs::path& file) {
  const fs::path& library = manifest.plugin->path;
  const auto stale = [&](const std::string& difference) {
    return fmt::format("{}: describes another build of {} ({})", file.string(), library.filename().string(), difference);
  };
  const auto stamp = stamp_of(library);
  if (!stamp) return broken(library.string() + ": disappeared while its manifest was read");
  if (manifest.size_bytes != stamp->size_bytes) {
    return stale(fmt::format("{} bytes then, {} now", manifest.size_bytes, stamp->size_bytes));
  }
  if (manifest.mtime_ns == stamp->mtime_ns) return std::string();
  const auto bytes = read_bytes(library);
  if (!bytes) return tl::unexpected(bytes.error());
  return sha256(*bytes) == manifest.plugin->sha256 ? std::string() : stale("sha256 differs");
}

Result<Manifest> manifest_of(const Library& library) {
  const auto stamp = stamp_of(library.info->path);
  if (!stamp) return fail(ErrorKind::system, library.info->path.string() + ": disappeared while it was read");
  return Manifest{library.info, describe(*library.plugin, library.info), stamp->size_bytes, stamp->mtime_ns};
}

Result<std::string> manifest_json(const fs::path& path) {
  const auto library = open_library(path);
  if (!library) return tl::unexpected(library.error());
  const auto manifest = manifest_of(*library);
  if (!manifest) return tl::unexpected(manifest.error());
  return to_json(*manifest);
}

Result<fs::path> write_manifest(const fs::path& library) {
  const auto text = manifest_json(library);
  if (!text) return tl::unexpected(text.error());
  std::error_code code;
  const fs::path target = manifest_path(fs::canonical(library, code));
  const fs::path draft = target.string() + fmt::format(".{}", ::getpid());
  std::ofstream out(draft, std::ios::binary);
  out << *text;
  out.close();
  if (out) fs::rename(draft, target, code);
  if (!out || code) {
    std::error_code ignored;
    fs::remove(draft, ignored);
    return fail(
        ErrorKind::system,
        fmt::format("{}: cannot be written; check that the folder is writable and the disk has room", target.string()));
  }
  return target;
}

}  // namespace nascent::core
