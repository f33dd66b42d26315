// IDX files as bytes, right and wrong.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace nascent::idx {

inline std::string header(std::uint8_t type, const std::vector<std::uint32_t>& shape) {
  std::string bytes{'\0', '\0', static_cast<char>(type), static_cast<char>(shape.size())};
  for (const std::uint32_t extent : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(extent >> shift);
  }
  return bytes;
}

// uint8 elements 0, 1, 2, ...
inline std::string counting(const std::vector<std::uint32_t>& shape) {
  std::string bytes = header(0x08, shape);
  std::size_t n = 1;
  for (const std::uint32_t extent : shape) n *= extent;
  for (std::size_t i = 0; i < n; ++i) bytes += static_cast<char>(i % 256);
  return bytes;
}

inline std::string labels(const std::vector<std::uint8_t>& values) {
  std::string bytes = header(0x08, {static_cast<std::uint32_t>(values.size())});
  for (const std::uint8_t v : values) bytes += static_cast<char>(v);
  return bytes;
}

inline std::string gzip(const std::string& bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  std::string out(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace nascent::idx
