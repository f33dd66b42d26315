// Search spaces and architectures on their way to another process.
#pragma once

#include <nascent/abi.h>

#include <memory>

#include "isolation/wire.hpp"

namespace nascent::core::isolation {

void put(Packer& to, const nas_space& space);
void put(Packer& to, const nas_graph& graph);

// A space of one's own. view() points into it.
class OwnedSpace {
 public:
  // Nothing where the message is none.
  static std::unique_ptr<const OwnedSpace> read(Unpacker& from);
  OwnedSpace();
  ~OwnedSpace();
  [[nodiscard]] const nas_space* view() const;

 private:
  struct Content;
  std::unique_ptr<Content> content_;
};

// A graph that owns itself: release() it. Null where the message is none.
nas_graph* read_graph(Unpacker& from);

}  // namespace nascent::core::isolation
