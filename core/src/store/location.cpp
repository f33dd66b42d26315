#include "nascent/core/store_location.hpp"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace nascent::core {
namespace {

constexpr std::string_view kSchemeEnd = "://";

struct Remembered {
  std::mutex mutex;
  std::unordered_map<std::string, LocationSecrets> secrets;  // by public location
};

Remembered& remembered() {
  static Remembered all;
  return all;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Of "scheme://USER:PASSWORD@host/...": where the password stands, without its colon; empty when there is none. A
// password that a person forgot to encode may hold '@' and '/': it ends at the last '@' before the parameters.
std::pair<std::size_t, std::size_t> password_of(const std::string& url) {
  const std::size_t start = url.find(kSchemeEnd) + kSchemeEnd.size();
  const std::size_t at = url.substr(0, url.find('?', start)).rfind('@');
  const std::size_t colon = url.find(':', start);
  if (at == std::string::npos || at < start || colon == std::string::npos || colon > at) return {0, 0};
  // "host:5432/base@x" has no user: what follows the colon is a port.
  const std::size_t slash = url.find('/', colon);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool is_port = slash < at && std::all_of(url.begin() + static_cast<std::ptrdiff_t>(colon) + 1,
                                                 url.begin() + static_cast<std::ptrdiff_t>(slash), is_digit);
  if (is_port) return {0, 0};
  return {colon + 1, at - colon - 1};
}

// Takes "NAME=value" out of the URL's parameters.
std::string take_parameter(std::string& url, std::string_view name) {
  const std::size_t question = url.find('?');
  for (std::size_t at = question; at != std::string::npos; at = url.find('&', at + 1)) {
    if (url.compare(at + 1, name.size(), name) != 0 || url.compare(at + 1 + name.size(), 1, "=") != 0) continue;
    const std::size_t begin = at + 2 + name.size();
    const std::size_t end = std::min(url.find('&', begin), url.size());
    std::string value = percent_decoded(std::string_view(url).substr(begin, end - begin));
    if (at == question && end < url.size()) {
      url.erase(at + 1, end - at);  // the next one is the first now
    } else {
      url.erase(at, end - at);
    }
    return value;
  }
  return {};
}

}  // namespace

bool is_url(std::string_view location) { return location.find(kSchemeEnd) != std::string_view::npos; }

std::filesystem::path folder_of(const std::string& location) {
  std::error_code error;
  const std::filesystem::path here = std::filesystem::current_path(error);
  return is_url(location) ? here : (here / location).parent_path();
}

std::string public_location(const std::string& location) {
  if (!is_url(location)) return location;
  std::string url = location;
  LocationSecrets secrets;
  if (const auto [begin, size] = password_of(url); begin != 0) {
    secrets.password = percent_decoded(std::string_view(url).substr(begin, size));
    url.erase(begin - 1, size + 1);
  }
  if (std::string given = take_parameter(url, "password"); !given.empty()) secrets.password = std::move(given);
  secrets.ssl_password = take_parameter(url, "sslpassword");
  if (!secrets.password.empty() || !secrets.ssl_password.empty()) {
    Remembered& all = remembered();
    const std::lock_guard lock(all.mutex);
    all.secrets[url] = std::move(secrets);
  }
  return url;
}

LocationSecrets secrets_of(const std::string& location) {
  Remembered& all = remembered();
  const std::lock_guard lock(all.mutex);
  const auto found = all.secrets.find(location);
  return found == all.secrets.end() ? LocationSecrets{} : found->second;
}

}  // namespace nascent::core
