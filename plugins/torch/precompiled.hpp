// LibTorch's headers, parsed once for all translation units.
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "nascent/graph.hpp"
#include "nascent/trainer.hpp"
