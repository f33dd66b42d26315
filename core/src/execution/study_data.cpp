#include "nascent/core/study_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nascent/dataset.hpp>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "dataset_window.hpp"
#include "holdout.hpp"
#include "nascent/core/seeds.hpp"

namespace nascent::core {
namespace {

constexpr std::int64_t kGatherRows = 4096;

// Values of a tensor of one number per row.
void append_numbers(const Tensor& tensor, std::vector<double>& to) {
  if (tensor.dtype() == dtype_of<float>()) {
    for (const float v : tensor.values<float>()) to.push_back(v);
  } else if (tensor.dtype() == dtype_of<double>()) {
    for (const double v : tensor.values<double>()) to.push_back(v);
  } else {
    for (const std::int64_t v : tensor.values<std::int64_t>()) to.push_back(static_cast<double>(v));
  }
}

// One field of a whole split as numbers; integers up to 2^53 are exact.
std::vector<double> read_column(const nas_subset& split, std::size_t field) {
  const Subset subset(split);
  std::vector<double> numbers;
  numbers.reserve(static_cast<std::size_t>(subset.rows()));
  if (const auto whole = subset.whole_split()) {
    append_numbers((*whole)[field], numbers);
    return numbers;
  }
  for (std::int64_t row = 0; row < subset.rows(); row += kGatherRows) {
    std::vector<std::int64_t> rows;
    for (std::int64_t i = row; i < std::min(row + kGatherRows, subset.rows()); ++i) rows.push_back(i);
    append_numbers(subset.gather(rows)[field], numbers);
  }
  return numbers;
}

std::vector<std::int64_t> whole_numbers(const std::vector<double>& numbers) { return {numbers.begin(), numbers.end()}; }

const nas_field* field_of(const nas_dataset_info& info, std::uint32_t role) {
  for (const nas_field& field : std::span(info.fields, info.n_fields)) {
    if (field.role == role) return &field;
  }
  return nullptr;
}

std::optional<std::uint32_t> split_of(const nas_dataset_info& info, std::string_view name) {
  for (std::uint32_t i = 0; i < info.n_splits; ++i) {
    if (view(info.splits[i].name) == name && info.splits[i].rows > 0) return i;
  }
  return std::nullopt;
}

Holdout hold_out(const nas_subset& train, const nas_dataset_info& info, double share, std::uint64_t seed) {
  const auto column = [&](const nas_field& field) {
    return read_column(train, static_cast<std::size_t>(&field - info.fields));
  };
  if (const nas_field* time = field_of(info, NAS_ROLE_TIME)) return hold_out_newest(column(*time), share);
  if (const nas_field* group = field_of(info, NAS_ROLE_GROUP)) {
    return hold_out_groups(whole_numbers(column(*group)), share, seed);
  }
  const nas_field* target = field_of(info, NAS_ROLE_TARGET);
  if (info.n_classes > 0 && target != nullptr) {
    return hold_out_stratified(whole_numbers(column(*target)), share, seed);
  }
  return hold_out_random(info.splits[train.split].rows, share, seed);
}

}  // namespace

struct StudyData::State {
  explicit State(Instance<nas_dataset_vt> instance) : dataset(std::move(instance)) {}
  Instance<nas_dataset_vt> dataset;
  const nas_dataset_info* info = nullptr;
  std::optional<DatasetWindow> search, test;
  std::uint32_t train_split = 0, validation_split = 0;
  Holdout holdout;
  bool own_validation = false;
  TaskShape shape;
};

StudyData::StudyData(std::unique_ptr<State> state) : state_(std::move(state)) {}
StudyData::StudyData(StudyData&&) noexcept = default;
StudyData& StudyData::operator=(StudyData&&) noexcept = default;
StudyData::~StudyData() = default;

Result<StudyData> StudyData::open(PluginCatalog& catalog, const ResolvedStudy& study) {
  auto instance = create_component<nas_dataset_vt>(catalog, *study.dataset, study.config);
  if (!instance) return tl::unexpected<Error>(instance.error());
  auto state = std::make_unique<State>(std::move(*instance));
  if (auto told = state->dataset.call(&nas_dataset_vt::info, &state->info); !told) {
    return tl::unexpected<Error>(told.error());
  }
  const nas_dataset_info& info = *state->info;
  const std::string& name = study.dataset->info.alias;
  auto shape = TaskShape::of(info);
  if (!shape) return tl::unexpected<Error>(shape.error().within(fmt::format("dataset \"{}\"", name)));
  state->shape = std::move(*shape);
  const auto train = split_of(info, "train");
  if (!train) {
    return fail(ErrorKind::invalid_input,
                fmt::format("dataset \"{}\" has no \"train\" split with rows; a search needs one", name));
  }
  state->search.emplace(state->dataset, info);
  state->train_split = state->search->let_in(info.splits[*train], *train);
  if (const auto validation = split_of(info, "validation")) {
    state->own_validation = true;
    state->validation_split = state->search->let_in(info.splits[*validation], *validation);
  }
  if (const auto test = split_of(info, "test")) {
    state->test.emplace(state->dataset, info);
    state->test->let_in(info.splits[*test], *test);
  }

  StudyData data(std::move(state));
  if (!data.state_->own_validation) {
    const std::int64_t rows = info.splits[*train].rows;
    if (rows < 2) {
      return fail(ErrorKind::invalid_input,
                  fmt::format("dataset \"{}\" has {} training row; a part of them has to judge the trials, so that at "
                              "least 2 are needed",
                              name, rows));
    }
    try {
      data.state_->holdout = hold_out(data.all_of_train(), info, study.config.validation.share,
                                      study_seed(study.config.seed, SeedPart::validation_split));
    } catch (const nascent::Error& error) {
      return fail(ErrorKind::plugin, fmt::format("dataset \"{}\": {}", name, error.what()));
    }
  }
  return data;
}

const TaskShape& StudyData::shape() const { return state_->shape; }

std::string StudyData::fingerprint() const { return std::string(view(state_->info->fingerprint)); }

nas_subset StudyData::all_of_train() const { return {state_->search->data(), state_->train_split, 0, nullptr, 0}; }

nas_subset StudyData::train() const {
  nas_subset subset = all_of_train();
  if (!state_->own_validation) {
    subset.rows = state_->holdout.kept.data();
    subset.n = state_->holdout.kept.size();
  }
  return subset;
}

nas_subset StudyData::validation() const {
  if (state_->own_validation) return {state_->search->data(), state_->validation_split, 0, nullptr, 0};
  nas_subset subset = all_of_train();
  subset.rows = state_->holdout.held_out.data();
  subset.n = state_->holdout.held_out.size();
  return subset;
}

bool StudyData::has_test() const { return state_->test.has_value(); }

Result<nas_subset> StudyData::test() const {
  if (!state_->test) {
    return fail(ErrorKind::invalid_input,
                fmt::format("dataset \"{}\" has no \"test\" split", view(state_->dataset.component().alias)));
  }
  return nas_subset{state_->test->data(), 0, 0, nullptr, 0};
}

}  // namespace nascent::core
