// The engine that keeps a store in one SQLite file, for any number of processes on one machine.
#pragma once

#include <chrono>
#include <memory>

#include "store/clock.hpp"
#include "store/process.hpp"
#include "store/sql/store.hpp"
#include "store/sqlite/connection.hpp"

namespace nascent::core::store::sqlite {

// Every change is one transaction that takes the write lock at its start, so that what it reads cannot change under it.
class SqliteStore final : public SqlStore {
 public:
  static Result<std::unique_ptr<Store>> open(const std::string& path, OpenMode mode);

  explicit SqliteStore(std::unique_ptr<Database> database);

  Result<std::uint64_t> version() override;
  Result<Coordinator> acquire_coordinator(StudyId study, double stale_after_seconds) override;
  Result<std::optional<CoordinatorRecord>> coordinator(StudyId study, double stale_after_seconds) override;
  Result<std::optional<LeasedTrial>> lease(StudyId study, std::string_view worker, double lease_seconds,
                                           std::optional<TrialRole> role) override;
  Result<TrialTally> tally(StudyId study) override;

 private:
  Result<void> transact(const std::function<bool()>& body, Change change) override;
  Result<void> look(const std::function<void()>& body) override;
  [[nodiscard]] double now() const override { return store::now(); }
  std::uint64_t next_landed(StudyId study, std::size_t count) override;

  // The row of the study's last coordinator.
  struct Holder {
    std::uint64_t epoch = 0;
    bool held = false;
    ProcessIdentity process;
    double since = 0, renewed_at = 0;
  };
  std::optional<Holder> last_holder(StudyId study);
  void set_synchronous(bool full);

  std::unique_ptr<Database> db_;
  std::uint64_t own_commits_ = 0;
  bool synchronous_full_ = false;
  std::chrono::steady_clock::time_point last_sync_{};
};

}  // namespace nascent::core::store::sqlite
