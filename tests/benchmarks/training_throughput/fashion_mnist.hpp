// Debian's dataset-fashion-mnist: images uint8 [n, 1, 28, 28] and labels, from IDX files compressed by gzip.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace fashion_mnist {

inline constexpr const char* kFolder = "/usr/share/datasets/fashion-mnist/";

// The payload of an IDX file behind a head of that size.
inline std::vector<std::uint8_t> read_idx(const std::string& name, std::size_t head_size) {
  const std::string path = kFolder + name;
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("cannot open " + path + "; apt install dataset-fashion-mnist");
  std::vector<std::uint8_t> bytes, block(1 << 20);
  for (int n = 0; (n = gzread(file, block.data(), static_cast<unsigned>(block.size()))) > 0;) bytes.insert(bytes.end(), block.begin(), block.begin() + n);
  gzclose(file);
  if (bytes.size() <= head_size) throw std::runtime_error(path + " is cut off");
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(head_size));
  return bytes;
}

struct Split {
  std::vector<std::uint8_t> images;
  std::vector<std::int64_t> labels;
};

// name: "train" or "t10k"
inline Split read(const std::string& name) {
  const std::vector<std::uint8_t> labels = read_idx(name + "-labels-idx1-ubyte.gz", 8);
  return {read_idx(name + "-images-idx3-ubyte.gz", 16), {labels.begin(), labels.end()}};
}

}  // namespace fashion_mnist
