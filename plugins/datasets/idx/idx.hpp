// Images and labels in IDX files: MNIST, Fashion-MNIST, EMNIST, KMNIST and their like.
#pragma once

#include <array>
#include <memory>

#include "idx_file.hpp"
#include "nascent/dataset.hpp"

namespace nascent::idx {

// Splits "train" and, where there are files for it, "test". Fields "image" (as stored: uint8 or float32, [channels,
// height, width], or [features] for two-dimensional files) and "label" (int64, scalar). All in memory, handed on
// without copying.
class Idx : public Dataset {
 public:
  static constexpr About about{"org.nascent.dataset.idx", "idx", "1.0.0",
                               "Images and labels in IDX files (MNIST family), plain or gzip"};
  static constexpr std::array options{
      option("folder", "folder with the four files under their usual names").path(),
      option("prefix", "what the usual file names begin with, such as 'emnist-balanced-'").text().otherwise(""),
      option("train_images", "file of training images, in place of folder").path(),
      option("train_labels", "file of training labels").path(),
      option("test_images", "file of test images").path(),
      option("test_labels", "file of test labels").path(),
      option("classes", "names of the classes in the order of their numbers").texts(),
      option("limit", "rows kept of each split, from its start; 0 keeps all").integer(0, 1000000000000).otherwise(0)};

  explicit Idx(const Options& given);

  [[nodiscard]] const DatasetInfo& info() const override { return info_; }
  [[nodiscard]] std::optional<std::vector<Tensor>> whole(std::size_t split) const override;
  [[nodiscard]] std::vector<Tensor> gather(std::size_t split, std::span<const std::int64_t> index) const override;

 private:
  struct Part {
    std::shared_ptr<const IdxArray> images;
    std::shared_ptr<const std::vector<std::int64_t>> labels;
    std::int64_t rows = 0;
    std::int64_t label_max = 0;
  };
  static Part read_part(const std::string& images_path, const std::string& labels_path, std::int64_t limit);
  void add_split(const std::string& name, const std::string& images_path, const std::string& labels_path,
                 std::int64_t limit);
  [[nodiscard]] std::string fingerprint() const;

  std::vector<Part> parts_;
  DatasetInfo info_;
};

}  // namespace nascent::idx
