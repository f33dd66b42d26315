// The tables of a store file, and the steps from each schema to the next.
#pragma once

#include <array>
#include <string_view>
#include <tuple>

namespace nascent::core::store::sqlite {

// "nasc": what `file` and we recognise a store by.
inline constexpr int kApplicationId = 0x6e617363;

// Step i leads from schema i to schema i + 1; a new store takes all of them. A released step is never edited.
extern const std::array<std::string_view, 3> kSchemaSteps;

inline constexpr int kSchemaVersion = static_cast<int>(std::tuple_size_v<decltype(kSchemaSteps)>);

}  // namespace nascent::core::store::sqlite
