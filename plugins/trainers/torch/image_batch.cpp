#include "image_batch.hpp"

#include <algorithm>

#include "vectorised.hpp"

namespace nascent::libtorch {
namespace {

NASCENT_VECTORISED void standardise_run(const std::uint8_t* __restrict in, float* __restrict out, std::int64_t n, float mean, float scale) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = (static_cast<float>(in[i]) - mean) * scale;
}
NASCENT_VECTORISED void standardise_run(const float* __restrict in, float* __restrict out, std::int64_t n, float mean, float scale) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = (in[i] - mean) * scale;
}

// One line of an image, moved by `shift`; what comes from outside is `outside`.
template <class T>
void standardise_line(const T* in, float* out, std::int64_t width, std::int64_t shift, bool flip, float mean, float scale, float outside) {
  const std::int64_t begin = std::clamp<std::int64_t>(shift, 0, width), end = std::clamp<std::int64_t>(width + shift, 0, width);
  std::fill(out, out + begin, outside);
  std::fill(out + end, out + width, outside);
  if (end <= begin) return;
  standardise_run(in + begin - shift, out + begin, end - begin, mean, scale);
  if (flip) std::reverse(out, out + width);
}

template <class T>
void fill_image(const T* image, float* out, const Shape& shape, const ImageChange& change, const float* mean, const float* scale) {
  const std::int64_t height = shape[1], width = shape[2];
  // A flip comes before the shift: moving by s and then mirroring equals mirroring and then moving by -s.
  const std::int64_t shift = change.flip_horizontal ? -change.shift_x : change.shift_x;
  for (std::int64_t c = 0; c < shape[0]; ++c) {
    const float outside = -mean[c] * scale[c];
    for (std::int64_t y = 0; y < height; ++y, out += width) {
      const std::int64_t moved = y - change.shift_y, from = change.flip_vertical ? height - 1 - moved : moved;
      if (moved < 0 || moved >= height) {
        std::fill(out, out + width, outside);
      } else {
        standardise_line(image + (c * height + from) * width, out, width, shift, change.flip_horizontal, mean[c], scale[c], outside);
      }
      if (y >= change.cut_y0 && y < change.cut_y1) std::fill(out + change.cut_x0, out + change.cut_x1, 0.0F);
    }
  }
}

template <class T>
void fill_batch(const T* images, float* out, const Shape& shape, std::span<const std::int64_t> rows, std::span<const ImageChange> changes,
                const std::vector<float>& mean, const std::vector<float>& scale) {
  const std::int64_t size = elements(shape), plane = shape[1] * shape[2];
  for (std::size_t i = 0; i < rows.size(); ++i, out += size) {
    const T* image = images + rows[i] * size;
    if (!changes.empty()) {
      fill_image(image, out, shape, changes[i], mean.data(), scale.data());
      continue;
    }
    for (std::size_t c = 0; c < mean.size(); ++c) {
      const auto offset = static_cast<std::int64_t>(c) * plane;
      standardise_run(image + offset, out + offset, plane, mean[c], scale[c]);
    }
  }
}

}  // namespace

ImageChange draw_change(const AugmentSettings& settings, std::int64_t height, std::int64_t width, Rng& rng) {
  ImageChange change;
  const std::uint64_t flips = rng();
  change.flip_horizontal = (settings.flip == Flip::horizontal || settings.flip == Flip::both) && (flips & 1U) != 0;
  change.flip_vertical = (settings.flip == Flip::vertical || settings.flip == Flip::both) && (flips & 2U) != 0;
  if (settings.shift > 0) {
    const auto range = static_cast<std::uint64_t>(2 * settings.shift + 1);
    change.shift_y = static_cast<std::int64_t>(rng.below(range)) - settings.shift;
    change.shift_x = static_cast<std::int64_t>(rng.below(range)) - settings.shift;
  }
  if (settings.cutout > 0) {
    const std::int64_t half = settings.cutout / 2;
    const auto y = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(height))) - half;
    const auto x = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(width))) - half;
    change.cut_y0 = std::clamp<std::int64_t>(y, 0, height);
    change.cut_y1 = std::clamp<std::int64_t>(y + settings.cutout, 0, height);
    change.cut_x0 = std::clamp<std::int64_t>(x, 0, width);
    change.cut_x1 = std::clamp<std::int64_t>(x + settings.cutout, 0, width);
  }
  return change;
}

ImageSource::ImageSource(at::Tensor images, const Shape& shape, const Standardisation& by)
    : images_(std::move(images)), shape_(shape), mean_(by.mean), scale_(by.scale) {
  if (mean_.empty()) mean_.assign(static_cast<std::size_t>(shape[0]), 0.0F), scale_.assign(static_cast<std::size_t>(shape[0]), 1.0F);
}

at::Tensor ImageSource::batch(std::span<const std::int64_t> rows, std::span<const ImageChange> changes) const {
  at::Tensor out = at::empty({static_cast<std::int64_t>(rows.size()), shape_[0], shape_[1], shape_[2]}, at::kFloat);
  auto* data = out.data_ptr<float>();
  if (images_.scalar_type() == at::kByte) {
    fill_batch(images_.data_ptr<std::uint8_t>(), data, shape_, rows, changes, mean_, scale_);
  } else {
    fill_batch(images_.data_ptr<float>(), data, shape_, rows, changes, mean_, scale_);
  }
  return out;
}

}  // namespace nascent::libtorch
