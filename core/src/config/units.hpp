// Quantities written as text: "15min", "1h30min", "4GiB".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nascent::core::config {

// Units: ms, s, min, h, d; several may follow each other ("1h30min"). nullopt when the text is no such thing.
std::optional<double> parse_seconds(std::string_view text);

// Units: B, kB, MB, GB, TB (powers of 1000) and KiB, MiB, GiB, TiB (powers of 1024). nullopt when the text is no such
// thing or does not fit.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

inline constexpr std::string_view seconds_syntax =
    "a number of seconds or text such as \"90s\", \"15min\", \"1h30min\" (units: ms, s, min, h, d)";
inline constexpr std::string_view bytes_syntax =
    "a whole number of bytes or text such as \"512MiB\", \"4GiB\" (units: B, kB, MB, GB, TB, KiB, MiB, GiB, TiB)";

}  // namespace nascent::core::config
