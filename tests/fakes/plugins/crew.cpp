// A trainer whose processes meet as the host's contract says, for tests of the host: each that comes aboard adds a byte to the rendezvous,
// and so does each that is done.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nascent/trainer.hpp>
#include <thread>

namespace {

namespace fs = std::filesystem;
using nascent::option;

class Trained : public nascent::Model {
 public:
  [[nodiscard]] const nascent::Graph* architecture() const override { return nullptr; }
  [[nodiscard]] std::vector<nascent::NamedTensor> weights() const override { return {}; }
  [[nodiscard]] nascent::Tensor predict(std::vector<nascent::Tensor>) override { throw nascent::Error(NAS_E_UNSUPPORTED, "it predicts nothing"); }
  void save(std::string_view, const std::string&) override { throw nascent::Error(NAS_E_UNSUPPORTED, "it has no file"); }
};

class Crew : public nascent::Trainer {
 public:
  static constexpr nascent::About about{"org.nascent.test.trainer.crew", "crew", "1.0.0", "Trains in several processes"};
  static constexpr auto moods = nascent::names("good", "crash", "no_memory", "leave");
  static constexpr std::array options{
      option("processes", "that train one trial together").integer(1, 8).otherwise(1),
      option("mood", "what the last process does when all are aboard").one_of(moods).otherwise("good"),
      option("only_once", "the mood passes when this file exists; the trainer makes it").path()};
  explicit Crew(const nascent::Options&) {}

  std::unique_ptr<nascent::Model> train(const nascent::Task& task, const nascent::TrainRequest& request) override {
    const nas_task& place = *task.raw();
    if (place.rank > 0 && !(request.checkpoint_dir.empty() && request.resume_dir.empty() && task.artifact_dir().empty())) {
      throw nascent::Error(NAS_E_INVALID, "a follower was given a folder");
    }
    if (place.world_size > 1) {
      const std::string rendezvous(nascent::view(place.rendezvous));
      add_byte(rendezvous);
      wait_for(rendezvous, place.world_size);
      if (place.rank + 1 == place.world_size && !passed(request.options)) be(request.options.text("mood"));
      add_byte(rendezvous);
      wait_for(rendezvous, 2 * std::uintmax_t{place.world_size});
    }
    if (place.rank == 0) {
      const nascent::MetricValue metrics[] = {{"val_loss", 0.25}, {"crew", static_cast<double>(place.world_size)}};
      static_cast<void>(task.report(request.budget.to, metrics));
    }
    return std::make_unique<Trained>();
  }

 private:
  static void add_byte(const std::string& path) { std::ofstream(path, std::ios::app) << '.'; }
  static void wait_for(const std::string& path, std::uintmax_t bytes) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (fs::file_size(path) < bytes) {
      if (std::chrono::steady_clock::now() > give_up) throw nascent::Error(NAS_E_CANCELLED, "lost the others");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  static bool passed(const nascent::Options& options) {
    if (!options.has("only_once")) return false;
    const fs::path once = options.text("only_once");
    if (fs::exists(once)) return true;
    std::ofstream(once).flush();
    return false;
  }
  static void be(const std::string& mood) {
    if (mood == "crash") raise(SIGSEGV);
    if (mood == "no_memory") throw nascent::Error(NAS_E_NOMEM, "no room for its share");
    if (mood == "leave") throw nascent::Error(NAS_E_CANCELLED, "it had enough");
  }
};

}  // namespace

NASCENT_PLUGIN("org.nascent.test.crew", "1.0.0", Crew)
