#include "nascent/core/device.hpp"

#include <charconv>

namespace nascent::core {

std::string to_string(const Device& device) {
  switch (device.type) {
    case Device::Type::cpu:
      return "cpu";
    case Device::Type::cuda:
      return "cuda:" + std::to_string(device.id);
    default:
      return "auto";
  }
}

std::optional<Device> parse_device(std::string_view text) {
  constexpr std::string_view cuda = "cuda:";
  if (text == "auto") return Device{};
  if (text == "cpu") return Device{Device::Type::cpu, 0};
  if (!text.starts_with(cuda)) return std::nullopt;
  text.remove_prefix(cuda.size());
  std::uint16_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Device{Device::Type::cuda, id};
}

}  // namespace nascent::core
