#pragma once

#include "command.hpp"

namespace nascent::cli {

void add_plugin_check(Commands& commands, CLI::App* parent);  // plugin check

}  // namespace nascent::cli
