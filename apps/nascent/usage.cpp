#include "usage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "nascent/core/config_value.hpp"
#include "nascent/core/nearest.hpp"

namespace nascent::cli {
namespace {

// The command that the arguments reached: `nascent plugin` of "nascent plugin lst".
const CLI::App& reached(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return *at;
}

std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

std::vector<std::string> command_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* each : command.get_subcommands(nullptr)) names.push_back(each->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string complaint(const CLI::App& command, const std::vector<std::string>& rest, const CLI::ParseError& error) {
  const std::vector<std::string> commands = command_names(command);
  for (const std::string& word : rest) {
    if (word.starts_with("-")) {
      const std::string name = word.substr(0, word.find('='));
      return fmt::format("no option {}; {}", core::toml_text(name), core::way_out(name, option_names(command)));
    }
    if (!commands.empty())
      return fmt::format("no command {}; {}", core::toml_text(word), core::way_out(word, commands));
  }
  if (!rest.empty()) return fmt::format("unexpected argument {}", core::toml_text(rest.front()));
  if (!commands.empty()) return fmt::format("a command is needed; {}", core::way_out("", commands));
  return error.what();
}

}  // namespace

std::string usage_complaint(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = reached(app);
  const std::string name = full_name(command);
  return fmt::format("{}: {}\nsee: {} --help", name, complaint(command, app.remaining(true), error), name);
}

CLI::Validator whole_number(std::uint64_t least) {
  return {[least](std::string& text) -> std::string {
            std::uint64_t number = 0;
            const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
            if (status == std::errc() && end == text.data() + text.size() && number >= least) return {};
            return fmt::format("{} is no whole number from {} on", core::toml_text(text), least);
          },
          "NUMBER"};
}

CLI::Validator one_of(std::vector<std::string> names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "{" : ",") + name;
  return {[names = std::move(names)](std::string& text) -> std::string {
            if (std::find(names.begin(), names.end(), text) != names.end()) return {};
            return fmt::format("{} is not valid here; {}", core::toml_text(text), core::way_out(text, names));
          },
          all + "}"};
}

CLI::Validator a_kind() {
  return one_of({"space", "sampler", "scheduler", "dataset", "trainer", "compressor", "evaluator"});
}

}  // namespace nascent::cli
