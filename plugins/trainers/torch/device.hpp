// Where and in which arithmetic to train, and what running out of memory looks like.
#pragma once

#include <ATen/ATen.h>

#include <exception>

#include "nascent/trainer.hpp"
#include "plan.hpp"
#include "settings.hpp"

namespace nascent::libtorch {

// Throws InvalidOption when LibTorch or the machine has no CUDA.
void require_cuda();

// On CUDA process k of a team takes the device k places behind the task's. Throws InvalidOption when CUDA is asked for and there
// is none.
at::Device choose_device(DeviceChoice choice, const Task& task);

// float32 or bfloat16. automatic: bfloat16 where the processor multiplies it natively (AVX512-BF16, AMX, CUDA) and
// most of the work is two-dimensional convolution; small dense networks are faster in float32. A fixed rule rather than
// a measurement: the same trial has to take the same arithmetic again.
at::ScalarType choose_compute(Precision precision, at::Device device, const Plan& plan);

bool is_out_of_memory(const std::exception& error);

// Once per process: the allocator keeps freed memory (1.4-1.7 times the training speed), and a warning goes to the host
// when LibTorch's matrix products run on the reference BLAS.
void prepare_process(const Host& host);

}  // namespace nascent::libtorch
