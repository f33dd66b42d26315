// What an ELF shared library says of itself, read from its bytes without loading it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/result.hpp"

namespace nascent::core {

struct ElfFile {
  std::vector<std::string> exported;  // defined dynamic symbols other libraries can bind
  std::vector<std::string> unique;    // those of them that are STB_GNU_UNIQUE
  std::vector<std::string> needed;    // DT_NEEDED
  std::vector<std::string> run_path;  // DT_RUNPATH or DT_RPATH, $ORIGIN as written
  bool text_relocations = false, static_tls = false, executable_stack = false;
};

// Reads hostile bytes safely. The error is one clause without the path: "is truncated: ...".
Result<ElfFile> read_elf(std::string_view bytes);

}  // namespace nascent::core
