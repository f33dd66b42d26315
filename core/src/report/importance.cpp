#include "nascent/core/importance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "nascent/core/ranking.hpp"
#include "report/fanova.hpp"
#include "report/marginals.hpp"

namespace nascent::core {
namespace {

constexpr std::uint64_t kSeed = 1;  // the same trials give the same report

// Trees that see 5/6 of the features at each node, as in Hutter et al. (Artificial Intelligence 206, 2014),
// section 4.3.
forest::Settings forest_settings() {
  forest::Settings settings;
  settings.n_trees = 64;
  settings.rows_max = 2000;
  settings.tree.leaf_min = 2;
  settings.tree.split_min = 4;
  settings.tree.features_share = 5.0 / 6.0;
  return settings;
}

// Different configurations with the objectives' losses.
struct Learnable {
  std::vector<double> rows;                 // [n][n_params] encoded
  std::vector<std::vector<double>> losses;  // [n_objectives][n]
  [[nodiscard]] std::size_t size() const { return losses[0].size(); }
};

Learnable learnable(const Scoring& scoring, const forest::Features& features, std::span<const Trial> trials) {
  Learnable all;
  all.losses.resize(scoring.n_objectives());
  std::set<std::pair<std::vector<double>, std::vector<std::uint8_t>>> seen;
  std::vector<double> losses(scoring.n_objectives()), row(features.size());
  for (const Trial& trial : trials) {
    if (trial.role != TrialRole::search || trial.state != TrialState::completed) continue;
    if (!scoring.losses(trial.metrics, losses).empty()) continue;
    const Configuration& c = trial.configuration;
    if (!seen.emplace(c.x, c.active).second) continue;
    features.encode({c.x, c.active}, row);
    all.rows.insert(all.rows.end(), row.begin(), row.end());
    for (std::size_t k = 0; k < losses.size(); ++k) all.losses[k].push_back(losses[k]);
  }
  return all;
}

// Out-of-bag R^2. Sources: Breiman, "Random Forests" (Machine Learning 45, 2001), section 3.1.
double out_of_bag_fit(const forest::Forest& forest, const forest::Settings& settings, const forest::Features& features,
                      const Learnable& data, const std::vector<double>& targets) {
  const std::size_t n = data.size();
  std::vector<double> sum(n), votes(n);
  for (std::size_t t = 0; t < forest.trees().size(); ++t) {
    nascent::Rng rng(kSeed, t);
    std::vector<std::uint8_t> learnt(n);
    for (const std::uint32_t row : forest::draw_rows(n, settings, rng)) learnt[row] = 1;
    for (std::size_t r = 0; r < n; ++r) {
      if (learnt[r] != 0) continue;
      sum[r] += forest.trees()[t].leaf_of(std::span(data.rows).subspan(r * features.size(), features.size())).mean;
      votes[r] += 1;
    }
  }
  double mean = 0, error = 0, total = 0;
  for (const double target : targets) mean += target / static_cast<double>(n);
  for (std::size_t r = 0; r < n; ++r) {
    if (votes[r] == 0) continue;
    error += std::pow(targets[r] - sum[r] / votes[r], 2);
    total += std::pow(targets[r] - mean, 2);
  }
  return total > 0 ? 1 - error / total : 0;
}

class Importance {
 public:
  Importance(const StudySpace& space, const forest::Features& features, const Learnable& data)
      : view_(space.view()),
        features_(features),
        data_(data),
        table_(features, data.rows),
        activity_(report::prior_activity(space)) {}

  ObjectiveImportance of(const std::string& metric, const std::vector<double>& targets) const {
    ObjectiveImportance result;
    result.metric = metric;
    result.n = targets.size();
    if (std::ranges::all_of(targets, [&](double v) { return v == targets[0]; })) return result;
    const forest::Settings settings = forest_settings();
    const forest::Forest forest(table_, targets, settings, kSeed);
    result.fit = out_of_bag_fit(forest, settings, features_, data_, targets);
    const report::Fanova fanova(features_, forest);
    add_parameters(fanova, result);
    add_pairs(fanova, result);
    return result;
  }

 private:
  void add_parameters(const report::Fanova& fanova, ObjectiveImportance& result) const {
    const std::vector<report::VarianceShare> shares = fanova.singles();
    for (std::size_t i = 0; i < shares.size(); ++i) {
      if (!report::can_vary(view_[i])) continue;
      const double active = view_.param(i).cond_count > 0 ? activity_[i] : 1;
      result.parameters.push_back({std::string(view_[i].name()), active, shares[i].mean, shares[i].sd});
    }
    std::ranges::stable_sort(result.parameters, std::greater<>{}, &ParameterImportance::share);
  }

  void add_pairs(const report::Fanova& fanova, ObjectiveImportance& result) const {
    std::vector<std::size_t> most;
    for (std::size_t k = 0; k < std::min(result.parameters.size(), ObjectiveImportance::kPairedMax); ++k) {
      most.push_back(view_.find(result.parameters[k].name));
    }
    std::ranges::sort(most);
    std::vector<report::Fanova::Pair> pairs;
    for (std::size_t a = 0; a < most.size(); ++a) {
      for (std::size_t b = a + 1; b < most.size(); ++b) pairs.emplace_back(most[a], most[b]);
    }
    const std::vector<report::VarianceShare> shares = fanova.pairs(pairs);
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      result.pairs.push_back({std::string(view_[pairs[k].first].name()), std::string(view_[pairs[k].second].name()),
                              shares[k].mean, shares[k].sd});
    }
    std::ranges::stable_sort(result.pairs, std::greater<>{}, &PairImportance::share);
  }

  nascent::SpaceView view_;
  const forest::Features& features_;
  const Learnable& data_;
  forest::Table table_;
  std::vector<double> activity_;
};

}  // namespace

double ObjectiveImportance::explained() const {
  double sum = 0;
  for (const ParameterImportance& p : parameters) sum += p.share;
  for (const PairImportance& p : pairs) sum += p.share;
  return sum;
}

Trust ObjectiveImportance::trust() const {
  if (!(fit >= 0.3)) return Trust::none;
  return fit < 0.7 ? Trust::rough : Trust::good;
}

Result<std::vector<ObjectiveImportance>> study_importance(const StudyConfig& config, const StudySpace& space,
                                                          std::span<const Trial> trials) {
  const Scoring scoring(config);
  const forest::Features features{nascent::SpaceView(space.view())};
  const Learnable data = learnable(scoring, features, trials);
  if (data.size() < kConfigurationsMin) {
    return fail(ErrorKind::invalid_input,
                fmt::format("{} different configurations of study {} have completed; importance needs at least {}",
                            data.size(), config.name, kConfigurationsMin));
  }
  const Importance importance(space, features, data);
  std::vector<ObjectiveImportance> all;
  for (std::size_t k = 0; k < scoring.n_objectives(); ++k) {
    all.push_back(importance.of(scoring.objectives()[k].metric, data.losses[k]));
  }
  return all;
}

}  // namespace nascent::core
