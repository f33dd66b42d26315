#include "unseen.hpp"

#include <algorithm>
#include <deque>
#include <optional>

namespace nascent::samplers {
namespace {

// Bounds: different configurations remembered, parameter values remembered, changes tried.
constexpr std::size_t kRememberedMax = 4096, kValuesMax = std::size_t{1} << 20, kChangesMax = std::size_t{1} << 17;

class BreadthFirst {
 public:
  BreadthFirst(SpaceView space, const Taken& taken, Rng& rng)
      : space_(space),
        taken_(taken),
        rng_(rng),
        remembered_max_(std::clamp(kValuesMax / (space.size() + 1), std::size_t{16}, kRememberedMax)) {}

  Unseen run(Row row) {
    visit(Point(ConstRow(row)));
    for (; !queue_.empty() && !done(); queue_.pop_front()) expand(queue_.front());
    if (found_) found_->copy_to(row);
    return found_ ? Unseen::found : done() ? Unseen::given_up : Unseen::none_left;
  }

 private:
  [[nodiscard]] bool done() const { return found_ || remembered_ >= remembered_max_ || changes_ >= kChangesMax; }

  void visit(Point point) {
    if (!taken_.contains(point.row())) {
      found_ = std::move(point);
    } else if (seen_.add(point.row())) {
      ++remembered_;
      queue_.push_back(std::move(point));
    }
  }
  void expand(const Point& from) {
    const std::size_t n = space_.size(), first = n == 0 ? 0 : rng_.below(n);
    for (std::size_t k = 0; k < n; ++k) {
      if (from.active[(first + k) % n] != 0) expand(from, (first + k) % n);
    }
  }
  // All other values of parameter i, the levels next to the current one first.
  void expand(const Point& from, std::size_t i) {
    const ParamView param = space_[i];
    if (param.levels() == 0) return visit_changed(from, i, param.quantile(rng_.uniform()));
    const std::uint64_t here = param.level_of(from.x[i]), n = param.levels();
    for (std::uint64_t distance = 1; distance < n && !done(); ++distance) {
      const bool above = distance < n - here, below = distance <= here;
      if (!above && !below) return;
      if (above) visit_level(from, i, here + distance);
      if (below) visit_level(from, i, here - distance);
    }
  }
  void visit_level(const Point& from, std::size_t i, std::uint64_t level) {
    if (space_[i].is_possible(level)) visit_changed(from, i, space_[i].level(level));
  }
  void visit_changed(const Point& from, std::size_t i, double value) {
    if (done()) return;
    ++changes_;
    Point changed = from;
    changed.x[i] = value;
    space_.repair(rng_, changed.row());
    visit(std::move(changed));
  }

  SpaceView space_;
  const Taken& taken_;
  Rng& rng_;
  std::size_t remembered_max_, remembered_ = 0, changes_ = 0;
  std::deque<Point> queue_;
  Known seen_;
  std::optional<Point> found_;
};

}  // namespace

Unseen nearest_unseen(SpaceView space, const Taken& taken, Rng& rng, Row row) {
  return BreadthFirst(space, taken, rng).run(row);
}

}  // namespace nascent::samplers
