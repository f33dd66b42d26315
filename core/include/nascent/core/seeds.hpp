// Where every random number of a study comes from: one seed, split by purpose, so that streams never meet.
#pragma once

#include <cstdint>
#include <nascent/rng.hpp>

#include "nascent/core/trial.hpp"

namespace nascent::core {

// Part of the study's state; a value never changes its meaning, or stored studies no longer repeat.
enum class SeedPart : std::uint64_t { sampler = 1, training = 2, validation_split = 3, scheduler = 4, acceptance = 5, final_training = 6, queue = 7 };

constexpr std::uint64_t study_seed(std::uint64_t seed, SeedPart part) {
  return nascent::derive_seed(seed, static_cast<std::uint64_t>(part));
}

// Seed of what is drawn for the queue's configuration number `position`, counted from 0.
constexpr std::uint64_t queue_seed(std::uint64_t seed, std::uint64_t position) {
  return nascent::derive_seed(study_seed(seed, SeedPart::queue), position);
}

// Seed of a search trial's training.
constexpr std::uint64_t training_seed(std::uint64_t seed, TrialId trial) {
  return nascent::derive_seed(study_seed(seed, SeedPart::training), trial);
}

// Seed of training number `repetition` of a winner in the final part.
constexpr std::uint64_t final_training_seed(std::uint64_t seed, TrialId winner, std::uint64_t repetition) {
  return nascent::derive_seed(nascent::derive_seed(study_seed(seed, SeedPart::final_training), winner), repetition);
}

}  // namespace nascent::core
