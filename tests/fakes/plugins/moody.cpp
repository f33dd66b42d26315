// A study in one library for tests of execution: a plane to search, eight rows of data, a trainer with moods,
// evaluators.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nascent/evaluator.hpp>
#include <nascent/rng.hpp>
#include <nascent/space.hpp>
#include <nascent/trainer.hpp>
#include <thread>

namespace {

namespace fs = std::filesystem;
using nascent::option;
using nascent::Options;

class Plane : public nascent::Space {
 public:
  static constexpr nascent::About about{"org.nascent.test.space.plane", "plane", "1.0.0", "Two numbers"};
  explicit Plane(const Options&) {
    nascent::SpaceBuilder s;
    s.real("a", 0, 1);
    s.real("b", 0, 1);
    declaration_ = s.declaration();
  }
  [[nodiscard]] const nascent::SpaceDeclaration& declaration() const override { return declaration_; }
  [[nodiscard]] std::optional<nascent::Graph> build(const nascent::Values&) const override { return std::nullopt; }

 private:
  nascent::SpaceDeclaration declaration_;
};

// Rows 0..7 with inputs (row, row), class row % 2; the test split is worth 100 more.
class Rows : public nascent::Dataset {
 public:
  static constexpr nascent::About about{"org.nascent.test.dataset.rows", "rows", "1.0.0", "Eight rows"};
  explicit Rows(const Options&) {
    info_.splits = {{"train", 8}, {"test", 4}};
    info_.fields = {{"x", nascent::FieldRole::input, nascent::dtype_of<float>(), {2}},
                    {"y", nascent::FieldRole::target, nascent::dtype_of<std::int64_t>(), {}}};
    info_.class_names = {"even", "odd"};
    info_.fingerprint = "rows";
  }
  [[nodiscard]] const nascent::DatasetInfo& info() const override { return info_; }
  [[nodiscard]] std::optional<std::vector<nascent::Tensor>> whole(std::size_t) const override { return std::nullopt; }
  [[nodiscard]] std::vector<nascent::Tensor> gather(std::size_t split,
                                                    std::span<const std::int64_t> index) const override {
    std::vector<float> x;
    std::vector<std::int64_t> y;
    for (const std::int64_t row : index) {
      const float value = static_cast<float>(row) + (split == 1 ? 100.0F : 0.0F);
      x.insert(x.end(), {value, value});
      y.push_back(row % 2);
    }
    const auto n = static_cast<std::int64_t>(index.size());
    std::vector<nascent::Tensor> tensors;
    tensors.push_back(nascent::Tensor::from(std::move(x), {n, 2}));
    tensors.push_back(nascent::Tensor::from(std::move(y), {n}));
    return tensors;
  }

 private:
  nascent::DatasetInfo info_;
};

// One number; its file is that number as text.
class Number : public nascent::Model {
 public:
  explicit Number(double value) : value_(value) {}
  [[nodiscard]] const nascent::Graph* architecture() const override { return nullptr; }
  [[nodiscard]] std::vector<nascent::NamedTensor> weights() const override { return {}; }
  [[nodiscard]] nascent::Tensor predict(std::vector<nascent::Tensor> inputs) override {
    const std::int64_t n = inputs.at(0).shape()[0];
    return nascent::Tensor::from(std::vector<float>(static_cast<std::size_t>(n) * 2, static_cast<float>(value_)),
                                 {n, 2});
  }
  void save(std::string_view format, const std::string& path) override {
    if (format != "nascent") throw nascent::Error(NAS_E_UNSUPPORTED, "only \"nascent\"");
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr) throw nascent::Error(NAS_E_IO, path);
    std::fprintf(file, "%.17g", value_);
    std::fclose(file);
  }

 private:
  double value_;
};

// "Trains" by a chain of random numbers, so that a wrong resume shows in every later value.
class Moody : public nascent::Trainer {
 public:
  static constexpr nascent::About about{"org.nascent.test.trainer.moody", "moody", "1.0.0",
                                        "Does as it is told, or worse"};
  static constexpr auto moods =
      nascent::names("good", "crash", "abort", "exit", "hang", "stubborn", "eat_memory", "nan", "diverged", "throw",
                     "invalid", "bad_name", "silent", "no_memory", "leak", "leak_files", "close_files", "fill_disk", "litter",
                     "write_outside");
  static constexpr std::array options{
      option("mood", "what it does at epoch 1").one_of(moods).otherwise("good").searchable(),
      option("epoch_ms", "duration of an epoch").integer(0, 1000000).otherwise(0),
      option("jitter_ms", "longest further duration of an epoch").integer(0, 1000000).otherwise(0),
      option("drift", "added at each epoch").real(0, 1).otherwise(0.0).searchable(),
      option("only_once", "the mood passes when this file exists; the trainer makes it").path(),
      option("outside", "the file that write_outside writes").path(),
      option("refuse", "create() fails").flag().otherwise(false),
  };
  explicit Moody(const Options& o) {
    if (o.flag("refuse")) throw nascent::InvalidOption("refuse", "told to refuse");
  }

  std::unique_ptr<nascent::Model> train(const nascent::Task& task, const nascent::TrainRequest& request) override {
    double value = request.configuration.x[0] + request.configuration.x[1];
    double epoch = 0;
    const std::string mood = mood_of(request.options);
    const fs::path checkpoint = fs::path(request.checkpoint_dir) / "state";
    const std::string& from = request.resume_dir.empty() ? request.inherit_dir : request.resume_dir;
    if (!from.empty()) {
      std::ifstream in(fs::path(from) / "state");
      if (!(in >> epoch >> value)) throw nascent::Error(NAS_E_IO, "checkpoint is unreadable");
    }
    while (epoch < request.budget.to) {
      epoch += 1;
      nascent::Rng rng(task.seed(), static_cast<std::uint64_t>(epoch));
      const auto jitter = rng.below(static_cast<std::uint64_t>(request.options.integer("jitter_ms")) + 1);
      value = std::fmod(value * 3 + rng.uniform() + request.options.real("drift"), 1.0);
      pause(task, request.options.integer("epoch_ms") + static_cast<std::int64_t>(jitter));
      if (epoch == 1) be(mood, task, request.options);
      bool goes_on = true;
      if (mood != "silent") {
        const double reported = mood == "nan" && epoch == 1 ? std::nan("") : value;
        const std::string name = mood == "bad_name" ? "Val Loss" : "val_loss";
        const nascent::MetricValue metrics[] = {{name, reported},
                                                {"train_loss", value / 2},
                                                {"device_type", static_cast<double>(task.device_type())},
                                                {"device_id", static_cast<double>(task.device_id())}};
        goes_on = task.report(epoch, metrics) == nascent::Verdict::go;
      }
      if (!request.checkpoint_dir.empty()) write(checkpoint, epoch, value);
      if (!goes_on) break;
    }
    return std::make_unique<Number>(value);
  }

  std::unique_ptr<nascent::Model> load(const nascent::Task&, const std::string& path) override {
    std::ifstream in(path);
    double value = 0;
    if (!(in >> value)) throw nascent::Error(NAS_E_IO, path + " is unreadable");
    return std::make_unique<Number>(value);
  }

 private:
  // The mood of this training; leaves the mark that makes it the last one.
  static std::string mood_of(const Options& o) {
    if (o.has("only_once")) {
      if (fs::exists(o.text("only_once"))) return "good";
      std::ofstream(o.text("only_once")) << "x";
    }
    return o.text("mood");
  }
  static void pause(const nascent::Task& task, std::int64_t ms) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
    while (std::chrono::steady_clock::now() < until) {
      if (task.cancelled()) throw nascent::Error(NAS_E_CANCELLED, "cancelled");
      std::this_thread::sleep_for(std::chrono::milliseconds(std::min<std::int64_t>(ms, 2)));
    }
  }
  static void write(const fs::path& to, double epoch, double value) {
    const std::string fresh = to.string() + ".new";
    std::FILE* file = std::fopen(fresh.c_str(), "w");
    std::fprintf(file, "%.17g %.17g", epoch, value);
    std::fclose(file);
    fs::rename(fresh, to);
  }
  static void be(const std::string& mood, const nascent::Task& task, const Options& o) {
    if (mood == "crash") {
      std::fputs("about to touch what is not there\n", stderr);
      std::raise(SIGSEGV);
    }
    if (mood == "abort") std::abort();
    if (mood == "exit") std::_Exit(7);
    if (mood == "hang") pause(task, 600000);
    if (mood == "stubborn") std::this_thread::sleep_for(std::chrono::minutes(10));
    if (mood == "eat_memory") eat();
    if (mood == "diverged") throw nascent::Diverged("loss is NaN at step 3");
    if (mood == "throw") throw std::runtime_error("a defect");
    if (mood == "invalid") throw nascent::Error(NAS_E_INVALID, "cannot train that");
    if (mood == "no_memory") throw std::bad_alloc();
    if (mood == "leak") {
      constexpr std::size_t bytes = std::size_t{150} << 20;
      leaked.push_back(static_cast<char*>(std::memset(std::malloc(bytes), 1, bytes)));
    }
    for (int i = 0; mood == "leak_files" && i < 40; ++i) static_cast<void>(::open("/dev/null", O_RDONLY));
    for (int fd = 3; mood == "close_files" && fd < 1024; ++fd) ::close(fd);
    if (mood == "fill_disk") litter(task, 400, 20);
    if (mood == "litter") litter(task, 8, 0);
    if (mood == "write_outside" && !std::ofstream(o.text("outside")).put('x').flush()) {
      throw nascent::Error(NAS_E_IO, o.text("outside") + " cannot be written");
    }
  }
  // That many MiB into the trial's folder.
  static void litter(const nascent::Task& task, int n, int ms) {
    std::ofstream out(fs::path(task.artifact_dir()) / "litter", std::ios::binary);
    for (int i = 0; i < n; ++i) {
      out << std::string(std::size_t{1} << 20, 'x') << std::flush;
      std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    }
  }
  static inline std::vector<char*> leaked;
  static void eat() {
    std::vector<std::vector<char>> meals;
    for (int i = 0; i < 64; ++i) {
      meals.emplace_back(std::size_t{16} << 20, 'x');
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    std::this_thread::sleep_for(std::chrono::seconds(30));
  }
};

// Needs the configuration only.
class Distance : public nascent::Evaluator {
 public:
  static constexpr nascent::About about{"org.nascent.test.evaluator.distance", "distance", "1.0.0",
                                        "Squared distance to (0.3, 0.6)"};
  static constexpr std::array options{option("shift", "added to the distance").real().otherwise(0.0).searchable()};
  explicit Distance(const Options&) {}
  [[nodiscard]] const std::vector<nascent::MetricDeclaration>& metrics() const override { return metrics_; }
  void evaluate(const nascent::Task&, const nascent::EvalRequest& request, const nascent::Emit& emit) override {
    const double a = request.configuration.x[0] - 0.3, b = request.configuration.x[1] - 0.6;
    emit.metric("distance", a * a + b * b + request.options.real("shift"));
  }

 private:
  std::vector<nascent::MetricDeclaration> metrics_{{"distance", "to the best point", nascent::Direction::minimize, 0}};
};

// Mean of the first input over the rows it is given: shows which rows those are.
class Mean : public nascent::Evaluator {
 public:
  static constexpr nascent::About about{"org.nascent.test.evaluator.mean", "mean", "1.0.0", "Mean of the inputs"};
  explicit Mean(const Options&) {}
  [[nodiscard]] const std::vector<nascent::MetricDeclaration>& metrics() const override { return metrics_; }
  void evaluate(const nascent::Task&, const nascent::EvalRequest& request, const nascent::Emit& emit) override {
    std::vector<std::int64_t> positions;
    for (std::int64_t i = 0; i < request.data.rows(); ++i) positions.push_back(i);
    const auto tensors = request.data.gather(positions);
    double sum = 0;
    for (const float v : tensors[0].values<float>()) sum += v;
    const std::array<std::int64_t, 2> shape{static_cast<std::int64_t>(request.data.info().n_splits),
                                            request.data.rows()};
    emit.metric("mean", sum / static_cast<double>(2 * positions.size()));
    emit.detail("splits_and_rows", shape);
  }

 private:
  std::vector<nascent::MetricDeclaration> metrics_{
      {"mean", "of the inputs", nascent::Direction::none, NAS_NEEDS_MODEL | NAS_NEEDS_DATA}};
};

// Needs rows as input, whichever: its metric is no property of them.
class Width : public nascent::Evaluator {
 public:
  static constexpr nascent::About about{"org.nascent.test.evaluator.width", "width", "1.0.0", "Width of an input"};
  explicit Width(const Options&) {}
  [[nodiscard]] const std::vector<nascent::MetricDeclaration>& metrics() const override { return metrics_; }
  void evaluate(const nascent::Task&, const nascent::EvalRequest& request, const nascent::Emit& emit) override {
    if (request.data.rows() == 0) throw nascent::Error(NAS_E_INVALID, "no rows");
    const auto tensors = request.data.gather(std::vector<std::int64_t>{0});
    emit.metric("width", static_cast<double>(tensors[0].values<float>().size()));
  }

 private:
  std::vector<nascent::MetricDeclaration> metrics_{
      {"width", "of an input", nascent::Direction::none, NAS_NEEDS_MODEL | NAS_NEEDS_INPUT}};
};

}  // namespace

NASCENT_PLUGIN("org.nascent.test.moody", "1.0.0", Plane, Rows, Moody, Distance, Mean, Width)
