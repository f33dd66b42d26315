// What a store file is to people and other programs, and what happens when it is not what it should be.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/mount.h>

#include <fstream>
#include <thread>

#include "store/sqlite/schema.hpp"
#include "store/sqlite/connection.hpp"
#include "store_fixture.hpp"
#include "store_processes.hpp"

namespace nascent::core::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class StoreFile : public ::testing::Test {
 protected:
  std::string refusal(OpenMode mode = OpenMode::create_or_open) {
    const auto opened = Store::open(path_, mode);
    return opened ? "opened" : opened.error().message;
  }
  // One study with one completed trial.
  void make_store() {
    const auto store = must(Store::open(path_));
    const auto coordinator = must(store->acquire_coordinator(must(store->create_study(small_study()))));
    const Trial trial = completed(small_trial(0), 0.875);
    must(store->record_finished(coordinator, std::span(&trial, 1)));
    must(store->release(coordinator));
  }
  // One column of the last row, as the sqlite3 shell would show it; or the error.
  std::string shell(const std::string& sql, int column = 0) {
    sqlite3* db = nullptr;
    sqlite3_open(path_.c_str(), &db);
    std::pair<std::string, int> out{"", column};
    char* error = nullptr;
    sqlite3_exec(
        db, sql.c_str(),
        [](void* of, int, char** values, char**) {
          auto& [text, index] = *static_cast<std::pair<std::string, int>*>(of);
          if (values[index] != nullptr) text = values[index];
          return 0;
        },
        &out, &error);
    if (error != nullptr) out.first = error;
    sqlite3_free(error);
    sqlite3_close(db);
    return out.first;
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path("study.db");
};

TEST_F(StoreFile, people_read_it_with_plain_sqlite) {
  make_store();
  EXPECT_EQ(shell("SELECT parameters FROM trials"), R"({"trainer.learning_rate":0.001,"space.block":"plain"})");
  EXPECT_EQ(shell("SELECT value FROM metrics WHERE name = 'val_accuracy'"), "0.875");
  EXPECT_EQ(shell("SELECT value FROM parameters WHERE name = 'space.block'"), "plain");
  EXPECT_EQ(shell("SELECT seed FROM studies"), "18446744073709551615");
  EXPECT_EQ(shell("SELECT state FROM trials"), "completed");
  EXPECT_EQ(shell("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(shell("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(shell("PRAGMA application_id"), std::to_string(store::sqlite::kApplicationId));
}

TEST_F(StoreFile, the_hot_queries_use_an_index) {
  make_store();
  const auto plan = [&](const std::string& sql) { return shell("EXPLAIN QUERY PLAN " + sql, 3); };
  EXPECT_THAT(
      plan(
          "SELECT id FROM trials INDEXED BY trials_queued WHERE study_id = 1 AND state = 'queued' ORDER BY id LIMIT 1"),
      HasSubstr("INDEX trials_queued"));
  EXPECT_THAT(plan("SELECT metrics FROM trials INDEXED BY trials_landed WHERE study_id = 1 AND landed > 3 AND state "
                   "NOT IN ('queued', 'running') "
                   "ORDER BY landed"),
              HasSubstr("INDEX trials_landed"));
  EXPECT_THAT(plan("SELECT max(landed) FROM trials INDEXED BY trials_landed WHERE study_id = 1 AND landed IS NOT NULL"),
              HasSubstr("INDEX trials_landed"));
  EXPECT_THAT(
      plan(
          "SELECT worker FROM leases INDEXED BY leases_open WHERE study_id = 1 AND ended_at IS NULL ORDER BY trial_id"),
      HasSubstr("INDEX leases_open"));
  EXPECT_THAT(plan("SELECT metrics FROM reports INDEXED BY reports_awaiting WHERE study_id = 1 AND verdict_wanted = 1 "
                   "AND verdict IS NULL"),
              HasSubstr("INDEX reports_awaiting"));
  EXPECT_THAT(plan("SELECT id FROM queue WHERE study_id = 1 AND trial_id IS NULL ORDER BY id LIMIT 1"),
              HasSubstr("INDEX queue_of_study (study_id=? AND trial_id=?)"));
}

TEST_F(StoreFile, any_name_will_do) {
  path_ = folder_.path("100% mine? #1 & é.db");
  make_store();
  EXPECT_TRUE(std::filesystem::exists(path_));
  EXPECT_TRUE(Store::open(path_, OpenMode::must_exist));
}

TEST_F(StoreFile, opening_what_is_not_there) {
  EXPECT_EQ(refusal(OpenMode::must_exist), "store " + path_ + " does not exist; start a study with `nascent run`");
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_THAT(refusal(OpenMode::read_only), HasSubstr("does not exist"));
  path_ = folder_.path("no/such/folder/study.db");
  EXPECT_EQ(refusal(),
            "store " + path_ + ": its folder " + folder_.path("no/such/folder") + " does not exist; make it first");
  path_ = "";
  EXPECT_THAT(refusal(), HasSubstr("path is empty"));
  path_ = ":memory:";
  EXPECT_THAT(refusal(OpenMode::must_exist), HasSubstr("ends with the process"));
}

TEST_F(StoreFile, a_folder_in_place_of_a_file) {
  path_ = folder_.root().string();
  EXPECT_EQ(refusal(), "store " + path_ + " is a folder; name a file in it, such as " + folder_.path("study.db"));
}

TEST_F(StoreFile, a_text_file_in_place_of_a_store) {
  std::ofstream(path_) << "[study]\nname = \"fashion\"\n" << std::string(2000, '#');
  for (const OpenMode mode : {OpenMode::create_or_open, OpenMode::must_exist, OpenMode::read_only}) {
    EXPECT_EQ(refusal(mode), "store " + path_ + ": this is no nascent store (not an SQLite file); name another path");
  }
}

TEST_F(StoreFile, a_database_of_another_program) {
  shell("CREATE TABLE photos (id INTEGER)");
  EXPECT_EQ(refusal(), "store " + path_ + ": this is an SQLite database of another program; name another path");
  EXPECT_EQ(shell("SELECT count(*) FROM sqlite_master"), "1");
}

TEST_F(StoreFile, an_empty_file) {
  std::ofstream(path_).close();
  EXPECT_THAT(refusal(OpenMode::must_exist), HasSubstr("is empty; start a study in it with `nascent run`"));
  EXPECT_TRUE(Store::open(path_));
}

TEST_F(StoreFile, a_newer_schema_is_left_alone) {
  make_store();
  shell("PRAGMA user_version = 3000");
  for (const OpenMode mode : {OpenMode::create_or_open, OpenMode::must_exist, OpenMode::read_only}) {
    EXPECT_EQ(refusal(mode), path_ + " was written by nascent schema 3000; this build knows up to " +
                                 std::to_string(store::sqlite::kSchemaVersion) + "; upgrade nascent or use another store");
  }
  EXPECT_EQ(shell("PRAGMA user_version"), "3000");
}

TEST_F(StoreFile, an_older_schema_is_converted_when_it_is_opened_for_writing) {
  make_store();
  shell("DROP TABLE queue");
  shell("DROP TABLE artifacts");
  shell("PRAGMA user_version = 1");
  EXPECT_EQ(refusal(OpenMode::read_only),
            path_ + " was written by nascent schema 1; this build knows " + std::to_string(store::sqlite::kSchemaVersion) +
                " and cannot convert it while reading only; open it once for writing, for instance with `nascent resume`");
  const auto store = must(Store::open(path_, OpenMode::must_exist));
  EXPECT_EQ(shell("PRAGMA user_version"), std::to_string(store::sqlite::kSchemaVersion));
  EXPECT_EQ(must(store->trials(1)).size(), 1U);
  const std::vector<QueuedConfiguration> wishes{{small_trial(3).configuration, "test"}};
  must(store->queue_configurations(1, wishes));
  EXPECT_EQ(shell("SELECT parameters FROM queue"), R"({"trainer.learning_rate":0.004,"space.block":"residual"})");
}

TEST_F(StoreFile, a_schema_that_was_begun_is_completed) {
  // Killed after the first page was written, before the tables were.
  shell("PRAGMA journal_mode = WAL");
  make_store();
  EXPECT_EQ(shell("SELECT count(*) FROM trials"), "1");
}

TEST_F(StoreFile, a_damaged_file_is_reported_not_believed) {
  {
    const auto store = must(Store::open(path_));
    const auto coordinator = must(store->acquire_coordinator(must(store->create_study(small_study()))));
    std::vector<Trial> trials;
    for (TrialId id = 0; id < 500; ++id) trials.push_back(completed(small_trial(id)));
    must(store->record_finished(coordinator, trials));
  }
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  const auto size = std::filesystem::file_size(path_);
  for (std::uintmax_t page = 4096; page < size; page += 4096) {
    file.seekp(static_cast<std::streamoff>(page));
    file << std::string(64, '\xa5');
  }
  file.close();
  const auto store = Store::open(path_);
  const std::string message = !store ? store.error().message : (*store)->trials(1).error().message;
  EXPECT_THAT(message, AllOf(HasSubstr("the file is damaged"), HasSubstr("sqlite3 " + path_ + " .recover")));
}

TEST_F(StoreFile, a_truncated_file_is_reported) {
  make_store();
  std::filesystem::resize_file(path_, 5000);
  const auto store = Store::open(path_);
  const std::string message = !store ? store.error().message : (*store)->studies().error().message;
  EXPECT_THAT(message, HasSubstr("the file is damaged"));
}

TEST_F(StoreFile, a_reader_changes_nothing) {
  make_store();
  const auto store = must(Store::open(path_, OpenMode::read_only));
  EXPECT_EQ(must(store->trials(1)).size(), 1u);
  const auto refused = store->acquire_coordinator(1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "store " + path_ + ": it cannot be written; make the file and its folder writable, or copy it elsewhere");
}

TEST_F(StoreFile, a_read_only_folder_can_be_read_but_not_written) {
  make_store();
  std::filesystem::permissions(path_, std::filesystem::perms(0444));
  std::filesystem::permissions(folder_.root(), std::filesystem::perms(0555));
  const auto outcome = run_child("read-only-folder", {path_});  // as nobody, when the tests run as root
  std::filesystem::permissions(folder_.root(), std::filesystem::perms(0755));
  EXPECT_EQ(outcome.output,
            "read 1 trial\nstore " + path_ +
                ": its folder cannot be written (Permission denied); make the file and its folder writable, or name another "
                "place with study.store\n");
}

TEST_F(StoreFile, a_writer_that_hits_the_limit_of_a_file_leaves_the_store_resumable) {
  const auto outcome = run_child("fill", {path_, "400000"});
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("writing failed"), HasSubstr("the study stays resumable")));
  EXPECT_EQ(shell("PRAGMA integrity_check"), "ok");
  const auto store = must(Store::open(path_));
  EXPECT_EQ(std::to_string(must(store->trials(1)).size()) + " acknowledged",
            outcome.output.substr(0, outcome.output.find('\n')));
}

TEST_F(StoreFile, a_full_disk_leaves_the_store_resumable) {
  const std::string disk = folder_.path("disk");
  std::filesystem::create_directory(disk);
  // The kernel lets only root mount; for others the limit of a file, above, has to stand for a full disk.
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=600k") != 0) {
    GTEST_SKIP() << "a small disk can only be mounted by root; the limit of a file is tested above";
  }
  path_ = disk + "/study.db";
  const auto outcome = run_child("fill", {path_, "0"});
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("the disk is full"),
                                    HasSubstr("the study stays resumable: free some space, then `nascent resume`")));
  EXPECT_EQ(shell("PRAGMA integrity_check"), "ok");
  {
    const auto store = must(Store::open(path_, OpenMode::read_only));
    EXPECT_EQ(std::to_string(must(store->trials(1)).size()) + " acknowledged",
              outcome.output.substr(0, outcome.output.find('\n')));
  }
  umount2(disk.c_str(), MNT_DETACH);
}

TEST_F(StoreFile, a_writer_waits_for_another) {
  make_store();
  const auto store = must(Store::open(path_));
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  std::jthread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
  });
  EXPECT_TRUE(store->add_event(1, "note", "{}"));
  release.join();
  sqlite3_close(other);
}

TEST_F(StoreFile, many_open_a_new_store_at_once) {
  std::vector<std::jthread> threads;
  std::vector<std::string> messages(8, "not run");
  for (std::string& message : messages) {
    threads.emplace_back([&] { message = refusal(); });
  }
  threads.clear();
  EXPECT_THAT(messages, ::testing::Each("opened"));
}

TEST(StoreMessages, say_what_happened_and_the_way_out) {
  EXPECT_EQ(store::sqlite::explain(SQLITE_BUSY, "database is locked", "a.db"),
            "store a.db: another process kept it locked for 20 s; find it with `fuser a.db`, then try again");
  EXPECT_EQ(store::sqlite::explain(SQLITE_IOERR_READ, "disk I/O error", "a.db"), "store a.db: disk I/O error (SQLite 266)");
  EXPECT_THAT(store::sqlite::explain(SQLITE_CANTOPEN, "unable to open database file", "a.db"),
              HasSubstr("who may read and write there"));
}

}  // namespace
}  // namespace nascent::core::test
