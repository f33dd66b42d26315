// Random operations on every engine, each compared with a model of a few lines.
#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <random>

#include "store_fixture.hpp"
#include "support/postgresql.hpp"

namespace nascent::core::test {
namespace {

struct ModelTrial {
  TrialState state = TrialState::queued;
  std::uint32_t attempts = 0;
  std::uint32_t reports = 0;   // of the last attempt
  std::uint32_t awaiting = 0;  // of them, without a verdict
  bool accepted = false;
  double accuracy = 0;
};

// Applies one random operation to the store and to the model, and compares what the store answered.
class Session {
 public:
  Session(Store& store, unsigned seed) : store_(store), random_(seed) {
    study_ = must(store_.create_study(small_study()));
    coordinator_ = must(store_.acquire_coordinator(study_));
  }

  void step() {
    switch (random_() % 11) {
      case 0:
        return enqueue();
      case 1:
        return record_finished();
      case 2:
      case 3:
        return lease();
      case 4:
        return heartbeat();
      case 5:
      case 6:
        return report();
      case 7:
        return finish();
      case 8:
        return requeue();
      case 9:
        return accept();
      default:
        return replace_coordinator();
    }
  }

  void compare() {
    const auto trials = must(store_.trials(study_));
    ASSERT_EQ(trials.size(), model_.size());
    std::size_t open = 0, awaiting = 0;
    auto expected = model_.begin();
    for (const Trial& trial : trials) {
      const auto& [id, model] = *expected++;
      ASSERT_EQ(trial.id, id);
      ASSERT_EQ(trial.state, model.state) << "trial " << id;
      ASSERT_EQ(trial.attempts, model.attempts) << "trial " << id;
      ASSERT_EQ(trial.accepted, model.accepted) << "trial " << id;
      ASSERT_EQ(trial.metrics.empty() ? 0 : trial.metrics[0].value, model.accuracy) << "trial " << id;
      ASSERT_EQ(must(store_.reports(study_, id)).size(), model.reports) << "trial " << id;
      ASSERT_EQ(must(store_.attempts(study_, id)).size(), model.attempts) << "trial " << id;
      if (model.state == TrialState::running) ++open, awaiting += model.awaiting;
    }
    ASSERT_EQ(must(store_.open_leases(study_)).size(), open);
    ASSERT_EQ(must(store_.reports_awaiting_verdict(study_)).size(), awaiting);
    const auto told = must(store_.finished_since(study_, cursor_));
    cursor_ = told.cursor;
    for (const Trial& trial : told.trials) told_.push_back(trial.id);
    ASSERT_EQ(told_, landed_);
  }

 private:
  double uniform() { return std::uniform_real_distribution(0.0, 1.0)(random_); }
  TrialId some_trial() { return model_.empty() ? 0 : random_() % (next_ + 1); }
  // Any lease that could ever have been given, current or not.
  Lease some_lease() {
    const TrialId id = some_trial();
    const std::uint32_t attempts = model_.contains(id) ? model_[id].attempts : 0;
    return {study_, id, random_() % 3 == 0 ? static_cast<std::uint32_t>(random_() % (attempts + 2)) : attempts};
  }
  bool current(const Lease& lease) {
    return model_.contains(lease.trial) && model_[lease.trial].state == TrialState::running &&
           model_[lease.trial].attempts == lease.attempt;
  }

  void enqueue() {
    std::vector<Trial> trials;
    for (auto n = random_() % 4; n > 0; --n) trials.push_back(small_trial(next_ + trials.size()));
    const bool clash = !model_.empty() && random_() % 4 == 0;
    if (clash) trials.push_back(small_trial(model_.begin()->first));
    ASSERT_EQ(store_.enqueue(coordinator_, trials).has_value(), !clash);
    if (clash) return;
    next_ += trials.size();
    for (const Trial& trial : trials) model_[trial.id] = {};
  }

  void record_finished() {
    const TrialId id = random_() % 2 == 0 ? next_ : some_trial();
    const bool allowed = !model_.contains(id) || model_[id].state == TrialState::queued;
    const double accuracy = uniform();
    const Trial trial = completed(small_trial(id), accuracy);
    ASSERT_EQ(store_.record_finished(coordinator_, std::span(&trial, 1)).has_value(), allowed) << "trial " << id;
    if (!allowed) return;
    next_ = std::max(next_, id + 1);
    ModelTrial& model = model_[id];
    model.state = TrialState::completed;
    model.accuracy = accuracy;
    model.accepted = false;
    landed_.push_back(id);
  }

  void lease() {
    const auto leased = must(store_.lease(study_, "worker", 60));
    const auto queued =
        std::ranges::find_if(model_, [](const auto& entry) { return entry.second.state == TrialState::queued; });
    ASSERT_EQ(leased.has_value(), queued != model_.end());
    if (!leased) return;
    auto& [id, model] = *queued;
    model = {TrialState::running, model.attempts + 1, 0, 0, model.accepted, 0};
    ASSERT_EQ(leased->lease, (Lease{study_, id, model.attempts}));
    ASSERT_EQ(leased->trial.seed, small_trial(id).seed);
  }

  void heartbeat() {
    const Lease lease = some_lease();
    ASSERT_EQ(must(store_.heartbeat(lease, 60)), current(lease) ? LeaseState::held : LeaseState::lost);
  }

  void report() {
    if (random_() % 3 == 0) return judge();
    const Lease lease = some_lease();
    const bool wanted = random_() % 2 == 0;
    const auto receipt = must(
        store_.report(lease, {uniform(), {{"val_loss", uniform()}}}, wanted ? VerdictWanted::yes : VerdictWanted::no));
    ASSERT_EQ(receipt.state, current(lease) ? LeaseState::held : LeaseState::lost);
    if (!current(lease)) return;
    ModelTrial& model = model_[lease.trial];
    ASSERT_EQ(receipt.number, model.reports);
    ++model.reports;
    if (wanted) ++model.awaiting;
  }

  void judge() {
    const auto awaiting = must(store_.reports_awaiting_verdict(study_));
    if (awaiting.empty()) return;
    const ReportRecord& record = awaiting[random_() % awaiting.size()];
    const auto verdict = static_cast<Verdict>(random_() % 3);
    must(store_.set_verdict(coordinator_, record, verdict));
    ASSERT_EQ(must(store_.verdict({study_, record.trial, record.attempt}, record.number)), verdict);
    --model_[record.trial].awaiting;
  }

  void finish() {
    const Lease lease = some_lease();
    Trial result = completed(small_trial(lease.trial), uniform());
    if (random_() % 5 == 0) result.state = TrialState::failed;
    const bool taken = current(lease);
    ASSERT_EQ(must(store_.finish(lease, result)), taken ? LeaseState::held : LeaseState::lost);
    if (!taken) return;
    ModelTrial& model = model_[lease.trial];
    model.state = result.state;
    model.accuracy = result.metrics[0].value;
    model.accepted = false;
    landed_.push_back(lease.trial);
  }

  void requeue() {
    const Lease lease = some_lease();
    const bool taken = current(lease);
    ASSERT_EQ(must(store_.requeue(coordinator_, lease, FailureReason::crashed, "signal 11")),
              taken ? LeaseState::held : LeaseState::lost);
    if (taken) model_[lease.trial].state = TrialState::queued;
  }

  void accept() {
    const TrialId id = some_trial();
    ASSERT_EQ(store_.set_accepted(coordinator_, std::span(&id, 1)).has_value(), model_.contains(id));
    if (model_.contains(id)) model_[id].accepted = true;
  }

  void replace_coordinator() {
    const Coordinator old = coordinator_;
    coordinator_ = must(store_.acquire_coordinator(study_, -1));
    ASSERT_FALSE(store_.renew(old));
    ASSERT_TRUE(store_.renew(coordinator_));
  }

  Store& store_;
  std::mt19937 random_;
  StudyId study_ = 0;
  Coordinator coordinator_;
  std::map<TrialId, ModelTrial> model_;
  TrialId next_ = 0;
  std::vector<TrialId> landed_, told_;
  std::uint64_t cursor_ = 0;
};

void run_random_sessions(const std::function<std::string(const TemporaryFolder&)>& location, unsigned sessions = 20) {
  for (unsigned seed = 0; seed < sessions; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const TemporaryFolder folder;
    const auto store = must(Store::open(location(folder)));
    Session session(*store, seed);
    for (int step = 0; step < 250 && !::testing::Test::HasFatalFailure(); ++step) {
      session.step();
      if (step % 10 == 9) session.compare();
    }
  }
}

TEST(StoreModel, random_operations_in_memory_agree_with_the_model) {
  run_random_sessions([](const auto&) { return ":memory:"; });
}
TEST(StoreModel, random_operations_on_disk_agree_with_the_model) {
  run_random_sessions([](const auto& folder) { return folder.path("study.db"); });
}
TEST(StoreModel, random_operations_in_postgresql_agree_with_the_model) {
  NASCENT_NEEDS_POSTGRESQL();
  run_random_sessions([](const auto&) { return nascent::test::PostgresqlServer::shared().database(); }, 8);
}

}  // namespace
}  // namespace nascent::core::test
