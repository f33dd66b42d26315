// Hands the model on unchanged: the place to begin a compressor.
#pragma once

#include <nascent/compressor.hpp>

class @Class@ : public nascent::Compressor {
 public:
  static constexpr nascent::About about{"com.example.compressor.@name@", "@name@", "0.1.0", "Hands the model on unchanged"};

  // request.model gives the architecture and the named weights; a smaller model goes back through wrap().
  nascent::ModelRef compress(const nascent::Task&, const nascent::CompressRequest& request) override { return request.model; }
};
