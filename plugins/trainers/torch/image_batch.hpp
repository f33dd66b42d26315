// Batches of images: gathered, augmented and standardised in one pass over memory.
#pragma once

#include <ATen/ATen.h>

#include <span>
#include <vector>

#include "model_file.hpp"
#include "nascent/rng.hpp"
#include "settings.hpp"

namespace nascent::libtorch {

// What happens to one image of a batch.
struct ImageChange {
  bool flip_horizontal = false, flip_vertical = false;
  std::int64_t shift_y = 0, shift_x = 0;                             // content moves by so many pixels
  std::int64_t cut_y0 = 0, cut_y1 = 0, cut_x0 = 0, cut_x1 = 0;       // blanked: half-open ranges
};

// Draws the change of one image of that size; the number of draws depends on the settings alone.
ImageChange draw_change(const AugmentSettings& settings, std::int64_t height, std::int64_t width, Rng& rng);

// A view of images [rows, channels, height, width] (uint8 or float32, contiguous) and their standardisation.
class ImageSource {
 public:
  ImageSource(at::Tensor images, const Shape& shape, const Standardisation& by);
  // Rows as float32 [n, channels, height, width]: changes[i] (empty: none) applied to raw pixels, then standardised.
  // Pixels moved in from outside are 0 before standardisation, cut ones are 0 after it.
  [[nodiscard]] at::Tensor batch(std::span<const std::int64_t> rows, std::span<const ImageChange> changes) const;
  [[nodiscard]] std::int64_t height() const { return shape_[1]; }
  [[nodiscard]] std::int64_t width() const { return shape_[2]; }

 private:
  at::Tensor images_;
  Shape shape_;  // channels, height, width
  std::vector<float> mean_, scale_;
};

}  // namespace nascent::libtorch
