// What every component keeps, whatever its kind: polite refusals, no leaks, unknown capabilities are null.
#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <cstring>

#include "plugins/check/contract.hpp"
#include "plugins/check/instances.hpp"
#include "plugins/check/reference.hpp"

namespace nascent::core {
namespace {

#ifdef __SANITIZE_ADDRESS__
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // sanitizer/allocator_interface.h
std::size_t allocated_bytes() { return __sanitizer_get_current_allocated_bytes(); }
#else
std::size_t allocated_bytes() {
  ::malloc_trim(0);
  return ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
}
#endif

// The head that all tables begin with.
struct Head {
  NAS_TABLE_HEAD
};

// The least arguments with which a component of the kind can be created; one of them has to do.
struct KindArguments {
  std::int64_t shape[3] = {1, 28, 28};
  nas_task_shape task{sizeof task, 10, shape, 3, 10};
  nas_space_arg space{sizeof space, 0, &task};
  nas_sampler_arg sampler{sizeof sampler, 1, 0, 1, finite_space().view(), 1, 0};
  nas_scheduler_arg scheduler{sizeof scheduler, 1, 1, 0, {NAS_UNIT_EPOCH, 0, 0, 9}, 1, finite_space().view()};
  nas_evaluator_arg classifier{sizeof classifier, 10, finite_space().view()},
      regressor{sizeof regressor, 0, finite_space().view()};

  std::vector<const void*> of(std::string_view kind) const {
    if (kind == NAS_KIND_SPACE) return {&space};
    if (kind == NAS_KIND_SAMPLER) return {&sampler};
    if (kind == NAS_KIND_SCHEDULER) return {&scheduler};
    if (kind == NAS_KIND_EVALUATOR) return {&classifier, &regressor};
    return {nullptr};
  }
};

class Lifecycle {
 public:
  Lifecycle(const nas_component& component, const OptionTable& options)
      : head_(*static_cast<const Head*>(component.vt)),
        options_(options),
        list_(subject_of(component)),
        arguments_(kind_.of(std::string_view(component.kind.p, component.kind.n))) {}

  std::vector<CheckFinding> run() {
    list_.property("create_and_destroy");
    const nas_config good = options_.view();
    std::string refusal;
    for (const void* argument : arguments_) {
      argument_ = argument;
      refusal = create_once(&good, argument_);
      if (refusal.empty()) break;
    }
    if (!refusal.empty()) {
      list_.skip("create with the defaults is refused: " + refusal);
      return list_.take();
    }
    strange_configurations(good);
    missing_argument(good);
    extensions(good);
    leaks(good);
    return list_.take();
  }

 private:
  // The refusal's message, or "" when an instance was made (and destroyed).
  std::string create_once(const nas_config* config, const void* argument) {
    nas_error error{};
    std::memset(error.message, 'x', sizeof error.message - 1);
    error.message[0] = '\0';
    void* self = nullptr;
    const nas_status status = head_.create(&host(), config, argument, &self, &error);
    if (status == NAS_OK) {
      head_.destroy(self);
      return {};
    }
    list_.that(self == nullptr, "a refused create changes *self");
    list_.that(error.message[0] != '\0', "a refused create gives no message");
    list_.that(std::memchr(error.message, '\0', sizeof error.message) != nullptr, "the message has no end");
    return error.message[0] != '\0' ? error.message : "no message";
  }

  void strange_configurations(const nas_config& good) {
    list_.property("strange_configurations_are_taken_or_refused_with_a_message", 13);
    static_cast<void>(create_once(nullptr, argument_));
    const nas_config empty{sizeof empty, 0, 0, nullptr};
    static_cast<void>(create_once(&empty, argument_));

    nas_config longer[2] = {good, good};  // a host of a newer minor: the struct is longer than this one knows
    longer[0].size += sizeof(nas_config);
    list_.that(create_once(longer, argument_).empty(), "a longer nas_config of a newer host is refused");

    std::vector<nas_named_value> items(good.items, good.items + good.n);
    const std::string huge(100'000, 'x');
    items.push_back(
        {{"/no_such_option", 15}, {NAS_T_STR, static_cast<std::uint32_t>(huge.size()), {.s = huge.data()}}});
    const nas_config unknown{sizeof unknown, 0, items.size(), items.data()};
    static_cast<void>(create_once(&unknown, argument_));

    for (std::size_t i = 0; i < good.n; ++i) {  // each option with a value of another type
      items.assign(good.items, good.items + good.n);
      items[i].value = items[i].value.type == NAS_T_STR
                           ? nas_value{NAS_T_FLOAT, 0, {.f = -1e300}}
                           : nas_value{NAS_T_STR, static_cast<std::uint32_t>(huge.size()), {.s = huge.data()}};
      const nas_config wrong{sizeof wrong, 0, items.size(), items.data()};
      static_cast<void>(create_once(&wrong, argument_));
    }
    void* self = nullptr;  // nobody has to ask for an error text
    if (head_.create(&host(), nullptr, argument_, &self, nullptr) == NAS_OK) head_.destroy(self);
  }

  void missing_argument(const nas_config& good) {
    if (argument_ == nullptr) return;  // the kind has none
    list_.property("a_missing_kind_argument_is_refused");
    list_.that(!create_once(&good, nullptr).empty(), "create works without the argument of its kind");
  }

  void extensions(const nas_config& good) {
    list_.property("an_unknown_extension_is_null", 4);
    void* self = nullptr;
    nas_error error{};
    if (head_.create(&host(), &good, argument_, &self, &error) != NAS_OK)
      return list_.fails("the second create is refused");
    list_.that(head_.extension(self, "com.example.no.such.capability/1") == nullptr,
               "an unknown extension is not null");
    list_.that(head_.extension(self, "") == nullptr, "the extension with the empty name is not null");
    head_.destroy(self);
  }

  void leaks(const nas_config& good) {
    list_.property("creating_and_destroying_1000_times_keeps_the_memory", 6);
    const auto start = std::chrono::steady_clock::now();
    const auto cycle = [&](int n) {
      for (int i = 0; i < n; ++i) {
        if (std::chrono::steady_clock::now() - start > std::chrono::seconds(8)) return i;
        static_cast<void>(create_once(&good, argument_));
      }
      return n;
    };
    if (cycle(20) < 20) return list_.skip("create takes longer than 0.4 s");
    const std::size_t before = allocated_bytes();
    const int cycles = cycle(1000);
    const std::size_t after = allocated_bytes();
    // Less than a pointer for each instance: caches that grow once are not leaks.
    const double growth = (static_cast<double>(after) - static_cast<double>(before)) / std::max(cycles, 1);
    list_.that(growth < 16 || cycles < 10,
               fmt::format("{} instances cost {:.0f} bytes each after they were destroyed", cycles, growth));
  }

  const Head& head_;
  const OptionTable& options_;
  Checklist list_;
  KindArguments kind_;
  std::vector<const void*> arguments_;
  const void* argument_ = nullptr;  // the first with which create works
};

}  // namespace

std::vector<CheckFinding> check_lifecycle(const nas_component& component, const OptionTable& options) {
  return Lifecycle(component, options).run();
}

}  // namespace nascent::core
