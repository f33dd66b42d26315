// The contract of datasets: rows by index, tensors that describe themselves, deleters called once.
#include <fmt/format.h>

#include <cmath>
#include <nascent/tensor.hpp>
#include <optional>
#include <set>
#include <thread>

#include "plugins/check/contract.hpp"
#include "plugins/check/instances.hpp"
#include "plugins/utf8.hpp"

namespace nascent::core {
namespace {

using OpenDataset = Instance<nas_dataset_vt>;

class DatasetCheck {
 public:
  DatasetCheck(const nas_component& component, const OptionTable& options)
      : component_(component), options_(options), list_(subject_of(component)) {}

  std::vector<CheckFinding> run() {
    list_.property("opens");
    auto dataset = fresh<nas_dataset_vt>(component_, options_);
    if (!dataset) {
      list_.fails(dataset.error().message);
      return list_.take();
    }
    data_ = &*dataset;
    const auto told = data_->call(&nas_dataset_vt::info, &info_);
    if (!told || info_ == nullptr) {
      list_.fails("info fails: " + (told ? std::string("it gave null") : told.error().reason));
      return list_.take();
    }
    describes_itself();
    if (list_.failed()) return list_.take();
    same_fingerprint();
    for (std::uint32_t split = 0; split < info_->n_splits; ++split) rows_of(split);
    refusals();
    threads();
    return list_.take();
  }

 private:
  using Bytes = std::vector<std::byte>;

  void describes_itself() {
    list_.property("describes_itself");
    list_.that(info_->n_splits > 0 && info_->splits != nullptr, "info names no split");
    list_.that(info_->n_fields > 0 && info_->fields != nullptr, "info names no field");
    if (list_.failed()) return;
    std::set<std::string> splits, fields;
    bool train = false, input = false, target = false;
    for (std::uint32_t i = 0; i < info_->n_splits; ++i) {
      const nas_split& s = info_->splits[i];
      const std::string name = text_of(s.name);
      train = train || name == "train";
      list_.that(name == "train" || name == "validation" || name == "test",
                 fmt::format("split \"{}\"; train, validation and test are the names", name));
      list_.that(splits.insert(name).second, fmt::format("two splits are called \"{}\"", name));
      list_.that(s.rows >= 0, fmt::format("split \"{}\" has {} rows", name, s.rows));
    }
    for (std::uint32_t i = 0; i < info_->n_fields; ++i) {
      const nas_field& f = info_->fields[i];
      const std::string name = text_of(f.name);
      input = input || f.role == NAS_ROLE_INPUT;
      target = target || f.role == NAS_ROLE_TARGET;
      list_.that(!name.empty() && fields.insert(name).second,
                 fmt::format("the field name \"{}\" is empty or used twice", name));
      list_.that(f.role <= NAS_ROLE_TIME, fmt::format("field \"{}\" has the unknown role {}", name, f.role));
      list_.that(f.dtype_bits % 8 == 0 && f.dtype_bits > 0,
                 fmt::format("field \"{}\" has elements of {} bits", name, f.dtype_bits));
      list_.that(f.ndim == 0 || f.shape != nullptr, fmt::format("field \"{}\" has no shape", name));
      for (std::uint16_t k = 0; k < f.ndim && f.shape != nullptr; ++k)
        list_.that(f.shape[k] > 0, fmt::format("field \"{}\" has an extent of {}", name, f.shape[k]));
    }
    list_.that(train, "there is no split \"train\"");
    list_.that(input, "there is no input field");
    list_.that(target, "there is no target field");
    list_.that(info_->fingerprint.n > 0, "the fingerprint is empty");
  }

  void same_fingerprint() {
    list_.property("the_same_data_has_the_same_fingerprint");
    auto second = fresh<nas_dataset_vt>(component_, options_);
    const nas_dataset_info* info = nullptr;
    if (!second || !second->call(&nas_dataset_vt::info, &info))
      return list_.fails("a second instance cannot be opened");
    list_.that(text_of(info->fingerprint) == text_of(info_->fingerprint),
               "two instances of the same data have different fingerprints");
  }

  // Rows as bytes, one entry for each field; nothing when the call failed.
  std::optional<std::vector<Bytes>> gather(std::uint32_t split, const std::vector<std::int64_t>& index,
                                           std::string* reason = nullptr) {
    std::vector<nas_tensor*> out(info_->n_fields, nullptr);
    const auto answer = data_->call(&nas_dataset_vt::gather, split, index.data(), index.size(), out.data());
    if (!answer) {
      if (reason != nullptr) *reason = answer.error().reason;
      return std::nullopt;
    }
    return taken(out, static_cast<std::int64_t>(index.size()), "gather");
  }

  // Reads and frees tensors after testing that they are what the fields promise.
  std::optional<std::vector<Bytes>> taken(const std::vector<nas_tensor*>& raw, std::int64_t rows, const char* who) {
    std::vector<Bytes> all;
    bool good = true;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const std::string name = text_of(info_->fields[i].name);
      if (raw[i] == nullptr) {
        list_.fails(fmt::format("{} gives no tensor for field \"{}\"", who, name));
        good = false;
        continue;
      }
      const Tensor tensor(raw[i]);
      good = good && fits(*raw[i], info_->fields[i], rows, fmt::format("{}, field \"{}\"", who, name));
      if (good) all.push_back(dense(*raw[i]));
    }
    if (!good) return std::nullopt;
    return all;
  }

  bool fits(const nas_tensor& t, const nas_field& f, std::int64_t rows, const std::string& where) {
    const auto& d = t.dl_tensor;
    list_.that(t.version.major == 1,
               fmt::format("{}: DLPack version {}; 1 is the one of the ABI", where, t.version.major));
    list_.that(d.dtype.code == f.dtype_code && d.dtype.bits == f.dtype_bits && d.dtype.lanes == 1,
               where + ": another element type than info says");
    list_.that(d.device.type == 1, where + ": not on the CPU");
    list_.that(d.ndim == f.ndim + 1,
               fmt::format("{}: {} dimensions; one more than the field's {} is expected", where, d.ndim, f.ndim));
    if (list_.failed()) return false;
    list_.that(d.shape[0] == rows, fmt::format("{}: {} rows; {} are expected", where, d.shape[0], rows));
    for (std::uint16_t k = 0; k < f.ndim; ++k)
      list_.that(d.shape[k + 1] == f.shape[k], where + ": another shape than info says");
    list_.that(rows == 0 || d.data != nullptr, where + ": no data");
    return !list_.failed();
  }

  // The elements in row-major order, whatever the strides.
  static Bytes dense(const nas_tensor& t) {
    const auto& d = t.dl_tensor;
    const std::size_t item = d.dtype.bits / 8;
    std::int64_t n = 1;
    for (std::int32_t k = 0; k < d.ndim; ++k) n *= d.shape[k];
    Bytes bytes(static_cast<std::size_t>(n) * item);
    const auto* start = static_cast<const std::byte*>(d.data) + d.byte_offset;
    for (std::int64_t i = 0; i < n; ++i) {
      std::int64_t rest = i, at = d.strides == nullptr ? i : 0;
      for (std::int32_t k = d.ndim; d.strides != nullptr && k-- > 0;) {
        at += rest % d.shape[k] * d.strides[k];
        rest /= d.shape[k];
      }
      std::copy_n(start + at * static_cast<std::int64_t>(item), item,
                  bytes.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(i) * item));
    }
    return bytes;
  }

  void rows_of(std::uint32_t split) {
    const std::int64_t rows = info_->splits[split].rows;
    const std::string name = text_of(info_->splits[split].name);
    list_.property("rows_by_index (" + name + ")");
    if (rows == 0) return list_.skip("the split is empty");
    const std::vector<std::int64_t> index{0, rows - 1, rows / 2, 0, rows / 2, rows / 2};
    std::string reason;
    const auto some = gather(split, index, &reason);
    if (!some) return list_.fails("gather fails: " + reason);
    const auto again = gather(split, index);
    list_.that(again == some, "the same rows gathered twice differ");
    for (std::size_t field = 0; field < some->size(); ++field) {
      const std::size_t size = (*some)[field].size() / index.size();
      const auto row = [&](std::size_t i) { return std::span(&(*some)[field][0] + i * size, size); };
      list_.that(std::ranges::equal(row(0), row(3)) && std::ranges::equal(row(2), row(4)),
                 "a row named twice comes out different");
    }
    list_.property("no_rows (" + name + ")");
    list_.that(gather(split, {}, &reason).has_value(), "gather of no rows fails: " + reason);
    classes(split, rows);
    whole(split, rows, index, *some);
  }

  void classes(std::uint32_t split, std::int64_t rows) {
    for (std::uint32_t i = 0; i < info_->n_fields; ++i) {
      const nas_field& f = info_->fields[i];
      if (f.role != NAS_ROLE_TARGET || info_->n_classes == 0) continue;
      list_.property("class_indices_are_in_range (" + text_of(info_->splits[split].name) + ")");
      if (!list_.that(f.dtype_code == 0 && f.dtype_bits == 64, "the class index is not int64")) return;
      std::vector<std::int64_t> index;
      for (std::int64_t r = 0; r < rows; r += std::max<std::int64_t>(1, rows / 5000)) index.push_back(r);
      const auto all = gather(split, index);
      if (!all) return;
      for (std::size_t r = 0; r < (*all)[i].size() / 8; ++r) {
        std::int64_t value = 0;
        std::memcpy(&value, &(*all)[i][r * 8], 8);
        list_.that(value >= 0 && value < std::int64_t{info_->n_classes},
                   fmt::format("row {} has the class {} of {}", index[std::min(r, index.size() - 1)], value,
                               info_->n_classes));
      }
    }
  }

  void whole(std::uint32_t split, std::int64_t rows, const std::vector<std::int64_t>& index,
             const std::vector<Bytes>& some) {
    list_.property("the_whole_split_equals_its_rows (" + text_of(info_->splits[split].name) + ")");
    std::vector<nas_tensor*> out(info_->n_fields, nullptr);
    const auto answer = data_->call(&nas_dataset_vt::whole, split, out.data());
    if (!answer) {
      list_.that(answer.error().status == NAS_E_UNSUPPORTED, "whole fails: " + answer.error().reason);
      return list_.skip("the split does not lie in memory");
    }
    const auto all = taken(out, rows, "whole");
    if (!all) return;
    for (std::size_t field = 0; field < all->size(); ++field) {
      const std::size_t size = some[field].size() / index.size();
      for (std::size_t i = 0; i < index.size(); ++i) {
        list_.that(std::equal(&some[field][0] + i * size, &some[field][0] + (i + 1) * size,
                              &(*all)[field][0] + static_cast<std::size_t>(index[i]) * size),
                   fmt::format("row {} of whole() is not the one of gather()", index[i]));
      }
    }
  }

  void refusals() {
    list_.property("rows_and_splits_that_do_not_exist_are_refused");
    const std::int64_t rows = info_->splits[0].rows;
    for (const std::int64_t wrong : {rows, std::int64_t{-1}, std::int64_t{1} << 62}) {
      std::string reason;
      list_.that(!gather(0, {0, wrong}, &reason), fmt::format("row {} of {} is handed out", wrong, rows));
      list_.that(!reason.starts_with("failed without"), "the refusal has no message");
    }
    list_.that(!gather(info_->n_splits, {0}),
               fmt::format("split {} of {} is handed out", info_->n_splits, info_->n_splits));
    std::vector<nas_tensor*> out(info_->n_fields, nullptr);
    list_.that(!data_->call(&nas_dataset_vt::whole, info_->n_splits, out.data()),
               "whole of a split that does not exist is handed out");
  }

  void threads() {
    list_.property("rows_may_be_read_from_several_threads", 9);
    const std::int64_t rows = info_->splits[0].rows;
    if (rows == 0) return list_.skip("the split is empty");
    std::vector<std::int64_t> index;
    for (std::int64_t i = 0; i < 64; ++i) index.push_back(i * 31 % rows);
    const auto expected = gather(0, index);
    std::array<bool, 4> equal{};
    std::vector<std::thread> readers;
    for (bool& mine : equal) {
      readers.emplace_back([&, this] {
        mine = true;
        for (int round = 0; round < 8; ++round) {
          std::vector<nas_tensor*> out(info_->n_fields, nullptr);
          nas_error error{};
          if (data_->table().gather(data_->self(), 0, index.data(), index.size(), out.data(), &error) != NAS_OK) {
            mine = false;
            continue;
          }
          for (std::size_t i = 0; i < out.size(); ++i) {
            const Tensor tensor(out[i]);
            mine = mine && dense(*out[i]) == (*expected)[i];
          }
        }
      });
    }
    for (std::thread& reader : readers) reader.join();
    list_.that(expected && std::ranges::all_of(equal, [](bool b) { return b; }),
               "rows read by four threads at once differ");
  }

  const nas_component& component_;
  const OptionTable& options_;
  Checklist list_;
  const OpenDataset* data_ = nullptr;
  const nas_dataset_info* info_ = nullptr;
};

}  // namespace

std::vector<CheckFinding> check_dataset(const nas_component& component, const OptionTable& options) {
  return DatasetCheck(component, options).run();
}

}  // namespace nascent::core
