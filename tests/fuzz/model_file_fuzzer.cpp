// libFuzzer harness of the model file reader: any bytes give a valid model or an Error, and a model that was read is
// written out to a file that reads back as the same. The checksum at the end is repaired first, or hardly an input
// would get beyond it; a first byte of 0xFF leaves the rest as it is.
//
//   clang++ -std=c++20 -fsanitize=fuzzer,address,undefined -Isdk/include -Iplugins/torch
//     tests/fuzz/model_file_fuzzer.cpp plugins/torch/bundle.cpp plugins/torch/model_file.cpp -lz
#include <zlib.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "model_file.hpp"

namespace {

std::string repaired(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 0xFF || bytes.size() < 28) return bytes;
  const std::uint64_t content = bytes.size() - 28;
  std::memcpy(bytes.data(), "NASCENT\x1a\x01\0\0\0", 12);
  std::memcpy(bytes.data() + 16, &content, sizeof content);
  const auto sum = static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size() - 4));
  std::memcpy(bytes.data() + bytes.size() - 4, &sum, sizeof sum);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nascent::libtorch;
  if (size == 0) return 0;
  try {
    const ModelFile file = ModelFile::parse(repaired(data, size));
    const std::string written = file.serialise();
    const ModelFile again = ModelFile::parse(written);
    if (again.graph != file.graph || again.serialise() != written) {
      std::fprintf(stderr, "broken: a model that was read does not survive being written\n");
      std::abort();
    }
  } catch (const nascent::Error&) {
    // The answer to a damaged file.
  }
  return 0;
}
