// Any program as a candidate's training: it reads the trial from a JSON file and writes metrics to a pipe.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "nascent/trainer.hpp"
#include "process.hpp"
#include "protocol.hpp"

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// Exit codes a program may use to say more than "failed". Not 1 and 2: interpreters and option parsers end with them.
constexpr int exit_diverged = 3, exit_out_of_memory = 4, exit_refused = 5;

// Where the trial's files go: its artifact folder, or a temporary one that is removed.
class Folder {
 public:
  explicit Folder(std::string_view artifacts) : path_(artifacts), temporary_(artifacts.empty()) {
    if (!temporary_) return;
    // mkdtemp(3) puts other characters in place of the six X.
    std::string name = (fs::temp_directory_path() / "nascent-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw nascent::Error(NAS_E_IO, "cannot make the folder " + name + ": " + std::strerror(errno));
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    if (temporary_) fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
  bool temporary_;
};

// The last line with text in it: what a program says before it dies.
std::string last_words(const std::string& log) {
  std::ifstream file(log);
  std::string line, last;
  while (std::getline(file, line)) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  }
  return last.substr(0, 300);
}

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", value);
  return text.data();
}

std::string as_line(const std::vector<std::string>& argv) {
  std::string line;
  for (const std::string& word : argv) line += (line.empty() ? "" : " ") + word;
  return line.substr(0, 120);
}

// What to write instead of a program that cannot be run.
std::string way_to_run(const std::vector<std::string>& argv, const std::string& directory) {
  const std::string& program = argv[0];
  const std::string with_interpreter = "its interpreter before it, such as [\"python3\", \"train.py\"]";
  if (argv.size() == 1 && program.find(' ') != std::string::npos) {
    return "write program and arguments apart, such as [\"python3\", \"train.py\"]";
  }
  std::error_code ignored;
  if (!fs::is_regular_file(fs::path(directory) / program, ignored)) return "check the path and its permissions, or PATH";
  if (program.find('/') == std::string::npos) return "a file of the working directory is run as './" + program + "', or write " + with_interpreter;
  return "make the file executable (chmod +x), or write " + with_interpreter;
}

// The script that an interpreter would be asked for in vain: its first argument, unless that is one of its options. Shells
// are left out, they look for scripts in more than one place.
std::optional<std::string> missing_script(const std::vector<std::string>& argv, const std::string& directory) {
  if (argv.size() < 2 || argv[1].empty() || argv[1][0] == '-') return std::nullopt;
  std::string interpreter = fs::path(argv[0]).filename();
  interpreter.erase(interpreter.find_last_not_of("0123456789.") + 1);  // python3.11
  constexpr std::array known{"python", "pypy", "Rscript", "julia", "perl", "ruby"};
  std::error_code ignored;
  if (std::find(known.begin(), known.end(), interpreter) == known.end() || fs::exists(fs::path(directory) / argv[1], ignored)) {
    return std::nullopt;
  }
  return argv[1];
}

class Command : public nascent::Trainer {
 public:
  static constexpr nascent::About about{"org.nascent.trainer.command", "command", "1.0.0",
                                        "Any program as a candidate's training: Python, shell, anything"};
  static constexpr std::array options{
      nascent::option("command", "program and arguments, a list of texts").texts().required(),
      nascent::option("directory", "working directory of the program; the study file's, when none is given").path().otherwise("."),
      nascent::option("grace", "time between asking a program to stop, SIGTERM and SIGKILL").seconds().otherwise(5.0)};

  explicit Command(const nascent::Options& given) {
    const std::vector<std::string> argv = given.texts("command");
    if (argv.empty() || argv[0].empty()) {
      throw nascent::InvalidOption("command", "command names no program; give one, such as [\"python3\", \"train.py\"]");
    }
    const std::string directory = given.has("directory") ? given.text("directory") : "";
    if (!directory.empty() && !fs::is_directory(directory)) {
      throw nascent::InvalidOption("directory", "directory is '" + directory + "', which is no folder; give the folder the program runs in");
    }
    if (!command::finds_program(argv[0], directory)) {
      throw nascent::InvalidOption("command", "command is '" + argv[0] + "', which is no program that can be run; " + way_to_run(argv, directory));
    }
    if (const auto script = missing_script(argv, directory)) {
      throw nascent::InvalidOption("command", "command names the script '" + *script + "', which does not exist in " +
                                                  (directory.empty() ? "the working directory" : directory) + "; check its name, or set directory");
    }
  }

  std::unique_ptr<nascent::Model> train(const nascent::Task& task, const nascent::TrainRequest& request) override {
    const std::vector<std::string> argv = request.options.texts("command");
    const milliseconds grace(static_cast<std::int64_t>(request.options.real("grace") * 1000));
    const Folder folder(task.artifact_dir());
    const std::string trial_file = folder / "trial.json", log = folder / "output.log";
    if (!(std::ofstream(trial_file) << command::trial_json(task, request) << std::endl)) {
      throw nascent::Error(NAS_E_IO, "cannot write " + trial_file + "; check the folder's permissions and free space");
    }
    const std::string directory = request.options.has("directory") ? request.options.text("directory") : "";

    std::vector<std::string> environment = command::parameter_environment(request);
    environment.push_back("NASCENT_TRIAL=" + trial_file);
    environment.push_back("NASCENT_REPORT=" + std::to_string(command::report_fd));
    environment.push_back("NASCENT_VERDICT=" + std::to_string(command::verdict_fd));
    command::Process program(argv, environment, directory, log);

    const bool counts_reports = request.budget.unit != NAS_UNIT_FRACTION;
    double budget = request.budget.from;
    bool reported = false, ended = false;
    for (;;) {
      std::string line;
      const command::Process::Read read = program.read_line(line, milliseconds(ended ? 0 : 200));
      if (task.cancelled()) {
        end(program, grace);
        throw nascent::Error(NAS_E_CANCELLED, "the trial was cancelled");
      }
      if (read == command::Process::Read::timeout) {
        // A program whose child keeps the pipe open has ended all the same; what it wrote last is still to be read.
        if (ended) break;
        ended = program.wait(milliseconds(0)).has_value();
        continue;
      }
      if (read == command::Process::Read::end) break;
      const command::ReportLine report = command::parse_report(line, counts_reports ? std::optional(budget + 1) : std::nullopt);
      budget = report.budget;
      reported = true;
      std::vector<nascent::MetricValue> metrics;
      for (const auto& [name, value] : report.metrics) {
        if (!std::isfinite(value)) throw nascent::Diverged(name + " is NaN or infinite at budget " + number(budget));
        metrics.push_back({name, value});
      }
      const nascent::Verdict verdict = task.report(budget, metrics);
      program.write_verdict(verdict == nascent::Verdict::go ? "go\n" : "stop\n");
      if (request.budget.to > request.budget.from) task.progress((budget - request.budget.from) / (request.budget.to - request.budget.from));
      if (verdict != nascent::Verdict::go) {
        if (!program.wait(grace)) end(program, grace);
        return nullptr;
      }
    }
    classify(finished(program, task, grace), log);
    if (!reported) {
      throw nascent::Error(NAS_E_INTERNAL, "'" + as_line(argv) + "' ended without a report; write one JSON line such as {\"val_accuracy\": 0.9} "
                                           "to the file descriptor in NASCENT_REPORT; what it prints does not count");
    }
    return nullptr;
  }

 private:
  // SIGTERM, then SIGKILL.
  static void end(command::Process& program, milliseconds grace) {
    program.signal(SIGTERM);
    if (!program.wait(grace)) program.signal(SIGKILL);
    program.wait(std::chrono::seconds(10));
  }
  // The program closed its report pipe: wait for its end, as long as nobody asks to stop.
  static command::Exit finished(command::Process& program, const nascent::Task& task, milliseconds grace) {
    for (;;) {
      if (const auto exit = program.wait(milliseconds(200))) return *exit;
      if (task.cancelled()) {
        end(program, grace);
        throw nascent::Error(NAS_E_CANCELLED, "the trial was cancelled");
      }
    }
  }
  static void classify(command::Exit exit, const std::string& log) {
    if (exit.signal == 0 && exit.code == 0) return;
    const std::string words = last_words(log);
    const std::string said = words.empty() ? "" : "; it said: " + words;
    if (exit.signal == SIGKILL) throw nascent::Error(NAS_E_NOMEM, "the program was killed (SIGKILL), most likely for want of memory" + said);
    if (exit.signal != 0) throw nascent::Error(NAS_E_INTERNAL, std::string("the program was ended by a signal: ") + strsignal(exit.signal) + said);
    const std::string code = "the program ended with exit code " + std::to_string(exit.code);
    switch (exit.code) {
      case exit_refused: throw nascent::Error(NAS_E_INVALID, code + " (configuration refused)" + said);
      case exit_diverged: throw nascent::Diverged(code + " (diverged)" + said);
      case exit_out_of_memory: throw nascent::Error(NAS_E_NOMEM, code + " (out of memory)" + said);
      case 127: throw nascent::Error(NAS_E_IO, code + ": it was not found" + said);
      default: throw nascent::Error(NAS_E_INTERNAL, code + said);
    }
  }
};

}  // namespace

NASCENT_PLUGIN("org.nascent.command", "1.0.0", Command)
