// Ctrl-C and its kin, as a wish that what runs comes to an end.
#pragma once

#include "nascent/core/search.hpp"

namespace nascent::cli {

// From here on: the first SIGINT, SIGTERM or SIGHUP makes the request, the second ends this process at once; workers end
// with it, and every finished trial is on disk. So does a reader of the output that leaves, without ending the process.
const core::StopRequest& listen_for_signals();

}  // namespace nascent::cli
