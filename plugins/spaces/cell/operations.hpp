// What an edge of a cell can do. Names and layers are those of NAS-Bench-201 and DARTS.
#pragma once

#include <string>
#include <vector>

#include "nascent/graph.hpp"

namespace nascent::cell {

// ReLU, convolution without bias, batch normalisation.
Edge relu_conv_norm(Graph& g, Edge x, std::int64_t width, std::int64_t kernel, std::int64_t stride = 1);
// Half the extents: two 1x1 convolutions of stride 2, the second one pixel further, side by side. Liu et al., "DARTS"
// (ICLR 2019), the skip connection of reduction cells. Where an extent is odd, one convolution.
Edge factorized_reduce(Graph& g, Edge x, std::int64_t width);

// none, skip_connect, nor_conv_1x1, nor_conv_3x3, avg_pool_3x3: the order of NAS-Bench-201. Dong, Yang (ICLR 2020), section 2.1.
const std::vector<std::string>& dense_operations();
// DARTS' seven, without `none`. Section 3.1.
const std::vector<std::string>& pair_operations();
// All of both.
const std::vector<std::string>& operations();

// Keeps the channels of x. Not for `none`, which is no operation.
Edge operate(const std::string& operation, Graph& g, Edge x, std::int64_t stride = 1);

}  // namespace nascent::cell
