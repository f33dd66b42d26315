#include "surrogate/surrogate.hpp"

#include <algorithm>

#include "shared/unseen.hpp"
#include "surrogate/acquisition.hpp"
#include "surrogate/search.hpp"

namespace nascent::surrogate {
namespace {

constexpr std::uint32_t kWorthStream = 1;

Acquisition acquisition_named(std::string_view name) {
  if (name == "thompson") return Acquisition::thompson;
  return name == "both" ? Acquisition::both : Acquisition::expected_improvement;
}

Settings read(const Options& given) {
  Settings s;
  s.initial = static_cast<std::uint64_t>(given.integer("initial"));
  s.trees = static_cast<std::size_t>(given.integer("trees"));
  s.acquisition = acquisition_named(given.text("acquisition"));
  s.random_share = given.real("random_share");
  s.candidates = static_cast<std::size_t>(given.integer("candidates"));
  s.graph = given.flag("graph") ? GraphFeatures::with : GraphFeatures::without;
  return s;
}

// The length up to which a history of n trials is learnt from: anew after every trial up to 100, and then whenever it
// has grown by a hundredth. A function of n alone, so that a resumed search has the same model.
std::size_t learnt_length(std::size_t n) {
  std::size_t length = std::min<std::size_t>(n, 100);
  while (length + length / 100 <= n && length >= 100) length += length / 100;
  return length;
}

}  // namespace

Surrogate::Surrogate(const Settings& settings, const SamplerSetup& setup)
    : space_(setup.space),
      seed_(setup.seed),
      settings_(settings),
      encoder_(setup.space, Architectures(setup.architectures), settings_.graph),
      evidence_(encoder_, setup.n_objectives, setup.n_constraints) {}

Surrogate::Surrogate(const Options& given, const SamplerSetup& setup) : Surrogate(read(given), setup) {}

const Model& Surrogate::model(std::size_t length) {
  if (!model_ || modelled_ != length) {
    model_.emplace(evidence_, length, settings_, derive_seed(seed_, length));
    modelled_ = length;
  }
  return *model_;
}

void Surrogate::ask(const Ask& ask, Row row) {
  const samplers::Taken taken(known_, ask.pending);
  Rng rng(seed_, ask.trial_id);
  const auto from_prior = [&] { samplers::propose_unseen(space_, taken, rng, row, [&] { space_.sample(rng, row); }); };
  const std::size_t length = learnt_length(evidence_.size());
  const bool initial = !evidence_.any_completed(length) || evidence_.size() + ask.pending.size() < settings_.initial;
  if (initial || rng.uniform() < settings_.random_share) return from_prior();

  std::vector<std::vector<double>> pending;
  for (std::size_t i = 0; i < ask.pending.size(); ++i) {
    pending.emplace_back(encoder_.size());
    encoder_.encode(ask.pending[i].at(), pending.back());
  }
  const Model& learnt = model(length);
  const bool drawn = settings_.acquisition == Acquisition::thompson ||
                     (settings_.acquisition == Acquisition::both && ask.trial_id % 2 == 1);
  const Worth worth(learnt, pending, drawn ? Judgement::drawn : Judgement::expected,
                    Rng(seed_, ask.trial_id, kWorthStream)());
  std::vector<Point> parents;
  for (const std::size_t i : learnt.fittest()) parents.push_back(evidence_.point(i));
  const auto found = most_worthy(encoder_, worth, parents, taken, settings_.candidates, rng);
  if (!found) return from_prior();
  found->copy_to(row);
}

void Surrogate::tell(const Observation& observation) {
  known_.add(observation.at());
  evidence_.add(observation);
}

}  // namespace nascent::surrogate
