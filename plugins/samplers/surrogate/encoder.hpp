// Configurations as the forest sees them: parameters and, where wanted, figures of the architecture.
#pragma once

#include <span>
#include <vector>

#include "nascent/architectures.hpp"
#include "nascent/forest/features.hpp"
#include "surrogate/settings.hpp"

namespace nascent::surrogate {

class Encoder {
 public:
  Encoder(SpaceView space, Architectures architectures, GraphFeatures graph);

  [[nodiscard]] const forest::Features& features() const { return features_; }
  [[nodiscard]] std::size_t size() const { return features_.size(); }
  [[nodiscard]] SpaceView space() const { return features_.space(); }
  // out: [size()]. The parameters, then of the nodes that reach an output: log(1 + parameters), log(1 + FLOPs), their
  // number, edges on the shortest and the longest path from an input to an output, log of the number of such paths, and
  // how many nodes each operator has, in the order of operators(). All -1 for a configuration without architecture.
  void encode(ConstRow row, std::span<double> out) const;

 private:
  Architectures architectures_;
  std::vector<std::string_view> operators_;
  forest::Features features_;
};

}  // namespace nascent::surrogate
