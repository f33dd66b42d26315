#include "gp/gp.hpp"

#include <algorithm>

#include "gp/search.hpp"
#include "shared/unseen.hpp"

namespace nascent::gp {
namespace {

constexpr std::size_t kParents = 10;
constexpr std::uint32_t kWorthStream = 1;

AcquisitionKind acquisition_named(std::string_view name) {
  if (name == "noisy_ei") return AcquisitionKind::noisy_ei;
  if (name == "ucb") return AcquisitionKind::ucb;
  return name == "thompson" ? AcquisitionKind::thompson : AcquisitionKind::log_ei;
}

Settings read(const Options& given) {
  Settings s;
  s.initial = static_cast<std::uint64_t>(given.integer("initial"));
  s.acquisition = acquisition_named(given.text("acquisition"));
  s.kappa = given.real("kappa");
  s.random_share = given.real("random_share");
  s.candidates = static_cast<std::size_t>(given.integer("candidates"));
  s.history = static_cast<std::size_t>(given.integer("history"));
  s.hyperparameters = given.text("hyperparameters") == "slice" ? Hyperparameters::slice : Hyperparameters::map;
  s.graph = given.flag("graph") ? GraphKernel::with : GraphKernel::without;
  s.depth = static_cast<std::size_t>(given.integer("depth"));
  return s;
}

// After how many told trials the next selection is due: when the history has grown by a twentieth, and at least after
// every 50 trials, so that what is appended stays bounded.
std::uint64_t growth_after(std::uint64_t told) { return std::clamp<std::uint64_t>(told / 20, 1, 50); }

}  // namespace

GaussianProcessSearch::GaussianProcessSearch(const Settings& settings, const SamplerSetup& setup)
    : space_(setup.space),
      seed_(setup.seed),
      n_objectives_(setup.n_objectives),
      n_constraints_(setup.n_constraints),
      settings_(settings),
      encoder_(setup.space, Architectures(setup.architectures), settings),
      history_(settings.history) {}

GaussianProcessSearch::GaussianProcessSearch(const Options& given, const SamplerSetup& setup)
    : GaussianProcessSearch(read(given), setup) {}

void GaussianProcessSearch::tell(const Observation& observation) {
  known_.add(observation.at());
  auto told = told_from(observation, history_.size(), encoder_);
  history_.add(told);
  trials_.push_back(std::move(told));
  if (history_.size() >= select_next_) {
    trials_ = history_.selection();
    n_selected_ = trials_.size();
    selected_at_ = history_.size();
    select_next_ = history_.size() + growth_after(history_.size());
    models_.clear();
  }
  any_completed_ = std::ranges::any_of(trials_, [](const auto& t) { return t->state == State::completed; });
}

std::span<const Model> GaussianProcessSearch::models() {
  if (models_.empty()) {
    const ToldList selected(trials_.begin(), trials_.begin() + static_cast<std::ptrdiff_t>(n_selected_));
    for (Thetas& thetas : learnt_thetas(encoder_.layout(), selected, n_objectives_, n_constraints_,
                                        settings_.hyperparameters, derive_seed(seed_, selected_at_))) {
      models_.emplace_back(encoder_.layout(), std::move(thetas), n_objectives_, n_constraints_);
      models_.back().learn(selected);
    }
    learnt_ = selected_at_;
  }
  if (learnt_ != history_.size()) {
    for (Model& model : models_) model.learn(trials_);
    learnt_ = history_.size();
  }
  return models_;
}

void GaussianProcessSearch::ask(const Ask& ask, Row row) {
  const samplers::Taken taken(known_, ask.pending);
  Rng rng(seed_, ask.trial_id);
  const auto from_prior = [&] { samplers::propose_unseen(space_, taken, rng, row, [&] { space_.sample(rng, row); }); };
  const bool initial = !any_completed_ || history_.size() + ask.pending.size() < settings_.initial;
  if (initial || encoder_.layout().size() == 0 || rng.uniform() < settings_.random_share) return from_prior();

  std::vector<Point> pending, parents;
  for (std::size_t i = 0; i < ask.pending.size(); ++i) pending.emplace_back(ask.pending[i].at());
  for (const auto& told : history_.best(kParents)) parents.push_back(told->point);
  const std::uint64_t seed = Rng(seed_, ask.trial_id, kWorthStream)();
  const auto worth = acquisition_of(settings_, models(), encoder_(pending), seed);
  const auto found = most_worthy(encoder_, *worth, parents, taken, settings_.candidates, rng);
  if (!found) return from_prior();
  found->copy_to(row);
}

}  // namespace nascent::gp
