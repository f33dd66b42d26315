#include "bundle.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <filesystem>

#include "bytes.hpp"

namespace nascent::libtorch {
namespace {

constexpr std::string_view kMagic{"NASCENT\x1a", 8};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeadSize = 24, kSumSize = 4;
constexpr std::size_t kRankOfFileMax = 8;
constexpr std::uint8_t kText = 1, kIntegers = 2, kNumbers = 3, kTensor = 4;

[[noreturn]] void refuse(const std::string& why) { throw Error(NAS_E_INVALID, why); }

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

void write_value(ByteWriter& out, const Bundle::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) out.text(*text);
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value)) out.numbers(std::span(*integers));
  if (const auto* numbers = std::get_if<std::vector<double>>(&value)) out.numbers(std::span(*numbers));
  if (const auto* array = std::get_if<FloatArray>(&value)) {
    out.numbers(std::span<const std::int64_t>(array->shape));
    out.raw(array->values.data(), array->values.size() * sizeof(float));
  }
}

Bundle::Value read_value(ByteReader& in, std::uint8_t type) {
  if (type == kText) return in.text();
  if (type == kIntegers) return in.numbers<std::int64_t>();
  if (type == kNumbers) return in.numbers<double>();
  if (type != kTensor) refuse("an entry has type " + std::to_string(type) + "; 1 to 4 are known");
  FloatArray array{in.numbers<std::int64_t>(), {}};
  if (array.shape.size() > kRankOfFileMax) refuse("a tensor has " + std::to_string(array.shape.size()) + " axes; at most 8 are read");
  for (const std::int64_t extent : array.shape) {
    if (extent < 0) refuse("a tensor has an extent of " + std::to_string(extent));
  }
  array.values = in.numbers<float>(static_cast<std::uint64_t>(elements(array.shape)));
  return array;
}

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw Error(NAS_E_IO, "cannot " + what + " " + path + ": " + std::generic_category().message(errno));
}

class File {
 public:
  File(const std::string& path, int flags, const char* what) : path_(path), fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (fd_ < 0) fail(what, path);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(fd_); }
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) fail("write", path_);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  std::string read() {
    struct stat info {};
    if (::fstat(fd_, &info) != 0) fail("read", path_);
    std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t n = ::read(fd_, bytes.data() + done, bytes.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("read", path_);
      if (n == 0) bytes.resize(done);
      done += static_cast<std::size_t>(n);
    }
    return bytes;
  }
  void flush() {
    if (::fsync(fd_) != 0) fail("flush", path_);
  }

 private:
  std::string path_;
  int fd_;
};

}  // namespace

std::int64_t Bundle::integer(const std::string& name) const {
  const auto& list = get<std::vector<std::int64_t>>(name);
  if (list.size() != 1) refuse("the entry '" + name + "' has " + std::to_string(list.size()) + " integers; it needs one");
  return list[0];
}

std::string Bundle::serialise() const {
  ByteWriter entries;
  for (const auto& [name, value] : values_) {
    entries.number(static_cast<std::uint8_t>(value.index() + 1));
    entries.text(name);
    write_value(entries, value);
  }
  ByteWriter out;
  out.raw(kMagic.data(), kMagic.size());
  out.number(kVersion);
  out.number(static_cast<std::uint32_t>(values_.size()));
  out.number(static_cast<std::uint64_t>(entries.bytes().size()));
  out.raw(entries.bytes().data(), entries.bytes().size());
  out.number(checksum(out.bytes()));
  return out.bytes();
}

Bundle Bundle::parse(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) refuse("it does not begin with \"NASCENT\"; it is no file of ours");
  if (bytes.size() < kHeadSize + kSumSize) refuse("it ends within its head; it was cut off");
  ByteReader head(bytes.substr(kMagic.size()));
  const auto version = head.number<std::uint32_t>();
  if (version != kVersion) {
    refuse("its format version is " + std::to_string(version) + "; this build reads version 1; use a newer build");
  }
  const auto n_entries = head.number<std::uint32_t>();
  const auto size = head.number<std::uint64_t>();
  const std::size_t actual = bytes.size() - kHeadSize - kSumSize;
  if (size != actual) {
    refuse("its head promises " + std::to_string(size) + " bytes of entries but " + std::to_string(actual) +
           " are there; it was cut off or is damaged");
  }
  ByteReader sum(bytes.substr(bytes.size() - kSumSize));
  if (sum.number<std::uint32_t>() != checksum(bytes.substr(0, bytes.size() - kSumSize))) {
    refuse("its checksum is wrong; it is damaged");
  }
  ByteReader in(bytes.substr(kHeadSize, actual));
  Bundle bundle;
  for (std::uint32_t i = 0; i < n_entries; ++i) {
    const auto type = in.number<std::uint8_t>();
    std::string name = in.text();
    Value value = read_value(in, type);
    if (!bundle.values_.emplace(std::move(name), std::move(value)).second) refuse("two entries have the same name");
  }
  if (!in.at_end()) refuse("bytes follow the last entry");
  return bundle;
}

std::string read_file(const std::string& path) { return File(path, O_RDONLY, "open").read(); }

void write_file_atomically(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp" + std::to_string(::getpid());
  try {
    File file(temporary, O_WRONLY | O_CREAT | O_TRUNC, "create");
    file.write(bytes);
    file.flush();
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail("replace", path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  File(folder.empty() ? "." : folder.string(), O_RDONLY | O_DIRECTORY, "open").flush();
}

}  // namespace nascent::libtorch
