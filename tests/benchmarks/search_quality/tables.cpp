#include "tables.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>

#include "csv_table.hpp"
#include "nascent/space_builder.hpp"

namespace nascent::search_quality {
namespace {

struct Column {
  std::string name;
  std::int64_t n_choices;
  bool ordinal = false;
};

SpaceDeclaration declare(const std::vector<Column>& columns, Ordinals ordinals) {
  SpaceBuilder space;
  for (const Column& c : columns) {
    std::vector<std::int64_t> choices;
    for (std::int64_t k = 0; k < c.n_choices; ++k) choices.push_back(k);
    if (c.ordinal && ordinals == Ordinals::ordered) {
      space.ordinal(c.name, choices);
    } else {
      space.choice(c.name, choices);
    }
  }
  return space.declaration();
}

// Position of a configuration among all of them: mixed radix, the last parameter fastest.
std::size_t position(const std::vector<Column>& columns, std::span<const double> x) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    at = at * static_cast<std::size_t>(columns[i].n_choices) + static_cast<std::size_t>(x[i]);
  }
  return at;
}

// All objectives by position.
using Lookup = std::vector<std::vector<double>>;

// value(row): objectives of a row, minimised. Throws when a configuration is not in the table.
Lookup index(const CsvTable& table, const std::vector<Column>& columns,
             const std::function<std::vector<double>(std::size_t row)>& value) {
  std::size_t n = 1;
  for (const Column& c : columns) n *= static_cast<std::size_t>(c.n_choices);
  Lookup lookup(n);
  std::vector<std::size_t> at;
  for (const Column& c : columns) at.push_back(table.column(c.name));
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    std::vector<double> x;
    for (const std::size_t column : at) x.push_back(table.rows[row][column]);
    lookup.at(position(columns, x)) = value(row);
  }
  if (std::any_of(lookup.begin(), lookup.end(), [](const auto& v) { return v.empty(); })) {
    throw std::runtime_error("the table lacks configurations of its space");
  }
  return lookup;
}

Problem problem_of(std::string name, const std::vector<Column>& columns, Ordinals ordinals, Lookup values) {
  Problem p;
  p.name = std::move(name);
  p.space = declare(columns, ordinals);
  p.n_objectives = static_cast<std::uint32_t>(values.front().size());
  p.optimum = std::min_element(values.begin(), values.end())->front();
  if (p.n_objectives == 2) {
    for (const auto& v : values) p.front.emplace_back(v[0], v[1]);
    p.front = pareto_front(std::move(p.front));
  }
  p.evaluate = [columns, lookup = std::make_shared<const Lookup>(std::move(values))](ConstRow row, Rng&) {
    return Outcome{(*lookup)[position(columns, row.x)], {}};
  };
  return p;
}

// Mean of the columns first0, first1, ... of one row.
double mean_of(const CsvTable& table, std::size_t row, const std::string& first, std::size_t n) {
  double sum = 0;
  for (std::size_t k = 0; k < n; ++k) sum += table.rows[row][table.column(first + std::to_string(k))];
  return sum / static_cast<double>(n);
}

std::vector<Column> same(const std::string& prefix, int n, std::int64_t n_choices) {
  std::vector<Column> columns;
  for (int i = 0; i < n; ++i) columns.push_back({prefix + std::to_string(i), n_choices});
  return columns;
}

Problem regression(const std::filesystem::path& folder, const std::string& set, Ordinals ordinals) {
  const CsvTable table = read_csv_gz(folder / "fcnet" / (set + ".csv.gz"));
  const std::vector<Column> columns{{"activation_fn_1", 2}, {"activation_fn_2", 2},  {"batch_size", 4, true},
                                    {"dropout_1", 3, true}, {"dropout_2", 3, true},  {"init_lr", 6, true},
                                    {"lr_schedule", 2},     {"n_units_1", 6, true}, {"n_units_2", 6, true}};
  Problem p = problem_of("fcnet_" + set, columns, ordinals, index(table, columns, [&](std::size_t row) {
                           return std::vector{mean_of(table, row, "mse", 4)};
                         }));
  p.regret = [optimum = p.optimum](double value) { return std::log10(value / optimum); };
  return p;
}

Problem classification(const std::filesystem::path& folder, const std::string& set, Ordinals ordinals) {
  const CsvTable table = read_csv_gz(folder / "hpobench_mlp" / (set + ".csv.gz"));
  const std::vector<Column> columns{{"alpha", 10, true}, {"batch_size", 10, true}, {"depth", 3, true},
                                    {"learning_rate_init", 10, true}, {"width", 10, true}};
  return problem_of("mlp_" + set, columns, ordinals, index(table, columns, [&](std::size_t row) {
                      return std::vector{-100 * mean_of(table, row, "acc", 5)};
                    }));
}

}  // namespace

std::vector<Problem> table_problems(const std::filesystem::path& folder, Ordinals ordinals) {
  std::vector<Problem> all;
  const CsvTable macro = read_csv_gz(folder / "nasbench_macro" / "cifar10.csv.gz");
  all.push_back(problem_of("macro", same("l", 8, 3), ordinals, index(macro, same("l", 8, 3), [&](std::size_t row) {
                             return std::vector{-macro.rows[row][macro.column("acc_mean")]};
                           })));
  const CsvTable cells = read_csv_gz(folder / "nasbench201" / "nb201.csv.gz");
  for (const std::string set : {"c10", "c100"}) {
    const std::size_t accuracy = cells.column(set + "_val200");
    all.push_back(problem_of("nb201_" + set, same("op", 6, 5), ordinals, index(cells, same("op", 6, 5), [&](std::size_t row) {
                               return std::vector{-cells.rows[row][accuracy]};
                             })));
  }
  for (const std::string set : {"naval_propulsion", "protein_structure"}) all.push_back(regression(folder, set, ordinals));
  for (const std::string set : {"phoneme", "vehicle"}) all.push_back(classification(folder, set, ordinals));
  return all;
}

std::vector<Problem> two_objective_table_problems(const std::filesystem::path& folder) {
  std::vector<Problem> all;
  const CsvTable macro = read_csv_gz(folder / "nasbench_macro" / "cifar10.csv.gz");
  all.push_back(problem_of("macro", same("l", 8, 3), Ordinals::categorical,
                           index(macro, same("l", 8, 3), [&](std::size_t row) {
                             const auto& cells = macro.rows[row];
                             return std::vector{-cells[macro.column("acc_mean")], cells[macro.column("flops")] / 1e6};
                           })));
  const CsvTable cells = read_csv_gz(folder / "nasbench201" / "nb201.csv.gz");
  const CsvTable latency = read_csv_gz(folder / "nasbench201" / "latency.csv.gz");
  std::vector<double> milliseconds(latency.rows.size());
  for (const auto& row : latency.rows) {
    milliseconds.at(static_cast<std::size_t>(row[latency.column("idx")])) = row[latency.column("fpga")];
  }
  for (const std::string set : {"c10", "c100"}) {
    const std::size_t accuracy = cells.column(set + "_val200"), idx = cells.column("idx");
    all.push_back(problem_of("nb201_" + set, same("op", 6, 5), Ordinals::categorical,
                             index(cells, same("op", 6, 5), [&](std::size_t row) {
                               return std::vector{-cells.rows[row][accuracy],
                                                  milliseconds.at(static_cast<std::size_t>(cells.rows[row][idx]))};
                             })));
  }
  return all;
}

}  // namespace nascent::search_quality
