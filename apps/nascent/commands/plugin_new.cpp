// nascent plugin new: a folder with a working plugin to start from.

#include "catalog.hpp"
#include "commands/plugin_new.hpp"
#include "usage.hpp"
#include <cctype>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace nascent::cli {
namespace {

namespace fs = std::filesystem;
using core::ErrorKind;
using core::fail;

struct PluginNewOptions {
  std::string kind, name, folder;
};

// "my-search" -> "MySearch".
std::string class_name(const std::string& name) {
  std::string text;
  bool upper = true;
  for (const char c : name) {
    if (c == '-') {
      upper = true;
    } else {
      text += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      upper = false;
    }
  }
  return text;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
  return text;
}

bool valid_name(const std::string& name) {
  if (name.empty() || std::islower(static_cast<unsigned char>(name[0])) == 0 || name.back() == '-') return false;
  for (const char c : name) {
    if (std::islower(static_cast<unsigned char>(c)) == 0 && std::isdigit(static_cast<unsigned char>(c)) == 0 && c != '-') return false;
  }
  return name.find("--") == std::string::npos;
}

Outcome new_plugin(const PluginNewOptions& options) {
  if (!valid_name(options.name)) {
    return fail(ErrorKind::invalid_input, fmt::format("'{}' is no plugin name; use lower-case letters, digits and single '-', such as my-search", options.name));
  }
  const fs::path templates = this_program().parent_path().parent_path() / "share" / "nascent" / "template";
  const fs::path source = templates / options.kind;
  const fs::path target = options.folder.empty() ? fs::path(options.name) : fs::path(options.folder);
  std::error_code error;
  if (!fs::is_directory(source, error)) {
    return fail(ErrorKind::system, fmt::format("{} is missing; install nascent again", source.string()));
  }
  if (fs::exists(target, error) && !fs::is_empty(target, error)) {
    return fail(ErrorKind::invalid_input, fmt::format("{} exists and is not empty; choose another folder with --folder", target.string()));
  }
  std::string file_stem = replaced(options.name, "-", "_");
  std::vector<fs::path> written;
  for (const fs::path& base : {templates / "common", source}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(base)) {
      if (!entry.is_regular_file()) continue;
      const fs::path relative = replaced(fs::relative(entry.path(), base).string(), "@file@", file_stem);
      const fs::path to = target / relative;
      fs::create_directories(to.parent_path(), error);
      std::ifstream in(entry.path(), std::ios::binary);
      std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
      text = replaced(replaced(replaced(replaced(text, "@name@", options.name), "@Class@", class_name(options.name)), "@file@", file_stem), "@kind@", options.kind);
      std::ofstream out(to, std::ios::binary);
      out << text;
      if (!out.flush()) return fail(ErrorKind::system, fmt::format("cannot write {}; check the folder's permissions and free space", to.string()));
      written.push_back(to);
    }
  }
  for (const fs::path& path : written) fmt::print("{}\n", path.string());
  fmt::print("\nBuild and test it:\n  cmake -S {0} -B {0}/build && cmake --build {0}/build && ctest --test-dir {0}/build\n", target.string());
  return ExitCode::done;
}

}  // namespace

void add_plugin_new(Commands& commands, CLI::App* parent) {
  commands.add<PluginNewOptions>(
      parent, "new", "Write a folder with a working plugin to start from",
      [](CLI::App& command, PluginNewOptions& o) {
        command.add_option("kind", o.kind, "kind of the component")
            ->required()
            ->check(a_kind());
        command.add_option("name", o.name, "alias of the component: my-search")->required();
        command.add_option("--folder", o.folder, "where to write it (default: ./<name>)");
      },
      new_plugin);
}

}  // namespace nascent::cli
