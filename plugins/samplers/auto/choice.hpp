// Which engine proposes the next trial: the judgement that a person would otherwise be asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace nascent::automatic {

enum class Engine : std::uint8_t { gp, tpe, surrogate, nsga2, cmaes };
inline constexpr std::size_t kEngines = 5;
std::string_view name_of(Engine engine);

// What the choice depends on, besides the trial's number.
struct Situation {
  std::size_t n_objectives = 1;
  bool numeric = false;      // every parameter is a number and always active
  bool fidelity = false;     // a scheduler ends or pauses trials before their full budget
  std::size_t parallel = 1;  // trials that may run at once
  std::uint64_t n_told = 0;
  std::uint64_t n_since_best = 0;  // of these, after the best trial; one objective
};

// Engines that propose by turns, trial by trial, and the reason as the log gives it.
struct Choice {
  std::span<const Engine> turns;
  std::string_view why;
  [[nodiscard]] Engine of_trial(std::uint64_t trial) const { return turns[trial % turns.size()]; }
};

Choice choose(const Situation& s);
// Whether choose() may still name the engine as the history grows; one that it never names again need not be told.
bool has_use(Engine engine, const Situation& s);

}  // namespace nascent::automatic
