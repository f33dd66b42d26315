// Tensors across the border: one owner, freed once, read only as what they are.
#include "nascent/tensor.hpp"

#include <gtest/gtest.h>

namespace nascent {
namespace {

TEST(Tensor, frees_its_memory_exactly_once) {
  auto owner = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owner;
  {
    Tensor a = Tensor::view(owner.get(), dtype_of<std::int32_t>(), {1}, owner);
    owner.reset();
    Tensor b = std::move(a);
    EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): moved-from is empty by contract
    Tensor c;
    c = std::move(b);
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

TEST(Tensor, released_it_belongs_to_the_other_side) {
  auto owner = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owner;
  nas_tensor* raw = nullptr;
  {
    Tensor a = Tensor::view(owner.get(), dtype_of<std::int32_t>(), {1}, std::move(owner));
    raw = a.release();
  }
  EXPECT_FALSE(watch.expired());
  raw->deleter(raw);
  EXPECT_TRUE(watch.expired());
}

TEST(Tensor, a_null_deleter_means_nothing_to_free) {
  nas_tensor raw{};
  const Tensor borrowed(&raw);
}

TEST(Tensor, holds_elements_with_shape_and_type) {
  const Tensor t = Tensor::from(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(t.elements(), 6);
  EXPECT_EQ(t.dtype(), (DType{2, 32}));
  EXPECT_EQ(std::vector<std::int64_t>(t.shape().begin(), t.shape().end()), (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(t.values<float>()[5], 6);
  EXPECT_EQ(t.get()->version.major, 1U);
  EXPECT_EQ(Tensor::from(std::vector<std::uint8_t>{1}, {}).elements(), 1) << "a scalar";
}

TEST(Tensor, is_read_only_as_its_own_type_layout_and_device) {
  Tensor t = Tensor::from(std::vector<float>{1, 2, 3, 4}, {2, 2});
  EXPECT_THROW(static_cast<void>(t.values<double>()), Error);
  EXPECT_THROW(static_cast<void>(t.values<std::int32_t>()), Error);
  t.get()->dl_tensor.device.type = 2;
  EXPECT_THROW(static_cast<void>(t.values<float>()), Error);
  t.get()->dl_tensor.device.type = 1;
  std::int64_t columns[] = {1, 2}, rows[] = {2, 1};
  t.get()->dl_tensor.strides = columns;
  EXPECT_FALSE(t.is_compact());
  EXPECT_THROW(static_cast<void>(t.values<float>()), Error);
  t.get()->dl_tensor.strides = rows;
  EXPECT_EQ(t.values<float>()[3], 4);
  t.get()->dl_tensor.dtype.lanes = 4;
  EXPECT_THROW(static_cast<void>(t.values<float>()), Error);
}

TEST(Tensor, starts_at_its_byte_offset) {
  Tensor t = Tensor::from(std::vector<std::int64_t>{10, 20, 30}, {2});
  t.get()->dl_tensor.byte_offset = 8;
  EXPECT_EQ(t.values<std::int64_t>()[0], 20);
}

TEST(Tensor, strides_of_single_and_empty_axes_do_not_matter) {
  Tensor t = Tensor::from(std::vector<float>{1, 2}, {1, 2});
  std::int64_t strides[] = {77, 1};
  t.get()->dl_tensor.strides = strides;
  EXPECT_TRUE(t.is_compact());
  Tensor nothing = Tensor::from(std::vector<float>{}, {0, 2});
  nothing.get()->dl_tensor.strides = strides;
  EXPECT_TRUE(nothing.is_compact());
  EXPECT_TRUE(nothing.values<float>().empty());
}

TEST(DType, of_c_types) {
  EXPECT_EQ(dtype_of<bool>(), (DType{6, 8}));
  EXPECT_EQ(dtype_of<std::uint8_t>(), (DType{1, 8}));
  EXPECT_EQ(dtype_of<std::int64_t>(), (DType{0, 64}));
  EXPECT_EQ(dtype_of<double>(), (DType{2, 64}));
}

}  // namespace
}  // namespace nascent
