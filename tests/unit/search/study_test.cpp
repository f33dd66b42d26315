// The search inside a C++ program.
#include "nascent/core/study.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "files.hpp"
#include "search_fixture.hpp"

namespace nascent::core {
namespace {

using fakes::Telltale;
using testing::HasSubstr;

struct Plane {
  nascent::SpaceBuilder builder;
  nascent::Real x = builder.real("x", -5, 5);
  nascent::Choice<std::string> sign = builder.choice("sign", {"plus", "minus"});

  [[nodiscard]] double loss(const nascent::Values& at) const {
    return (at[x] - 1) * (at[x] - 1) + (at[sign] == "plus" ? 0 : 1);
  }
};

TEST(Study, optimises_a_function_of_the_program) {
  const Plane plane;
  auto study = Study::open(plane.builder.declaration(), {.sampler_class = in_process<Telltale>(), .trials = 60});
  ASSERT_TRUE(study) << study.error().message;
  const auto best = study->optimize([&](const nascent::Values& at) { return plane.loss(at); });
  ASSERT_TRUE(best) << best.error().message;
  EXPECT_EQ(metric(best->metrics, "value"), plane.loss(study->values(*best)));
  EXPECT_EQ(study->outcome().counts.completed, 60U);
  EXPECT_EQ(study->outcome().reason, "trials=60");
}

TEST(Study, asked_and_told_by_hand_gives_the_same_trials) {
  const Plane plane;
  const StudyOptions options{.sampler_class = in_process<Telltale>(), .trials = 20, .parallel = 3};
  auto by_function = Study::open(plane.builder.declaration(), options);
  auto by_hand = Study::open(plane.builder.declaration(), options);
  ASSERT_TRUE(by_function && by_hand);
  ASSERT_TRUE(by_function->optimize([&](const nascent::Values& at) { return plane.loss(at); }));
  // Told in another order than asked.
  std::vector<Trial> open;
  for (bool over = false; !over || !open.empty();) {
    while (!over && open.size() < 3) {
      const auto trial = by_hand->ask();
      if (!trial) break;  // waits for an open one
      over = !trial->has_value();
      if (!over) open.push_back(**trial);
    }
    if (open.empty()) break;
    ASSERT_TRUE(by_hand->tell(open.back().id, plane.loss(by_hand->values(open.back()))));
    open.pop_back();
  }
  EXPECT_EQ(by_hand->outcome().counts.completed, 20U);
  EXPECT_EQ(by_hand->outcome().incumbent->configuration, by_function->outcome().incumbent->configuration);
}

TEST(Study, an_exception_or_a_value_that_is_not_finite_is_a_failed_trial) {
  const Plane plane;
  auto study = Study::open(plane.builder.declaration(), {.sampler_class = in_process<Telltale>(), .trials = 9});
  ASSERT_TRUE(study);
  int n = 0;
  const auto best = study->optimize([&](const nascent::Values&) -> double {
    ++n;
    if (n % 3 == 0) throw std::runtime_error("no luck");
    return n % 3 == 1 ? std::nan("") : n;
  });
  ASSERT_TRUE(best);
  EXPECT_EQ(study->outcome().counts.failed, 6U);
  EXPECT_EQ(study->outcome().counts.completed, 3U);
}

TEST(Study, a_study_in_a_file_goes_on) {
  const Plane plane;
  const nascent::test::TemporaryFolder folder;
  StudyOptions options{.sampler_class = in_process<Telltale>(), .trials = 10, .store = folder.path("study.db")};
  {
    auto study = Study::open(plane.builder.declaration(), options);
    ASSERT_TRUE(study) << study.error().message;
    for (int i = 0; i < 4; ++i) {
      const auto trial = study->ask();
      ASSERT_TRUE(trial && *trial);
      ASSERT_TRUE(study->tell((*trial)->id, plane.loss(study->values(**trial))));
    }
  }
  auto study = Study::open(plane.builder.declaration(), options);
  ASSERT_TRUE(study) << study.error().message;
  int evaluated = 0;
  ASSERT_TRUE(study->optimize([&](const nascent::Values& at) {
    ++evaluated;
    return plane.loss(at);
  }));
  EXPECT_LE(evaluated, 7);  // the last one told before may not have been taken any more
  EXPECT_EQ(study->outcome().counts.completed, 10U);
  nascent::SpaceBuilder other;
  other.real("z", 0, 1);
  EXPECT_FALSE(Study::open(other.declaration(), options));
}

TEST(Study, mistakes_of_the_program_are_named) {
  const Plane plane;
  auto study = Study::open(plane.builder.declaration(), {.sampler_class = in_process<Telltale>()});
  ASSERT_TRUE(study);
  const auto unknown = study->tell(5, 1.0);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "trial 5 is not open; tell what ask() gave, once");
  ASSERT_TRUE(study->ask());
  const auto too_many = study->ask();
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().message, "1 trials are open and parallel is 1; tell one of them first");
  const auto option = Study::open(plane.builder.declaration(),
                                  {.sampler_options = {{"size", std::int64_t{3}}}, .sampler_class = in_process<Telltale>()});
  ASSERT_FALSE(option);
  EXPECT_THAT(option.error().message, HasSubstr("size"));
  EXPECT_FALSE(Study::open(plane.builder.declaration(), {.sampler = "no-such-sampler"}));
}

TEST(Study, constraints_and_objectives_are_told_by_name) {
  const Plane plane;
  auto study = Study::open(plane.builder.declaration(),
                           {.sampler_class = in_process<Telltale>(),
                            .trials = 30,
                            .objectives = {{"gain", Direction::maximize}},
                            .constraints = {{"weight", std::nullopt, 0.0}}});
  ASSERT_TRUE(study);
  while (true) {
    const auto trial = study->ask();
    ASSERT_TRUE(trial);
    if (!*trial) break;
    const double x = study->values(**trial)[plane.x];
    ASSERT_TRUE(study->tell((*trial)->id, {{"gain", x}, {"weight", x - 2}}));
  }
  const auto best = study->outcome().incumbent;
  ASSERT_TRUE(best);
  EXPECT_LE(*metric(best->metrics, "gain"), 2);
}

}  // namespace
}  // namespace nascent::core
