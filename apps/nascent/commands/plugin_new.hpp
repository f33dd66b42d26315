#pragma once

#include "command.hpp"

namespace nascent::cli {

void add_plugin_new(Commands& commands, CLI::App* parent);  // plugin new

}  // namespace nascent::cli
