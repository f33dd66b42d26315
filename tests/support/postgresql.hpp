// A PostgreSQL server of the tests' own: in a temporary folder, on a port of the loopback, gone with the process.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "support/files.hpp"

namespace nascent::test {

class PostgresqlServer {
 public:
  // The one of this process, started at first use. Servers refuse to run as root: then it runs as "nobody".
  static PostgresqlServer& shared() {
    static PostgresqlServer server;
    return server;
  }
  PostgresqlServer(const PostgresqlServer&) = delete;
  PostgresqlServer& operator=(const PostgresqlServer&) = delete;
  ~PostgresqlServer() {
    if (runs()) control("stop -m immediate");
  }

  [[nodiscard]] bool runs() const { return problem_.empty(); }
  [[nodiscard]] const std::string& problem() const { return problem_; }  // why it does not
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& database) const {
    return "postgresql://tester@127.0.0.1:" + std::to_string(port_) + "/" + database;
  }
  // The URL of a new, empty database.
  std::string database() {
    const std::string name = "d" + std::to_string(getpid()) + "_" + std::to_string(++databases_);
    sql("postgres", "CREATE DATABASE " + name);
    return url(name);
  }
  // What psql prints, without headings.
  std::string sql(const std::string& database, const std::string& statement) {
    return run("psql -X -q -t -A -v ON_ERROR_STOP=1 -d '" + url(database) + "' -c \"" + statement + "\"",
               Who::this_user);
  }
  // As after a crash: nothing is finished, clients are cut off.
  bool restart() { return control("restart -m immediate"); }
  bool stop() { return control("stop -m immediate"); }
  bool start() { return control("start"); }
  // One line of pg_hba.conf in front of the others.
  void allow_first(const std::string& line) {
    const std::string file = data() + "/pg_hba.conf";
    std::stringstream old;
    old << std::ifstream(file).rdbuf();
    std::ofstream(file) << line << "\n" << old.str();
    control("reload");
  }

 private:
  enum class Who { this_user, server };

  PostgresqlServer() {
    const std::string pattern = "ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1";
    programs_ = run(pattern, Who::this_user);
    if (programs_.empty()) {
      problem_ = "PostgreSQL's server is not installed in /usr/lib/postgresql";
      return;
    }
    if (getuid() == 0) {
      const passwd* nobody = getpwnam("nobody");
      if (nobody == nullptr || chown(folder_.path().c_str(), nobody->pw_uid, nobody->pw_gid) != 0) {
        problem_ = "PostgreSQL refuses to run as root, and there is no user \"nobody\"";
        return;
      }
    }
    port_ = free_port();
    const std::string made =
        run(programs_ + "/initdb -D " + data() + " -U tester -A trust -E UTF8 --locale=C --no-sync && echo made",
            Who::server);
    if (made.find("made") == std::string::npos) {
      problem_ = "initdb failed: " + made;
      return;
    }
    if (!control("start")) problem_ = "the server did not start";
  }

  [[nodiscard]] std::string data() const { return folder_.path("data"); }
  bool control(const std::string& what) {
    const std::string options = "-p " + std::to_string(port_) +
                                " -c listen_addresses=127.0.0.1 -c unix_socket_directories=" + folder_.path() +
                                " -c fsync=off -c max_connections=60 -c log_min_messages=fatal";
    const std::string said = run(programs_ + "/pg_ctl -w -t 30 -D " + data() + " -l " + folder_.path("log") + " -o '" +
                                     options + "' " + what + " && echo so be it",
                                 Who::server);
    return said.find("so be it") != std::string::npos;
  }
  static int free_port() {
    const int probe = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool bound = bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    close(probe);
    return bound ? ntohs(address.sin_port) : 54329;
  }
  // What the shell command prints, without the last line's end.
  std::string run(const std::string& command, Who who) const {
    const std::string file = folder_.path("command.sh");
    std::ofstream(file) << "cd /\n" << command << "\n";
    const std::string as = who == Who::server && getuid() == 0 ? "runuser -u nobody -- " : "";
    FILE* pipe = popen((as + "sh " + file + " 2>&1 </dev/null").c_str(), "r");
    std::string out;
    char bytes[512];
    while (pipe != nullptr && fgets(bytes, sizeof bytes, pipe) != nullptr) out += bytes;
    if (pipe != nullptr) pclose(pipe);
    while (!out.empty() && out.back() == '\n') out.pop_back();
    return out;
  }

  TemporaryFolder folder_;
  std::string programs_, problem_;
  int port_ = 0;
  int databases_ = 0;
};

}  // namespace nascent::test

// The rest of the test needs the server. Meant: without Debian's postgresql, which `bootstrap.sh test` installs, there is none.
#define NASCENT_NEEDS_POSTGRESQL()                         \
  if (!::nascent::test::PostgresqlServer::shared().runs()) \
  GTEST_SKIP() << ::nascent::test::PostgresqlServer::shared().problem()
