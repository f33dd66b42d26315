// Opening a PostgreSQL store, and finding back to it after its connection was lost.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <thread>

#include "nascent/core/config_value.hpp"
#include "nascent/core/store_location.hpp"
#include "store/postgresql/schema.hpp"
#include "store/postgresql/store.hpp"

namespace nascent::core::store::postgresql {
namespace {

constexpr const char* kPatienceVariable = "NASCENT_STORE_PATIENCE_S";
constexpr double kPatienceSeconds = 60;
constexpr double kOpenSeconds = 30;  // for a server that is restarting; who only reads can come again
constexpr double kWriterSeconds = 7 * 86400;  // nobody waits longer for a connection
constexpr std::chrono::milliseconds kPauseMax{1000};

}  // namespace

double PostgresqlStore::Patience::given_seconds() {
  const char* given = std::getenv(kPatienceVariable);
  char* end = nullptr;
  const double seconds = given == nullptr ? 0 : std::strtod(given, &end);
  return given != nullptr && *given != '\0' && *end == '\0' && seconds >= 0 ? seconds : kPatienceSeconds;
}

bool PostgresqlStore::Patience::wait() {
  if (!until_)
    until_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds_));
  if (Clock::now() >= *until_) return false;
  std::this_thread::sleep_for(pause_);
  pause_ = std::min(2 * pause_, kPauseMax);
  return true;
}

PostgresqlStore::After PostgresqlStore::recover(Patience& patience) {
  if (db_->trouble() == Trouble::refused) {
    db_->rollback();
    return After::give_up;
  }
  if (db_->trouble() == Trouble::conflict) {
    db_->rollback();
    if (!patience.wait()) return After::give_up;
    static_cast<void>(db_->take_error());
    return After::repeat;
  }
  const bool in_doubt = db_->in_doubt();
  spdlog::warn("store={} connection=lost retry_s={}", toml_text(db_->path()), patience.seconds());
  do {
    reconnect(patience);
    if (!db_->ok()) return After::give_up;
    const bool committed = in_doubt && db_->came_through();
    if (db_->ok()) return committed ? After::committed : After::repeat;
  } while (db_->trouble() == Trouble::lost && patience.wait());
  return After::give_up;
}

void PostgresqlStore::reconnect(Patience& patience) {
  const int earlier_backend = db_->backend();
  do {
    db_->reconnect();
    if (db_->trouble() != Trouble::lost) break;
  } while (patience.wait());
  if (db_->ok()) lock_again(earlier_backend);
}

void PostgresqlStore::lock_again(int earlier_backend) {
  for (auto held = held_.begin(); held != held_.end();) {
    const StudyId study = held->first;
    const std::optional<Holder> last = last_holder(study);
    bool locked = last && last->epoch == held->second && last->held && try_lock(study);
    if (!locked && last && last->epoch == held->second && earlier_backend != 0) {
      end_holder(study, earlier_backend);  // our own session, whose end the server has not noticed
      locked = try_lock(study);
    }
    held = locked ? std::next(held) : held_.erase(held);
  }
}

Result<std::unique_ptr<Store>> PostgresqlStore::open(const std::string& location, OpenMode mode) {
  Patience patience(mode == OpenMode::read_only ? 0 : kOpenSeconds);
  for (bool told = false;;) {
    auto db = std::make_unique<Database>(public_location(location), mode == OpenMode::read_only);
    auto prepared = db->ok() ? prepare(*db, mode) : Result<void>{};
    if (db->ok() && prepared && mode != OpenMode::read_only) {
      db->execute("DELETE FROM writers WHERE seen_at < extract(epoch FROM clock_timestamp()) - $1", kWriterSeconds);
    }
    const bool may_pass = db->may_pass();
    if (auto error = db->take_error()) {
      if (may_pass && !told && patience.seconds() > 0) {
        spdlog::warn("store={} server=away retry_s={} error={}", toml_text(db->path()), patience.seconds(), toml_text(error->message));
      }
      told = told || may_pass;
      if (may_pass && patience.wait()) continue;
      return tl::unexpected<Error>(std::move(*error));
    }
    if (!prepared) return tl::unexpected<Error>(prepared.error());
    return std::make_unique<PostgresqlStore>(std::move(db));
  }
}

}  // namespace nascent::core::store::postgresql
