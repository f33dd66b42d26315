// The two answers of the command line that the plugin host asks a child process for.
#include <cstdio>
#include <string>
#include <vector>

#include "nascent/core/plugin_check.hpp"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() >= 4 && arguments[1] == "manifest" && arguments[2] == "--stdout") {
    const auto text = nascent::core::manifest_json(arguments[3]);
    std::fputs(text ? text->c_str() : (text.error().message + "\n").c_str(), text ? stdout : stderr);
    return text ? 0 : 1;
  }
  if (arguments.size() < 5 || arguments[2] != "--probe") return 2;
  std::vector<std::string> options;
  for (std::size_t i = 4; i + 1 < arguments.size(); i += 2) options.push_back(arguments[i + 1]);
  return nascent::core::run_probe(arguments[3], arguments.back(), options);
}
