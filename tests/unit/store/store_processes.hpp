// Child processes of the store's tests: this executable again, in another role.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace nascent::core::test {

// A running child; killed when it goes out of scope.
class Child {
 public:
  Child(const std::string& role, const std::vector<std::string>& arguments);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void kill_now();
  // Waits until it has printed this many lines, or has ended.
  void wait_for_lines(std::size_t count);
  // Waits for the end; everything it printed, and its exit status as waitpid gives it.
  std::string output();
  int status() const { return status_; }

 private:
  pid_t pid_ = -1;
  int pipe_ = -1;
  int status_ = 0;
  std::string text_;
};

struct ChildOutcome {
  std::string output;
  int status = 0;
};

ChildOutcome run_child(const std::string& role, const std::vector<std::string>& arguments);

}  // namespace nascent::core::test
