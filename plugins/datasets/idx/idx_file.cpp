#include "idx_file.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>

#include "nascent/error.hpp"

namespace nascent::idx {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) { throw Error(NAS_E_IO, path + ": " + why); }

std::string hex(const std::array<std::byte, 4>& bytes) {
  std::string text = "0x";
  for (const std::byte b : bytes) {
    for (const unsigned digit : {std::to_integer<unsigned>(b) >> 4, std::to_integer<unsigned>(b) & 15U})
      text += "0123456789abcdef"[digit];
  }
  return text;
}

// Bytes read until `n` are there or the source ends.
std::size_t read_fully(const ByteSource& source, std::byte* to, std::size_t n) {
  std::size_t got = 0;
  while (got < n) {
    const std::size_t more = source(to + got, n - got);
    if (more == 0) break;
    got += more;
  }
  return got;
}

std::uint32_t big_endian(const std::array<std::byte, 4>& b) {
  std::uint32_t value = 0;
  for (const std::byte byte : b) value = value << 8 | std::to_integer<std::uint32_t>(byte);
  return value;
}

ElementType element_type(std::byte code, const std::string& path) {
  for (const ElementType type :
       {ElementType::u8, ElementType::i8, ElementType::i16, ElementType::i32, ElementType::f32, ElementType::f64}) {
    if (std::to_integer<std::uint8_t>(code) == static_cast<std::uint8_t>(type)) return type;
  }
  refuse(path,
         "element type " + std::to_string(std::to_integer<int>(code)) + " is not one of IDX (8, 9, 11, 12, 13, 14)");
}

// Exact number of bytes of one row.
std::uint64_t row_bytes(const IdxArray& array, const std::string& path) {
  std::uint64_t bytes = size_of(array.type);
  for (std::size_t i = 1; i < array.shape.size(); ++i) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(array.shape[i]), &bytes))
      refuse(path, "its header claims more bytes than can be counted");
  }
  return bytes;
}

// Reads in pieces as large as what has already arrived.
void read_elements(const ByteSource& source, const std::string& path, std::uint64_t total,
                   std::vector<std::byte>& elements) {
  constexpr std::size_t smallest = std::size_t{1} << 16;
  while (elements.size() < total) {
    const std::size_t before = elements.size();
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(std::max(smallest, before), total - before));
    elements.resize(before + wanted);
    const std::size_t got = read_fully(source, elements.data() + before, wanted);
    if (got < wanted) {
      refuse(path, "ends after " + std::to_string(before + got) + " of the " + std::to_string(total) +
                       " bytes of elements that its header announces; the file is cut short, fetch it again");
    }
  }
}

void to_native_order(std::vector<std::byte>& elements, std::size_t element_size) {
  if constexpr (std::endian::native == std::endian::big) return;
  if (element_size == 1) return;
  for (auto at = elements.begin(); at != elements.end(); at += static_cast<std::ptrdiff_t>(element_size)) {
    std::reverse(at, at + static_cast<std::ptrdiff_t>(element_size));
  }
}

template <class T>
double load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return static_cast<double>(value);
}

}  // namespace

std::size_t size_of(ElementType type) {
  switch (type) {
    case ElementType::u8:
    case ElementType::i8:
      return 1;
    case ElementType::i16:
      return 2;
    case ElementType::i32:
    case ElementType::f32:
      return 4;
    case ElementType::f64:
      return 8;
  }
  return 1;
}

const char* name_of(ElementType type) {
  switch (type) {
    case ElementType::u8:
      return "uint8";
    case ElementType::i8:
      return "int8";
    case ElementType::i16:
      return "int16";
    case ElementType::i32:
      return "int32";
    case ElementType::f32:
      return "float32";
    case ElementType::f64:
      return "float64";
  }
  return "unknown";
}

double IdxArray::at(std::size_t i) const {
  const std::byte* element = elements.data() + i * size_of(type);
  switch (type) {
    case ElementType::u8:
      return load<std::uint8_t>(element);
    case ElementType::i8:
      return load<std::int8_t>(element);
    case ElementType::i16:
      return load<std::int16_t>(element);
    case ElementType::i32:
      return load<std::int32_t>(element);
    case ElementType::f32:
      return load<float>(element);
    case ElementType::f64:
      return load<double>(element);
  }
  return 0;
}

IdxArray read_idx(const ByteSource& source, const std::string& path, std::int64_t rows_max) {
  std::array<std::byte, 4> word{};
  const std::size_t got = read_fully(source, word.data(), word.size());
  if (got == 0) refuse(path, "is empty; an IDX file begins with 0x0000, the element type and the number of dimensions");
  if (got < word.size() || word[0] != std::byte{0} || word[1] != std::byte{0}) {
    refuse(path, "begins with " + hex(word) + "; an IDX file begins with 0x0000, so this is another format");
  }
  IdxArray array;
  array.type = element_type(word[2], path);
  const int dimensions = std::to_integer<int>(word[3]);
  if (dimensions < 1 || dimensions > 8)
    refuse(path, "has " + std::to_string(dimensions) + " dimensions; 1 to 8 are possible");
  for (int i = 0; i < dimensions; ++i) {
    if (read_fully(source, word.data(), word.size()) < word.size())
      refuse(path, "ends within its header; the file is cut short, fetch it again");
    const std::uint32_t extent = big_endian(word);
    if (extent == 0) refuse(path, "dimension " + std::to_string(i) + " has extent 0; there is nothing to learn from");
    array.shape.push_back(extent);
  }
  array.rows_in_file = array.shape[0];
  const bool cut = rows_max > 0 && rows_max < array.shape[0];
  if (cut) array.shape[0] = rows_max;
  std::uint64_t total = 0;
  if (__builtin_mul_overflow(row_bytes(array, path), static_cast<std::uint64_t>(array.shape[0]), &total) ||
      total > static_cast<std::uint64_t>(std::numeric_limits<std::ptrdiff_t>::max())) {
    refuse(path, "its header claims more bytes than can be counted");
  }
  read_elements(source, path, total, array.elements);
  std::byte beyond{};
  if (!cut && source(&beyond, 1) != 0) {
    refuse(path, "goes on after the " + std::to_string(total) +
                     " bytes of elements that its header announces; header and content disagree");
  }
  to_native_order(array.elements, size_of(array.type));
  return array;
}

IdxArray read_idx_file(const std::string& path, std::int64_t rows_max) {
  errno = 0;
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), &gzclose);
  if (!file) refuse(path, errno != 0 ? std::strerror(errno) : "cannot be opened");
  gzbuffer(file.get(), 1U << 18);
  const ByteSource source = [&](std::byte* to, std::size_t n) -> std::size_t {
    const int got = gzread(file.get(), to, static_cast<unsigned>(std::min<std::size_t>(n, std::size_t{1} << 30)));
    int code = Z_OK;
    const char* why = gzerror(file.get(), &code);
    // Z_BUF_ERROR: the compressed stream ends too early.
    if (got < 0 || code == Z_BUF_ERROR) {
      refuse(path, code == Z_ERRNO ? std::strerror(errno)
                   : code == Z_BUF_ERROR
                       ? std::string("its gzip stream is cut short; fetch the file again")
                       : "its gzip stream is damaged (" + std::string(why) + "); fetch the file again");
    }
    return static_cast<std::size_t>(got);
  };
  return read_idx(source, path, rows_max);
}

}  // namespace nascent::idx
