#include "problem.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "csv_table.hpp"
#include "nascent/space_builder.hpp"

namespace nascent::multi_fidelity {
namespace {

using search_quality::CsvTable;
using search_quality::read_csv_gz;

constexpr int kEpochs = 50;
constexpr std::size_t kEdges = 6, kOperations = 5;

void find_optimum(Problem& p) {
  p.optimum = std::numeric_limits<double>::infinity();
  for (const auto& curve : p.curves) {
    for (std::size_t l = p.first_counted; l < curve.size(); ++l) {
      if (curve[l] < p.optimum) p.optimum = curve[l];
    }
  }
}

// Adam8p of Metz et al., "Using a thousand optimization tasks to learn hyperparameter search strategies" (2020), appendix:
// every parameter is log-uniform, the betas by their distance from 1.
SpaceDeclaration adam8p() {
  SpaceBuilder s;
  s.real("learning_rate", 1e-8, 1e1, {.scale = Scale::log});
  s.real("one_minus_beta1", 1e-4, 1, {.scale = Scale::log});
  s.real("one_minus_beta2", 1e-6, 1, {.scale = Scale::log});
  s.real("epsilon", 1e-10, 1e3, {.scale = Scale::log});
  s.real("l1", 1e-8, 1e1, {.scale = Scale::log});
  s.real("l2", 1e-8, 1e1, {.scale = Scale::log});
  s.real("linear_decay", 1e-7, 1e-4, {.scale = Scale::log});
  s.real("exponential_decay", 1e-6, 1e-3, {.scale = Scale::log});
  return s.declaration();
}

Problem text_task(const std::filesystem::path& folder, const CsvTable& configs, const std::string& name) {
  Problem p;
  p.name = name;
  p.space = adam8p();
  for (int e = 1; e <= kEpochs; ++e) p.levels.push_back({static_cast<double>(e), 1});
  for (const auto& row : configs.rows) {
    std::vector<double> x(row.begin() + 1, row.end());
    x[1] = 1 - x[1];
    x[2] = 1 - x[2];
    p.pool.push_back(std::move(x));
  }
  const CsvTable curves = read_csv_gz(folder / (name + ".csv.gz"));
  const std::size_t first = curves.column("v1");
  for (const auto& row : curves.rows) {
    p.curves.emplace_back(row.begin() + static_cast<std::ptrdiff_t>(first), row.begin() + static_cast<std::ptrdiff_t>(first) + kEpochs);
  }
  find_optimum(p);
  return p;
}

Problem cells(const CsvTable& table, const std::string& set) {
  Problem p;
  p.name = "nb201_" + set;
  SpaceBuilder s;
  std::vector<std::size_t> at;
  for (std::size_t e = 0; e < kEdges; ++e) {
    s.choice("op" + std::to_string(e), std::vector<std::int64_t>{0, 1, 2, 3, 4});
    at.push_back(table.column("op" + std::to_string(e)));
  }
  p.space = s.declaration();
  p.levels = {{12, 12}, {200, 200}};
  p.first_counted = 1;
  p.curves.resize(table.rows.size());
  for (const auto& row : table.rows) {
    std::size_t place = 0;
    for (const std::size_t column : at) place = place * kOperations + static_cast<std::size_t>(row[column]);
    p.curves.at(place) = {-row[table.column(set + "_val12")], -row[table.column(set + "_val200")]};
  }
  find_optimum(p);
  return p;
}

}  // namespace

std::vector<Problem> problems(const std::filesystem::path& folder) {
  std::vector<Problem> all;
  const CsvTable configs = read_csv_gz(folder / "taskset_rnn" / "configs.csv.gz");
  for (const std::string name : {"imdb_patch128_LSTM128_bs64", "imdb_patch32_GRU128_bs128", "imdb_patch32_IRNN64_relu_avg_bs128",
                                 "imdb_patch32_LSTM128_E128_bs128", "imdb_patch32_VRNN64_tanh_avg_bs128"}) {
    all.push_back(text_task(folder / "taskset_rnn", configs, name));
  }
  const CsvTable table = read_csv_gz(folder / "nasbench201" / "nb201.csv.gz");
  for (const std::string set : {"c10", "c100"}) all.push_back(cells(table, set));
  return all;
}

}  // namespace nascent::multi_fidelity
