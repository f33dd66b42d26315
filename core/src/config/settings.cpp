#include "config/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "config/section.hpp"
#include "nascent/core/store_location.hpp"

namespace nascent::core::config {

using Reader = ValueReader;

std::vector<ListedTable> listed(const ConfigValue::Table& root, std::string_view key, Diagnostics& diagnostics) {
  const ConfigValue* value = find(root, key);
  if (value == nullptr) return {};
  const ConfigValue::Array* elements = value->array();
  if (elements == nullptr) return {{value, std::string(key)}};
  std::vector<ListedTable> all;
  for (std::size_t i = 0; i < elements->size(); ++i) all.push_back({&(*elements)[i], fmt::format("{}.{}", key, i)});
  if (all.empty()) diagnostics.add(value->where, fmt::format("{} is empty; write [[{}]]", key, key));
  return all;
}

std::filesystem::path resolved_path(const std::filesystem::path& directory, const std::string& path) {
  return (directory / path).lexically_normal();
}

namespace {

constexpr Range at_least_1{1, infinity};
constexpr Range count_range{1, 4096};
constexpr std::uint64_t kArtifactBytesMax = 512ULL << 20U;  // a database takes no value of a gigabyte

class SettingsReader {
 public:
  SettingsReader(const Document& document, const std::string& file, StudyDraft& draft)
      : document_(document), root_(document.root), file_(file), draft_(draft) {}

  void read() {
    draft_.settings_known = are_known({"study", "objective", "constraint", "acceptance", "stop", "budget"}, [&] {
      read_study();
      read_objectives();
      read_constraints();
      read_acceptance();
      read_stop();
      read_budget();
    });
    read_validation();
    read_final();
    read_workers();
    draft_.plugins_known = are_known({"plugins"}, [&] { read_plugins(); });
  }

 private:
  // Reads such sections: is nothing wrong with them, and none of them misspelt?
  template <class Read>
  bool are_known(std::initializer_list<std::string_view> sections, const Read& read) {
    const std::size_t before = diagnostics_.size();
    read();
    const auto has_lost_lines = [&](std::string_view key) {
      const bool is_misspelt = document_.gives(key) && find(root_, key) == nullptr;
      return is_misspelt || document_.absence(std::string(key)) == Absence::may_be_misspelt;
    };
    return diagnostics_.size() == before && std::none_of(sections.begin(), sections.end(), has_lost_lines);
  }

  Section section(std::string_view key) { return {find(root_, key), std::string(key), diagnostics_}; }

  // Of what `s` should have; it may have lost it with a line.
  void missing(const Section& s, const std::string& message) {
    if (document_.absence(std::string(kind_of_path(s.path()))) == Absence::is_a_mistake)
      diagnostics_.add(s.where(), message);
  }
  void missing(const std::string& message) { diagnostics_.add({file_, 0, 0}, message); }

  // Where element i of a list stands that may also be one value.
  static const SourceLocation& element_place(const ConfigValue& value, std::size_t i) {
    return value.array() == nullptr ? value.where : (*value.array())[i].where;
  }

  // Where the value of `key` stands, else the section.
  static SourceLocation place(Section& s, std::string_view key) {
    const ConfigValue* value = s.find(key);
    return value == nullptr ? s.where() : value->where;
  }

  // A text that is not empty.
  std::optional<std::string> name(Section& s, std::string_view key) {
    std::optional<std::string> text = s.get(&Reader::text, key);
    if (text && text->empty()) {
      s.complain_at(key, fmt::format("{} is empty; give it a name", s.path_of(key)));
      return std::nullopt;
    }
    return text;
  }

  void read_study() {
    Section s = section("study");
    study_.name = std::filesystem::path(file_).stem().string();
    if (study_.name.empty()) study_.name = "study";
    if (const auto given = name(s, "name")) {
      study_.name = *given;
      const bool plain = std::none_of(given->begin(), given->end(), [](char c) {
        return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
      });
      if (!plain || given->size() > 100 || *given == "." || *given == "..") {
        s.complain_at("name", fmt::format("study.name is {}; it has to be at most 100 bytes without / and \\, because "
                                          "files are named after it",
                                          shown(*s.find("name"))));
      }
    }
    study_.seed = static_cast<std::uint64_t>(s.get(&Reader::integer, "seed", Range{0, 0x1p63}).value_or(1));
    study_.parallel = static_cast<std::uint32_t>(
        s.get(&Reader::integer, "parallel", count_range).value_or(std::max(1U, std::thread::hardware_concurrency())));
    study_.deterministic = s.get(&Reader::flag, "deterministic").value_or(true);
    study_.duplicates = static_cast<Duplicates>(s.get(&Reader::choice, "duplicates", duplicates_names()).value_or(0));
    const std::string store = name(s, "store").value_or(study_.name + ".db");
    const bool is_path = store != ":memory:" && !is_url(store);
    study_.store = is_path ? resolved_path(study_.directory, store).string() : public_location(store);
    s.finish();
  }

  void read_objectives() {
    for (const ListedTable& table : listed(root_, "objective", diagnostics_)) {
      Section s(table.value, table.path, diagnostics_);
      const auto metric = name(s, "metric");
      const auto direction = s.get(&Reader::choice, "direction", direction_names());
      if (s.lacks("metric")) missing(s, fmt::format("{} has no metric; write metric = \"val_accuracy\"", s.path()));
      if (s.lacks("direction"))
        missing(s, fmt::format("{} has no direction; write direction = \"maximize\" or \"minimize\"", s.path()));
      const auto same = [&](const Objective& o) { return o.metric == metric; };
      if (metric && std::any_of(study_.objectives.begin(), study_.objectives.end(), same))
        s.complain_at("metric",
                      fmt::format("{}.metric is \"{}\", as an earlier objective is; leave one out", s.path(), *metric));
      study_.objectives.push_back(
          {metric.value_or(""), static_cast<Direction>(direction.value_or(1)), place(s, "metric"), s.path()});
      s.finish();
    }
    if (!document_.gives("objective"))
      missing("no [objective]; write [objective] with metric = \"val_accuracy\" and direction = \"maximize\"");
  }

  void read_constraints() {
    for (const ListedTable& table : listed(root_, "constraint", diagnostics_)) {
      Section s(table.value, table.path, diagnostics_);
      Constraint c;
      c.metric = name(s, "metric").value_or("");
      c.min = s.get(&Reader::number, "min", Range{});
      c.max = s.get(&Reader::number, "max", Range{});
      c.where = place(s, "metric");
      c.path = s.path();
      if (s.lacks("metric")) missing(s, fmt::format("{} has no metric; write metric = \"parameters\"", s.path()));
      if (s.find("min") == nullptr && s.find("max") == nullptr && s.lacks("min") && s.lacks("max"))
        missing(s, fmt::format("{} has no bound; write min or max", s.path()));
      if (c.min && c.max && *c.min > *c.max)
        s.complain_at("min",
                      fmt::format("{}.min is {}, above max = {}; no trial can satisfy it", s.path(), *c.min, *c.max));
      study_.constraints.push_back(std::move(c));
      s.finish();
    }
  }

  void read_acceptance() {
    Section s = section("acceptance");
    const bool several = study_.objectives.size() > 1;
    Acceptance& a = study_.acceptance;
    a.rule = several ? AcceptanceRule::pareto : AcceptanceRule::best;
    const auto rule = s.get(&Reader::choice, "rule", acceptance_names());
    if (rule) a.rule = static_cast<AcceptanceRule>(*rule);
    const auto threshold = s.get(&Reader::number, "threshold", Range{});
    const auto temperature = s.get(&Reader::number, "temperature", positive);
    if (rule && several && a.rule != AcceptanceRule::pareto) {
      s.complain_at("rule",
                    fmt::format("acceptance.rule is \"{}\", which compares one objective; the study has {}: write "
                                "rule = \"pareto\"",
                                acceptance_names()[*rule], study_.objectives.size()));
    }
    const auto belongs = [&](std::string_view key, AcceptanceRule to, const char* example) {
      const bool given = s.find(key) != nullptr;
      if (a.rule == to && s.lacks(key))
        missing(s, fmt::format("acceptance.rule is \"{}\", which needs {}; write {}",
                               acceptance_names()[static_cast<std::size_t>(to)], key, example));
      if (a.rule != to && given && (rule || s.find("rule") == nullptr))
        s.complain_at(key, fmt::format("acceptance.{} is only for rule = \"{}\"; leave it out", key,
                                       acceptance_names()[static_cast<std::size_t>(to)]));
    };
    belongs("threshold", AcceptanceRule::threshold, "threshold = 0.9");
    belongs("temperature", AcceptanceRule::metropolis, "temperature = 0.01");
    a.threshold = threshold.value_or(0);
    a.temperature = temperature.value_or(0);
    s.finish();
  }

  void read_stop() {
    Section s = section("stop");
    StopConditions& stop = study_.stop;
    const auto whole = [&](std::string_view key) -> std::optional<std::uint64_t> {
      const auto v = s.get(&Reader::integer, key, at_least_1);
      return v ? std::optional(static_cast<std::uint64_t>(*v)) : std::nullopt;
    };
    stop.trials = whole("trials");
    stop.wall_seconds = s.get(&Reader::seconds, "wall_time", positive);
    stop.target = s.get(&Reader::number, "target", Range{});
    stop.no_improvement = whole("no_improvement");
    stop.train_seconds = s.get(&Reader::seconds, "train_seconds", positive);
    if (stop.target && study_.objectives.size() > 1)
      s.complain_at("target", "stop.target is for one objective; the study has several: leave it out");
    s.finish();
    const ConfigValue* given = find(root_, "stop");
    const bool is_empty = given != nullptr && given->table() != nullptr && given->table()->empty();
    if (!document_.gives("stop") || (is_empty && document_.absence("stop") == Absence::is_a_mistake))
      missing(
          "no condition in [stop], so the study would never end; write [stop] with trials = 100 or wall_time = "
          "\"15min\"");
  }

  static std::optional<double> budget_amount(Section& s, BudgetUnit unit, const std::string& key) {
    if (unit == BudgetUnit::seconds) return s.get(&Reader::seconds, key, positive);
    if (unit == BudgetUnit::fraction) return s.get(&Reader::number, key, Range{0, 1, Range::Ends::open_below});
    const auto whole = s.get(&Reader::integer, key, at_least_1);
    return whole ? std::optional(static_cast<double>(*whole)) : std::nullopt;
  }

  std::optional<Budget> budget(Section& s) {
    std::optional<Budget> found;
    std::vector<std::string> given;
    for (std::size_t unit = 0; unit < unit_names().size(); ++unit) {
      const std::string& key = unit_names()[unit];
      const std::optional<double> amount = budget_amount(s, static_cast<BudgetUnit>(unit), key);
      if (s.find(key) != nullptr) given.push_back(key);
      if (amount && !found) found = Budget{static_cast<BudgetUnit>(unit), *amount};
    }
    if (given.size() > 1)
      s.complain_at(given[1], fmt::format("{} has both {} and {}; one unit measures a budget: leave one out", s.path(),
                                          given[0], given[1]));
    return found;
  }

  void read_budget() {
    Section s = section("budget");
    const std::optional<Budget> given = budget(s);
    study_.budget = given.value_or(Budget{});
    const ConfigValue* table = find(root_, "budget");
    if (!document_.gives("budget") && find(root_, "trainer") != nullptr)
      missing("no [budget], which says how long the trainer may train a trial; write [budget] with epochs = 3");
    if (table != nullptr && table->table() != nullptr && table->table()->empty())
      missing(s, "budget has no amount; write epochs, steps, seconds or fraction");
    s.finish();
  }

  void read_validation() {
    Section v = section("validation");
    study_.validation.share =
        v.get(&Reader::number, "share", Range{0, 1, Range::Ends::open}).value_or(study_.validation.share);
    v.finish();
  }

  void read_final() {
    Section f = section("final");
    const auto top = f.get(&Reader::integer, "top", count_range);
    const auto seeds = f.get(&Reader::integer, "seeds", count_range);
    study_.final.budget = budget(f).value_or(study_.budget);
    study_.final.seeds = static_cast<std::uint32_t>(seeds.value_or(1));
    study_.final.top = f.present() ? static_cast<std::uint32_t>(top.value_or(1)) : 0;
    if (f.present() && !document_.gives("trainer"))
      f.complain("[final] trains the best trials again, but the study has no [trainer]; leave [final] out");
    f.finish();
  }

  void read_workers() {
    Section s = section("workers");
    WorkerConfig& w = study_.workers;
    w.execution = find(root_, "trainer") != nullptr ? Execution::workers : Execution::in_process;
    const auto execution = s.get(&Reader::choice, "execution", execution_names());
    if (execution) w.execution = static_cast<Execution>(*execution);
    // What is no execution may have been meant as "inline".
    if ((execution || s.lacks("execution") || !s.present()) && w.execution == Execution::workers &&
        study_.store == ":memory:") {
      Section study(find(root_, "study"), "study", diagnostics_);
      study.complain_at(
          "store",
          fmt::format(
              "study.store is \":memory:\", which no other process sees, and {}; name a file, or write "
              "[workers] with execution = \"inline\"",
              execution ? "workers.execution is \"workers\"" : "with a [trainer] trials run in worker processes"));
    }
    const auto artifacts = s.get(&Reader::text, "artifacts");
    if (artifacts) w.artifacts = resolved_path(study_.directory, *artifacts);
    // A database has no folder beside it, and only one machine runs these trials.
    const bool inline_in_database = is_url(study_.store) && w.execution != Execution::workers;
    if (!artifacts && inline_in_database) w.artifacts = study_.directory / (study_.name + ".artifacts");
    w.artifact_bytes_max = s.get(&Reader::bytes, "artifact_bytes_max").value_or(w.artifact_bytes_max);
    if (w.artifact_bytes_max > kArtifactBytesMax) {
      s.complain_at("artifact_bytes_max", fmt::format("workers.artifact_bytes_max is {}; at most 512MiB of a trial's files go into a "
                                                      "database: for more name a folder that all machines share in workers.artifacts",
                                                      w.artifact_bytes_max));
    }
    w.trial_seconds_max = s.get(&Reader::seconds, "trial_seconds_max", positive);
    w.memory_bytes_max = s.get(&Reader::bytes, "memory_bytes_max");
    w.disk_bytes_max = s.get(&Reader::bytes, "disk_bytes_max");
    w.failure_rate_max = s.get(&Reader::number, "failure_rate_max", Range{0, 1}).value_or(w.failure_rate_max);
    if (const auto trials = s.get(&Reader::integer, "recycle_after_trials", at_least_1))
      w.recycle_after_trials = static_cast<std::uint64_t>(*trials);
    read_places(s);
    read_retries(s);
    read_confinement(s);
    s.finish();
  }

  // How many trials may run at once, and where.
  void read_places(Section& s) {
    WorkerConfig& w = study_.workers;
    const auto count = s.get(&Reader::integer, "count", Range{0, count_range.hi});
    if (count && *count == 0 && (w.execution == Execution::in_process || study_.store == ":memory:"))
      s.complain_at("count", "workers.count is 0, which leaves the trials to workers that join (`nascent worker`), and trials of "
                             "this study run in its own process; write execution = \"workers\"");
    const auto devices = s.get(&Reader::texts, "devices").value_or(std::vector<std::string>{});
    for (std::size_t i = 0; i < devices.size(); ++i) {
      const auto device = parse_device(devices[i]);
      if (device) w.devices.push_back(*device);
      if (device) continue;
      const ConfigValue& given = *s.find("devices");
      diagnostics_.add(element_place(given, i),
                       fmt::format("workers.devices{} is {}; it has to be \"auto\", \"cpu\", or \"cuda:\" and the number of the device, "
                                   "as \"cuda:0\"",
                                   given.array() != nullptr ? fmt::format(".{}", i) : "", toml_text(devices[i])));
    }
    const bool for_all = w.devices.empty() || (w.devices.size() == 1 && w.devices[0].type != Device::Type::cuda);
    std::uint64_t room = for_all ? study_.parallel : std::min<std::uint64_t>(study_.parallel, w.devices.size());
    if (count && !for_all && static_cast<std::uint64_t>(*count) > w.devices.size() && w.devices.size() == devices.size())
      s.complain_at("count", fmt::format("workers.count is {}, and workers.devices has {}, one for each worker; write count = {}, or "
                                         "name a device as often as trials may share it",
                                         *count, w.devices.size(), w.devices.size()));
    w.memory = s.get(&Reader::bytes, "memory");
    if (w.memory && w.memory_bytes_max && *w.memory_bytes_max > 0) {
      const std::uint64_t fit = *w.memory / *w.memory_bytes_max;
      if (fit == 0)
        s.complain_at("memory_bytes_max", fmt::format("workers.memory_bytes_max is {}, and all trials together have workers.memory = {}; "
                                                      "lower it, or raise memory",
                                                      *w.memory_bytes_max, *w.memory));
      else if (count && static_cast<std::uint64_t>(*count) > fit)
        s.complain_at("count", fmt::format("workers.count is {}, and workers.memory = {} has room for {} trials of memory_bytes_max = {}; "
                                           "write count = {}, or raise memory",
                                           *count, *w.memory, fit, *w.memory_bytes_max, fit));
      room = std::min(room, std::max<std::uint64_t>(fit, 1));
    }
    w.count = count ? static_cast<std::uint32_t>(*count) : static_cast<std::uint32_t>(room);
  }

  // `retries = 2`, or [workers.retries] by reason.
  void read_retries(Section& s) {
    Retries& retries = study_.workers.retries;
    constexpr Range range{0, 100};
    const ConfigValue* given = s.find("retries");
    if (given == nullptr) return;
    if (given->table() == nullptr) {
      if (const auto n = s.get(&Reader::integer, "retries", range)) retries = Retries::of_accidents(static_cast<std::uint32_t>(*n));
      return;
    }
    Section by_reason(given, s.path_of("retries"), diagnostics_);
    for (const FailureReason reason : Retries::kReasons) {
      if (const auto n = by_reason.get(&Reader::integer, name_of(reason), range)) retries[reason] = static_cast<std::uint32_t>(*n);
    }
    by_reason.finish();
  }

  void read_confinement(Section& s) {
    WorkerConfig& w = study_.workers;
    w.confine = s.get(&Reader::flag, "confine").value_or(false);
    for (const std::string& path : s.get(&Reader::texts, "writable").value_or(std::vector<std::string>{}))
      w.writable.push_back(resolved_path(study_.directory, path));
    if (w.confine && w.execution == Execution::in_process)
      s.complain_at("confine", "workers.confine is for worker processes, and this study runs its trials in the search's own; write "
                               "execution = \"workers\", or leave it out");
    if (!w.writable.empty() && !w.confine)
      s.complain_at("writable", "workers.writable is only for confine = true; write that, or leave it out");
  }

  void read_plugins() {
    Section s = section("plugins");
    const auto paths = s.get(&Reader::texts, "path").value_or(std::vector<std::string>{});
    for (std::size_t i = 0; i < paths.size(); ++i) {
      study_.plugins.path.push_back(resolved_path(study_.directory, paths[i]));
      study_.plugins.path_where.push_back(element_place(*s.find("path"), i));
    }
    study_.plugins.allow = s.get(&Reader::texts, "allow").value_or(std::vector<std::string>{});
    for (std::size_t i = 0; i < study_.plugins.allow.size(); ++i) {
      const std::string& hash = study_.plugins.allow[i];
      const bool valid = hash.starts_with("sha256:") && hash.size() == 71 &&
                         hash.find_first_not_of("0123456789abcdef", 7) == std::string::npos;
      if (!valid) {
        const ConfigValue& given = *s.find("allow");
        const bool is_list = given.array() != nullptr;
        diagnostics_.add(element_place(given, i),
                         fmt::format("plugins.allow{} is {}; it has to be \"sha256:\" and 64 hex digits, as `nascent "
                                     "plugin inspect` prints them",
                                     is_list ? fmt::format(".{}", i) : "", toml_text(hash)));
      }
    }
    s.finish();
  }

  const Document& document_;
  const ConfigValue::Table& root_;
  const std::string& file_;
  StudyDraft& draft_;
  StudyConfig& study_ = draft_.config;
  Diagnostics& diagnostics_ = draft_.mistakes;
};

}  // namespace

void read_settings(const Document& document, const std::string& file, StudyDraft& draft) {
  SettingsReader(document, file, draft).read();
}

}  // namespace nascent::core::config
