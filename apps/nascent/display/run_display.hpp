// What a person sees while a study runs: a live table on a terminal, plain lines in a pipe, JSON lines for scripts.
#pragma once

#include <memory>

#include "nascent/core/search.hpp"

namespace nascent::cli {

enum class RunOutput { live, plain, json };

// live when standard output is a terminal that understands cursor movement, else plain.
RunOutput default_output();

std::unique_ptr<core::SearchObserver> run_display(RunOutput output);

}  // namespace nascent::cli
