// A child program with a pipe for its reports and a pipe for verdicts.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace command {

// Numbers of the pipes' ends in the child.
inline constexpr int report_fd = 3;
inline constexpr int verdict_fd = 4;

// Can `program` be started in `directory` (empty: here)? It is looked for as execvp() does.
bool finds_program(const std::string& program, const std::string& directory);

// How a child ended.
struct Exit {
  int code = 0;    // exit code, when signal is 0
  int signal = 0;  // what killed it, else 0
};

class Process {
 public:
  // Starts `argv` in `directory` (empty: here) with `environment` ("NAME=value") added to this process's; standard
  // output and error go to the file `log`. The child is killed when the thread that started it ends (setpriv).
  // Throws nascent::Error when the program cannot be started.
  Process(const std::vector<std::string>& argv, const std::vector<std::string>& environment, const std::string& directory,
          const std::string& log);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  // Kills what still runs.
  ~Process();

  enum class Read { line, timeout, end };
  // The next line the child wrote to its report pipe, without the newline. `end`: it closed the pipe.
  Read read_line(std::string& line, std::chrono::milliseconds timeout);
  // Never blocks and never fails: a child that does not read its verdicts misses them.
  void write_verdict(const std::string& line);
  // Has it ended? Waits at most `timeout`. What it left running in its process group is killed with its end.
  std::optional<Exit> wait(std::chrono::milliseconds timeout);
  // To the child and everything it started in its process group.
  void signal(int number);

 private:
  pid_t pid_ = -1;
  int reports_ = -1, verdicts_ = -1;
  std::string buffer_;
  std::optional<Exit> exit_;
};

}  // namespace command
