#include "rows.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dlpack.hpp"
#include "normalisation.hpp"

namespace nascent::libtorch {
namespace {

constexpr std::int64_t kMeasuredRowsMax = 65536;
constexpr std::int64_t kGatheredRows = 4096;  // at once

Shape row_shape(const nas_field& field) { return {field.shape, field.shape + field.ndim}; }

// Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables" (2000); a < 1 by their power rule.
double gamma_draw(double a, Rng& rng) {
  if (a < 1) return gamma_draw(a + 1, rng) * std::pow(rng.uniform(), 1 / a);
  const double d = a - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = rng.normal(), v = std::pow(1 + c * x, 3);
    if (v > 0 && std::log(1 - rng.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

double beta_draw(double alpha, Rng& rng) {
  const double a = gamma_draw(alpha, rng), b = gamma_draw(alpha, rng);
  return a + b > 0 ? a / (a + b) : 0.5;
}

}  // namespace

Rows::Rows(const Subset& subset, const Plan& plan)
    : subset_(subset), shapes_(plan.input_shapes()) {
  if (subset.empty()) return;
  target_field_ = subset.field(FieldRole::target);
  classes_ = subset.n_classes();
  for (std::size_t i = 0; i < subset.fields().size(); ++i) {
    if (subset.fields()[i].role == NAS_ROLE_INPUT) fields_.push_back(i);
  }
  if (fields_.size() != shapes_.size()) {
    throw Error(NAS_E_INVALID, "the dataset has " + std::to_string(fields_.size()) + " input fields, the architecture " +
                                   std::to_string(shapes_.size()) + " inputs; they have to be as many");
  }
  for (std::size_t k = 0; k < fields_.size(); ++k) {
    const nas_field& field = subset.fields()[fields_[k]];
    if (elements(row_shape(field)) == elements(shapes_[k])) continue;
    throw Error(NAS_E_INVALID, "field '" + std::string(view(field.name)) + "' has rows of shape " + to_text(row_shape(field)) +
                                   "; the architecture's input '" + plan.input_names()[k] + "' is " + to_text(shapes_[k]));
  }
  split_rows_.resize(static_cast<std::size_t>(subset.rows()));
  for (std::size_t i = 0; i < split_rows_.size(); ++i) split_rows_[i] = subset.split_row(static_cast<std::int64_t>(i));
  if (std::optional<std::vector<Tensor>> whole = subset.whole_split()) {
    Fields tensors;
    for (Tensor& tensor : *whole) tensors.push_back(from_dlpack(std::move(tensor)).contiguous());
    whole_ = std::move(tensors);
  }
}

bool Rows::is_images() const {
  if (fields_.size() != 1 || shapes_[0].size() != 3) return false;
  const nas_field& field = subset_.fields()[fields_[0]];
  return (field.dtype_code == 1 && field.dtype_bits == 8) || (field.dtype_code == 2 && field.dtype_bits == 32);
}

bool Rows::can_mix() const {
  return std::none_of(fields_.begin(), fields_.end(), [&](std::size_t f) {
    const nas_field& field = subset_.fields()[f];
    return field.dtype_code == 0;
  });
}

std::int64_t Rows::width_of_target() const { return elements(row_shape(subset_.fields()[target_field_])); }

std::vector<std::int64_t> Rows::labels() const {
  std::vector<std::int64_t> labels;
  labels.reserve(static_cast<std::size_t>(size()));
  for (std::int64_t begin = 0; begin < size(); begin += kGatheredRows) {
    std::vector<std::int64_t> positions(static_cast<std::size_t>(std::min(kGatheredRows, size() - begin)));
    std::iota(positions.begin(), positions.end(), begin);
    const at::Tensor some = target_of(gather(positions)[target_field_]).contiguous();
    labels.insert(labels.end(), some.data_ptr<std::int64_t>(), some.data_ptr<std::int64_t>() + some.numel());
  }
  return labels;
}

Preparation Rows::measure() const {
  std::vector<std::int64_t> rows = split_rows_;
  Fields sample;
  if (!whole_) {
    std::vector<std::int64_t> positions(static_cast<std::size_t>(std::min(size(), kMeasuredRowsMax)));
    std::iota(positions.begin(), positions.end(), 0);
    sample = gather(positions);
    rows = positions;
  }
  const Fields& values = whole_ ? *whole_ : sample;
  Preparation out;
  for (std::size_t k = 0; k < fields_.size(); ++k) {
    const at::ScalarType type = values[fields_[k]].scalar_type();
    const bool tokens = at::isIntegralType(type, true) && type != at::kByte;
    out.inputs.push_back(tokens ? Standardisation{} : libtorch::measure(values[fields_[k]], shapes_[k], rows));
  }
  if (!is_classification()) out.target = libtorch::measure(values[target_field_], {width_of_target()}, rows);
  return out;
}

void Rows::prepare(const Preparation& preparation) {
  preparation_ = preparation;
  if (whole_ && size() > 0 && is_images()) images_.emplace((*whole_)[fields_[0]], shapes_[0], preparation_.inputs[0]);
}

Rows::Fields Rows::gather(std::span<const std::int64_t> positions) const {
  Fields fields;
  if (!whole_) {
    for (Tensor& tensor : subset_.gather(positions)) fields.push_back(from_dlpack(std::move(tensor)).contiguous());
    return fields;
  }
  at::Tensor index = at::empty({static_cast<std::int64_t>(positions.size())}, at::kLong);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    index.data_ptr<std::int64_t>()[i] = split_rows_[static_cast<std::size_t>(positions[i])];
  }
  for (std::size_t f = 0; f < whole_->size(); ++f) {
    const bool wanted = f == target_field_ || (!images_ && std::find(fields_.begin(), fields_.end(), f) != fields_.end());
    fields.push_back(wanted ? (*whole_)[f].index_select(0, index) : at::Tensor());
  }
  return fields;
}

at::Tensor Rows::target_of(const at::Tensor& raw) const {
  if (is_classification()) return raw.to(at::kLong).reshape({-1});
  return standardise(raw.to(at::kFloat), {width_of_target()}, preparation_.target);
}

Batch Rows::assemble(std::span<const std::int64_t> positions, std::span<const ImageChange> changes) const {
  const Fields fields = gather(positions);
  Batch batch;
  batch.target = target_of(fields[target_field_]);
  if (images_) {
    std::vector<std::int64_t> rows(positions.begin(), positions.end());
    for (std::int64_t& row : rows) row = split_rows_[static_cast<std::size_t>(row)];
    batch.inputs.push_back(images_->batch(rows, changes));
  } else if (!changes.empty()) {
    const ImageSource gathered(fields[fields_[0]], shapes_[0], preparation_.inputs[0]);
    std::vector<std::int64_t> rows(positions.size());
    std::iota(rows.begin(), rows.end(), 0);
    batch.inputs.push_back(gathered.batch(rows, changes));
  } else {
    for (std::size_t k = 0; k < fields_.size(); ++k) {
      batch.inputs.push_back(standardise(fields[fields_[k]], shapes_[k], preparation_.inputs[k]));
    }
  }
  return batch;
}

Batch Rows::batch(std::span<const std::int64_t> positions) const { return assemble(positions, {}); }

Batch Rows::batch(std::span<const std::int64_t> positions, const AugmentSettings& augment, Rng rng, Share share) const {
  const std::size_t n = positions.size(), begin = static_cast<std::size_t>(share.begin), size = static_cast<std::size_t>(share.size());
  std::vector<ImageChange> changes;
  if (augment.needs_images()) {
    for (std::size_t i = 0; i < n; ++i) changes.push_back(draw_change(augment, shapes_[0][1], shapes_[0][2], rng));
  }
  const auto part = [](const auto& of, std::size_t from, std::size_t count) {
    return of.empty() ? std::span(of) : std::span(of).subspan(from, count);
  };
  Batch batch = assemble(positions.subspan(begin, size), part(changes, begin, size));
  if (augment.mixup > 0) {
    // Zhang et al., "mixup" (2018): row i is mixed with row n-1-i; rows of a batch are in random order.
    batch.kept = beta_draw(augment.mixup, rng);
    const std::size_t partners = n - begin - size;
    const Batch other = size == n ? batch : assemble(positions.subspan(partners, size), part(changes, partners, size));
    batch.mixed_target = other.target.flip({0});
    for (std::size_t k = 0; k < batch.inputs.size(); ++k) {
      at::Tensor& x = batch.inputs[k];
      if (x.is_floating_point()) x = at::lerp(other.inputs[k].flip({0}), x, batch.kept);
    }
  }
  return batch;
}

}  // namespace nascent::libtorch
