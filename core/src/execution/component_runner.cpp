// A trial through the study's own components: space, trainer, compressors, evaluators.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <nascent/error.hpp>
#include <nascent/model.hpp>
#include <nascent/rng.hpp>
#include <optional>
#include <utility>

#include "disk_usage.hpp"
#include "evaluation.hpp"
#include "nascent/core/nearest.hpp"
#include "nascent/core/study_data.hpp"
#include "nascent/core/trial_runner.hpp"
#include "report_log.hpp"
#include "trial_files.hpp"
#include "trial_task.hpp"

namespace nascent::core {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kModelFormat = "nascent";

// A session for work that nobody follows.
class QuietSession final : public TrialSession {
 public:
  Result<Verdict> report(const Report&) override { return Verdict::proceed; }
  Result<void> repeat(const Report&) override { return {}; }
  [[nodiscard]] bool cancelled() const override { return false; }
};

std::vector<std::string> judged_metrics(const StudyConfig& config) {
  std::vector<std::string> names;
  for (const Objective& objective : config.objectives) names.push_back(objective.metric);
  for (const Constraint& constraint : config.constraints) names.push_back(constraint.metric);
  return names;
}

nas_budget budget_of(const Budget& budget) { return {static_cast<std::uint32_t>(budget.unit), 0, 0, budget.amount}; }

void end_as(Trial& trial, TrialState state, FailureReason reason, std::string message) {
  trial.state = state;
  trial.reason = reason;
  trial.message = std::move(message);
}

class ComponentRunner final : public TrialRunner {
 public:
  ComponentRunner(const ResolvedStudy& study, fs::path artifacts, std::uint32_t threads, Device device)
      : study_(study), artifacts_(std::move(artifacts)), task_(judged_metrics(study.config), threads, device) {}

  Result<void> create_components(PluginCatalog& catalog);
  Result<AttemptEnd> run(Trial& trial, TrialSession& session) override;
  void lead(Team& team) override { team_ = &team; }
  PluginResult<void> follow(const Trial& trial, const TeamPlace& place) override;
  [[nodiscard]] bool reports() const override { return trainer_.has_value(); }
  Result<std::vector<Metric>> evaluate_test(const Trial& trial) override;

 private:
  struct Compression {
    const StudyComponent* component;
    Instance<nas_compressor_vt> instance;
  };
  // Where a plugin's refusal ends the attempt: the trial's outcome, or the attempt was interrupted.
  AttemptEnd refused(Trial& trial, const PluginError& error, const TrialSession& session) const;

  Result<AttemptEnd> attempt(Trial& trial, TrialSession& session);
  Result<AttemptEnd> train(Trial& trial, const nas_graph* graph, TrialSession& session, ModelRef& model);
  // The outcome of a training that came to an end; `repeated`: reports of earlier attempts, when it had no new ones.
  AttemptEnd judge_training(Trial& trial, const PluginResult<void>& answer, const std::vector<Report>& repeated,
                            const TrialSession& session) const;
  // Where a training begins: checkpoints, of which at most one is not "".
  struct Start {
    std::string resume;   // the trial's own
    std::string inherit;  // that of another one
  };
  PluginResult<void> call_trainer(const Trial& trial, const nas_graph* graph, const std::string& checkpoint, const Start& start,
                                  nas_model* out);
  // The same, with all processes of the team where there is one.
  PluginResult<void> train_together(const Trial& trial, const nas_graph* graph, const std::string& checkpoint,
                                    const Start& start, const TrialSession& session, nas_model* out);
  PluginResult<void> compress(const Trial& trial, ModelRef& model);
  PluginResult<void> evaluate(Trial& trial, const nas_graph* graph, const ModelRef& model);
  void save(const Trial& trial, const ModelRef& model) const;
  void check_objectives(Trial& trial) const;
  void check_disk(Trial& trial) const;

  [[nodiscard]] const Budget& budget(const Trial& trial) const {
    return trial.role == TrialRole::final ? study_.config.final.budget : study_.config.budget;
  }
  [[nodiscard]] OptionTable options(const StudyComponent& component, const Trial& trial) const {
    return space_->options(component.path, component.fixed, trial.configuration.x.data());
  }

  ResolvedStudy study_;
  fs::path artifacts_;
  std::optional<StudyData> data_;
  nas_subset train_rows_{}, validation_rows_{};
  std::optional<StudySpace> space_;
  std::optional<Instance<nas_trainer_vt>> trainer_;
  std::vector<Compression> compressions_;
  std::vector<Evaluation> evaluations_;
  TrialTask task_;
  double stood_at_ = 0;  // budget at which the trial was paused and from which it was promoted; or at which another one was, from which it goes on
  Team* team_ = nullptr;
};

Result<void> ComponentRunner::create_components(PluginCatalog& catalog) {
  std::optional<TaskShape> shape;
  if (study_.dataset) {
    auto data = StudyData::open(catalog, study_);
    if (!data) return tl::unexpected<Error>(data.error());
    data_ = std::move(*data);
    train_rows_ = data_->train();
    validation_rows_ = data_->validation();
    shape = data_->shape();
  }
  auto space = create_space(catalog, study_, shape);
  if (!space) return tl::unexpected<Error>(space.error());
  space_ = std::move(*space);
  if (study_.trainer) {
    auto trainer = create_component<nas_trainer_vt>(catalog, *study_.trainer, study_.config);
    if (!trainer) return tl::unexpected<Error>(trainer.error());
    trainer_ = std::move(*trainer);
  }
  for (const StudyComponent& component : study_.compressors) {
    auto compressor = create_component<nas_compressor_vt>(catalog, component, study_.config);
    if (!compressor) return tl::unexpected<Error>(compressor.error());
    compressions_.push_back({&component, std::move(*compressor)});
  }
  for (const StudyComponent& component : study_.evaluators) {
    auto evaluation = Evaluation::create(catalog, study_, component, *space_, shape ? shape->n_classes() : 0);
    if (!evaluation) return tl::unexpected<Error>(evaluation.error());
    evaluations_.push_back(std::move(*evaluation));
  }
  return {};
}

Result<AttemptEnd> ComponentRunner::run(Trial& trial, TrialSession& session) {
  const auto started = Clock::now();
  end_as(trial, TrialState::completed, FailureReason::none, {});
  trial.metrics.clear();
  trial.details_json.clear();
  trial.artifact_dir.clear();
  stood_at_ = std::exchange(trial.budget_spent, 0);
  auto end = attempt(trial, session);
  trial.cost_seconds += std::chrono::duration<double>(Clock::now() - started).count();  // to what it cost until its last pause
  if (end && *end == AttemptEnd::finished) check_disk(trial);
  if (end && *end == AttemptEnd::finished && trial.state != TrialState::completed &&
      trial.state != TrialState::pruned) {
    trial.metrics.clear();
  }
  std::error_code not_empty;
  if (!trial.artifact_dir.empty() && fs::remove(artifacts_ / trial.artifact_dir, not_empty)) trial.artifact_dir.clear();
  return end;
}

void ComponentRunner::check_disk(Trial& trial) const {
  const auto max = study_.config.workers.disk_bytes_max;
  if (!max || trial.artifact_dir.empty()) return;
  const std::uint64_t bytes = disk_bytes(artifacts_ / trial.artifact_dir);
  if (bytes <= *max) return;
  end_as(trial, TrialState::failed, FailureReason::out_of_disk, over_disk_limit(bytes, *max));
  std::error_code ignored;
  fs::remove_all(artifacts_ / trial.artifact_dir, ignored);
  trial.artifact_dir.clear();
}

AttemptEnd ComponentRunner::refused(Trial& trial, const PluginError& error, const TrialSession& session) const {
  const std::string message = task_.complaint().empty() ? error.message : error.message + "; " + task_.complaint();
  const bool may_lack_room = error.status == NAS_E_IO || error.status == NAS_E_INTERNAL;
  if (const auto free = may_lack_room && !artifacts_.empty() ? disk_bytes_free(artifacts_) : std::nullopt; free && *free < kDiskBytesFreeMin) {
    end_as(trial, TrialState::failed, FailureReason::out_of_disk,
           fmt::format("{}; the disk of {} has {} bytes left: make room and resume the study", message, artifacts_.string(), *free));
    return AttemptEnd::finished;
  }
  switch (error.status) {
    case NAS_E_CANCELLED:
      if (session.cancelled()) return AttemptEnd::cancelled;
      end_as(trial, TrialState::failed, FailureReason::error, message + "; it stopped without having been asked to");
      break;
    case NAS_E_NUMERIC:
      end_as(trial, TrialState::failed, FailureReason::diverged, message);
      break;
    case NAS_E_NOMEM:
      end_as(trial, TrialState::failed, FailureReason::out_of_memory, message);
      break;
    case NAS_E_INVALID:
      if (task_.complaint().empty()) {
        end_as(trial, TrialState::invalid, FailureReason::none, message);
        break;
      }
      [[fallthrough]];  // the report was invalid, not the configuration
    default:
      end_as(trial, TrialState::failed, FailureReason::error, message);
  }
  return AttemptEnd::finished;
}

Result<AttemptEnd> ComponentRunner::attempt(Trial& trial, TrialSession& session) {
  task_.begin(session, trial.id, trial.seed, {});
  const auto graph = space_->build(trial.configuration.x.data(), trial.configuration.active.data());
  if (!graph) return refused(trial, graph.error(), session);

  ModelRef model;
  if (trainer_) {
    auto end = train(trial, graph->get(), session, model);
    if (!end || *end != AttemptEnd::finished ||
        !(trial.state == TrialState::completed || trial.state == TrialState::pruned)) {
      return end;
    }
  }
  if (trial.state == TrialState::completed && !model.empty()) {
    if (auto made = compress(trial, model); !made) return refused(trial, made.error(), session);
    save(trial, model);
  }
  if (auto measured = evaluate(trial, graph->get(), model); !measured) return refused(trial, measured.error(), session);
  if (trial.state == TrialState::completed) check_objectives(trial);
  return AttemptEnd::finished;
}

Result<AttemptEnd> ComponentRunner::train(Trial& trial, const nas_graph* graph, TrialSession& session,
                                          ModelRef& model) {
  const auto files = TrialFiles::open(artifacts_, trial);
  if (!files) return tl::unexpected<Error>(files.error());
  if (files->kept()) trial.artifact_dir = trial_folder(trial.id);
  PluginResult<void> answer;
  nas_model raw{};
  std::vector<Report> repeated;
  const bool is_forked = trial.role == TrialRole::search && trial.parent;
  for (bool resumes = files->resumes();;) {
    const Start start{resumes ? files->checkpoint() : "", is_forked && !resumes ? files->inherited() : ""};
    if (is_forked && !resumes && start.inherit.empty()) {
      files->close();
      end_as(trial, TrialState::failed, FailureReason::error,
             fmt::format("what it was to go on with, the checkpoint of trial {}, is not there any more", *trial.parent));
      return AttemptEnd::finished;
    }
    std::optional<LoggedSession> logged;
    if (files->kept()) {
      logged.emplace(session, files->reports(), resumes ? LoggedSession::Start::resumes : LoggedSession::Start::anew);
    }
    task_.begin(logged ? static_cast<TrialSession&>(*logged) : session, trial.id, trial.seed, files->folder());
    if (resumes && files->others_inherit() && logged->was_to_pause(stood_at_) && !files->paused_at(logged->last_budget())) {
      spdlog::warn("trial={} checkpoint={} action=train_anew reason=\"its process ended while it paused\"", trial.id, toml_text(files->checkpoint()));
      files->discard_checkpoint();
      resumes = false;
      continue;
    }
    if (resumes) {
      auto end = logged->repeat_to_end(stood_at_);
      if (!end) return session.cancelled() ? Result<AttemptEnd>(AttemptEnd::cancelled) : tl::unexpected<Error>(end.error());
      if (*end) {
        task_.end_with(std::move((*end)->report), (*end)->verdict);
        task_.hand_over(session);
        break;
      }
    }
    answer = train_together(trial, graph, files->checkpoint(), start, session, &raw);
    task_.hand_over(session);  // the log ends here
    if (answer && task_.verdict() == Verdict::pause && task_.newest()) files->note_pause(task_.newest()->budget);
    const bool unreadable = !answer && (answer.error().status == NAS_E_IO || answer.error().status == NAS_E_INVALID);
    if (resumes && unreadable && !task_.newest()) {
      spdlog::warn("trial={} checkpoint={} action=train_anew error={}", trial.id, toml_text(files->checkpoint()),
                   toml_text(answer.error().message));
      files->discard_checkpoint();
      resumes = false;
      continue;
    }
    if (logged && answer) {
      auto rest = logged->repeat_rest();
      if (!rest) return tl::unexpected<Error>(rest.error());
      repeated = std::move(*rest);
    }
    break;
  }
  model = ModelRef::adopt(raw);
  if (task_.session_error()) {
    if (session.cancelled()) return AttemptEnd::cancelled;
    return tl::unexpected<Error>(*task_.session_error());
  }
  const AttemptEnd end = judge_training(trial, answer, repeated, session);
  // A checkpoint serves whoever goes on: a paused or interrupted trial. Who is killed before the result is stored trains anew from
  // nothing, which a forked trial cannot: its files go when its row is there.
  if (end == AttemptEnd::finished && !is_forked) files->close();
  return end;
}

AttemptEnd ComponentRunner::judge_training(Trial& trial, const PluginResult<void>& answer,
                                           const std::vector<Report>& repeated, const TrialSession& session) const {
  const Report* newest = task_.newest() ? &*task_.newest() : repeated.empty() ? nullptr : &repeated.back();
  if (newest != nullptr) {
    trial.metrics = newest->metrics;
    trial.budget_spent = newest->budget;
  }
  if (!answer) return refused(trial, answer.error(), session);
  if (task_.diverged()) {
    end_as(trial, TrialState::failed, FailureReason::diverged, task_.complaint());
  } else if (!task_.complaint().empty()) {
    end_as(trial, TrialState::failed, FailureReason::error, task_.complaint());
  } else if (task_.verdict() == Verdict::pause) {
    trial.state = TrialState::paused;
    return AttemptEnd::paused;
  } else if (task_.verdict() == Verdict::stop) {
    trial.state = TrialState::pruned;
  } else if (newest == nullptr) {
    trial.budget_spent = budget(trial).amount;
  }
  return AttemptEnd::finished;
}

PluginResult<void> ComponentRunner::call_trainer(const Trial& trial, const nas_graph* graph, const std::string& checkpoint,
                                                 const Start& start, nas_model* out) {
  const OptionTable table = options(*study_.trainer, trial);
  const nas_config config = table.view();
  nas_train_arg arg{};
  arg.size = sizeof arg;
  arg.graph = graph;
  arg.options = &config;
  arg.train = train_rows_;
  arg.validation = validation_rows_;
  arg.budget = budget_of(budget(trial));
  arg.resume_dir = str(start.resume);
  arg.inherit_dir = str(start.inherit);
  if (!start.inherit.empty()) arg.budget.from = stood_at_;
  arg.checkpoint_dir = str(checkpoint);
  arg.space = space_->view();
  arg.x = trial.configuration.x.data();
  arg.active = trial.configuration.active.data();
  return trainer_->call(&nas_trainer_vt::train, task_.raw(), static_cast<const nas_train_arg*>(&arg), out);
}

PluginResult<void> ComponentRunner::train_together(const Trial& trial, const nas_graph* graph, const std::string& checkpoint,
                                                   const Start& start, const TrialSession& session, nas_model* out) {
  if (team_ == nullptr) return call_trainer(trial, graph, checkpoint, start, out);
  task_.take_place({0, team_->processes(), team_->begin(trial.id)});
  auto answer = call_trainer(trial, graph, checkpoint, start, out);
  task_.take_place({});
  const auto cause = team_->end();
  const bool lost = !answer && answer.error().status == NAS_E_CANCELLED && !session.cancelled() && !task_.session_error();
  if (lost && cause) return tl::unexpected<PluginError>(*cause);
  if (lost) team_->give_up(answer.error().message);
  return answer;
}

PluginResult<void> ComponentRunner::follow(const Trial& trial, const TeamPlace& place) {
  QuietSession session;
  task_.begin(session, trial.id, trial.seed, {});
  const auto graph = space_->build(trial.configuration.x.data(), trial.configuration.active.data());
  if (!graph) return tl::unexpected<PluginError>(graph.error());
  task_.take_place(place);
  nas_model raw{};
  auto answer = call_trainer(trial, graph->get(), {}, {}, &raw);
  const ModelRef unneeded = ModelRef::adopt(raw);
  return answer;
}

PluginResult<void> ComponentRunner::compress(const Trial& trial, ModelRef& model) {
  for (std::size_t i = 0; i < compressions_.size(); ++i) {
    const OptionTable table = options(*compressions_[i].component, trial);
    const OptionTable trainer_table = options(*study_.trainer, trial);
    const nas_config config = table.view(), trainer_config = trainer_table.view();
    nas_compress_arg arg{};
    arg.size = sizeof arg;
    arg.options = &config;
    arg.model = model.raw();
    arg.calibration = train_rows_;
    arg.validation = validation_rows_;
    arg.trainer = {&trainer_->table(), trainer_->self()};
    arg.trainer_options = &trainer_config;
    arg.budget = budget_of(budget(trial));
    task_.reseed(derive_seed(trial.seed, 1 + i));
    nas_model smaller{};
    auto made = compressions_[i].instance.call(&nas_compressor_vt::compress, task_.raw(),
                                               static_cast<const nas_compress_arg*>(&arg), &smaller);
    if (!made) return made;
    if (smaller.vt != nullptr) model = ModelRef::adopt(smaller);
  }
  return {};
}

PluginResult<void> ComponentRunner::evaluate(Trial& trial, const nas_graph* graph, const ModelRef& model) {
  EvaluationSubject subject;
  subject.configuration = &trial.configuration;
  subject.graph = graph;
  subject.model = model.raw();
  subject.data = validation_rows_;
  subject.budget = budget_of(budget(trial));
  subject.budget.to = trial.budget_spent;
  Evaluation::Findings findings;
  for (std::size_t i = 0; i < evaluations_.size(); ++i) {
    Evaluation& evaluation = evaluations_[i];
    // A pruned trial keeps the values of its last report; what needs no model is measured all the same.
    const bool needs_model = (evaluation.needs() & NAS_NEEDS_MODEL) != 0;
    if (needs_model && (trial.state == TrialState::pruned || model.empty())) continue;
    task_.reseed(derive_seed(trial.seed, 1 + compressions_.size() + i));
    if (auto measured = evaluation.evaluate(*task_.raw(), subject, "val", findings); !measured) return measured;
  }
  if (trial.metrics.empty()) {
    trial.metrics = std::move(findings.metrics);
  } else {
    for (const Metric& metric : findings.metrics) set_metric(trial.metrics, metric.name, metric.value);
  }
  if (!findings.details_json.empty()) trial.details_json = "{" + findings.details_json + "}";
  return {};
}

void ComponentRunner::save(const Trial& trial, const ModelRef& model) const {
  if (artifacts_.empty()) return;
  const fs::path path = model_path(artifacts_, trial.id);
  std::error_code ignored;
  fs::remove_all(path, ignored);
  nas_error error{};
  const std::string text = path.string();
  const nas_status status = model.raw().vt->save(model.raw().self, str(kModelFormat), str(text), &error);
  if (status != NAS_OK && status != NAS_E_UNSUPPORTED) {
    spdlog::warn("trial={} model={} state=not_saved error={}", trial.id, toml_text(text), toml_text(error.message));
  }
}

void ComponentRunner::check_objectives(Trial& trial) const {
  std::vector<std::string> names;
  for (const Metric& metric : trial.metrics) names.push_back(metric.name);
  for (const Objective& objective : study_.config.objectives) {
    if (std::ranges::find(names, objective.metric) != names.end()) continue;
    return end_as(trial, TrialState::failed, FailureReason::error,
                  fmt::format("nothing measured the objective {}; {}", toml_text(objective.metric),
                              names.empty() ? "the trial has no metrics" : way_out(objective.metric, names)));
  }
}

Result<std::vector<Metric>> ComponentRunner::evaluate_test(const Trial& trial) {
  if (!trainer_ || !data_) {
    return fail(ErrorKind::invalid_input, "the study has no trainer or no dataset; there is nothing to test");
  }
  const auto rows = data_->test();
  if (!rows) return tl::unexpected<Error>(rows.error());
  const std::string path = artifacts_.empty() ? "" : model_path(artifacts_, trial.id).string();
  std::error_code error;
  if (path.empty() || !fs::exists(path, error)) {
    return fail(ErrorKind::invalid_input,
                fmt::format("trial {} has no model at \"{}\"; trainer \"{}\" saves none, or the file was removed",
                            trial.id, path, study_.trainer->info.alias));
  }
  const auto graph = space_->build(trial.configuration.x.data(), trial.configuration.active.data());
  if (!graph) return tl::unexpected<Error>(graph.error());
  QuietSession session;
  task_.begin(session, trial.id, trial.seed, {});
  nas_model raw{};
  if (auto loaded = trainer_->call(&nas_trainer_vt::load, task_.raw(), str(path), &raw); !loaded) {
    return tl::unexpected<Error>(loaded.error());
  }
  const ModelRef model = ModelRef::adopt(raw);
  EvaluationSubject subject;
  subject.configuration = &trial.configuration;
  subject.graph = graph->get();
  subject.model = raw;
  subject.data = *rows;
  subject.budget = budget_of(budget(trial));
  Evaluation::Findings findings;
  for (Evaluation& evaluation : evaluations_) {
    if ((evaluation.needs() & NAS_NEEDS_DATA) == 0) continue;
    if (auto measured = evaluation.evaluate(*task_.raw(), subject, "test", findings); !measured) {
      return tl::unexpected<Error>(measured.error());
    }
  }
  return std::move(findings.metrics);
}

}  // namespace

Result<std::unique_ptr<TrialRunner>> component_runner(PluginCatalog& catalog, const ResolvedStudy& study,
                                                      fs::path artifacts, std::uint32_t threads, Device device) {
  auto runner = std::make_unique<ComponentRunner>(study, std::move(artifacts), threads, device);
  if (auto created = runner->create_components(catalog); !created) return tl::unexpected<Error>(created.error());
  return runner;
}

}  // namespace nascent::core
