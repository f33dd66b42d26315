// What tests of the store share: a folder that goes away, trials and studies to put into it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "nascent/core/store.hpp"
#include "support/files.hpp"

namespace nascent::core::test {

using nascent::test::TemporaryFolder;

// The value, or the end of the test with the error's message.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline StudyRecord small_study(const std::string& name = "fashion") {
  StudyRecord study;
  study.name = name;
  study.seed = 18'446'744'073'709'551'615u;
  study.parallel = 2;
  study.objectives_json = R"([{"metric":"val_accuracy","direction":"maximize"}])";
  study.resolved_config = "[study]\nname = \"fashion\"\n";
  study.space_json = R"([{"name":"trainer.learning_rate"},{"name":"space.block","choices":["plain","residual"]}])";
  study.space_fingerprint = "0123abcd";
  study.nascent_version = "0.1.0";
  study.plugins = {
      {"sampler", "org.nascent.random", "random", "1.0", "/usr/lib/nascent-random.so", std::string(64, 'a')}};
  return study;
}

inline Trial small_trial(TrialId id) {
  Trial trial;
  trial.id = id;
  trial.configuration = {{0.001 * static_cast<double>(id + 1), static_cast<double>(id % 2)}, {1, 1}};
  trial.seed = 1'000 + id;
  return trial;
}

inline Trial completed(Trial trial, double accuracy = 0.9) {
  trial.state = TrialState::completed;
  trial.metrics = {{"val_accuracy", accuracy}};
  return trial;
}

}  // namespace nascent::core::test
