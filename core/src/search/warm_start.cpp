#include "nascent/core/warm_start.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "nascent/core/given_values.hpp"
#include "nascent/core/ranking.hpp"
#include "nascent/core/seeds.hpp"
#include "nascent/core/study_run.hpp"

namespace nascent::core {
namespace {

using Json = nlohmann::json;

ConfigValue value_of(const Json& json) {
  if (json.is_boolean()) return {json.get<bool>(), {}};
  if (json.is_number_integer()) return {json.get<std::int64_t>(), {}};
  if (json.is_number()) return {json.get<double>(), {}};
  return {json.is_string() ? json.get<std::string>() : json.dump(), {}};
}

// Active parameters by name; choices by their value. `parameters` as in StudyRecord::space_json.
ConfigValue::Table values_of(const Configuration& configuration, const Json& parameters) {
  ConfigValue::Table table;
  for (std::size_t i = 0; i < configuration.x.size() && i < parameters.size(); ++i) {
    if (configuration.active[i] == 0) continue;
    const double x = configuration.x[i];
    const auto choices = parameters[i].find("choices");
    const bool is_choice = choices != parameters[i].end() && x >= 0 && x < static_cast<double>(choices->size());
    ConfigValue value = is_choice ? value_of((*choices)[static_cast<std::size_t>(x)]) : ConfigValue{x, {}};
    table.push_back({parameters[i].value("name", ""), {}, std::move(value)});
  }
  return table;
}

struct EarlierStudy {
  std::unique_ptr<Store> store;
  StudyRecord record;
};

Result<EarlierStudy> open_earlier(const WarmStart::Earlier& earlier) {
  auto store = Store::open(earlier.store, OpenMode::read_only);
  if (!store) return tl::unexpected<Error>(store.error());
  auto studies = (*store)->studies();
  if (!studies) return tl::unexpected<Error>(studies.error());
  std::string names;
  for (StudyRecord& record : *studies) {
    if (record.name == earlier.name || (earlier.name.empty() && studies->size() == 1)) {
      return EarlierStudy{std::move(*store), std::move(record)};
    }
    names += (names.empty() ? "" : ", ") + record.name;
  }
  const std::string what =
      earlier.name.empty() ? "is not one study" : fmt::format("has no study {}", toml_text(earlier.name));
  return fail(ErrorKind::invalid_input,
              fmt::format("{} {}; it holds {}: write {}", earlier.store, what, names.empty() ? "none" : names,
                          toml_text(earlier.store + "#name")));
}

Result<std::vector<Trial>> best_by(const Scoring& scoring, EarlierStudy& earlier, std::size_t top) {
  Ranking ranking(scoring);
  const TrialFilter completed{.state = TrialState::completed, .role = TrialRole::search};
  const auto read = each_trial(*earlier.store, earlier.record.id, completed, [&](const Trial& trial) { ranking.add(trial); });
  if (!read) return tl::unexpected<Error>(read.error());
  return read_trials(*earlier.store, earlier.record.id, ranking.best(top));
}

// The best `config.warm_start.top`, by `config`'s objectives and constraints where the study measured those, else by its own.
Result<std::vector<Trial>> best_of(EarlierStudy& earlier, const std::string& location, const StudyConfig& config) {
  auto best = best_by(Scoring(config), earlier, config.warm_start.top);
  if (!best || !best->empty() || config.warm_start.top == 0) return best;
  const auto own = stored_study(earlier.record, location);
  if (!own) return tl::unexpected<Error>(own.error());
  return best_by(Scoring(*own), earlier, config.warm_start.top);
}

class QueueBuilder {
 public:
  QueueBuilder(const StudyConfig& config, const StudySpace& space) : config_(config), space_(space) {}

  void add_given(Diagnostics& mistakes) {
    for (std::size_t i = 0; i < config_.warm_start.configurations.size(); ++i) {
      const ConfigValue& given = config_.warm_start.configurations[i];
      auto configuration = complete_configuration(space_, *given.table(), next_seed(), mistakes);
      if (configuration) add(std::move(*configuration), fmt::format("warm_start.configurations.{}", i));
    }
  }

  Result<void> add_earlier(const WarmStart::Earlier& earlier) {
    auto opened = open_earlier(earlier);
    if (!opened) return tl::unexpected<Error>(opened.error());
    const auto best = best_of(*opened, earlier.store, config_);
    if (!best) return tl::unexpected<Error>(best.error());
    const Json parameters = Json::parse(opened->record.space_json, nullptr, /*allow_exceptions=*/false);
    const std::size_t before = queue_.size(), n = best->size();
    std::set<std::string> left_out;
    for (std::size_t k = 0; k < n; ++k) {
      const Trial& trial = (*best)[k];
      FittingConfiguration fitting =
          fitting_configuration(space_, values_of(trial.configuration, parameters), next_seed());
      left_out.insert(fitting.left_out.begin(), fitting.left_out.end());
      if (fitting.taken.empty()) continue;
      add(std::move(fitting.configuration),
          fmt::format("{}#{} trial {}", earlier.store, opened->record.name, trial.id));
    }
    log(earlier.store + "#" + opened->record.name, n, queue_.size() - before, left_out);
    return {};
  }

  std::vector<QueuedConfiguration> queue() { return std::move(queue_); }

 private:
  [[nodiscard]] std::uint64_t next_seed() const { return queue_seed(config_.seed, queue_.size()); }
  void add(Configuration configuration, std::string origin) {
    const auto same = [&](const QueuedConfiguration& q) { return q.configuration == configuration; };
    if (std::ranges::none_of(queue_, same)) queue_.push_back({std::move(configuration), std::move(origin)});
  }
  void log(const std::string& study, std::size_t n_best, std::size_t n_queued,
           const std::set<std::string>& left_out) const {
    std::string names;
    for (const std::string& name : left_out) names += (names.empty() ? "" : ", ") + name;
    const auto level = left_out.empty() && n_queued > 0 ? spdlog::level::info : spdlog::level::warn;
    const std::string reason =
        left_out.empty() ? "" : fmt::format(" reason={}", toml_text("values that do not fit this space: " + names));
    spdlog::log(level, "study={} warm_start={} best={} queued={}{}", toml_key(config_.name), toml_text(study), n_best,
                n_queued, reason);
  }

  const StudyConfig& config_;
  const StudySpace& space_;
  std::vector<QueuedConfiguration> queue_;
};

}  // namespace

std::vector<QueuedConfiguration> warm_start_queue(const StudyConfig& config, const StudySpace& space,
                                                  Diagnostics& mistakes) {
  QueueBuilder builder(config, space);
  builder.add_given(mistakes);
  for (const WarmStart::Earlier& earlier : config.warm_start.studies) {
    if (auto added = builder.add_earlier(earlier); !added) mistakes.add(earlier.where, added.error().message);
  }
  return builder.queue();
}

void check_earlier_studies(const StudyConfig& config, Diagnostics& mistakes) {
  for (const WarmStart::Earlier& earlier : config.warm_start.studies) {
    if (const auto opened = open_earlier(earlier); !opened) mistakes.add(earlier.where, opened.error().message);
  }
}

}  // namespace nascent::core
