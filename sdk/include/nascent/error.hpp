// The exception a plugin throws, and the one place where it turns into a status at the border.
#pragma once

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "nascent/abi.h"
#include "nascent/namespace.hpp"

NASCENT_SDK_BEGIN

inline std::string_view view(nas_str s) { return s.n == 0 ? std::string_view{} : std::string_view{s.p, s.n}; }
constexpr nas_str str(std::string_view s) { return {s.data(), s.size()}; }

// What went wrong, for a person: the value, the rule, the way out.
class Error : public std::runtime_error {
 public:
  // status: one of NAS_E_*; option: JSON pointer of the option at fault ("/population"), or empty.
  Error(nas_status status, const std::string& message, std::string option = {})
      : std::runtime_error(message), status_(status), option_(std::move(option)) {}
  [[nodiscard]] nas_status status() const noexcept { return status_; }
  [[nodiscard]] const std::string& option() const noexcept { return option_; }

 private:
  nas_status status_;
  std::string option_;
};

// An option's value breaks a rule that its declaration cannot express.
class InvalidOption : public Error {
 public:
  InvalidOption(std::string_view option, const std::string& message)
      : Error(NAS_E_INVALID, message, option.starts_with('/') ? std::string(option) : std::string("/").append(option)) {}
};

// The objective became NaN or infinite: the trial ends as "diverged".
class Diverged : public Error {
 public:
  explicit Diverged(const std::string& message) : Error(NAS_E_NUMERIC, message) {}
};

// Fills `error` (may be null); long text is cut at a UTF-8 boundary.
inline nas_status set_error(nas_error* error, nas_status status, std::string_view message,
                            std::string_view option = {}) noexcept {
  if (error == nullptr) return status;
  const auto copy = [](char* to, std::size_t capacity, std::string_view text) {
    std::size_t n = std::min(text.size(), capacity - 1);
    while (n < text.size() && n > 0 && (static_cast<unsigned char>(text[n]) & 0xC0U) == 0x80U) --n;
    if (n > 0) std::memcpy(to, text.data(), n);  // an empty view may be null
    to[n] = '\0';
  };
  error->code = status;
  error->reserved = 0;
  copy(error->option, sizeof error->option, option);
  copy(error->message, sizeof error->message, message);
  return status;
}

// Runs `body` (returning nothing or a nas_status) so that no exception crosses the border.
template <class Body>
nas_status guarded(nas_error* error, Body&& body) noexcept {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Body>>) {
      std::forward<Body>(body)();
      return NAS_OK;
    } else {
      return std::forward<Body>(body)();
    }
  } catch (const Error& e) {
    return set_error(error, e.status(), e.what(), e.option());
  } catch (const std::bad_alloc&) {
    return set_error(error, NAS_E_NOMEM, "out of memory");
  } catch (const std::exception& e) {
    return set_error(error, NAS_E_INTERNAL, e.what());
  } catch (...) {
    return set_error(error, NAS_E_INTERNAL, "an exception that is no std::exception");
  }
}

// The caller's side: throws when `status` is an error.
inline void check(nas_status status, const nas_error& error) {
  if (status == NAS_OK) return;
  throw Error(status, error.message[0] != '\0' ? error.message : "status " + std::to_string(status), error.option);
}

NASCENT_SDK_END
