// What lies in a folder, and what room its disk has left.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace nascent::core {

// Of every file below `folder`, as the file system counts them; links are not followed. 0 when it is not there.
std::uint64_t disk_bytes(const std::filesystem::path& folder);

// Bytes that may still be written where `folder` lies; empty when nobody can tell.
std::optional<std::uint64_t> disk_bytes_free(const std::filesystem::path& folder);

// Why a trial ends whose folder holds more than `max`.
std::string over_disk_limit(std::uint64_t bytes, std::uint64_t max);

// Less than this is full: nothing of use can be written.
inline constexpr std::uint64_t kDiskBytesFreeMin = 64u << 10;

}  // namespace nascent::core
