// How far a report can be relied on.
#pragma once

namespace nascent::core {

enum class Trust { none, rough, good };

}  // namespace nascent::core
