// A scheduler inside the program: the virtual call that a call through the ABI is measured against.
#pragma once

#include <memory>

#include "nascent/scheduler.hpp"

std::unique_ptr<nascent::Scheduler> make_native_scheduler();
