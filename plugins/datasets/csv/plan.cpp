#include "plan.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "nascent/error.hpp"

namespace nascent::csv {
namespace {

constexpr std::size_t kDifferentTextsMin = 20;  // of a column that holds no text twice
constexpr std::size_t kClassesAutoMax = 20;     // distinct whole numbers that task = "auto" still takes for classes

bool contains(const std::vector<std::size_t>& columns, std::size_t column) {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

EncodingSettings settings_of(const Options& given) {
  EncodingSettings s;
  s.missing_tokens = given.texts("missing_tokens");
  s.missing = given.text("missing") == "refuse" ? MissingRule::refuse : MissingRule::impute;
  s.standardize = given.flag("standardize");
  s.categories_max = static_cast<std::size_t>(given.integer("categories_max"));
  return s;
}

CsvFormat format_of(const Options& given) {
  const std::string delimiter = given.text("delimiter");
  if (delimiter == "tab" || delimiter == "\t") return {'\t', given.flag("header")};
  if (delimiter.size() != 1 || delimiter == "\"" || delimiter == "\n" || delimiter == "\r") {
    throw InvalidOption("delimiter",
                        "delimiter is '" + delimiter + "'; it has to be one character (not a quote), or tab");
  }
  return {delimiter[0], given.flag("header")};
}

std::size_t column_named(const CsvFile& file, const std::string& name, const std::string& option) {
  const auto at = std::find(file.names().begin(), file.names().end(), name);
  if (at != file.names().end()) return static_cast<std::size_t>(at - file.names().begin());
  std::string known;
  for (std::size_t i = 0; i < std::min<std::size_t>(file.columns(), 12); ++i)
    known += (i == 0 ? "" : ", ") + file.names()[i];
  if (file.columns() > 12) known += ", ...";
  throw InvalidOption(option, option + " names column '" + name + "', which " + file.path() +
                                  " does not have; it has: " + known + file.header_hint());
}

std::vector<std::size_t> columns_named(const Options& given, const CsvFile& file, const std::string& option) {
  std::vector<std::size_t> columns;
  for (const std::string& name : given.texts(option)) columns.push_back(column_named(file, name, option));
  return columns;
}

// Position of the first file's columns in another one of the same names.
std::vector<std::size_t> same_columns(const CsvFile& first, const CsvFile& other) {
  if (other.columns() != first.columns()) {
    throw Error(NAS_E_IO, other.path() + ": has " + std::to_string(other.columns()) + " columns, but " + first.path() +
                              " has " + std::to_string(first.columns()));
  }
  std::vector<std::size_t> column_of;
  for (const std::string& name : first.names()) {
    const auto at = std::find(other.names().begin(), other.names().end(), name);
    if (at == other.names().end())
      throw Error(NAS_E_IO, other.path() + ": has no column '" + name + "', which " + first.path() + " has");
    column_of.push_back(static_cast<std::size_t>(at - other.names().begin()));
  }
  return column_of;
}

std::vector<std::size_t> all_rows(const CsvFile& file) {
  std::vector<std::size_t> rows(file.rows());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  return rows;
}

// Texts of which none occurs twice are names, dates or numbers written in another way, rather than categories. Few rows
// say nothing.
void refuse_all_different(const CellReader& cells, std::size_t column, const std::string& way_out) {
  std::set<std::string> seen;
  std::optional<std::size_t> first;
  for (std::size_t row = 0; row < cells.file().rows(); ++row) {
    if (cells.is_missing(row, column)) continue;
    if (!first) first = row;
    if (!seen.insert(cells.file().cell(row, column)).second) return;
  }
  if (seen.size() < kDifferentTextsMin) return;
  cells.refuse(
      *first, column,
      "has " + shown(cells.file().cell(*first, column)) + " and as many different texts as values; " + way_out);
}

// Text, or at most 20 different whole numbers, are classes.
bool looks_like_classes(const CellReader& cells, std::size_t target) {
  for (std::size_t row = 0; row < cells.file().rows(); ++row) static_cast<void>(text_of(cells, row, target));
  if (!holds_numbers(cells, target, "remove the row, or set task = \"classification\"")) {
    refuse_all_different(cells, target, "write numbers as 1234.5, or set task = \"classification\"");
    return true;
  }
  std::set<double> values;
  for (std::size_t row = 0; row < cells.file().rows(); ++row) {
    const double number = number_of(cells, row, target);
    if (number != std::floor(number)) return false;
    values.insert(number);
    if (values.size() > kClassesAutoMax) return false;
  }
  return true;
}

// Class names in the order of their numbers: by value when all are numbers, else by text.
std::vector<std::string> sorted_classes(const std::set<std::string>& found) {
  std::vector<std::string> names(found.begin(), found.end());
  if (std::all_of(names.begin(), names.end(), [](const std::string& n) { return parse_number(n).has_value(); })) {
    std::stable_sort(names.begin(), names.end(),
                     [](const std::string& a, const std::string& b) { return *parse_number(a) < *parse_number(b); });
  }
  return names;
}

// Every target of a regression is a number.
void check_numbers(const Plan& plan, const CellReader& train, const std::optional<CellReader>& test,
                   const std::vector<std::size_t>& column_of) {
  for (const std::size_t target : plan.targets) {
    for (std::size_t row = 0; row < train.file().rows(); ++row) static_cast<void>(number_of(train, row, target));
    for (std::size_t row = 0; test && row < test->file().rows(); ++row)
      static_cast<void>(number_of(*test, row, column_of[target]));
  }
}

void learn_classes(Plan& plan, const Options& given, const CellReader& train, const std::optional<CellReader>& test,
                   const std::vector<std::size_t>& column_of) {
  const std::string task = given.text("task");
  const std::size_t target = plan.targets.front();
  const bool classes =
      task == "classification" || (task == "auto" && plan.targets.size() == 1 && looks_like_classes(train, target));
  if (!classes) return check_numbers(plan, train, test, column_of);
  if (plan.targets.size() > 1)
    throw InvalidOption("target",
                        "target names " + std::to_string(plan.targets.size()) + " columns; a classification has one");
  std::set<std::string> found;
  for (std::size_t row = 0; row < train.file().rows(); ++row) found.insert(text_of(train, row, target));
  for (std::size_t row = 0; test && row < test->file().rows(); ++row)
    found.insert(text_of(*test, row, column_of[target]));
  if (found.size() < 2) {
    throw Error(NAS_E_IO, train.file().path() + ": column '" + train.file().names()[target] + "' holds only '" +
                              *found.begin() + "'; a classification needs two classes");
  }
  plan.class_names = sorted_classes(found);
  for (const std::string& name : plan.class_names)
    plan.class_of.emplace(name, static_cast<std::int64_t>(plan.class_of.size()));
}

RowSplit split_rows(const Plan& plan, const Options& given, const CellReader& cells) {
  const double share = given.real("test_share");
  const auto seed = static_cast<std::uint64_t>(given.integer("split_seed"));
  const std::size_t n = cells.file().rows();
  if (plan.time) {
    std::vector<double> times(n);
    for (std::size_t row = 0; row < n; ++row) times[row] = number_of(cells, row, *plan.time);
    return split_by_time(times, share);
  }
  if (plan.group) {
    std::vector<std::int64_t> groups(n);
    TextNumbers numbers;
    for (std::size_t row = 0; row < n; ++row) groups[row] = numbers.of(text_of(cells, row, *plan.group));
    return split_by_group(groups, share, seed);
  }
  if (plan.class_names.empty()) return split_at_random(n, share, seed);
  std::vector<std::int64_t> labels(n);
  for (std::size_t row = 0; row < n; ++row)
    labels[row] = plan.class_of.at(cells.file().cell(row, plan.targets.front()));
  return split_by_class(labels, share, seed);
}

// A last cell that was cut off would be a category of its own, or a class that no model can learn.
void check_end(const Plan& plan, const CellReader& cells, const std::vector<std::size_t>& column_of) {
  const std::size_t last_row = cells.file().rows() - 1, last_column = cells.file().columns() - 1;
  if (!cells.file().ends_open() || cells.is_missing(last_row, last_column)) return;
  const auto column =
      static_cast<std::size_t>(std::find(column_of.begin(), column_of.end(), last_column) - column_of.begin());
  const bool is_class = !plan.class_names.empty() && contains(plan.targets, column);
  const bool is_category = contains(plan.inputs, column) && contains(plan.categorical, column);
  if (!is_class && !is_category) return;
  const std::string last = cells.file().cell(last_row, last_column);
  bool begins_another = false;
  for (std::size_t row = 0; row < last_row; ++row) {
    const std::string other = cells.file().cell(row, last_column);
    if (other == last) return;
    begins_another = begins_another || other.starts_with(last);
  }
  if (begins_another) {
    cells.refuse(last_row, last_column,
                 "has " + shown(last) +
                     ", which no other row has, and the line has no end: the file looks cut off; complete it, or end "
                     "the line");
  }
}

void choose_columns(Plan& plan, const Options& given, const CsvFile& file) {
  plan.targets = columns_named(given, file, "target");
  if (plan.targets.empty()) throw InvalidOption("target", "target is missing; name the column to predict");
  plan.categorical = columns_named(given, file, "categorical");
  const std::vector<std::size_t> ignored = columns_named(given, file, "ignore");
  if (given.has("group")) plan.group = column_named(file, given.text("group"), "group");
  if (given.has("time")) plan.time = column_named(file, given.text("time"), "time");
  for (const std::size_t target : plan.targets) {
    const auto refuse_if = [&](bool named, const char* option, const char* why) {
      if (!named) return;
      throw InvalidOption(
          option, std::string(option) + " names column '" + file.names()[target] + "'" + why + "; leave one out");
    };
    refuse_if(std::count(plan.targets.begin(), plan.targets.end(), target) > 1, "target", " twice");
    refuse_if(contains(ignored, target), "ignore", ", which target names already");
    refuse_if(plan.group == target, "group", ", which target names already");
    refuse_if(plan.time == target, "time", ", which target names already");
  }
  for (std::size_t column = 0; column < file.columns(); ++column) {
    if (!contains(plan.targets, column) && !contains(ignored, column) && plan.group != column && plan.time != column)
      plan.inputs.push_back(column);
  }
  if (plan.inputs.empty())
    throw InvalidOption(
        "ignore", file.path() + " has no column left to predict from; the others are target, group, time or ignored");
}

}  // namespace

double number_of(const CellReader& cells, std::size_t row, std::size_t column) {
  const std::string text = text_of(cells, row, column);
  if (const auto number = parse_number(text)) return *number;
  cells.refuse(row, column,
               "has " + shown(text) +
                   "; times and the targets of a regression have to be numbers; correct the cell, or remove the row");
}

std::string text_of(const CellReader& cells, std::size_t row, std::size_t column) {
  if (cells.is_missing(row, column)) {
    cells.refuse(row, column,
                 "has no value; targets, groups and times need one in every row; fill it in, or remove the row");
  }
  return cells.file().cell(row, column);
}

Plan::Plan(const Options& given) : settings(settings_of(given)), standardize_target(given.flag("standardize_target")) {
  const CsvFormat format = format_of(given);
  files.push_back(CsvFile::read(given.text("path"), format));
  const CsvFile& file = files.front();
  choose_columns(*this, given, file);
  const CellReader train(file, settings);
  std::optional<CellReader> test;
  std::vector<std::size_t> unchanged(file.columns()), column_of;
  for (std::size_t i = 0; i < unchanged.size(); ++i) unchanged[i] = i;
  if (given.has("test_path")) {
    files.push_back(CsvFile::read(given.text("test_path"), format));
    column_of = same_columns(file, files.back());
    test.emplace(files.back(), settings);
  }
  learn_classes(*this, given, train, test, column_of);
  for (const std::size_t column : inputs) {
    constexpr const char* way_out = "add the text to missing_tokens, or list the column in categorical";
    if (contains(categorical, column) || holds_numbers(train, column, way_out)) continue;
    refuse_all_different(train, column, "write numbers as 1234.5, or list the column in ignore or in categorical");
    categorical.push_back(column);
  }
  check_end(*this, train, unchanged);
  if (test) check_end(*this, *test, column_of);
  if (test) {
    splits.push_back({"train", train, all_rows(file), unchanged});
    splits.push_back({"test", *test, all_rows(files.back()), column_of});
    return;
  }
  RowSplit rows = split_rows(*this, given, train);
  if (rows.train.empty())
    throw InvalidOption("test_share", "test_share leaves no row to train on; " + file.path() + " has " +
                                          std::to_string(file.rows()) + " rows");
  splits.push_back({"train", train, std::move(rows.train), unchanged});
  if (!rows.test.empty()) splits.push_back({"test", train, std::move(rows.test), unchanged});
}

}  // namespace nascent::csv
