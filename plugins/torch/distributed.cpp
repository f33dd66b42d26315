#include "distributed.hpp"

#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <chrono>
#include <future>

// LibTorch's own flags say what it was built with; c10d's headers need those of Gloo and NCCL.
#if defined(USE_C10D_GLOO) && __has_include(<gloo/allreduce.h>)
#define NASCENT_HAS_GLOO 1
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#if defined(USE_C10D_NCCL) && __has_include(<nccl.h>)
#define NASCENT_HAS_NCCL 1
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#endif

namespace nascent::libtorch {
namespace {

// A process that is gone is noticed at once, by its connections; this is for one that hangs.
constexpr std::chrono::seconds kPatience(30);
constexpr std::chrono::seconds kBetweenSignsOfLife(1);

// Small at first, because the last layers' gradients are there long before the rest.
constexpr std::int64_t kFirstBucketBytes = 1 << 20, kBucketBytes = 25 << 20;

}  // namespace

#ifdef NASCENT_HAS_GLOO

bool has_distributed(at::DeviceType device) {
#ifdef NASCENT_HAS_NCCL
  if (device == at::kCUDA) return true;
#endif
  return device == at::kCPU;
}

struct Team::Group {
  std::function<std::function<void()>(std::vector<at::Tensor>&)> begin_sum;
  std::function<void(std::vector<at::Tensor>&)> broadcast;

  template <class ProcessGroup>
  explicit Group(c10::intrusive_ptr<ProcessGroup> processes) {
    begin_sum = [processes](std::vector<at::Tensor>& values) {
      return [work = processes->allreduce(values)] { work->wait(); };
    };
    broadcast = [processes](std::vector<at::Tensor>& values) { processes->broadcast(values)->wait(); };
  }
};

Team::Team(std::uint32_t rank, std::uint32_t size, const std::string& rendezvous, at::Device device)
    : rank_(rank), size_(size), device_(device) {
  if (!has_distributed(device.type())) {
    throw Error(NAS_E_UNSUPPORTED, "this build of trainer torch has no NCCL: on CUDA it trains in one process; set processes = 1 or device = \"cpu\"");
  }
  try {
    auto store = c10::make_intrusive<c10d::FileStore>(rendezvous, static_cast<int>(size));
    store->setTimeout(kPatience);
#ifdef NASCENT_HAS_NCCL
    if (device.is_cuda()) {
      auto options = c10d::ProcessGroupNCCL::Options::create();
      options->timeout = kPatience;
      group_ = std::make_unique<Group>(
          c10::make_intrusive<c10d::ProcessGroupNCCL>(store, static_cast<int>(rank), static_cast<int>(size), options));
      return;
    }
#endif
    auto options = c10d::ProcessGroupGloo::Options::create(kPatience);
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1"));
    options->threads = 2;
    group_ = std::make_unique<Group>(
        c10::make_intrusive<c10d::ProcessGroupGloo>(store, static_cast<int>(rank), static_cast<int>(size), options));
  } catch (const std::exception& error) {
    throw lost(error);
  }
}

#else

bool has_distributed(at::DeviceType) { return false; }

struct Team::Group {
  std::function<std::function<void()>(std::vector<at::Tensor>&)> begin_sum;
  std::function<void(std::vector<at::Tensor>&)> broadcast;
};

Team::Team(std::uint32_t rank, std::uint32_t size, const std::string&, at::Device device) : rank_(rank), size_(size), device_(device) {
  throw Error(NAS_E_UNSUPPORTED, "trainer torch was built without Gloo and trains in one process; set processes = 1, or install libgloo-dev and build again");
}

#endif

Team::~Team() = default;

Error Team::lost(const std::exception& error) const {
  std::string why = error.what();
  why.resize(std::min(why.size(), why.find('\n')));  // LibTorch adds its stack
  return Error(NAS_E_CANCELLED, "process " + std::to_string(rank_ + 1) + " of " + std::to_string(size_) + " lost the others: " + why);
}

void Team::Pending::wait() { wait_(); }

Team::Pending Team::begin_sum(const at::Tensor& values) const {
  Pending pending;
  try {
    const bool elsewhere = values.device() != device_;  // NCCL sums on its device only
    std::vector<at::Tensor> all{elsewhere ? values.to(device_) : values};
    pending.wait_ = [this, wait = group_->begin_sum(all), values, sum = all[0], elsewhere] {
      try {
        wait();
      } catch (const std::exception& error) {
        throw lost(error);
      }
      const at::NoGradGuard no_grad;
      if (elsewhere) values.copy_(sum);
    };
  } catch (const std::exception& error) {
    throw lost(error);
  }
  return pending;
}

void Team::take_from_leader(const at::Tensor& values) const {
  if (values.numel() == 0) return;
  try {
    std::vector<at::Tensor> all{values.to(device_)};
    group_->broadcast(all);
    const at::NoGradGuard no_grad;
    if (values.device() != device_) values.copy_(all[0]);
  } catch (const std::exception& error) {
    throw lost(error);
  }
}

std::int64_t Team::answer_of_leader(const std::function<std::int64_t()>& answer) const {
  const at::Tensor message = at::zeros({2}, at::kLong);  // whether there is an answer, and which
  auto* values = message.data_ptr<std::int64_t>();
  std::future<std::int64_t> asked;
  if (leads()) asked = std::async(std::launch::async, answer);
  // The others hear each second that they are not forgotten.
  while (values[0] == 0) {
    if (leads() && asked.wait_for(kBetweenSignsOfLife) == std::future_status::ready) {
      values[1] = asked.get();
      values[0] = 1;
    }
    take_from_leader(message);
  }
  return values[1];
}

double Team::combine_moments(double rows, const at::Tensor& mean, const at::Tensor& variance) const {
  const at::NoGradGuard no_grad;
  const std::int64_t channels = mean.size(0);
  // Each process fills one line; the sum with the others' zeros brings all lines to all.
  const at::Tensor all = at::zeros({size_, 2 * channels + 1}, mean.options().dtype(at::kDouble));
  const at::Tensor mine = all[rank_];
  mine.narrow(0, 0, channels).copy_(mean);
  mine.narrow(0, channels, channels).copy_(variance);
  mine[2 * channels].fill_(rows);
  sum(all);
  const at::Tensor n = all.narrow(1, 2 * channels, 1), means = all.narrow(1, 0, channels), variances = all.narrow(1, channels, channels);
  const at::Tensor total = n.sum();
  const at::Tensor joint = (n * means).sum(0) / total;
  mean.copy_(joint);
  variance.copy_((n * (variances + (means - joint).square())).sum(0) / total);
  return total.item<double>();
}

// Told by autograd when a parameter's gradient is there.
struct GradientSum::Hooks {
  std::vector<std::shared_ptr<torch::autograd::Node>> nodes;  // kept: variables only point at theirs
};

GradientSum::GradientSum(const Team& team, const Weights& weights, at::Tensor gradients)
    : team_(team), gradients_(std::move(gradients)), hooks_(std::make_unique<Hooks>()) {
  using torch::autograd::variable_list;
  const std::vector<Weights::Entry>& entries = weights.entries();
  std::int64_t end = gradients_.numel();
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (entry->info.role == WeightRole::statistic) continue;
    const std::int64_t bytes_max = buckets_.size() == 1 ? kFirstBucketBytes : kBucketBytes;
    const bool full = buckets_.empty() || (buckets_.back().end - entry->offset) * static_cast<std::int64_t>(sizeof(float)) > bytes_max;
    if (full) buckets_.push_back({end, end, 0, 0});
    Bucket& bucket = buckets_.back();
    bucket.begin = end = entry->offset;
    ++bucket.parameters;
    const auto node = torch::autograd::impl::grad_accumulator(entry->tensor);
    node->add_post_hook(std::make_unique<torch::autograd::utils::LambdaPostHook>(
        [this, index = buckets_.size() - 1](const variable_list& outputs, const variable_list&) {
          arrived(index);
          return outputs;
        }));
    hooks_->nodes.push_back(node);
  }
}

GradientSum::~GradientSum() = default;

void GradientSum::begin() {
  for (Bucket& bucket : buckets_) bucket.missing = bucket.parameters;
  sent_ = 0;
  pending_.clear();
}

void GradientSum::arrived(std::size_t bucket) {
  --buckets_[bucket].missing;
  while (sent_ < buckets_.size() && buckets_[sent_].missing == 0) send_ready();
}

// In their order, whichever is full first: all processes have to send alike.
void GradientSum::send_ready() {
  const Bucket& bucket = buckets_[sent_++];
  pending_.push_back(team_.begin_sum(gradients_.narrow(0, bucket.begin, bucket.end - bucket.begin)));
}

void GradientSum::finish() {
  while (sent_ < buckets_.size()) send_ready();  // weights that the loss does not depend on never get a gradient
  for (Team::Pending& pending : pending_) pending.wait();
  pending_.clear();
}

}  // namespace nascent::libtorch
