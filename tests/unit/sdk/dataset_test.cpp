// The dataset thunks: descriptions, checks of splits and indices, tensors handed over.
#include "nascent/dataset.hpp"

#include <gtest/gtest.h>

#include "support/dataset_instance.hpp"

namespace nascent {
namespace {

// Ten rows of two features, in memory or not, with a wrong number of tensors on request.
class Ten : public Dataset {
 public:
  static constexpr About about{"test.ten", "ten", "1.0.0", "Ten rows"};
  explicit Ten(const Options& given) : in_memory_(!given.has("streamed")), broken_(given.has("broken")) {
    for (float i = 0; i < 20; ++i) data_->push_back(i);
    info_ = {{{"train", 10}}, {{"x", FieldRole::input, dtype_of<float>(), {2}}}, {"no", "yes"}, "ten"};
  }
  [[nodiscard]] const DatasetInfo& info() const override { return info_; }
  [[nodiscard]] std::optional<std::vector<Tensor>> whole(std::size_t) const override {
    if (!in_memory_) return std::nullopt;
    std::vector<Tensor> all;
    all.push_back(Tensor::view(data_->data(), dtype_of<float>(), {10, 2}, data_));
    if (broken_) all.emplace_back();
    return all;
  }
  [[nodiscard]] std::vector<Tensor> gather(std::size_t, std::span<const std::int64_t> index) const override {
    std::vector<Tensor> rows;
    if (!broken_) rows.push_back(gather_rows(data_->data(), 8, info_.fields[0], index));
    return rows;
  }

 private:
  bool in_memory_, broken_;
  std::shared_ptr<std::vector<float>> data_ = std::make_shared<std::vector<float>>();
  DatasetInfo info_;
};

test::DatasetInstance open(std::initializer_list<std::pair<std::string, test::OptionValue>> given = {}) {
  return {DatasetKind::table<Ten>, test::Config(given)};
}

TEST(DatasetKind, describes_the_dataset_in_c) {
  const auto data = open();
  const nas_dataset_info& info = data.info();
  EXPECT_EQ(info.size, sizeof(nas_dataset_info));
  EXPECT_EQ(info.n_splits, 1U);
  EXPECT_EQ(info.splits[0].rows, 10);
  EXPECT_EQ(info.fields[0].ndim, 1);
  EXPECT_EQ(info.fields[0].shape[0], 2);
  EXPECT_EQ(info.n_classes, 2U);
  EXPECT_EQ(view(info.class_names[1]), "yes");
  EXPECT_EQ(view(info.fingerprint), "ten");
}

TEST(DatasetKind, splits_and_rows_out_of_range_are_refused_with_a_message) {
  const auto data = open();
  const auto message = [](auto act) {
    try {
      act();
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message([&] { static_cast<void>(data.subset(1)); }), "split 1 of 1 does not exist");
  EXPECT_EQ(message([&] {
              static_cast<void>(data.subset(0).gather(std::vector<std::int64_t>{3, 10}));
            }),
            "row 10 is outside split 'train' of 10 rows");
  EXPECT_EQ(message([&] { static_cast<void>(data.subset(0).gather(std::vector<std::int64_t>{-1})); }),
            "row -1 is outside split 'train' of 10 rows");
}

TEST(DatasetKind, a_plugin_that_returns_another_number_of_tensors_is_stopped_at_the_border) {
  const auto data = open({{"broken", true}});
  EXPECT_THROW(static_cast<void>(data.subset(0).whole_split()), Error);
  EXPECT_THROW(static_cast<void>(data.subset(0).gather(std::vector<std::int64_t>{0})), Error);
}

TEST(Subset, reads_whole_splits_or_nothing) {
  EXPECT_TRUE(open().subset(0).whole_split().has_value());
  EXPECT_FALSE(open({{"streamed", true}}).subset(0).whole_split().has_value());
}

TEST(Subset, a_list_of_rows_is_gathered_by_position) {
  test::DatasetInstance data = open();
  const std::vector<std::int64_t> rows{7, 2, 2};
  nas_subset raw = data.subset(0).raw();
  raw.rows = rows.data();
  raw.n = rows.size();
  const Subset subset(raw);
  EXPECT_EQ(subset.rows(), 3);
  EXPECT_EQ(subset.split_row(0), 7);
  const auto taken = subset.gather(std::vector<std::int64_t>{2, 0});
  EXPECT_EQ(taken[0].values<float>()[0], 4);
  EXPECT_EQ(taken[0].values<float>()[2], 14);
  EXPECT_EQ(data.subset(0).rows(), 10);
}

TEST(Subset, without_data_is_empty) {
  const Subset nothing(nas_subset{});
  EXPECT_TRUE(nothing.empty());
  EXPECT_EQ(nothing.rows(), 0);
}

TEST(Subset, finds_fields_by_role) {
  const auto data = open();
  const Subset subset = data.subset(0);
  EXPECT_EQ(subset.field(FieldRole::input), 0U);
  EXPECT_THROW(static_cast<void>(subset.field(FieldRole::group)), Error);
}

}  // namespace
}  // namespace nascent
