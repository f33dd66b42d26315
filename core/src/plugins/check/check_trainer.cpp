// The contract of trainers: reports, repeatability, exact resume, files that come back, stopping when told.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "plugins/check/contract.hpp"
#include "plugins/check/instances.hpp"
#include "plugins/check/reference.hpp"
#include "temporary_folder.hpp"

namespace nascent::core {
namespace {

namespace fs = std::filesystem;
using Trainer = Instance<nas_trainer_vt>;

// A folder that several trainings share, with one of its own for each.
class Folder {
 public:
  explicit Folder(TemporaryFolder folder) : folder_(std::move(folder)) {}
  [[nodiscard]] std::string make(const char* name) const {
    const fs::path path = folder_.path() / name;
    fs::create_directories(path);
    return path.string();
  }

 private:
  TemporaryFolder folder_;
};

struct Leg {  // one call of train
  double from = 0, to = 4;
  std::string resume_dir{}, checkpoint_dir{};
};

class TrainerCheck {
 public:
  TrainerCheck(const nas_component& component, const OptionTable& options)
      : component_(component),
        options_(options),
        listed_(component_info(component).metrics),
        list_(subject_of(component)) {}

  std::vector<CheckFinding> run() {
    list_.property("create");
    auto trainer = fresh<nas_trainer_vt>(component_, options_);
    if (!trainer) {
      list_.fails(trainer.error().message);
      return list_.take();
    }
    trainer_ = &*trainer;
    for (const ReferenceTask task :
         {ReferenceTask::images, ReferenceTask::table_classes, ReferenceTask::table_regression})
      contract(task);
    return list_.take();
  }

 private:
  struct Trained {
    nas_status status = NAS_OK;
    std::string reason;
    ModelRef model;
  };

  Trained train(RecordingTask& recorder, const Leg& leg) {
    const Graph architecture = reference_graph(task_);
    nas_graph* graph = architecture.to_abi();
    const nas_config config = options_.view();
    nas_train_arg arg{};
    arg.size = sizeof arg;
    arg.graph = graph;
    arg.options = &config;
    arg.train = reference_subset(task_, 0);
    arg.validation = reference_subset(task_, 1);
    arg.budget = {NAS_UNIT_EPOCH, 0, leg.from, leg.to};
    arg.resume_dir = str(leg.resume_dir);
    arg.checkpoint_dir = str(leg.checkpoint_dir);
    arg.space = empty_space().view();
    nas_model raw{};
    const auto answer = trainer_->call(&nas_trainer_vt::train, recorder.get(), &arg, &raw);
    graph->release(graph->owner);
    Trained trained;
    if (answer) {
      trained.model = ModelRef::adopt(raw);
    } else {
      trained.status = answer.error().status;
      trained.reason = answer.error().reason;
    }
    return trained;
  }

  void contract(ReferenceTask task) {
    task_ = task;
    const std::string on = task == ReferenceTask::images          ? " (images)"
                           : task == ReferenceTask::table_classes ? " (classes)"
                                                                  : " (regression)";
    list_.property("trains_and_reports" + on);
    auto temporary = TemporaryFolder::create("check");
    if (!temporary) return list_.skip(temporary.error().message);
    const Folder folder(std::move(*temporary));
    RecordingTask recorder(7, folder.make("artifacts"));
    const Trained whole = train(recorder, {});
    if (whole.status == NAS_E_UNSUPPORTED || whole.status == NAS_E_INVALID)
      return list_.skip("refused: " + whole.reason);
    if (whole.status != NAS_OK) return list_.fails("train fails: " + whole.reason);
    reports(recorder, 0, 4);
    if (whole.model.empty()) return list_.skip("it makes no model");
    const ModelState expected = state(whole.model);
    const std::vector<std::int64_t> shape{5, task == ReferenceTask::table_regression ? 1 : 3};
    list_.that(expected.prediction_shape == shape, "predictions of 5 rows do not have the shape [5, outputs]");
    for (const float value : expected.predictions) list_.that(std::isfinite(value), "a prediction is NaN or infinite");

    list_.property("the_same_seed_trains_the_same_model" + on, 12);
    RecordingTask again(7, folder.make("again"));
    const Trained second = train(again, {});
    list_.that(second.status == NAS_OK && state(second.model) == expected,
               "two trainings with equal seed and one thread give different models");

    list_.property("a_paused_training_resumes_exactly" + on);
    RecordingTask paused(7, folder.make("paused"));
    paused.verdict = [](double budget) { return budget >= 2 ? NAS_PAUSE : NAS_GO; };
    const std::string checkpoint = folder.make("checkpoint");
    const Trained half = train(paused, {0, 4, {}, checkpoint});
    const bool told_in_between = !paused.reports.empty() && paused.reports.front().budget < 4;
    if (half.status == NAS_OK && !told_in_between) {
      list_.skip("it reports only at its end, where nothing is left to pause");
    } else if (list_.that(half.status == NAS_OK, "train fails when told to pause: " + half.reason) &&
        list_.that(!fs::is_empty(checkpoint), "no checkpoint was written at NAS_PAUSE")) {
      list_.that(paused.reports.size() == 2, fmt::format("{} reports up to the pause at 2", paused.reports.size()));
      RecordingTask resumed(7, folder.make("resumed"));
      const Trained rest = train(resumed, {2, 4, checkpoint, {}});
      if (list_.that(rest.status == NAS_OK, "train fails from the checkpoint: " + rest.reason)) {
        reports(resumed, 2, 4);
        list_.that(state(rest.model) == expected, "2 + 2 epochs give another model than 4 at once");
      }
    }

    list_.property("stops_when_told" + on);
    RecordingTask stopped(7, folder.make("stopped"));
    stopped.verdict = [](double) { return NAS_STOP; };
    const Trained early = train(stopped, {});
    list_.that(early.status == NAS_OK && stopped.reports.size() == 1,
               fmt::format("after the verdict NAS_STOP at the first report: {} reports, status {}",
                           stopped.reports.size(), status_name(early.status)));

    list_.property("cancelling_is_honoured" + on, 9);
    RecordingTask cancelled(7, folder.make("cancelled"));
    cancelled.cancel = true;
    const Trained ended = train(cancelled, {});
    list_.that(ended.status == NAS_E_CANCELLED,
               fmt::format("train answers {} when cancelled() is true; NAS_E_CANCELLED is expected",
                           status_name(ended.status)));

    list_.property("a_saved_model_comes_back" + on);
    files(whole.model, expected, folder);
  }

  void files(const ModelRef& model, const ModelState& expected, const Folder& folder) {
    const std::string path = folder.make("model") + "/model";
    nas_error error{};
    const nas_status saved = model.raw().vt->save(model.raw().self, str("nascent"), str(path), &error);
    if (saved == NAS_E_UNSUPPORTED) return list_.skip("it has no model files");
    if (!list_.that(saved == NAS_OK, fmt::format("save as \"nascent\" fails: {}", error.message))) return;
    RecordingTask recorder;
    nas_model raw{};
    const auto loaded = trainer_->call(&nas_trainer_vt::load, recorder.get(), str(path), &raw);
    const ModelRef back = ModelRef::adopt(raw);
    if (!list_.that(loaded.has_value(), "load fails" + (loaded ? std::string() : ": " + loaded.error().reason))) return;
    const ModelState state_now = state(back);
    list_.that(state_now.predictions == expected.predictions, "the loaded model predicts something else");
    list_.that(state_now.weights == expected.weights, "the loaded model has other weights");
    nas_model none{};
    list_.that(!trainer_->call(&nas_trainer_vt::load, recorder.get(), str("/nowhere/model"), &none),
               "load of a file that is not there succeeds");
    list_.that(model.raw().vt->save(model.raw().self, str("no such format"), str(path), &error) != NAS_OK,
               "save in an unknown format succeeds");
  }

  ModelState state(const ModelRef& model) {
    if (model.empty()) return {};
    try {
      return state_of(model.raw(), reference_subset(task_, 1));
    } catch (const std::exception& e) {
      list_.fails(std::string("the model cannot be read: ") + e.what());
      return {};
    }
  }

  void reports(const RecordingTask& recorder, double from, double to) {
    list_.that(!recorder.reports.empty(), "there was no report");
    double last = from;
    for (const auto& report : recorder.reports) {
      list_.that(report.budget > last && report.budget <= to,
                 fmt::format("a report at budget {} after {}, of {}", report.budget, last, to));
      last = report.budget;
      list_.that(!report.metrics.empty(), "a report without metrics");
      for (const auto& [name, value] : report.metrics) {
        list_.that(std::isfinite(value), fmt::format("{} is {} at budget {}", name, value, report.budget));
        const bool listed = listed_.empty() || std::ranges::find(listed_, name, &MetricInfo::name) != listed_.end();
        list_.that(listed, fmt::format("a report holds {}, which the component does not list among its metrics", name));
      }
    }
    list_.that(last == to, fmt::format("the last report is at budget {}, not {}", last, to));
  }

  const nas_component& component_;
  const OptionTable& options_;
  const std::vector<MetricInfo> listed_;  // empty: not known in advance
  Checklist list_;
  const Trainer* trainer_ = nullptr;
  ReferenceTask task_ = ReferenceTask::images;
};

}  // namespace

std::vector<CheckFinding> check_trainer(const nas_component& component, const OptionTable& options) {
  return TrainerCheck(component, options).run();
}

}  // namespace nascent::core
