// abi.h as text: structs and their members, and the rule by which one header may follow another.
#pragma once

#include <algorithm>
#include <cctype>
#include <map>
#include <regex>
#include <string>
#include <vector>

namespace nascent::abi {

struct Struct {
  bool frozen = false;               // else it grows at its tail
  std::vector<std::string> members;  // declarations with single blanks, in order
};

struct Header {
  std::map<std::string, Struct> structs;
  std::map<std::string, std::string> constants;  // NAS_* without arguments, but for the minors
};

// Without comments and line continuations, every run of white space a single blank, none at the ends.
inline std::string squeezed(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "/*") == 0) i = std::min(text.find("*/", i), text.size()) + 1;
    const bool blank =
        i >= text.size() || text[i] == '/' || text[i] == '\\' || std::isspace(static_cast<unsigned char>(text[i])) != 0;
    if (!blank)
      out += text[i];
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

inline Header read_header(const std::string& text) {
  Header header;
  const std::regex begin(R"(typedef struct (nas_\w+) \{([^\n]*))");
  for (std::sregex_iterator m(text.begin(), text.end(), begin), end; m != end; ++m) {
    const std::string name = (*m)[1];
    const std::size_t from =
        static_cast<std::size_t>(m->position()) + std::string("typedef struct  {").size() + name.size();
    const std::size_t to = text.find("\n} " + name + ";", from);
    Struct s;
    s.frozen = m->str(2).find("FROZEN") != std::string::npos;
    std::string member;
    int depth = 0;  // a nested struct is one member
    for (const char c : squeezed(text.substr(from, to - from))) {
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (c != ';' || depth > 0) {
        if (c != ' ' || !member.empty()) member += c;
        continue;
      }
      // "uint32_t size, flags" declares two; the text up to the first comma outside parentheses names the type.
      int nested = 0;
      std::string part;
      for (const char d : member + ',') {
        nested += d == '(' || d == '{' ? 1 : d == ')' || d == '}' ? -1 : 0;
        if (d == ',' && nested == 0) {
          s.members.push_back(part);
          part = "+";
        } else {
          part += d;
        }
      }
      member.clear();
    }
    header.structs[name] = std::move(s);
  }
  const std::regex constant(R"(#define (NAS_\w+) ([^\n]+))");
  for (std::sregex_iterator m(text.begin(), text.end(), constant), end; m != end; ++m) {
    if (m->str(1) != "NAS_ABI_MINOR" && m->str(1) != "NAS_TARGET_MINOR")
      header.constants[m->str(1)] = squeezed(m->str(2));
  }
  return header;
}

// How `newer` breaks what was built with `older`; empty = it may follow as a minor.
inline std::vector<std::string> breaks(const Header& older, const Header& newer) {
  std::vector<std::string> found;
  for (const auto& [name, before] : older.structs) {
    const auto after = newer.structs.find(name);
    if (after == newer.structs.end()) {
      found.push_back(name + " is gone");
      continue;
    }
    const auto& members = after->second.members;
    if (before.frozen && members != before.members) found.push_back(name + " is FROZEN and changed");
    if (members.size() < before.members.size()) {
      found.push_back(name + " lost a member");
      continue;
    }
    for (std::size_t i = 0; i < before.members.size(); ++i) {
      if (members[i] != before.members[i])
        found.push_back(name + ": '" + before.members[i] + "' became '" + members[i] + "'");
    }
  }
  for (const auto& [name, value] : older.constants) {
    const auto after = newer.constants.find(name);
    if (after == newer.constants.end() || after->second != value) found.push_back("constant " + name + " changed");
  }
  return found;
}

}  // namespace nascent::abi
