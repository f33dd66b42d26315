// The trials that earlier runs of a study left in its store, read in order and in pages, so that memory stays small.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "nascent/core/result.hpp"
#include "nascent/core/store.hpp"

namespace nascent::core::search {

inline constexpr std::size_t kPage = 1000;  // trials that are read at once

class StoredTrials {
 public:
  StoredTrials(Store& store, StudyId study) : store_(&store), study_(study) {}

  // The smallest id at `id` or after that is free, or a search trial's: final trials are stepped over. `id` ascends from
  // call to call.
  Result<TrialId> next_id(TrialId id);
  // Is search trial `id` stored? Then take() hands it out, once.
  Result<bool> has(TrialId id);
  Trial take() { return std::move(page_[front_++]); }

 private:
  // Makes `id` or a later trial the front of the page, unless none is stored.
  Result<void> seek(TrialId id);

  Store* store_;
  StudyId study_;
  std::vector<Trial> page_;
  std::size_t front_ = 0;
  bool at_end_ = false;
};

inline Result<void> StoredTrials::seek(TrialId id) {
  while (front_ < page_.size() && page_[front_].id < id) ++front_;
  if (front_ < page_.size() || at_end_) return {};
  auto page = store_->trials(study_, {.state = {}, .role = {}, .first = id, .limit = kPage});
  if (!page) return tl::unexpected<Error>(page.error());
  page_ = std::move(*page);
  front_ = 0;
  at_end_ = page_.empty();
  return {};
}

inline Result<TrialId> StoredTrials::next_id(TrialId id) {
  for (;; ++id) {
    if (auto sought = seek(id); !sought) return tl::unexpected<Error>(sought.error());
    const bool other = front_ < page_.size() && page_[front_].id == id && page_[front_].role != TrialRole::search;
    if (!other) return id;
  }
}

inline Result<bool> StoredTrials::has(TrialId id) {
  if (auto sought = seek(id); !sought) return tl::unexpected<Error>(sought.error());
  return front_ < page_.size() && page_[front_].id == id && page_[front_].role == TrialRole::search;
}

}  // namespace nascent::core::search
