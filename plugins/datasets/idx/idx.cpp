#include "idx.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <filesystem>

namespace nascent::idx {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kClassesMax = 65536;
constexpr std::array kFashionNames{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                                   "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};

struct Paths {
  std::string train_images, train_labels, test_images,
      test_labels;  // the test paths are both empty when there is no test split
};

// The usual spellings of one file: "train-images-idx3-ubyte", "train-images.idx3-ubyte", each plain or gzip.
std::string find_usual(const fs::path& folder, const std::string& stem, const std::string& kind) {
  for (const char separator : {'-', '.'}) {
    for (const char* ending : {"", ".gz"}) {
      const fs::path path = folder / (stem + separator + kind + "-ubyte" + ending);
      std::error_code ignored;
      if (fs::is_regular_file(path, ignored)) return path.string();
    }
  }
  return {};
}

Paths paths_in_folder(const std::string& folder, const std::string& prefix) {
  std::error_code failed;
  if (!fs::is_directory(folder, failed)) {
    throw InvalidOption("folder", folder + ": no such folder; give the folder that holds " + prefix +
                                      "train-images-idx3-ubyte(.gz), or the four files one by one");
  }
  Paths p;
  p.train_images = find_usual(folder, prefix + "train-images", "idx3");
  p.train_labels = find_usual(folder, prefix + "train-labels", "idx1");
  if (p.train_images.empty() || p.train_labels.empty()) {
    const std::string missing = p.train_images.empty() ? "train-images-idx3-ubyte" : "train-labels-idx1-ubyte";
    throw InvalidOption("folder",
                        folder + ": holds no " + prefix + missing + "(.gz); set prefix, or give the files one by one");
  }
  for (const char* test : {"t10k", "test"}) {
    p.test_images = find_usual(folder, prefix + test + "-images", "idx3");
    p.test_labels = find_usual(folder, prefix + test + "-labels", "idx1");
    if (p.test_images.empty() != p.test_labels.empty()) {
      throw InvalidOption("folder", folder + ": holds " + (p.test_images.empty() ? p.test_labels : p.test_images) +
                                        " but not the " + (p.test_images.empty() ? "images" : "labels") +
                                        " that go with it");
    }
    if (!p.test_images.empty()) break;
  }
  return p;
}

Paths paths_of(const Options& given) {
  const auto path = [&](const char* name) { return given.has(name) ? given.text(name) : std::string(); };
  if (given.has("folder")) {
    for (const char* name : {"train_images", "train_labels", "test_images", "test_labels"}) {
      if (given.has(name))
        throw InvalidOption(name, std::string(name) + " stands beside folder; give either the folder or the files");
    }
    return paths_in_folder(given.text("folder"), given.text("prefix"));
  }
  Paths p{path("train_images"), path("train_labels"), path("test_images"), path("test_labels")};
  if (p.train_images.empty() || p.train_labels.empty()) {
    throw InvalidOption("folder",
                        "neither folder nor both train_images and train_labels are given; one of the two is needed");
  }
  if (p.test_images.empty() != p.test_labels.empty()) {
    throw InvalidOption(p.test_images.empty() ? "test_images" : "test_labels",
                        "test_images and test_labels belong together; give both or none");
  }
  return p;
}

void check_images(const IdxArray& images, const std::string& path) {
  const std::size_t dimensions = images.shape.size();
  if (dimensions == 1)
    throw Error(
        NAS_E_IO,
        path + ": holds one number per row, like a file of labels, where images are needed; are two paths swapped?");
  if (dimensions > 4)
    throw Error(NAS_E_IO, path + ": has " + std::to_string(dimensions) +
                              " dimensions; images have 2 (rows, features), 3 (rows, height, width) or 4 (rows, "
                              "channels, height, width)");
  if (images.type != ElementType::u8 && images.type != ElementType::f32) {
    throw Error(NAS_E_IO, path + ": its elements are " + name_of(images.type) + "; images are uint8 or float32");
  }
}

std::vector<std::int64_t> read_labels(const std::string& path) {
  const IdxArray labels = read_idx_file(path, 0);
  if (labels.shape.size() != 1)
    throw Error(NAS_E_IO, path + ": has " + std::to_string(labels.shape.size()) +
                              " dimensions, like a file of images, where labels have 1; are two paths swapped?");
  if (labels.type == ElementType::f32 || labels.type == ElementType::f64)
    throw Error(NAS_E_IO, path + ": its elements are " + name_of(labels.type) + "; labels are whole numbers");
  std::vector<std::int64_t> all(static_cast<std::size_t>(labels.rows()));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = static_cast<std::int64_t>(labels.at(i));
    if (all[i] < 0 || all[i] >= kClassesMax) {
      throw Error(NAS_E_IO, path + ": row " + std::to_string(i) + " has label " + std::to_string(all[i]) +
                                "; labels lie between 0 and " + std::to_string(kClassesMax - 1));
    }
  }
  return all;
}

bool is_fashion_mnist(std::string path) {
  std::transform(path.begin(), path.end(), path.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return path.find("fashion-mnist") != std::string::npos || path.find("fashion_mnist") != std::string::npos;
}

std::vector<std::string> class_names(const Options& given, const std::string& train_images, std::int64_t label_max) {
  std::vector<std::string> names = given.texts("classes");
  const auto n = static_cast<std::size_t>(label_max) + 1;
  if (!names.empty()) {
    if (names.size() < n) {
      throw InvalidOption("classes", "classes names " + std::to_string(names.size()) +
                                         " classes, but the labels go up to " + std::to_string(label_max) + "; name " +
                                         std::to_string(n));
    }
    return names;
  }
  if (n == kFashionNames.size() && is_fashion_mnist(train_images)) return {kFashionNames.begin(), kFashionNames.end()};
  for (std::size_t i = 0; i < n; ++i) names.push_back(std::to_string(i));
  return names;
}

std::vector<std::int64_t> row_shape(const IdxArray& images) {
  std::vector<std::int64_t> shape(images.shape.begin() + 1, images.shape.end());
  if (shape.size() == 2) shape.insert(shape.begin(), 1);
  return shape;
}

}  // namespace

Idx::Idx(const Options& given) {
  const Paths paths = paths_of(given);
  const std::int64_t limit = given.integer("limit");
  add_split("train", paths.train_images, paths.train_labels, limit);
  if (!paths.test_images.empty()) add_split("test", paths.test_images, paths.test_labels, limit);

  const IdxArray& images = *parts_[0].images;
  std::int64_t label_max = 0;
  for (const Part& part : parts_) {
    if (row_shape(*part.images) != row_shape(images) || part.images->type != images.type) {
      throw Error(NAS_E_IO, paths.test_images + ": its images have another size or element type than those of " +
                                paths.train_images);
    }
    label_max = std::max(label_max, part.label_max);
  }
  const DType dtype = images.type == ElementType::u8 ? dtype_of<std::uint8_t>() : dtype_of<float>();
  info_.fields = {{"image", FieldRole::input, dtype, row_shape(images)},
                  {"label", FieldRole::target, dtype_of<std::int64_t>(), {}}};
  info_.class_names = class_names(given, paths.train_images, label_max);
  info_.fingerprint = fingerprint();
}

Idx::Part Idx::read_part(const std::string& images_path, const std::string& labels_path, std::int64_t limit) {
  auto images = std::make_shared<IdxArray>(read_idx_file(images_path, limit));
  check_images(*images, images_path);
  std::vector<std::int64_t> labels = read_labels(labels_path);
  if (static_cast<std::int64_t>(labels.size()) != images->rows_in_file) {
    throw Error(NAS_E_IO, labels_path + ": holds " + std::to_string(labels.size()) + " labels, but " + images_path +
                              " holds " + std::to_string(images->rows_in_file) +
                              " images; they have to be equally many");
  }
  // The classes are those of the whole file: a cut does not change the task.
  const std::int64_t label_max = *std::max_element(labels.begin(), labels.end());
  labels.resize(static_cast<std::size_t>(images->rows()));
  const std::int64_t rows = images->rows();
  return {std::move(images), std::make_shared<const std::vector<std::int64_t>>(std::move(labels)), rows, label_max};
}

void Idx::add_split(const std::string& name, const std::string& images_path, const std::string& labels_path,
                    std::int64_t limit) {
  parts_.push_back(read_part(images_path, labels_path, limit));
  info_.splits.push_back({name, parts_.back().rows});
}

// XXH3-128 of the shapes and of every byte kept (labels as little-endian int64).
std::string Idx::fingerprint() const {
  XXH3_state_t* const state = XXH3_createState();
  if (state == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(state);
  const auto mix_number = [&](std::int64_t v) {
    std::array<unsigned char, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(v) >> (8 * i));
    XXH3_128bits_update(state, bytes.data(), bytes.size());
  };
  for (const Part& part : parts_) {
    mix_number(static_cast<std::int64_t>(part.images->type));
    for (const std::int64_t extent : part.images->shape) mix_number(extent);
    XXH3_128bits_update(state, part.images->elements.data(), part.images->elements.size());
    for (const std::int64_t label : *part.labels) mix_number(label);
  }
  const XXH128_hash_t digest = XXH3_128bits_digest(state);
  XXH3_freeState(state);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "xxh3:%016llx%016llx", static_cast<unsigned long long>(digest.high64),
                static_cast<unsigned long long>(digest.low64));
  return text.data();
}

std::optional<std::vector<Tensor>> Idx::whole(std::size_t split) const {
  const Part& part = parts_[split];
  std::vector<std::int64_t> shape{part.rows};
  shape.insert(shape.end(), info_.fields[0].shape.begin(), info_.fields[0].shape.end());
  std::vector<Tensor> tensors;
  tensors.push_back(Tensor::view(part.images->elements.data(), info_.fields[0].dtype, std::move(shape), part.images));
  tensors.push_back(Tensor::view(part.labels->data(), info_.fields[1].dtype, {part.rows}, part.labels));
  return tensors;
}

std::vector<Tensor> Idx::gather(std::size_t split, std::span<const std::int64_t> index) const {
  const Part& part = parts_[split];
  const std::size_t image_bytes = part.images->elements.size() / static_cast<std::size_t>(part.rows);
  std::vector<Tensor> tensors;
  tensors.push_back(gather_rows(part.images->elements.data(), image_bytes, info_.fields[0], index));
  tensors.push_back(gather_rows(part.labels->data(), sizeof(std::int64_t), info_.fields[1], index));
  return tensors;
}

}  // namespace nascent::idx
