#include "plugins/elf_file.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

namespace nascent::core {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t own_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t own_machine = EM_AARCH64;
#elif defined(__riscv)
constexpr std::uint16_t own_machine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr std::uint16_t own_machine = EM_PPC64;
#else
#error "name this machine's ELF number here"
#endif

std::string machine_name(std::uint16_t machine) {
  static const std::map<std::uint16_t, std::string> names{{EM_X86_64, "x86-64"},   {EM_386, "x86 (32 bit)"},
                                                          {EM_AARCH64, "AArch64"}, {EM_ARM, "ARM (32 bit)"},
                                                          {EM_RISCV, "RISC-V"},    {EM_PPC64, "POWER"}};
  const auto it = names.find(machine);
  return it != names.end() ? it->second : fmt::format("machine {}", machine);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  Result<ElfFile> run() {
    if (bytes_.size() < 4 || bytes_.substr(0, 4) != ELFMAG) {
      const bool windows = bytes_.substr(0, 2) == "MZ";
      return broken(windows ? "is a Windows library, not an ELF shared library" : "is not an ELF shared library");
    }
    const auto header = at<Elf64_Ehdr>(0);
    if (!header) return broken(fmt::format("is truncated: {} bytes do not hold an ELF header", bytes_.size()));
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
      return broken("is built for another architecture: not 64-bit little-endian");
    if (header->e_machine != own_machine)
      return broken(fmt::format("is built for {}; this machine is {}", machine_name(header->e_machine),
                                machine_name(own_machine)));
    if (header->e_type != ET_DYN) return broken("is an ELF file, but not a shared library");

    std::optional<Elf64_Phdr> dynamic;
    for (std::size_t i = 0; i < header->e_phnum; ++i) {
      const auto p = at<Elf64_Phdr>(header->e_phoff + i * sizeof(Elf64_Phdr));
      if (!p) return broken("is truncated: its program headers lie outside the file");
      if (p->p_offset > bytes_.size() || p->p_filesz > bytes_.size() - p->p_offset)
        return broken(fmt::format("is truncated: a segment needs {} bytes, the file has {}", p->p_offset + p->p_filesz,
                                  bytes_.size()));
      if (p->p_type == PT_LOAD) loads_.push_back(*p);
      if (p->p_type == PT_DYNAMIC) dynamic = *p;
      if (p->p_type == PT_GNU_STACK) file_.executable_stack = (p->p_flags & PF_X) != 0;
    }
    if (!dynamic) return broken("is not a shared library: it has no dynamic section");
    if (auto ok = read_dynamic(*dynamic); !ok) return tl::unexpected(ok.error());
    return file_;
  }

 private:
  static tl::unexpected<Error> broken(std::string what) { return fail(ErrorKind::plugin, std::move(what)); }

  template <class T>
  std::optional<T> at(std::uint64_t offset) const {
    if (offset > bytes_.size() || sizeof(T) > bytes_.size() - offset) return std::nullopt;
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  // Offset in the file of a virtual address; past the end when no segment holds it.
  std::uint64_t offset_of(std::uint64_t address) const {
    for (const Elf64_Phdr& p : loads_) {
      if (address >= p.p_vaddr && address - p.p_vaddr < p.p_filesz) return p.p_offset + (address - p.p_vaddr);
    }
    return bytes_.size();
  }
  std::string name_at(std::uint64_t index) const {
    const std::string_view table = bytes_.substr(strings_, strings_size_);
    if (index >= table.size()) return {};
    const std::string_view rest = table.substr(index);
    return std::string(rest.substr(0, rest.find('\0')));
  }

  Result<void> read_dynamic(const Elf64_Phdr& dynamic) {
    std::vector<Elf64_Dyn> entries;
    for (std::uint64_t k = 0; (k + 1) * sizeof(Elf64_Dyn) <= dynamic.p_filesz; ++k) {
      const auto entry = at<Elf64_Dyn>(dynamic.p_offset + k * sizeof(Elf64_Dyn));
      if (!entry || entry->d_tag == DT_NULL) break;
      entries.push_back(*entry);
    }
    std::uint64_t symbols = bytes_.size(), hash = bytes_.size(), gnu_hash = bytes_.size();
    for (const Elf64_Dyn& e : entries) {
      switch (e.d_tag) {
        case DT_STRTAB:
          strings_ = offset_of(e.d_un.d_ptr);
          break;
        case DT_STRSZ:
          strings_size_ = e.d_un.d_val;
          break;
        case DT_SYMTAB:
          symbols = offset_of(e.d_un.d_ptr);
          break;
        case DT_HASH:
          hash = offset_of(e.d_un.d_ptr);
          break;
        case DT_GNU_HASH:
          gnu_hash = offset_of(e.d_un.d_ptr);
          break;
        case DT_TEXTREL:
          file_.text_relocations = true;
          break;
        case DT_FLAGS:
          file_.static_tls |= (e.d_un.d_val & DF_STATIC_TLS) != 0;
          file_.text_relocations |= (e.d_un.d_val & DF_TEXTREL) != 0;
          break;
        default:
          break;
      }
    }
    if (strings_ >= bytes_.size() || symbols >= bytes_.size())
      return broken("is damaged: it has no dynamic symbol table");
    for (const Elf64_Dyn& e : entries) {
      if (e.d_tag == DT_NEEDED) file_.needed.push_back(name_at(e.d_un.d_val));
      if (e.d_tag == DT_RUNPATH || e.d_tag == DT_RPATH) split(name_at(e.d_un.d_val));
    }
    const std::uint64_t count = hash < bytes_.size() ? count_by_hash(hash) : count_by_gnu_hash(gnu_hash);
    for (std::uint64_t k = 1; k < count; ++k) {
      const auto symbol = at<Elf64_Sym>(symbols + k * sizeof(Elf64_Sym));
      if (!symbol) return broken("is damaged: its dynamic symbol table lies outside the file");
      const int binding = ELF64_ST_BIND(symbol->st_info), visibility = ELF64_ST_VISIBILITY(symbol->st_other);
      if (symbol->st_shndx == SHN_UNDEF || binding == STB_LOCAL || visibility == STV_HIDDEN ||
          visibility == STV_INTERNAL)
        continue;
      file_.exported.push_back(name_at(symbol->st_name));
      if (binding == STB_GNU_UNIQUE) file_.unique.push_back(file_.exported.back());
    }
    std::ranges::sort(file_.exported);
    return {};
  }

  void split(const std::string& path) {
    for (std::size_t from = 0; from <= path.size();) {
      const std::size_t to = std::min(path.find(':', from), path.size());
      if (to > from) file_.run_path.push_back(path.substr(from, to - from));
      from = to + 1;
    }
  }

  std::uint64_t count_by_hash(std::uint64_t offset) const {
    return at<std::uint32_t>(offset + 4).value_or(0);  // nchain
  }
  // The table has no count: the highest bucket's chain is walked to its end bit.
  std::uint64_t count_by_gnu_hash(std::uint64_t offset) const {
    const std::uint64_t n_buckets = at<std::uint32_t>(offset).value_or(0);
    const std::uint64_t first_symbol = at<std::uint32_t>(offset + 4).value_or(0);
    const std::uint64_t bloom_size = at<std::uint32_t>(offset + 8).value_or(0);
    const std::uint64_t buckets = offset + 16 + bloom_size * 8, chains = buckets + n_buckets * 4;
    std::uint64_t last = 0;
    for (std::uint64_t k = 0; k < n_buckets; ++k) {
      const auto bucket = at<std::uint32_t>(buckets + k * 4);
      if (!bucket) return 0;
      last = std::max<std::uint64_t>(last, *bucket);
    }
    if (last < first_symbol) return first_symbol;
    for (;; ++last) {
      const auto link = at<std::uint32_t>(chains + (last - first_symbol) * 4);
      if (!link) return 0;
      if ((*link & 1U) != 0) return last + 1;
    }
  }

  std::string_view bytes_;
  std::vector<Elf64_Phdr> loads_;
  std::uint64_t strings_ = ~std::uint64_t{0}, strings_size_ = 0;
  ElfFile file_;
};

}  // namespace

Result<ElfFile> read_elf(std::string_view bytes) { return Reader(bytes).run(); }

}  // namespace nascent::core
