#include "normalisation.hpp"

#include <cmath>

namespace nascent::libtorch {
namespace {

// Sums of x - pivot and its square for each channel; the pivot keeps them exact for integers and well-behaved for floats.
template <class T>
Standardisation measure_as(const T* data, const Shape& shape, std::span<const std::int64_t> rows) {
  using Sum = std::conditional_t<std::is_integral_v<T>, std::int64_t, double>;
  const auto width = static_cast<std::size_t>(standardised_width(shape));
  const std::int64_t row_size = elements(shape);
  const bool last_axis = shape.size() == 2;
  const std::int64_t run = last_axis ? 1 : row_size / static_cast<std::int64_t>(width);
  std::vector<Sum> pivot(width), sum(width), squares(width);
  for (std::size_t c = 0; c < width; ++c) pivot[c] = static_cast<Sum>(data[rows[0] * row_size + static_cast<std::int64_t>(c) * run]);
  for (const std::int64_t row : rows) {
    const T* x = data + row * row_size;
    for (std::int64_t begin = 0; begin < row_size; begin += run) {
      const std::size_t c = static_cast<std::size_t>(begin / run) % width;
      Sum s = 0, q = 0;
      for (std::int64_t i = begin; i < begin + run; ++i) {
        const Sum d = static_cast<Sum>(x[i]) - pivot[c];
        s += d;
        q += d * d;
      }
      sum[c] += s;
      squares[c] += q;
    }
  }
  const double n = static_cast<double>(rows.size()) * static_cast<double>(row_size) / static_cast<double>(width);
  Standardisation out;
  for (std::size_t c = 0; c < width; ++c) {
    const double mean = static_cast<double>(sum[c]) / n;
    const double variance = static_cast<double>(squares[c]) / n - mean * mean;
    out.mean.push_back(static_cast<float>(static_cast<double>(pivot[c]) + mean));
    out.scale.push_back(variance > 1e-12 * mean * mean && variance > 0 ? static_cast<float>(1 / std::sqrt(variance)) : 1.0F);
  }
  return out;
}

}  // namespace

Standardisation measure(const at::Tensor& values, const Shape& shape, std::span<const std::int64_t> rows) {
  if (rows.empty()) return {};
  switch (values.scalar_type()) {
    case at::kByte: return measure_as(values.data_ptr<std::uint8_t>(), shape, rows);
    case at::kFloat: return measure_as(values.data_ptr<float>(), shape, rows);
    case at::kDouble: return measure_as(values.data_ptr<double>(), shape, rows);
    default: return measure_as(values.to(at::kFloat).data_ptr<float>(), shape, rows);
  }
}

at::Tensor broadcastable(const std::vector<float>& values, const Shape& shape) {
  std::vector<std::int64_t> extents(shape.size(), 1);
  if (!extents.empty()) extents[shape.size() == 2 ? 1 : 0] = static_cast<std::int64_t>(values.size());
  extents.insert(extents.begin(), 1);
  return at::tensor(values, at::kFloat).reshape(extents);
}

at::Tensor standardise(const at::Tensor& raw, const Shape& shape, const Standardisation& by) {
  std::vector<std::int64_t> extents{raw.size(0)};
  extents.insert(extents.end(), shape.begin(), shape.end());
  if (raw.numel() != raw.size(0) * elements(shape)) {
    const Shape row(raw.sizes().begin() + 1, raw.sizes().end());
    throw Error(NAS_E_INVALID, "rows of shape " + to_text(row) + " do not fit the architecture's input of " + to_text(shape));
  }
  const at::Tensor x = raw.reshape(extents);
  if (by.mean.empty()) return at::isIntegralType(x.scalar_type(), true) ? x : x.to(at::kFloat);
  return (x.to(at::kFloat) - broadcastable(by.mean, shape).to(x.device())) * broadcastable(by.scale, shape).to(x.device());
}

at::Tensor unstandardise(const at::Tensor& y, const Standardisation& by) {
  if (by.mean.empty()) return y;
  return y / at::tensor(by.scale, at::kFloat).to(y.device()) + at::tensor(by.mean, at::kFloat).to(y.device());
}

}  // namespace nascent::libtorch
