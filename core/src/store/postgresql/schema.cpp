#include "store/postgresql/schema.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

namespace nascent::core::store::postgresql {
namespace {

// As the tables of an SQLite store, see docs/reference/store.md. JSON columns are text, because json refuses the empty
// text and jsonb changes numbers. Seeds are decimal text in both engines. Times are seconds since the Unix epoch by the
// server's clock.
constexpr std::array<std::string_view, 2> kSteps = {R"sql(
CREATE TABLE studies (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name              text NOT NULL UNIQUE,
  created_at        float8 NOT NULL,
  seed              text NOT NULL,
  parallel          bigint NOT NULL,
  objectives        text NOT NULL,
  resolved_config   text NOT NULL,
  space             text NOT NULL,
  space_fingerprint text NOT NULL,
  nascent_version   text NOT NULL,
  state             text NOT NULL CHECK (state IN ('running', 'finished', 'stopped')),
  stop_reason       text NOT NULL
);

CREATE TABLE plugins (
  study_id bigint NOT NULL REFERENCES studies (id),
  position bigint NOT NULL,
  kind     text NOT NULL,
  id       text NOT NULL,
  alias    text NOT NULL,
  version  text NOT NULL,
  path     text NOT NULL,
  sha256   text NOT NULL,
  PRIMARY KEY (study_id, position)
);

-- Who coordinates a study. The right itself is the advisory lock (kLockClass, study_id) of its session; the epoch grows
-- with every holder and outlives them.
CREATE TABLE coordinators (
  study_id    bigint PRIMARY KEY REFERENCES studies (id),
  epoch       bigint NOT NULL,
  held        boolean NOT NULL,
  host        text NOT NULL,
  pid         bigint NOT NULL,
  since       float8 NOT NULL,
  renewed_at  float8 NOT NULL
);

-- The last number of trials.landed, in a row of its own: whoever lands a trial holds it until the commit, so that numbers
-- become visible in their order.
CREATE TABLE landings (
  study_id bigint PRIMARY KEY REFERENCES studies (id),
  last     bigint NOT NULL
);

-- How many commits each writer has made. A writer whose connection was lost asks here whether the last one came through.
CREATE TABLE writers (
  id      text PRIMARY KEY,
  commits bigint NOT NULL,
  seen_at float8 NOT NULL
);

CREATE TABLE trials (
  study_id          bigint NOT NULL REFERENCES studies (id),
  id                bigint NOT NULL,
  role              text NOT NULL CHECK (role IN ('search', 'final')),
  state             text NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'pruned', 'failed', 'invalid', 'paused')),
  reason            text NOT NULL,
  message           text NOT NULL,
  configuration     bytea NOT NULL,
  parameters        text NOT NULL,
  seed              text NOT NULL,
  architecture_hash text NOT NULL,
  duplicate_of      bigint,
  parent            bigint,
  budget_spent      float8 NOT NULL,
  metrics           text NOT NULL,
  details           text NOT NULL,
  accepted          boolean NOT NULL,
  attempts          bigint NOT NULL,
  worker            text NOT NULL,
  queued_at         float8 NOT NULL,
  started_at        float8 NOT NULL,
  finished_at       float8 NOT NULL,
  cost_seconds      float8 NOT NULL,
  artifact_dir      text NOT NULL,
  landed            bigint,
  PRIMARY KEY (study_id, id)
);
CREATE INDEX trials_queued ON trials (study_id, id) WHERE state = 'queued';
CREATE UNIQUE INDEX trials_landed ON trials (study_id, landed) WHERE landed IS NOT NULL;

CREATE TABLE leases (
  study_id   bigint NOT NULL,
  trial_id   bigint NOT NULL,
  attempt    bigint NOT NULL,
  worker     text NOT NULL,
  leased_at  float8 NOT NULL,
  expires_at float8 NOT NULL,
  ended_at   float8,
  reason     text NOT NULL,
  message    text NOT NULL,
  PRIMARY KEY (study_id, trial_id, attempt),
  FOREIGN KEY (study_id, trial_id) REFERENCES trials (study_id, id)
);
CREATE UNIQUE INDEX leases_open ON leases (study_id, trial_id) WHERE ended_at IS NULL;

CREATE TABLE reports (
  study_id       bigint NOT NULL,
  trial_id       bigint NOT NULL,
  attempt        bigint NOT NULL,
  number         bigint NOT NULL,
  budget         float8 NOT NULL,
  metrics        text NOT NULL,
  reported_at    float8 NOT NULL,
  verdict_wanted boolean NOT NULL,
  verdict        text CHECK (verdict IN ('proceed', 'stop', 'pause')),
  PRIMARY KEY (study_id, trial_id, attempt, number),
  FOREIGN KEY (study_id, trial_id, attempt) REFERENCES leases (study_id, trial_id, attempt)
);
CREATE INDEX reports_awaiting ON reports (study_id, trial_id, attempt, number) WHERE verdict_wanted AND verdict IS NULL;

CREATE TABLE queue (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  study_id      bigint NOT NULL REFERENCES studies (id),
  configuration bytea NOT NULL,
  parameters    text NOT NULL,
  origin        text NOT NULL,
  queued_at     float8 NOT NULL,
  trial_id      bigint
);
CREATE INDEX queue_of_study ON queue (study_id, trial_id, id);

CREATE TABLE events (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  study_id bigint NOT NULL REFERENCES studies (id),
  at       float8 NOT NULL,
  kind     text NOT NULL,
  data     text NOT NULL
);
CREATE INDEX events_of_study ON events (study_id, id);

CREATE TABLE test_openings (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  study_id  bigint NOT NULL,
  trial_id  bigint NOT NULL,
  purpose   text NOT NULL,
  opened_at float8 NOT NULL,
  FOREIGN KEY (study_id, trial_id) REFERENCES trials (study_id, id)
);

-- For people: SELECT * FROM nascent.metrics WHERE name = 'val_accuracy' ORDER BY value DESC;
CREATE VIEW metrics AS
  SELECT t.study_id, t.id AS trial_id, m.key AS name, m.value::float8 AS value
  FROM trials t, json_each_text(t.metrics::json) m;
CREATE VIEW parameters AS
  SELECT t.study_id, t.id AS trial_id, p.key AS name, p.value FROM trials t, json_each_text(t.parameters::json) p;
)sql",
                                                     R"sql(
-- Files of trials, for machines that share no folder: what the newest attempt left.
CREATE TABLE artifacts (
  study_id bigint NOT NULL REFERENCES studies (id),
  trial_id bigint NOT NULL,
  attempt  bigint NOT NULL,  -- 0: what the trial begins with
  path     text NOT NULL,
  bytes    bytea NOT NULL,
  PRIMARY KEY (study_id, trial_id, attempt, path)
);
ALTER TABLE artifacts ALTER COLUMN bytes SET STORAGE EXTERNAL;  -- weights do not compress
)sql"};

bool exists(Database& db) {
  // to_regclass() would answer from what this connection knew before it waited for a lock.
  Query row = db.query(
      "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = 'nascent' AND tablename = 'schema_version')");
  return row->next() && row->flag();
}

std::int64_t version_of(Database& db) {
  Query row = db.query("SELECT max(version) FROM nascent.schema_version");
  return row->next() ? row->optional_integer().value_or(0) : 0;
}

Result<void> check_version(Database& db, std::int64_t version, std::int64_t known, OpenMode mode) {
  if (version > known) {
    return core::fail(
        ErrorKind::store,
        fmt::format("{} was written by nascent schema {}; this build knows up to {}; upgrade nascent or use "
                    "another database",
                    db.path(), version, known));
  }
  if (version < known && mode == OpenMode::read_only) {
    return core::fail(ErrorKind::store,
                      fmt::format("{} was written by nascent schema {}; this build knows {} and cannot convert "
                                  "it while reading only; open it once for writing, for instance with "
                                  "`nascent resume`",
                                  db.path(), version, known));
  }
  return {};
}

// Whoever comes second finds it done.
Result<void> migrate(Database& db, OpenMode mode, std::span<const std::string_view> steps) {
  db.script("BEGIN");
  db.execute("SELECT pg_advisory_xact_lock($1::int, 0)", kLockClass);
  if (!exists(db)) {
    db.script("CREATE SCHEMA IF NOT EXISTS nascent");
    db.script("CREATE TABLE nascent.schema_version (version bigint NOT NULL)");
    db.script("INSERT INTO nascent.schema_version VALUES (0)");
  }
  const std::int64_t version = db.ok() ? version_of(db) : 0;
  Result<void> fits = check_version(db, version, static_cast<std::int64_t>(steps.size()), mode);
  if (fits) {
    for (auto step = static_cast<std::size_t>(version); step < steps.size(); ++step)
      db.script(std::string(steps[step]));
    db.execute("UPDATE nascent.schema_version SET version = $1", steps.size());
    db.script("COMMIT");
  }
  if (!fits || !db.ok()) db.rollback();
  return fits;
}

}  // namespace

std::span<const std::string_view> schema_steps() { return kSteps; }

Result<void> prepare(Database& db, OpenMode mode, std::span<const std::string_view> steps) {
  const bool fresh = !exists(db);
  if (!db.ok()) return {};
  if (fresh && mode != OpenMode::create_or_open) {
    return core::fail(ErrorKind::store,
                      fmt::format("store {} is empty; start a study in it with `nascent run`", db.path()));
  }
  const std::int64_t version = fresh ? 0 : version_of(db);
  if (!db.ok()) return {};
  if (auto fits = check_version(db, version, static_cast<std::int64_t>(steps.size()), mode); !fits) return fits;
  return version == static_cast<std::int64_t>(steps.size()) ? Result<void>{} : migrate(db, mode, steps);
}

}  // namespace nascent::core::store::postgresql
