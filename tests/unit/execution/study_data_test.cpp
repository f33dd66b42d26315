#include "nascent/core/study_data.hpp"

#include <gtest/gtest.h>

#include <nascent/dataset.hpp>
#include <set>

#include "study_fixture.hpp"

namespace nascent::core {
namespace {

std::set<std::int64_t> rows_of(const nas_subset& subset) { return {subset.rows, subset.rows + subset.n}; }

class StudyDataTest : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  test::OpenStudy study_{
      folder_.root(), {.trainer = "", .workers = "", .more = "[validation]\nshare = 0.25\n[dataset]\ntype = \"rows\""}};
  StudyData data_ = test::take(StudyData::open(study_.catalog(), study_.study()));
};

TEST_F(StudyDataTest, what_a_search_sees_has_no_test_split) {
  const Subset train(data_.train());
  ASSERT_EQ(train.info().n_splits, 1U);
  EXPECT_EQ(view(train.info().splits[0].name), "train");
  nas_subset sneaky = data_.train();
  sneaky.split = 1;
  const std::int64_t row = 0;
  nas_tensor* tensors[2] = {};
  nas_error error{};
  EXPECT_EQ(sneaky.data.vt->gather(sneaky.data.self, 1, &row, 1, tensors, &error), NAS_E_INVALID);
  EXPECT_EQ(sneaky.data.vt->whole(sneaky.data.self, 1, tensors, &error), NAS_E_INVALID);
  EXPECT_EQ(sneaky.data.vt->extension(sneaky.data.self, "anything"), nullptr);
}

TEST_F(StudyDataTest, the_held_out_rows_judge_and_do_not_train) {
  const auto train = rows_of(data_.train()), validation = rows_of(data_.validation());
  EXPECT_EQ(validation.size(), 2U);  // one of each class
  EXPECT_EQ(train.size(), 6U);
  for (const auto row : validation) EXPECT_FALSE(train.contains(row)) << row;
}

TEST_F(StudyDataTest, another_process_holds_out_the_same_rows) {
  const StudyData again = test::take(StudyData::open(study_.catalog(), study_.study()));
  EXPECT_EQ(rows_of(again.validation()), rows_of(data_.validation()));
}

TEST_F(StudyDataTest, the_test_split_has_a_door_of_its_own) {
  ASSERT_TRUE(data_.has_test());
  const nas_subset rows = test::take(data_.test());
  const Subset test(rows);
  EXPECT_EQ(test.rows(), 4);
  const std::int64_t first[] = {0};
  EXPECT_EQ(test.gather(first)[0].values<float>()[0], 100.0F);
}

TEST_F(StudyDataTest, tells_the_shape_of_the_data) {
  EXPECT_EQ(data_.shape().n_classes(), 2U);
  EXPECT_EQ(data_.shape().input_shape(), (std::vector<std::int64_t>{2}));
}

}  // namespace
}  // namespace nascent::core
