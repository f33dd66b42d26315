// Data-parallel training: the processes that train one trial together, seen from the worker that leads them, and what the others do.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nascent/core/result.hpp"
#include "nascent/core/store.hpp"
#include "nascent/core/trial_runner.hpp"

namespace nascent::core {

// On a worker's command line in place of the role of the trials it leases: it leases none, and its rank follows.
inline constexpr std::string_view kFollowerRole = "follower";

// The further processes of a worker's trials: started once, kept as long as the worker. They share its process group, environment
// and output, lease and report nothing, and have its fate: when one of them ends, so does this process, in the same way.
class Followers final : public Team {
 public:
  // `command`: a nascent-worker's command line without its end, from its second word on; each gets kFollowerRole and its rank behind
  // it, and `line_fd` in place of the word at `fd_at`. Returns at once.
  static Result<std::unique_ptr<Followers>> start(const std::vector<std::string>& command, std::size_t fd_at,
                                                  std::uint32_t processes);
  ~Followers() override;

  // Until all have created their components.
  void wait_until_ready();

  [[nodiscard]] std::uint32_t processes() const override { return static_cast<std::uint32_t>(members_.size()) + 1; }
  std::string begin(TrialId trial) override;
  std::optional<PluginError> end() override;
  [[noreturn]] void give_up(const std::string& why) override;

 private:
  struct Member;
  struct Watch;
  Followers();
  std::vector<Member> members_;
  std::unique_ptr<Watch> watch_;
  int meeting_ = -1;  // what the processes of the current training meet in
};

// A follower's life: runs what its leader sends over the socket `line_fd` until that closes. The exit status.
int follow(Store& store, StudyId study, TrialRunner& runner, int line_fd, std::uint32_t rank, std::uint32_t processes);

}  // namespace nascent::core
