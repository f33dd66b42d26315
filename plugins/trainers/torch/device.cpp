#include "device.hpp"

#include <ATen/detail/CUDAHooksInterface.h>
#include <link.h>
#include <malloc.h>
#include <torch/version.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <string>

namespace nascent::libtorch {
namespace {

// Multiply-adds of a row below which conversions cost more than bfloat16 gains; on CUDA each conversion is a launch.
constexpr std::int64_t kConvolutionWorkMin = 200'000, kConvolutionWorkMinOnCuda = 300'000'000;

bool processor_has_bf16() {
#if defined(__x86_64__) && defined(__GNUC__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

bool has_fast_blas() {
  bool found = false;
  dl_iterate_phdr(
      [](dl_phdr_info* library, std::size_t, void* out) {
        constexpr std::array<const char*, 5> fast{"openblas", "mkl", "blis", "atlas", "nvpl"};
        for (const char* name : fast) {
          if (std::strstr(library->dlpi_name, name) != nullptr) *static_cast<bool*>(out) = true;
        }
        return 0;
      },
      &found);
  return found;
}

// The same seed gives the same weights on CUDA too: cuBLAS with a workspace of its own, cuDNN and LibTorch without
// atomic sums. Operators that LibTorch knows only without a fixed order say so on standard error.
void repeat_on_cuda() {
  static std::once_flag once;
  std::call_once(once, [] {
    ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
    at::globalContext().setDeterministicCuDNN(true);
    at::globalContext().setDeterministicAlgorithms(true, true);
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 2)
    at::globalContext().setDeterministicFillUninitializedMemory(false);  // finds bugs in LibTorch; costs launches
#endif
  });
}

void require_leased(int id) {
  const int n = at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().getNumGPUs()) : 0;
  if (id < n) return;
  throw Error(NAS_E_UNSUPPORTED, "the study leases cuda:" + std::to_string(id) + " to this trial (workers.devices), and this LibTorch sees " +
                                     std::to_string(n) + " CUDA devices, which count from 0; name those, or \"cpu\"");
}

}  // namespace

void require_cuda() {
  if (at::hasCUDA()) return;
  throw InvalidOption("device",
                      "device is \"cuda\" but this LibTorch sees no CUDA device; use \"auto\" or \"cpu\", or build "
                      "against a CUDA LibTorch");
}

at::Device choose_device(DeviceChoice choice, const Task& task) {
  const bool wants_cuda =
      choice == DeviceChoice::cuda || (choice == DeviceChoice::automatic && task.device_type() == 2);
  const bool free_to_choose = choice == DeviceChoice::automatic && task.device_type() == 0;
  if (!wants_cuda && !free_to_choose) return at::kCPU;
  if (task.device_type() == 2) require_leased(task.device_id());
  if (at::hasCUDA()) {
    repeat_on_cuda();
    return {at::kCUDA, static_cast<at::DeviceIndex>(task.device_id() + static_cast<int>(task.raw()->rank))};
  }
  if (!free_to_choose) require_cuda();
  return at::kCPU;
}

at::ScalarType choose_compute(Precision precision, at::Device device, const Plan& plan) {
  if (precision == Precision::fp32) return at::kFloat;
  if (precision == Precision::bf16) return at::kBFloat16;
  const std::int64_t work = plan.convolution_multiply_adds();
  const bool native = device.is_cuda() || processor_has_bf16();
  const std::int64_t enough = device.is_cuda() ? kConvolutionWorkMinOnCuda : kConvolutionWorkMin;
  return native && work >= enough && 2 * work >= plan.summary().multiply_adds ? at::kBFloat16 : at::kFloat;
}

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  for (const char* text :
       {"not enough memory", "out of memory", "allocate memory", "could not create a memory", "Cannot allocate"}) {
    if (std::strstr(error.what(), text) != nullptr) return true;
  }
  return false;
}

void prepare_process(const Host& host) {
  static std::once_flag once;
  std::call_once(once, [&] {
#if defined(__GLIBC__)
    constexpr int gibibyte = 1 << 30;
    mallopt(M_MMAP_THRESHOLD, gibibyte);
    mallopt(M_TRIM_THRESHOLD, gibibyte);
#endif
    if (!has_fast_blas()) {
      host.log(NAS_LOG_WARN, "torch",
               "event=slow_blas reason=\"LibTorch uses the reference BLAS, 14-25 times slower\" remedy=\"apt install "
               "libopenblas0-pthread\"");
    }
  });
}

}  // namespace nascent::libtorch
