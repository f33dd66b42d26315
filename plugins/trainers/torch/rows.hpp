// The rows one training sees: inputs ready for the plan, targets ready for the loss.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "distributed.hpp"
#include "image_batch.hpp"
#include "nascent/dataset.hpp"
#include "plan.hpp"

namespace nascent::libtorch {

struct Batch {
  std::vector<at::Tensor> inputs;  // as Plan::run() takes them
  at::Tensor target;               // int64 [n], or float32 [n, targets], standardised
  at::Tensor mixed_target;         // of the rows mixed in; undefined without mixup
  double kept = 1;                 // weight of `target` where rows are mixed
};

// How raw fields become batches; measured on the training rows, used for validation rows too.
struct Preparation {
  std::vector<Standardisation> inputs;
  Standardisation target;  // empty for classes
};

// A subset with its fields matched to the architecture's inputs (in order). Data that lies in memory is used where it
// lies; otherwise rows are asked for batch by batch.
class Rows {
 public:
  // A subset without data has no rows. Throws Error when fields and architecture do not fit.
  Rows(const Subset& subset, const Plan& plan);

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(split_rows_.size()); }
  [[nodiscard]] bool is_classification() const { return classes_ > 0; }
  [[nodiscard]] std::int64_t classes() const { return classes_; }
  // Width the architecture's output has to have: classes, or regression targets.
  [[nodiscard]] std::int64_t outputs() const { return is_classification() ? classes_ : width_of_target(); }
  // Whether flips, shifts and cuts can be applied: one input [channels, height, width] of uint8 or float32.
  [[nodiscard]] bool is_images() const;
  // Whether rows can be averaged: no input holds token numbers.
  [[nodiscard]] bool can_mix() const;

  // The class of each row, [size]. Reads all rows where they do not lie in memory.
  [[nodiscard]] std::vector<std::int64_t> labels() const;
  // Means and deviations of these rows; of at most the first 65,536 where they do not lie in memory.
  [[nodiscard]] Preparation measure() const;
  // Has to be called before a batch is made.
  void prepare(const Preparation& preparation);

  // Rows by position in this subset, unchanged.
  [[nodiscard]] Batch batch(std::span<const std::int64_t> positions) const;
  // A share of the same, augmented; a function of the random stream and the arguments alone. Shares of a batch put together are
  // the batch.
  [[nodiscard]] Batch batch(std::span<const std::int64_t> positions, const AugmentSettings& augment, Rng rng, Share share) const;

 private:
  using Fields = std::vector<at::Tensor>;
  [[nodiscard]] Fields gather(std::span<const std::int64_t> positions) const;
  [[nodiscard]] at::Tensor target_of(const at::Tensor& raw) const;
  [[nodiscard]] std::int64_t width_of_target() const;
  Batch assemble(std::span<const std::int64_t> positions, std::span<const ImageChange> changes) const;

  Subset subset_;
  std::vector<Shape> shapes_;            // of the architecture's inputs
  std::vector<std::size_t> fields_;      // the dataset's field for each input
  std::size_t target_field_ = 0;
  std::int64_t classes_ = 0;
  std::vector<std::int64_t> split_rows_;  // [size] row of the split
  std::optional<Fields> whole_;           // [n_fields] of the whole split
  Preparation preparation_;
  std::optional<ImageSource> images_;
};

}  // namespace nascent::libtorch
