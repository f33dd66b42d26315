// Where a trial trains.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nascent::core {

struct Device {
  // DLPack's codes; `automatic`: the trainer chooses.
  enum class Type : std::int32_t { automatic = 0, cpu = 1, cuda = 2 };
  Type type = Type::automatic;
  std::int32_t id = 0;  // of several of one type
  bool operator==(const Device&) const = default;
};

// "auto", "cpu", "cuda:1".
std::string to_string(const Device& device);
std::optional<Device> parse_device(std::string_view text);

}  // namespace nascent::core
