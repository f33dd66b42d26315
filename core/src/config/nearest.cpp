#include "nascent/core/nearest.hpp"

#include <algorithm>
#include <numeric>

namespace nascent::core {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the table: two steps back for swaps.
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char x = lower(a[i - 1]), y = lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (x == y ? 0 : 1)});
      if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t word_max = 64;  // longer ones are no slip of the fingers
  if (word.empty() || word.size() > word_max) return {};
  std::string best;
  std::size_t best_distance = word_max;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    const bool close = 3 * distance <= std::max(word.size(), candidate.size());
    const bool begins =
        word.size() >= 3 && edit_distance(word, std::string_view(candidate).substr(0, word.size())) == 0;
    if ((close || begins) && distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string way_out(std::string_view word, const std::vector<std::string>& candidates) {
  if (const std::string best = nearest(word, candidates); !best.empty()) return "did you mean \"" + best + "\"?";
  if (candidates.empty()) return "nothing is valid here";
  std::string list = "valid: ";
  for (std::size_t i = 0; i < candidates.size(); ++i) list += (i > 0 ? ", " : "") + candidates[i];
  return list;
}

}  // namespace nascent::core
