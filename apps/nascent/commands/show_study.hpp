// What `nascent show` says of a whole study.
#pragma once

#include <string>
#include <vector>

#include "command.hpp"
#include "open_study.hpp"

namespace nascent::cli {

struct ShowStudyOptions {
  std::vector<std::string>
      reference;  // of the hypervolume: "val_accuracy=0.5", one per objective; empty: the worst trials
  bool json = false;
};

Outcome show_study(const OpenStudy& study, const ShowStudyOptions& options);

}  // namespace nascent::cli
