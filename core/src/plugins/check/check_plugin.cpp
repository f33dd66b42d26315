// The parent's side of a plugin check: one child process for each probe.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "plugins/check/file_checks.hpp"
#include "plugins/check/probe.hpp"
#include "nascent/core/child_process.hpp"
#include "plugins/manifest.hpp"

namespace nascent::core {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

class PluginCheck {
 public:
  PluginCheck(fs::path path, const CheckSettings& settings)
      : path_(std::move(path)),
        settings_(settings),
        prober_(settings.prober.empty() ? own_executable() : settings.prober.string()) {}

  Result<CheckReport> run() {
    const auto start = std::chrono::steady_clock::now();
    if (auto ok = tests(); !ok) return tl::unexpected(ok.error());
    report_.path = path_;
    report_.elapsed_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report_;
  }

 private:
  Result<void> tests() {
    add(check_file(path_));
    if (report_.findings.size() < 2 || report_.findings[1].outcome == CheckOutcome::failed)
      return {};  // no library, or no entry
    for (const char* probe : {"needs", "load"}) {
      if (auto ok = run_findings(probe); !ok) return ok;
    }
    if (!report_.passed() && failed("load")) return {};
    for (const char* probe : {"twice", "descriptor"}) {
      if (auto ok = run_findings(probe); !ok) return ok;
    }
    if (failed("descriptor")) return {};
    auto text = run_probe_here("manifest");
    if (!text) return tl::unexpected(text.error());
    if (text->empty()) return {};  // the failure is among the findings
    const auto manifest = parse_manifest(*text, path_);
    if (!manifest) {
      report_.findings.push_back({"manifest", CheckOutcome::failed, 13, manifest.error().message});
      return {};
    }
    sidecar(*manifest);
    for (const ComponentInfo& c : manifest->components) {
      for (const char* probe : {"lifecycle", "contract"}) {
        if (auto ok = run_findings(fmt::format("{}:{}:{}", probe, c.kind, c.id)); !ok) return ok;
      }
    }
    return {};
  }

  void add(std::vector<CheckFinding> findings) {
    for (CheckFinding& f : findings) report_.findings.push_back(std::move(f));
  }
  bool failed(std::string_view area) const {
    return std::ranges::any_of(report_.findings, [&](const CheckFinding& f) {
      return f.outcome == CheckOutcome::failed && f.test.starts_with(area);
    });
  }

  // The text after the mark, or "" when the child failed, which is then a finding.
  Result<std::string> run_probe_here(const std::string& probe) {
    std::vector<std::string> argv{prober_, "plugin", "check", "--probe", probe};
    for (const std::string& o : settings_.options) argv.insert(argv.end(), {"--option", o});
    argv.push_back(path_.string());
    // Thread pools of a BLAS are not the plugin's doing.
    const auto child = run_child(argv, settings_.limit, {"OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1"});
    if (!child) return tl::unexpected(child.error());
    const std::size_t mark = child->out.rfind(probe_mark);
    if (!child->timed_out && child->signal == 0 && child->exit_code == 0 && mark != std::string::npos)
      return child->out.substr(mark + probe_mark.size());
    CheckFinding finding{name_of(probe), CheckOutcome::failed, 8, {}};
    if (child->timed_out)
      finding.message = fmt::format("does not end within {} s", settings_.limit.count());
    else if (child->signal != 0)
      finding.message = fmt::format("ends the process: {}", ::strsignal(child->signal));
    else
      finding.message = fmt::format("ends the process with exit code {}", child->exit_code);
    if (const std::string last = last_line(child->err); !last.empty()) finding.message += ": " + last;
    report_.findings.push_back(std::move(finding));
    return std::string();
  }

  Result<void> run_findings(const std::string& probe) {
    const auto text = run_probe_here(probe);
    if (!text) return tl::unexpected(text.error());
    if (text->empty()) return {};
    const Json all = Json::parse(*text, nullptr, false);
    if (all.is_discarded())
      return fail(ErrorKind::system,
                  fmt::format("{}: the probe {} answers no JSON; is {} this nascent?", path_.string(), probe, prober_));
    for (const Json& j : all) {
      const std::string outcome = j.value("outcome", "failed");
      report_.findings.push_back({j.value("test", probe),
                                  outcome == "passed"    ? CheckOutcome::passed
                                  : outcome == "skipped" ? CheckOutcome::skipped
                                                         : CheckOutcome::failed,
                                  j.value("rule", 0), j.value("message", "")});
    }
    return {};
  }

  // The manifest on disk against the one just made.
  void sidecar(const Manifest& fresh) {
    CheckFinding finding{"manifest", CheckOutcome::passed, 0, {}};
    const fs::path file = manifest_path(path_);
    std::error_code code;
    if (!fs::exists(file, code)) {
      finding.outcome = CheckOutcome::skipped;
      finding.message = fmt::format("there is none; `nascent plugin manifest {}` writes it", path_.string());
    } else if (auto stored = read_manifest(file); !stored) {
      finding.outcome = CheckOutcome::failed;
      finding.message = stored.error().message;
    } else {
      const auto stale = staleness(*stored, file);
      stored->mtime_ns = fresh.mtime_ns;
      if (!stale || !stale->empty()) {
        finding.outcome = CheckOutcome::failed;
        finding.message = stale ? fmt::format("{}; run `nascent plugin manifest {}`", *stale, path_.string()) : stale.error().message;
      } else if (to_json(*stored) != to_json(fresh)) {
        finding.outcome = CheckOutcome::failed;
        finding.message =
            fmt::format("{}: tells other components or options than the library; run `nascent plugin manifest {}`",
                        file.string(), path_.string());
      }
    }
    report_.findings.push_back(std::move(finding));
  }

  // "contract:nascent.sampler/1:org.x.y" -> "sampler org.x.y.contract".
  static std::string name_of(const std::string& probe) {
    const std::size_t first = probe.find(':'), second = probe.find(':', first + 1);
    if (second == std::string::npos) return probe;
    return fmt::format("{} {}.{}", kind_name(probe.substr(first + 1, second - first - 1)), probe.substr(second + 1),
                       probe.substr(0, first));
  }
  static std::string last_line(std::string text) {
    while (text.ends_with('\n')) text.pop_back();
    text.erase(0, text.rfind('\n') + 1);
    return text.substr(0, 300);
  }

  fs::path path_;
  const CheckSettings& settings_;
  std::string prober_;
  CheckReport report_;
};

}  // namespace

Result<CheckReport> check_plugin(const fs::path& path, const CheckSettings& settings) {
  std::error_code code;
  const fs::path real = fs::canonical(path, code);
  if (code) return fail(ErrorKind::invalid_input, fmt::format("{}: {}", path.string(), code.message()));
  return PluginCheck(real, settings).run();
}

bool CheckReport::passed() const {
  return std::ranges::none_of(findings, [](const CheckFinding& f) { return f.outcome == CheckOutcome::failed; });
}

std::string CheckReport::to_json() const {
  Json all = Json::array();
  for (const CheckFinding& f : findings) all.push_back(core::to_json(f));
  return Json{{"path", path.string()}, {"passed", passed()}, {"elapsed_s", elapsed_s}, {"tests", std::move(all)}}.dump(
             2) +
         '\n';
}

std::string CheckReport::to_text() const {
  std::string text;
  std::size_t counts[3] = {0, 0, 0};
  for (const CheckFinding& f : findings) {
    ++counts[static_cast<int>(f.outcome)];
    if (f.outcome == CheckOutcome::passed) continue;
    text += fmt::format(
        "{} {}{}: {}\n", f.outcome == CheckOutcome::failed ? "FAILED " : "skipped", f.test,
        f.outcome == CheckOutcome::failed && f.rule != 0 ? fmt::format(" (CONVENTIONS.md, rule {})", f.rule) : "",
        f.message);
  }
  return text + fmt::format("plugin={} passed={} failed={} skipped={} elapsed_s={:.1f}\n", path.string(), counts[0],
                            counts[1], counts[2], elapsed_s);
}

}  // namespace nascent::core
