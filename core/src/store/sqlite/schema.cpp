#include "store/sqlite/schema.hpp"

namespace nascent::core::store::sqlite {

// Seeds are decimal text: SQLite has no unsigned 64-bit integer. Columns of type ANY keep doubles bit by bit (see
// Database). Times are seconds since the Unix epoch.
const std::array<std::string_view, 3> kSchemaSteps = {R"sql(
CREATE TABLE studies (
  id                INTEGER PRIMARY KEY,
  name              TEXT NOT NULL UNIQUE,
  created_at        REAL NOT NULL,
  seed              TEXT NOT NULL,
  parallel          INTEGER NOT NULL,
  objectives        TEXT NOT NULL,  -- JSON
  resolved_config   TEXT NOT NULL,  -- TOML
  space             TEXT NOT NULL,  -- JSON, one object per parameter
  space_fingerprint TEXT NOT NULL,
  nascent_version   TEXT NOT NULL,
  state             TEXT NOT NULL CHECK (state IN ('running', 'finished', 'stopped')),
  stop_reason       TEXT NOT NULL
) STRICT;

CREATE TABLE plugins (
  study_id INTEGER NOT NULL REFERENCES studies (id),
  position INTEGER NOT NULL,
  kind     TEXT NOT NULL,
  id       TEXT NOT NULL,
  alias    TEXT NOT NULL,
  version  TEXT NOT NULL,
  path     TEXT NOT NULL,
  sha256   TEXT NOT NULL,
  PRIMARY KEY (study_id, position)
) STRICT, WITHOUT ROWID;

-- Who coordinates a study. The epoch grows with every holder and outlives them.
CREATE TABLE coordinators (
  study_id    INTEGER PRIMARY KEY REFERENCES studies (id),
  epoch       INTEGER NOT NULL,
  held        INTEGER NOT NULL CHECK (held IN (0, 1)),
  host        TEXT NOT NULL,
  scope       TEXT NOT NULL,  -- boot and process namespace in which pid means something
  pid         INTEGER NOT NULL,
  start_ticks INTEGER NOT NULL,
  since       REAL NOT NULL,
  renewed_at  REAL NOT NULL
) STRICT;

CREATE TABLE trials (
  study_id          INTEGER NOT NULL REFERENCES studies (id),
  id                INTEGER NOT NULL,
  role              TEXT NOT NULL CHECK (role IN ('search', 'final')),
  state             TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'pruned', 'failed', 'invalid', 'paused')),
  reason            TEXT NOT NULL,
  message           TEXT NOT NULL,
  configuration     BLOB NOT NULL,  -- n little-endian doubles, then n activity bytes: what the search reads
  parameters        TEXT NOT NULL,  -- JSON {name: value} of the active ones: what people read
  seed              TEXT NOT NULL,
  architecture_hash TEXT NOT NULL,
  duplicate_of      INTEGER,
  parent            INTEGER,
  budget_spent      ANY,
  metrics           TEXT NOT NULL,  -- JSON {name: number}
  details           TEXT NOT NULL,  -- JSON object or empty
  accepted          INTEGER NOT NULL CHECK (accepted IN (0, 1)),
  attempts          INTEGER NOT NULL,
  worker            TEXT NOT NULL,
  queued_at         REAL NOT NULL,
  started_at        REAL NOT NULL,
  finished_at       REAL NOT NULL,
  cost_seconds      ANY,
  artifact_dir      TEXT NOT NULL,
  landed            INTEGER,        -- order of leaving a worker's hands, from 1 within the study; a promoted trial keeps it
                                    -- until it lands again, so that numbers are never used twice
  PRIMARY KEY (study_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX trials_queued ON trials (study_id, id) WHERE state = 'queued';
CREATE UNIQUE INDEX trials_landed ON trials (study_id, landed) WHERE landed IS NOT NULL;

-- Every attempt at a trial. `attempt` is the fencing token: only the row that is not ended may write.
CREATE TABLE leases (
  study_id   INTEGER NOT NULL,
  trial_id   INTEGER NOT NULL,
  attempt    INTEGER NOT NULL,
  worker     TEXT NOT NULL,
  leased_at  REAL NOT NULL,
  expires_at REAL NOT NULL,
  ended_at   REAL,
  reason     TEXT NOT NULL,
  message    TEXT NOT NULL,
  PRIMARY KEY (study_id, trial_id, attempt),
  FOREIGN KEY (study_id, trial_id) REFERENCES trials (study_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX leases_open ON leases (study_id, trial_id) WHERE ended_at IS NULL;

CREATE TABLE reports (
  study_id       INTEGER NOT NULL,
  trial_id       INTEGER NOT NULL,
  attempt        INTEGER NOT NULL,
  number         INTEGER NOT NULL,  -- from 0 within the attempt
  budget         ANY,
  metrics        TEXT NOT NULL,     -- JSON {name: number}
  reported_at    REAL NOT NULL,
  verdict_wanted INTEGER NOT NULL CHECK (verdict_wanted IN (0, 1)),
  verdict        TEXT CHECK (verdict IN ('proceed', 'stop', 'pause')),
  PRIMARY KEY (study_id, trial_id, attempt, number),
  FOREIGN KEY (study_id, trial_id, attempt) REFERENCES leases (study_id, trial_id, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX reports_awaiting ON reports (study_id, trial_id, attempt, number)
  WHERE verdict_wanted = 1 AND verdict IS NULL;

CREATE TABLE events (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  study_id INTEGER NOT NULL REFERENCES studies (id),
  at       REAL NOT NULL,
  kind     TEXT NOT NULL,
  data     TEXT NOT NULL  -- JSON
) STRICT;
CREATE INDEX events_of_study ON events (study_id, id);

CREATE TABLE test_openings (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  study_id  INTEGER NOT NULL,
  trial_id  INTEGER NOT NULL,
  purpose   TEXT NOT NULL,
  opened_at REAL NOT NULL,
  FOREIGN KEY (study_id, trial_id) REFERENCES trials (study_id, id)
) STRICT;

-- For people: SELECT * FROM metrics WHERE name = 'val_accuracy' ORDER BY value DESC;
CREATE VIEW metrics AS
  SELECT t.study_id, t.id AS trial_id, m.key AS name, m.value FROM trials t, json_each(t.metrics) m;
CREATE VIEW parameters AS
  SELECT t.study_id, t.id AS trial_id, p.key AS name, p.value FROM trials t, json_each(t.parameters) p;
)sql",
                                                      R"sql(
-- Configurations that are tried before the sampler is asked, in order of id.
CREATE TABLE queue (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  study_id      INTEGER NOT NULL REFERENCES studies (id),
  configuration BLOB NOT NULL,  -- as in trials
  parameters    TEXT NOT NULL,  -- as in trials
  origin        TEXT NOT NULL,
  queued_at     REAL NOT NULL,
  trial_id      INTEGER         -- whose configuration it is, written before that trial's row; NULL while it waits
) STRICT;
CREATE INDEX queue_of_study ON queue (study_id, trial_id, id);
)sql",
                                                      R"sql(
-- Files of trials, for machines that share no folder: what the newest attempt left.
CREATE TABLE artifacts (
  study_id INTEGER NOT NULL REFERENCES studies (id),
  trial_id INTEGER NOT NULL,
  attempt  INTEGER NOT NULL,  -- 0: what the trial begins with
  path     TEXT NOT NULL,  -- within the trial's folder
  bytes    BLOB NOT NULL,
  PRIMARY KEY (study_id, trial_id, attempt, path)
) STRICT;
)sql"};

}  // namespace nascent::core::store::sqlite
