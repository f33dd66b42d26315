// Trials that go on from the checkpoints of others.
#include <fmt/format.h>

#include <algorithm>

#include "births.hpp"
#include "execution/trial_files.hpp"
#include "loop.hpp"
#include "nascent/core/seeds.hpp"

namespace nascent::core::search {

Result<std::optional<Loop::Prepared>> Loop::fork(Position parent) {
  const auto stored = next_is_stored();
  if (!stored) return tl::unexpected<Error>(stored.error());
  if (*stored) {
    ++next_id_;
    return adopt(stored_.take()).map([](Prepared p) { return std::optional(std::move(p)); });
  }
  if (!stop_rule_.allows(history_.size()) || replayed_.contains(parent)) return std::nullopt;
  const Position i = history_.append(next_id_++);
  Trial trial;
  trial.id = history_.trial(i);
  trial.seed = training_seed(config_.seed, trial.id);
  trial.parent = history_.trial(parent);
  trial.budget_spent = history_.budget(parent);
  auto configuration = explored(trial.id, parent);
  if (!configuration) return tl::unexpected<Error>(configuration.error());
  trial.configuration = std::move(*configuration);
  std::ranges::copy(trial.configuration.x, history_.x_of(i));
  std::ranges::copy(trial.configuration.active, history_.active_of(i));
  const auto invalid = build(i, trial);
  if (!invalid) return tl::unexpected<Error>(invalid.error());
  const std::span<const double> losses = history_.losses_of(parent);
  const Birth birth{*trial.parent, trial.budget_spent, {losses.begin(), losses.end()}};
  // The copy and the diary come before the row, which says that they are there. The parent goes on after that: until the row
  // is stored it stands where it paused, and a killed run does all of this again.
  auto inherited = files_in_store(config_) ? TrialFiles::inherit(store_, coordinator_, birth.parent, trial.id)
                                           : TrialFiles::inherit(artifacts_, birth.parent, trial.id);
  if (!inherited) return tl::unexpected<Error>(inherited.error());
  if (auto noted = note_birth(store_, coordinator_.study, trial.id, birth); !noted) return tl::unexpected<Error>(noted.error());
  begin_child(i, birth);
  return Prepared{Prepared::Fate::run, false, std::move(trial)};
}

void Loop::begin_child(Position i, const Birth& birth) {
  legs_.add(i);
  ++counts_.asked;
  ++children_;
  history_.begin_at(i, birth.budget);
  verdicts_->forked(history_.trial(i), legs_.latest(i), birth);
}

Result<Configuration> Loop::explored(TrialId child, Position parent) {
  const std::span<const double> x(history_.x_of(parent), history_.n_params());
  const std::span<const std::uint8_t> active(history_.active_of(parent), history_.n_params());
  auto explored = verdicts_->explore(child, x, active);
  if (!explored) return explored;
  const auto n_architecture = static_cast<std::ptrdiff_t>(space_.n_space_parameters());
  const bool keeps_architecture = std::equal(x.begin(), x.begin() + n_architecture, explored->x.begin());
  if (keeps_architecture && nascent::SpaceView(space_.view()).contains({explored->x, explored->active})) return explored;
  return fail(ErrorKind::plugin,
              fmt::format("scheduler {} broke the rules: the configuration that trial {} is to go on with from trial {} {}; the study "
                          "ends, its trials are kept. Report it to the scheduler's author, or choose another scheduler",
                          toml_text(config_.scheduler ? config_.scheduler->type : std::string()), child, history_.trial(parent),
                          keeps_architecture ? "is none of the search space" : "makes another architecture"));
}

Result<Birth> Loop::birth_of(TrialId child) {
  if (!births_) {
    auto births = read_births(store_, coordinator_.study);
    if (!births) return tl::unexpected<Error>(births.error());
    births_ = std::move(*births);
  }
  const auto found = births_->find(child);
  if (found != births_->end() && found->second.losses.size() == scoring_.n_objectives()) return found->second;
  return fail(ErrorKind::store, fmt::format("the store does not say where trial {} went on from; restore a copy of the store", child));
}

}  // namespace nascent::core::search
