// Resident memory of a process.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace nascent::core {

// In bytes; 0 when it has ended.
std::uint64_t resident_bytes_of(pid_t pid);

}  // namespace nascent::core
