// Fuzzes the IDX reader. The first byte chooses how many rows to keep; the rest is the file.
#include <algorithm>
#include <cstring>

#include "idx_file.hpp"
#include "nascent/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::size_t at = 1;
  const nascent::idx::ByteSource source = [&](std::byte* to, std::size_t n) {
    const std::size_t take = std::min(n, size - at);
    std::memcpy(to, data + at, take);
    at += take;
    return take;
  };
  try {
    const auto array = nascent::idx::read_idx(source, "fuzz", data[0]);
    if (!array.elements.empty())
      static_cast<void>(array.at(array.elements.size() / nascent::idx::size_of(array.type) - 1));
  } catch (const nascent::Error&) {  // refused with a message: what hostile input should meet
  }
  return 0;
}
