// What only the PostgreSQL engine does: its schema, its refusals, and how it finds back after its connection was lost.
#include "support/postgresql.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <thread>

#include "store/postgresql/schema.hpp"
#include "store_fixture.hpp"

namespace nascent::core::test {
namespace {

using nascent::test::PostgresqlServer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Postgresql : public ::testing::Test {
 protected:
  void SetUp() override {
    NASCENT_NEEDS_POSTGRESQL();
    url_ = server().database();
  }
  void TearDown() override { unsetenv("NASCENT_STORE_PATIENCE_S"); }
  static PostgresqlServer& server() { return PostgresqlServer::shared(); }
  [[nodiscard]] std::string name() const { return url_.substr(url_.rfind('/') + 1); }
  std::string sql(const std::string& statement) const { return server().sql(name(), statement); }
  static std::string refusal(const std::string& location, OpenMode mode = OpenMode::create_or_open) {
    const auto store = Store::open(location, mode);
    return store ? "" : store.error().message;
  }

  std::string url_;
};

// ------------------------------------------------------------------------------------------------------------ opening

TEST_F(Postgresql, a_server_that_is_not_there_is_told_at_once_to_readers_and_without_the_password) {
  const auto start = std::chrono::steady_clock::now();
  const std::string message = refusal("postgresql://ann:secret@127.0.0.1:1/studies", OpenMode::read_only);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_THAT(message, AllOf(HasSubstr("store postgresql://ann@127.0.0.1:1/studies: the server cannot be reached"),
                             HasSubstr("Connection refused"), Not(HasSubstr("secret"))));
}

TEST_F(Postgresql, a_server_that_restarts_is_waited_for_when_a_store_is_opened) {
  must(Store::open(url_));
  ASSERT_TRUE(server().stop());
  std::jthread somebody([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    server().start();
  });
  EXPECT_EQ(refusal(url_, OpenMode::must_exist), "");
}

TEST_F(Postgresql, a_server_that_stays_away_is_waited_for_a_bounded_time) {
  setenv("NASCENT_STORE_PATIENCE_S", "0.5", 1);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(refusal("postgresql://ann@127.0.0.1:1/studies"), HasSubstr("the server cannot be reached"));
  const auto waited = std::chrono::steady_clock::now() - start;
  EXPECT_GT(waited, std::chrono::milliseconds(450));
  EXPECT_LT(waited, std::chrono::seconds(10));
}

TEST_F(Postgresql, a_database_that_does_not_exist_says_how_to_make_one) {
  EXPECT_THAT(refusal(server().url("nowhere")),
              AllOf(HasSubstr("the server has no such database"), HasSubstr("createdb -E UTF8")));
}

TEST_F(Postgresql, a_wrong_password_is_refused_and_the_right_one_is_taken_from_the_url) {
  server().sql("postgres", "CREATE ROLE ann LOGIN PASSWORD 'right'");
  sql("GRANT CREATE ON DATABASE " + name() + " TO ann");
  server().allow_first("host all ann 127.0.0.1/32 scram-sha-256");
  const std::string host = "127.0.0.1:" + std::to_string(server().port()) + "/" + name();
  EXPECT_THAT(refusal("postgresql://ann:wr0ng@" + host), AllOf(HasSubstr("~/.pgpass or PGPASSWORD"), Not(HasSubstr("wr0ng"))));
  EXPECT_EQ(refusal("postgresql://ann:right@" + host), "");
  EXPECT_EQ(refusal("postgresql://ann@" + host), "") << "this process knows the password by now";
}

TEST_F(Postgresql, a_user_without_rights_is_told_which_are_missing) {
  server().sql("postgres", "CREATE ROLE eve LOGIN");
  const std::string eve = "postgresql://eve@127.0.0.1:" + std::to_string(server().port()) + "/" + name();
  EXPECT_THAT(refusal(eve), HasSubstr("GRANT CREATE ON DATABASE"));
  must(Store::open(url_));
  EXPECT_THAT(refusal(eve, OpenMode::must_exist), HasSubstr("permits it not to this user"));
}

TEST_F(Postgresql, a_database_that_keeps_other_text_is_refused) {
  server().sql("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
  EXPECT_THAT(refusal(server().url("latin")), HasSubstr("keeps text as LATIN1"));
}

TEST_F(Postgresql, an_empty_database_holds_no_study_yet) {
  EXPECT_THAT(refusal(url_, OpenMode::must_exist), HasSubstr("is empty; start a study in it with `nascent run`"));
  EXPECT_THAT(refusal(url_, OpenMode::read_only), HasSubstr("is empty"));
}

TEST_F(Postgresql, one_database_holds_several_studies_and_other_tables) {
  sql("CREATE TABLE trials (mine text)");
  const auto store = must(Store::open(url_));
  must(store->create_study(small_study("a")));
  must(store->create_study(small_study("b")));
  EXPECT_EQ(must(store->studies()).size(), 2u);
  EXPECT_EQ(sql("SELECT count(*) FROM public.trials"), "0");
}

TEST_F(Postgresql, reading_only_changes_nothing) {
  must(must(Store::open(url_))->create_study(small_study()));
  const auto reader = must(Store::open(url_, OpenMode::read_only));
  EXPECT_EQ(must(reader->studies()).size(), 1u);
  const auto written = reader->add_event(1, "note", "{}");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("takes no changes"));
}

// ------------------------------------------------------------------------------------------------------------- schema

TEST_F(Postgresql, a_newer_schema_is_refused_in_one_line) {
  must(Store::open(url_));
  sql("UPDATE nascent.schema_version SET version = 99");
  EXPECT_EQ(refusal(url_), url_ + " was written by nascent schema 99; this build knows up to 2; upgrade nascent or use another "
                                  "database");
}

TEST_F(Postgresql, an_older_schema_is_converted_in_one_step_after_another_and_only_for_writing) {
  must(must(Store::open(url_))->create_study(small_study()));
  const auto shipped = store::postgresql::schema_steps();
  std::vector<std::string_view> steps(shipped.begin(), shipped.end());
  steps.push_back("ALTER TABLE studies ADD COLUMN colour text NOT NULL DEFAULT 'red'");
  store::postgresql::Database reader(url_, /*read_only=*/true), writer(url_, /*read_only=*/false);
  const auto refused = store::postgresql::prepare(reader, OpenMode::read_only, steps);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("open it once for writing"));
  EXPECT_TRUE(store::postgresql::prepare(writer, OpenMode::must_exist, steps));
  EXPECT_TRUE(writer.ok());
  EXPECT_EQ(sql("SELECT colour FROM nascent.studies"), "red");
  EXPECT_EQ(sql("SELECT version FROM nascent.schema_version"), "3");
}

TEST_F(Postgresql, a_step_that_fails_leaves_the_schema_as_it_was) {
  must(Store::open(url_));
  const auto shipped = store::postgresql::schema_steps();
  std::vector<std::string_view> steps(shipped.begin(), shipped.end());
  steps.push_back("ALTER TABLE studies ADD COLUMN colour text; SELECT no_such_function()");
  store::postgresql::Database writer(url_, /*read_only=*/false);
  static_cast<void>(store::postgresql::prepare(writer, OpenMode::must_exist, steps));
  EXPECT_TRUE(writer.take_error());
  EXPECT_EQ(sql("SELECT version FROM nascent.schema_version"), "2");
  EXPECT_EQ(refusal(url_), "");
}

TEST_F(Postgresql, processes_that_open_an_empty_database_at_once_make_one_schema) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) threads.emplace_back([&] { EXPECT_EQ(refusal(url_), ""); });
}

TEST_F(Postgresql, people_read_metrics_and_parameters_in_sql) {
  const auto store = must(Store::open(url_));
  const StudyId study = must(store->create_study(small_study()));
  const Coordinator coordinator = must(store->acquire_coordinator(study));
  Trial trial = completed(small_trial(0));
  trial.metrics = {{"val_accuracy", 0.75}, {"odd", std::numeric_limits<double>::infinity()}};
  must(store->record_finished(coordinator, {&trial, 1}));
  EXPECT_EQ(sql("SELECT value FROM nascent.metrics WHERE name = 'val_accuracy'"), "0.75");
  EXPECT_EQ(sql("SELECT value FROM nascent.parameters WHERE name = 'space.block'"), "plain");
}

TEST_F(Postgresql, text_that_is_no_text_is_stored_all_the_same) {
  const auto store = must(Store::open(url_));
  const StudyId study = must(store->create_study(small_study()));
  must(store->add_event(study, std::string("a\0b", 3), "\xff\xfe {}"));
  EXPECT_EQ(must(store->events(study)).at(0).kind, "a?b");
}

// -------------------------------------------------------------------------------------------------------- coordinator

TEST_F(Postgresql, a_coordinator_whose_session_ends_frees_the_study_at_once) {
  auto first = must(Store::open(url_)), second = must(Store::open(url_));
  const StudyId study = must(first->create_study(small_study()));
  const Coordinator old = must(first->acquire_coordinator(study));
  const auto refused = second->acquire_coordinator(study);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("the study is being run by process"));
  first.reset();  // as a process that dies: nothing is released
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (must(second->coordinator(study)) && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_GT(must(second->acquire_coordinator(study)).epoch, old.epoch);
}

TEST_F(Postgresql, a_coordinator_keeps_its_right_through_a_restart_of_the_server) {
  const auto first = must(Store::open(url_)), second = must(Store::open(url_));
  const StudyId study = must(first->create_study(small_study()));
  const Coordinator coordinator = must(first->acquire_coordinator(study));
  ASSERT_TRUE(server().restart());
  must(first->renew(coordinator));
  EXPECT_FALSE(second->acquire_coordinator(study));
  must(first->release(coordinator));
  must(second->acquire_coordinator(study));
}

TEST_F(Postgresql, a_coordinator_that_came_back_too_late_writes_nothing_more) {
  const auto first = must(Store::open(url_)), second = must(Store::open(url_));
  const StudyId study = must(first->create_study(small_study()));
  const Coordinator old = must(first->acquire_coordinator(study));
  ASSERT_TRUE(server().restart());
  must(second->acquire_coordinator(study));  // while the first one does not look
  const Trial trial = small_trial(0);
  const auto late = first->enqueue(old, {&trial, 1});
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("has taken over the study"));
  EXPECT_TRUE(must(second->trials(study)).empty());
}

// ------------------------------------------------------------------------------------------------ a connection is lost

TEST_F(Postgresql, calls_take_effect_once_while_the_server_restarts_under_them) {
  const auto store = must(Store::open(url_));
  const StudyId study = must(store->create_study(small_study()));
  const Coordinator coordinator = must(store->acquire_coordinator(study));
  constexpr TrialId kTrials = 150;
  std::vector<Trial> trials;
  for (TrialId id = 0; id < kTrials; ++id) trials.push_back(small_trial(id));
  must(store->enqueue(coordinator, trials));
  std::atomic<bool> done = false;
  const auto work = [&] {
    const auto own = must(Store::open(url_, OpenMode::must_exist));
    while (auto leased = must(own->lease(study, "w", 60))) {
      must(own->report(leased->lease, {1, {{"val_loss", 1}}}, VerdictWanted::no));
      EXPECT_EQ(must(own->finish(leased->lease, completed(leased->trial))), LeaseState::held) << leased->trial.id;
    }
  };
  int restarts = 0;
  {
    std::jthread chaos([&] {
      // The first one comes soon: a fast machine is done with all trials in a quarter of a second.
      for (std::chrono::milliseconds pause{20}; !done; pause = std::chrono::milliseconds(250)) {
        std::this_thread::sleep_for(pause);
        if (!done && server().restart()) ++restarts;
      }
    });
    {
      std::vector<std::jthread> workers;
      for (int i = 0; i < 3; ++i) workers.emplace_back(work);
    }
    done = true;
  }
  EXPECT_GT(restarts, 0);
  const auto finished = must(store->finished_since(study, 0));
  EXPECT_EQ(finished.trials.size(), kTrials);
  EXPECT_EQ(finished.cursor, kTrials) << "each landed once";
  for (const Trial& trial : must(store->trials(study))) {
    EXPECT_EQ(trial.state, TrialState::completed) << trial.id;
    EXPECT_EQ(must(store->reports(study, trial.id)).size(), 1u) << trial.id;
  }
}

TEST_F(Postgresql, after_a_bounded_time_without_a_server_one_message_says_so) {
  setenv("NASCENT_STORE_PATIENCE_S", "0.5", 1);
  const auto store = must(Store::open(url_));
  const StudyId study = must(store->create_study(small_study()));
  ASSERT_TRUE(server().stop());
  const auto start = std::chrono::steady_clock::now();
  const auto failed = store->add_event(study, "note", "{}");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  ASSERT_TRUE(server().start());
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, AllOf(HasSubstr("the server cannot be reached"), HasSubstr("nothing stored is lost")));
  must(store->add_event(study, "note", "{}"));  // it goes on as soon as the server is back
  EXPECT_EQ(must(store->events(study)).size(), 1u);
}

// Landing order is what a reader's cursor counts on: no number may become visible before a smaller one.
TEST_F(Postgresql, a_reader_that_follows_sees_every_landing) {
  const auto store = must(Store::open(url_));
  const StudyId study = must(store->create_study(small_study()));
  const Coordinator coordinator = must(store->acquire_coordinator(study));
  constexpr TrialId kTrials = 200;
  std::vector<Trial> trials;
  for (TrialId id = 0; id < kTrials; ++id) trials.push_back(small_trial(id));
  must(store->enqueue(coordinator, trials));
  std::vector<std::jthread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      const auto own = must(Store::open(url_, OpenMode::must_exist));
      while (auto leased = must(own->lease(study, "w", 60))) must(own->finish(leased->lease, completed(leased->trial)));
    });
  }
  std::size_t seen = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (std::uint64_t cursor = 0; seen < kTrials && std::chrono::steady_clock::now() < until;) {
    const auto more = must(store->finished_since(study, cursor));
    cursor = more.cursor;
    seen += more.trials.size();
  }
  EXPECT_EQ(seen, kTrials);
}

}  // namespace
}  // namespace nascent::core::test
