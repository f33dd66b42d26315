#include "idx.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "idx_bytes.hpp"
#include "support/dataset_instance.hpp"
#include "support/files.hpp"

namespace nascent::idx {
namespace {

using test::Config;
using test::DatasetInstance;
using test::TemporaryFolder;

DatasetInstance open(std::initializer_list<std::pair<std::string, test::OptionValue>> given) {
  Config config(given);
  config.complete<Idx>();
  return {DatasetKind::table<Idx>, config};
}

std::string refusal(std::initializer_list<std::pair<std::string, test::OptionValue>> given,
                    const std::string& option = "") {
  try {
    open(given);
  } catch (const Error& e) {
    EXPECT_EQ(e.option(), option);
    return e.what();
  }
  return "accepted";
}

// Six training and four test images of 2x3 pixels, three classes.
void write_small(const TemporaryFolder& f, const std::string& prefix = "") {
  f.write(prefix + "train-images-idx3-ubyte", counting({6, 2, 3}));
  f.write(prefix + "train-labels-idx1-ubyte", labels({0, 1, 2, 0, 1, 2}));
  f.write(prefix + "t10k-images-idx3-ubyte.gz", gzip(counting({4, 2, 3})));
  f.write(prefix + "t10k-labels-idx1-ubyte.gz", gzip(labels({2, 1, 0, 0})));
}

TEST(Idx, gives_splits_fields_and_classes) {
  const TemporaryFolder folder;
  write_small(folder);
  const auto data = open({{"folder", folder.path()}});
  const nas_dataset_info& info = data.info();
  ASSERT_EQ(info.n_splits, 2U);
  EXPECT_EQ(view(info.splits[0].name), "train");
  EXPECT_EQ(info.splits[0].rows, 6);
  EXPECT_EQ(view(info.splits[1].name), "test");
  EXPECT_EQ(info.splits[1].rows, 4);
  ASSERT_EQ(info.n_fields, 2U);
  EXPECT_EQ(info.fields[0].role, NAS_ROLE_INPUT);
  EXPECT_EQ(std::vector<std::int64_t>(info.fields[0].shape, info.fields[0].shape + info.fields[0].ndim),
            (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(info.fields[0].dtype_code, 1);
  EXPECT_EQ(info.fields[0].dtype_bits, 8);
  EXPECT_EQ(info.fields[1].role, NAS_ROLE_TARGET);
  EXPECT_EQ(info.fields[1].ndim, 0);
  ASSERT_EQ(info.n_classes, 3U);
  EXPECT_EQ(view(info.class_names[2]), "2");
}

TEST(Idx, whole_is_one_view_of_memory_for_every_caller) {
  const TemporaryFolder folder;
  write_small(folder);
  std::optional<std::vector<Tensor>> first, second;
  {
    const auto data = open({{"folder", folder.path()}});
    first = data.subset(0).whole_split();
    second = data.subset(0).whole_split();
  }  // the tensors outlive the dataset
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->at(0).get()->dl_tensor.data, second->at(0).get()->dl_tensor.data);
  const auto pixels = first->at(0).values<std::uint8_t>();
  ASSERT_EQ(pixels.size(), 36U);
  for (std::size_t i = 0; i < 36; ++i) EXPECT_EQ(pixels[i], i);
  const auto targets = second->at(1).values<std::int64_t>();
  EXPECT_EQ(std::vector<std::int64_t>(targets.begin(), targets.end()), (std::vector<std::int64_t>{0, 1, 2, 0, 1, 2}));
}

TEST(Idx, gather_gives_rows_in_the_order_asked_with_repeats) {
  const TemporaryFolder folder;
  write_small(folder);
  const auto data = open({{"folder", folder.path()}});
  const std::vector<std::int64_t> index{5, 0, 5};
  const auto rows = data.subset(0).gather(index);
  EXPECT_EQ(std::vector<std::int64_t>(rows[0].shape().begin(), rows[0].shape().end()),
            (std::vector<std::int64_t>{3, 1, 2, 3}));
  EXPECT_EQ(rows[0].values<std::uint8_t>()[0], 30);
  EXPECT_EQ(rows[0].values<std::uint8_t>()[6], 0);
  EXPECT_EQ(rows[0].values<std::uint8_t>()[17], 35);
  EXPECT_EQ(rows[1].values<std::int64_t>()[0], 2);
  EXPECT_EQ(data.subset(0).gather({})[0].elements(), 0);
  EXPECT_THROW(static_cast<void>(data.subset(0).gather(std::vector<std::int64_t>{6})), Error);
  EXPECT_THROW(static_cast<void>(data.subset(0).gather(std::vector<std::int64_t>{-1})), Error);
}

TEST(Idx, limit_keeps_the_first_rows_and_all_classes) {
  const TemporaryFolder folder;
  write_small(folder);
  const auto data = open({{"folder", folder.path()}, {"limit", 2}});
  EXPECT_EQ(data.info().splits[0].rows, 2);
  EXPECT_EQ(data.info().splits[1].rows, 2);
  EXPECT_EQ(data.info().n_classes, 3U);
}

TEST(Idx, the_fingerprint_follows_the_content_and_nothing_else) {
  const TemporaryFolder folder, other, changed;
  write_small(folder);
  write_small(other, "my-");
  write_small(changed);
  changed.write("train-labels-idx1-ubyte", labels({0, 1, 2, 0, 1, 1}));
  const auto of = [](const DatasetInstance& d) { return std::string(view(d.info().fingerprint)); };
  const std::string original = of(open({{"folder", folder.path()}}));
  EXPECT_EQ(original, of(open({{"folder", other.path()}, {"prefix", "my-"}})));
  EXPECT_NE(original, of(open({{"folder", changed.path()}})));
  EXPECT_NE(original, of(open({{"folder", folder.path()}, {"limit", 5}})));
  EXPECT_EQ(original, "xxh3:5caf0acf8feceb88849d8924d3665eae") << "the same on every machine";
}

TEST(Idx, files_one_by_one_need_no_test_split) {
  const TemporaryFolder folder;
  write_small(folder);
  const auto data = open({{"train_images", folder.path("train-images-idx3-ubyte")},
                          {"train_labels", folder.path("train-labels-idx1-ubyte")}});
  EXPECT_EQ(data.info().n_splits, 1U);
}

TEST(Idx, images_of_two_and_four_dimensions_and_of_floats) {
  const TemporaryFolder folder;
  const std::string classes = folder.write("l", labels({0, 1}));
  const auto shape = [&](const std::string& bytes) {
    const auto data = open({{"train_images", folder.write("i", bytes)}, {"train_labels", classes}});
    const nas_field& f = data.info().fields[0];
    return std::pair(std::vector<std::int64_t>(f.shape, f.shape + f.ndim), f.dtype_code);
  };
  EXPECT_EQ(shape(counting({2, 7})).first, (std::vector<std::int64_t>{7}));
  EXPECT_EQ(shape(counting({2, 3, 4, 5})).first, (std::vector<std::int64_t>{3, 4, 5}));
  EXPECT_EQ(shape(header(0x0D, {2, 1, 1}) + std::string(8, '\0')).second, 2);
}

TEST(Idx, names_classes) {
  const TemporaryFolder folder;
  write_small(folder);
  const auto data = open({{"folder", folder.path()}, {"classes", std::vector<std::string>{"cat", "dog", "cow"}}});
  EXPECT_EQ(view(data.info().class_names[1]), "dog");
  EXPECT_EQ(refusal({{"folder", folder.path()}, {"classes", std::vector<std::string>{"cat", "dog"}}}, "/classes"),
            "classes names 2 classes, but the labels go up to 2; name 3");
}

TEST(Idx, tells_which_files_are_missing_or_do_not_belong_together) {
  const TemporaryFolder folder, half, empty;
  write_small(folder);
  half.write("train-images-idx3-ubyte", counting({6, 2, 3}));
  EXPECT_EQ(refusal({{"folder", half.path()}}, "/folder"),
            half.path() + ": holds no train-labels-idx1-ubyte(.gz); set prefix, or give the files one by one");
  EXPECT_EQ(refusal({{"folder", "/no/such"}}, "/folder"),
            "/no/such: no such folder; give the folder that holds train-images-idx3-ubyte(.gz), or the four files one "
            "by one");
  EXPECT_EQ(refusal({}, "/folder"),
            "neither folder nor both train_images and train_labels are given; one of the two is needed");
  EXPECT_EQ(refusal({{"folder", folder.path()}, {"test_images", "x"}}, "/test_images"),
            "test_images stands beside folder; give either the folder or the files");
  const std::string images = folder.path("train-images-idx3-ubyte"), targets = folder.path("train-labels-idx1-ubyte");
  EXPECT_EQ(
      refusal({{"train_images", targets}, {"train_labels", images}}),
      targets + ": holds one number per row, like a file of labels, where images are needed; are two paths swapped?");
  EXPECT_EQ(refusal({{"train_images", images}, {"train_labels", images}}),
            images + ": has 3 dimensions, like a file of images, where labels have 1; are two paths swapped?");
  const std::string five = folder.write("five", labels({0, 1, 2, 0, 1}));
  EXPECT_EQ(refusal({{"train_images", images}, {"train_labels", five}}),
            five + ": holds 5 labels, but " + images + " holds 6 images; they have to be equally many");
  const std::string wide = folder.write("wide", counting({4, 2, 4}));
  EXPECT_EQ(refusal({{"train_images", images},
                     {"train_labels", targets},
                     {"test_images", wide},
                     {"test_labels", folder.path("t10k-labels-idx1-ubyte.gz")}}),
            wide + ": its images have another size or element type than those of " + images);
  const std::string negative = folder.write("negative", header(0x09, {6}) + "\1\1\xff\1\1\1");
  EXPECT_EQ(refusal({{"train_images", images}, {"train_labels", negative}}),
            negative + ": row 2 has label -1; labels lie between 0 and 65535");
}

constexpr const char* kFashion = "/usr/share/datasets/fashion-mnist";

TEST(Idx, reads_the_real_fashion_mnist) {
  // 30 MB that a plain build needs not have; `bootstrap.sh test` installs them.
  if (!std::filesystem::exists(kFashion)) GTEST_SKIP() << "package dataset-fashion-mnist is not installed";
  const auto data = open({{"folder", kFashion}});
  const nas_dataset_info& info = data.info();
  EXPECT_EQ(info.splits[0].rows, 60000);
  EXPECT_EQ(info.splits[1].rows, 10000);
  ASSERT_EQ(info.n_classes, 10U);
  EXPECT_EQ(view(info.class_names[9]), "Ankle boot");
  const auto train = data.subset(0).whole_split();
  std::vector<int> counts(10);
  for (const std::int64_t label : train->at(1).values<std::int64_t>()) ++counts[static_cast<std::size_t>(label)];
  EXPECT_EQ(counts, std::vector<int>(10, 6000));
  const auto pixels = train->at(0).values<std::uint8_t>();
  const double mean = std::accumulate(pixels.begin(), pixels.end(), 0.0) / static_cast<double>(pixels.size()) / 255;
  EXPECT_NEAR(mean, 0.2860, 5e-5) << "the published mean of the training images";
}

}  // namespace
}  // namespace nascent::idx
