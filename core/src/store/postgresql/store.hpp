// The engine that keeps stores in a PostgreSQL database, for processes on any number of machines.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>

#include "store/clock.hpp"
#include "store/postgresql/connection.hpp"
#include "store/process.hpp"
#include "store/sql/store.hpp"

namespace nascent::core::store::postgresql {

// Every change is one transaction (READ COMMITTED) that locks the rows it decides by.
//
// A connection that is lost is made again, and what was being done is done again: a transaction that was under way is
// gone with its connection, and of one whose commit was under way the server is asked how it ended. So a call takes
// effect once. This goes on for a bounded time; then the call fails, and has changed nothing.
//
// The right to coordinate is an advisory lock of the session, which ends with its process wherever that runs; the epoch
// fences off whoever had it before.
class PostgresqlStore final : public SqlStore {
 public:
  static Result<std::unique_ptr<Store>> open(const std::string& location, OpenMode mode);

  explicit PostgresqlStore(std::unique_ptr<Database> database);

  Result<std::uint64_t> version() override;
  int changes_fd() override;
  Result<Coordinator> acquire_coordinator(StudyId study, double stale_after_seconds) override;
  Result<std::optional<CoordinatorRecord>> coordinator(StudyId study, double stale_after_seconds) override;
  Result<std::optional<LeasedTrial>> lease(StudyId study, std::string_view worker, double lease_seconds,
                                           std::optional<TrialRole> role) override;
  Result<TrialTally> tally(StudyId study) override;

 private:
  Result<void> transact(const std::function<bool()>& body, Change change) override;
  Result<void> look(const std::function<void()>& body) override;
  [[nodiscard]] double now() const override { return store::now() + db_->clock_offset(); }  // by the server's clock
  std::uint64_t next_landed(StudyId study, std::size_t count) override;
  void take_turn(StudyId study) override;
  void on_created(StudyId study) override;
  void on_released(StudyId study) override;

  // How long a lost connection is tried again.
  class Patience;
  enum class After { give_up, repeat, committed };
  // What to do once db_ is in trouble.
  After recover(Patience& patience);
  void reconnect(Patience& patience);
  // Takes the locks of the studies that this process coordinates again; those that somebody else has meanwhile are
  // lost.
  void lock_again(int earlier_backend);

  // The row of the study's last coordinator.
  struct Holder {
    std::uint64_t epoch = 0;
    bool held = false;
    ProcessIdentity process;
    double since = 0, renewed_at = 0;
    bool locked = false;  // its session lives
  };
  std::optional<Holder> last_holder(StudyId study);
  bool try_lock(StudyId study);
  // Ends the session that holds the study's lock, if it is `backend` or that is 0.
  void end_holder(StudyId study, std::int64_t backend);

  std::unique_ptr<Database> db_;
  std::map<StudyId, std::uint64_t> held_;  // epochs of the studies whose lock this connection holds
  std::uint64_t own_commits_ = 0;
};

class PostgresqlStore::Patience {
 public:
  Patience() = default;
  explicit Patience(double seconds_most) : seconds_(std::min(seconds_most, given_seconds())) {}
  // Empty when the time is over; else waits before the next try.
  bool wait();
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  using Clock = std::chrono::steady_clock;
  static double given_seconds();
  double seconds_ = given_seconds();
  std::optional<Clock::time_point> until_;
  std::chrono::milliseconds pause_{20};
};

}  // namespace nascent::core::store::postgresql
