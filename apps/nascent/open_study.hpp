// A stored study as the reading commands see it: found by its store or by its TOML file.
#pragma once

#include <memory>
#include <string>

#include "nascent/core/config.hpp"
#include "nascent/core/store.hpp"

namespace nascent::cli {

struct StudyArgument {
  std::string where;  // a store ("fashion.db") or a study's TOML file
  std::string name;   // of the study, where the store holds several
};

struct OpenStudy {
  std::string location;  // of the store
  std::unique_ptr<core::Store> store;
  core::StudyRecord record;
  core::StudyConfig config;  // the resolved one, as stored
};

// A study's TOML file, else a store.
bool is_study_file(const std::string& where);

core::Result<OpenStudy> open_study(const StudyArgument& argument, core::OpenMode mode = core::OpenMode::read_only);

}  // namespace nascent::cli
