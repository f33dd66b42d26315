// What trainers and evaluators say in advance of the numbers they give.
#pragma once

#include <cstdint>
#include <string_view>

#include "nascent/abi.h"
#include "nascent/error.hpp"
#include "nascent/namespace.hpp"

NASCENT_SDK_BEGIN

enum class Direction : std::uint32_t { none = NAS_DIRECTION_NONE, minimize = NAS_MINIMIZE, maximize = NAS_MAXIMIZE };

// One metric of a trainer's reports. A trainer that knows them all lists them, so that a study judged by a metric which
// nothing gives is refused before anything is trained:
//   static constexpr std::array reported{nascent::reported_metric("train_loss", "mean over the epoch", Direction::minimize)};
// name: as in the report; help: one line, no full stop; needs: NAS_NEEDS_CLASSES or NAS_NEEDS_NUMBERS where it exists only
// for such targets.
constexpr nas_metric_info reported_metric(std::string_view name, std::string_view help,
                                          Direction direction = Direction::none, std::uint32_t needs = 0) {
  return {str(name), str(help), static_cast<std::uint32_t>(direction), needs};
}

NASCENT_SDK_END
