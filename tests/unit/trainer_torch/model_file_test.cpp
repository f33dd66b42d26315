#include "model_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "nascent/rng.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace nascent::libtorch;
using nascent::Error;
using testing::HasSubstr;
namespace fs = std::filesystem;

ModelFile small_model() {
  ModelFile file;
  const nascent::Edge x = file.graph.input("image", {2, 4, 4});
  const nascent::Edge y = file.graph.activation(file.graph.batch_norm(file.graph.conv(x, 3, 3, {.name = "conv"}), "norm"), "relu");
  file.graph.output(file.graph.linear(file.graph.flatten(file.graph.global_average_pool(y)), 2, nascent::Bias::with, "last"));
  file.inputs = {{{0.5F, 0.25F}, {2, 4}}};
  file.class_names = {"cat", "dog"};
  float next = 0;
  for (const nascent::WeightInfo& weight : infer(file.graph).weights) {
    FloatArray array{weight.shape, {}};
    for (std::int64_t i = 0; i < nascent::elements(weight.shape); ++i) array.values.push_back(next += 0.5F);
    file.weights.emplace_back(weight.name, std::move(array));
  }
  return file;
}

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("nascent_model_file_" + std::to_string(::getpid()))) { fs::create_directories(path_); }
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }
  [[nodiscard]] std::ptrdiff_t entries() const { return std::distance(fs::directory_iterator(path_), fs::directory_iterator()); }

 private:
  fs::path path_;
};

std::string complaint(const std::string& bytes) {
  try {
    ModelFile::parse(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), NAS_E_INVALID);
    return error.what();
  }
  return "accepted";
}

TEST(ModelFile, survives_writing_and_reading) {
  const ModelFile file = small_model();
  const ModelFile again = ModelFile::parse(file.serialise());
  EXPECT_EQ(again.graph, file.graph);
  EXPECT_EQ(again.inputs, file.inputs);
  EXPECT_EQ(again.target, file.target);
  EXPECT_EQ(again.class_names, file.class_names);
  EXPECT_EQ(again.weights, file.weights);
}

TEST(ModelFile, every_truncation_is_recognised) {
  const std::string bytes = small_model().serialise();
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_NE(complaint(bytes.substr(0, n)), "accepted") << n;
  EXPECT_THAT(complaint(bytes.substr(0, bytes.size() - 1)), HasSubstr("cut off"));
}

TEST(ModelFile, every_flipped_bit_is_recognised) {
  const std::string bytes = small_model().serialise();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    EXPECT_NE(complaint(damaged), "accepted") << i;
  }
}

TEST(ModelFile, foreign_and_newer_files_are_named_as_such) {
  EXPECT_THAT(complaint("PK\x03\x04 a zip archive, as a TorchScript file is one"), HasSubstr("no file of ours"));
  std::string newer = small_model().serialise();
  newer[8] = 2;
  EXPECT_THAT(complaint(newer), HasSubstr("format version is 2"));
}

TEST(ModelFile, weights_have_to_fit_the_architecture) {
  ModelFile file = small_model();
  file.weights[0].second = {{3, 2, 3, 2}, std::vector<float>(36)};
  EXPECT_THAT(complaint(file.serialise()), HasSubstr("'conv.weight' has shape 3x2x3x2; the architecture needs 3x2x3x3"));
  file.weights.erase(file.weights.begin());
  EXPECT_THAT(complaint(file.serialise()), HasSubstr("'weight.conv.weight' is missing"));
}

TEST(ModelFile, a_checkpoint_is_no_model) {
  Bundle bundle;
  bundle.put("kind", std::string("checkpoint"));
  EXPECT_THAT(complaint(bundle.serialise()), HasSubstr("it holds a checkpoint, not a model"));
}

TEST(ModelFile, a_missing_file_is_named) {
  try {
    read_model_file("/nowhere/model.nascent");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), NAS_E_IO);
    EXPECT_STREQ(error.what(), "cannot open /nowhere/model.nascent: No such file or directory");
  }
}

TEST(WriteFile, leaves_nothing_but_the_file) {
  const Folder folder;
  const std::string path = folder.file("model.nascent");
  write_file_atomically(path, "old");
  write_file_atomically(path, "new");
  EXPECT_EQ(read_file(path), "new");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(WriteFile, keeps_the_old_file_when_the_new_one_cannot_be_written) {
  const Folder folder;
  const std::string path = folder.file("occupied");
  fs::create_directory(path);
  write_file_atomically(folder.file("occupied/content"), "old");
  EXPECT_THROW(write_file_atomically(path, "new"), Error);
  EXPECT_EQ(read_file(folder.file("occupied/content")), "old");
  EXPECT_EQ(folder.entries(), 1);
}

// The fuzz harness on mutations of a good file: a bounded run for every build, without libFuzzer.
TEST(ModelFile, mutations_never_break_the_reader) {
  const std::string good = small_model().serialise();
  nascent::Rng rng(1);
  for (int round = 0; round < 4000; ++round) {
    std::string bytes = '\0' + good;
    for (std::uint64_t k = rng.below(8) + 1; k > 0; --k) {
      const std::size_t at = rng.below(bytes.size());
      if (rng.below(4) == 0) bytes.erase(at, rng.below(9));
      else bytes[at] = static_cast<char>(rng.below(2) == 0 ? rng() : 0xFF);
      if (bytes.empty()) bytes = "\1";
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
}

}  // namespace
