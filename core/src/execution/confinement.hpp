// Takes from this process, and what it starts, the right to write anywhere but where a worker has to.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/result.hpp"

namespace nascent::core {

// Can this kernel do that (Landlock, Linux 5.13)? Empty, or why not.
std::string confinement_missing();

struct Writable {
  std::filesystem::path artifacts;            // of the study; "" = it keeps no files
  std::filesystem::path temporary;            // becomes TMPDIR; emptied now and by clear_temporary()
  std::string store;                          // an SQLite file, whose log beside it is writable too; else nothing
  std::vector<std::filesystem::path> others;  // as the study says; one that does not exist is passed over
};

// For good, for the calling thread and the threads and processes that it starts from now on. Files that are open stay
// so. Where the kernel cannot do it nothing happens.
Result<void> confine(const Writable& writable);

// Between two trials: what one left there is not the next one's.
void clear_temporary(const std::filesystem::path& folder);

}  // namespace nascent::core
