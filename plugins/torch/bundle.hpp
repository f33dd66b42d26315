// A file of named values: what models and checkpoints are stored as.
//
// Layout, little-endian:
//   8 bytes  "NASCENT" 0x1a
//   u32      format version: 1
//   u32      number of entries
//   u64      bytes of all entries
//   entries  u8 type, u64 size + name, then by type
//              1 text      u64 size + bytes
//              2 integers  u64 count + i64 each
//              3 numbers   u64 count + f64 each
//              4 tensor    u64 rank + i64 extents, then f32 elements, row-major
//   u32      CRC-32 (zlib) of everything before
// Whoever reads a file may be given one of hostile content: lengths, types and the sum are checked before use, and
// nothing larger than the file itself is allocated.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nascent/graph/node.hpp"

namespace nascent::libtorch {

struct FloatArray {
  Shape shape;
  std::vector<float> values;
  bool operator==(const FloatArray&) const = default;
};

class Bundle {
 public:
  using Value = std::variant<std::string, std::vector<std::int64_t>, std::vector<double>, FloatArray>;

  // Replaces a value of that name.
  void put(const std::string& name, Value value) { values_.insert_or_assign(name, std::move(value)); }
  void put(const std::string& name, std::int64_t value) { put(name, std::vector<std::int64_t>{value}); }
  [[nodiscard]] bool has(const std::string& name) const { return values_.contains(name); }
  // The value of that name; throws Error(NAS_E_INVALID) when it is missing or of another type.
  template <class T>
  [[nodiscard]] const T& get(const std::string& name) const {
    const auto it = values_.find(name);
    if (it == values_.end()) throw Error(NAS_E_INVALID, "the entry '" + name + "' is missing");
    if (const T* value = std::get_if<T>(&it->second)) return *value;
    throw Error(NAS_E_INVALID, "the entry '" + name + "' has another type than expected");
  }
  // A list of exactly one integer.
  [[nodiscard]] std::int64_t integer(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, Value>& values() const { return values_; }

  [[nodiscard]] std::string serialise() const;
  // Throws Error(NAS_E_INVALID): what is wrong with the bytes.
  static Bundle parse(std::string_view bytes);

 private:
  std::map<std::string, Value> values_;
};

// Throws Error(NAS_E_IO) naming the path.
std::string read_file(const std::string& path);
// Either the whole new content is at `path` afterwards or the old file is untouched, also through a power cut: a
// temporary file beside it, flushed to the disk, then renamed. Throws Error(NAS_E_IO) naming the path.
void write_file_atomically(const std::string& path, std::string_view bytes);

}  // namespace nascent::libtorch
