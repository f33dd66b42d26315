// Reading IDX files, the format of the MNIST family: 0x00 0x00 <type> <dimensions>, one big-endian 32-bit extent per
// dimension, then the elements, row-major, big-endian. Plain or gzip. Source: http://yann.lecun.com/exdb/mnist, "file
// formats".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nascent::idx {

// Byte 3 of the magic number.
enum class ElementType : std::uint8_t { u8 = 0x08, i8 = 0x09, i16 = 0x0B, i32 = 0x0C, f32 = 0x0D, f64 = 0x0E };

std::size_t size_of(ElementType type);
const char* name_of(ElementType type);

struct IdxArray {
  ElementType type = ElementType::u8;
  std::vector<std::int64_t> shape;  // of the rows kept: shape[0] may be cut by rows_max
  std::int64_t rows_in_file = 0;    // shape[0] as the header says
  std::vector<std::byte> elements;  // in the byte order of this machine

  [[nodiscard]] std::int64_t rows() const { return shape[0]; }
  // Element i, converted.
  [[nodiscard]] double at(std::size_t i) const;
};

// Where bytes come from: fills at most n bytes and returns how many; 0 only at the end. Throws Error(NAS_E_IO).
using ByteSource = std::function<std::size_t(std::byte* to, std::size_t n)>;

// Reads one array from `source`; `path` is for messages. rows_max > 0 keeps the first rows only and does not look at
// what follows them. Throws Error(NAS_E_IO) with path, what was found and the rule. Memory grows with the bytes that
// really arrive, never with what a header claims.
IdxArray read_idx(const ByteSource& source, const std::string& path, std::int64_t rows_max);

// The same from a file, plain or gzip.
IdxArray read_idx_file(const std::string& path, std::int64_t rows_max);

}  // namespace nascent::idx
