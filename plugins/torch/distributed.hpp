// The processes that train one model together, on c10d: Gloo between CPUs, NCCL between CUDA devices.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "weights.hpp"

namespace nascent::libtorch {

// Whether this build can train in several processes on the device's kind.
bool has_distributed(at::DeviceType device);

// A process's rows of n: [begin, end).
struct Share {
  std::int64_t begin = 0, end = 0;
  [[nodiscard]] std::int64_t size() const { return end - begin; }
};

// One process's view of all. Every process makes the same calls in the same order. A call throws Error(NAS_E_CANCELLED) when
// another process is gone, or has not made its call within 30 seconds.
class Team {
 public:
  // A sum on its way. wait() before the values are read; they stay alive until then.
  class Pending {
   public:
    void wait();

   private:
    friend class Team;
    std::function<void()> wait_;
  };

  // Waits for the others at `rendezvous`, a file that all open and that is empty at first. `device`: of the tensors that
  // are summed.
  Team(std::uint32_t rank, std::uint32_t size, const std::string& rendezvous, at::Device device);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  [[nodiscard]] std::int64_t rank() const { return rank_; }
  [[nodiscard]] std::int64_t size() const { return size_; }
  [[nodiscard]] bool leads() const { return rank_ == 0; }
  // Shares differ by at most one row.
  [[nodiscard]] Share share(std::int64_t rows) const { return {rows * rank_ / size_, rows * (rank_ + 1) / size_}; }

  // Over all processes, in place, equal to the bit in each. values: dense.
  void sum(const at::Tensor& values) const { begin_sum(values).wait(); }
  [[nodiscard]] Pending begin_sum(const at::Tensor& values) const;
  // The leader's values, in place.
  void take_from_leader(const at::Tensor& values) const;
  // What `answer` returns in the leader, the only process that calls it. It may take as long as it likes.
  [[nodiscard]] std::int64_t answer_of_leader(const std::function<std::int64_t()>& answer) const;

  // mean, variance (biased): float32 [channels] of this process's `rows` rows; become those of all rows together, whose
  // number is returned. Chan, Golub, LeVeque 1983.
  double combine_moments(double rows, const at::Tensor& mean, const at::Tensor& variance) const;

 private:
  struct Group;
  [[nodiscard]] Error lost(const std::exception& error) const;
  std::unique_ptr<Group> group_;
  std::int64_t rank_, size_;
  at::Device device_;
};

// Gradients summed over a team in buckets, each as soon as its last gradient is there, while the backward pass goes on with
// the layers before. Li et al., "PyTorch Distributed" (VLDB 2020), section 3.2.
class GradientSum {
 public:
  // `weights` and `gradients`: see Weights::attach_gradients(). Both, and `team`, outlive it.
  GradientSum(const Team& team, const Weights& weights, at::Tensor gradients);
  ~GradientSum();
  GradientSum(const GradientSum&) = delete;
  GradientSum& operator=(const GradientSum&) = delete;

  void begin();   // before a backward pass
  void finish();  // after it: the gradients are those of all processes

 private:
  struct Bucket {
    std::int64_t begin = 0, end = 0;  // into the gradients
    std::size_t parameters = 0, missing = 0;
  };
  struct Hooks;
  void arrived(std::size_t bucket);
  void send_ready();

  const Team& team_;
  at::Tensor gradients_;
  std::vector<Bucket> buckets_;  // the last layers' first
  std::size_t sent_ = 0;
  std::vector<Team::Pending> pending_;
  std::unique_ptr<Hooks> hooks_;
};

}  // namespace nascent::libtorch
