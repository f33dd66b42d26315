// What happens when memory does not suffice. Its own process: the limit on the address space stays.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdio>
#include <fstream>

#include "tasks.hpp"

namespace {

std::uint64_t address_space_bytes() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

// 1x32x32 images through three layers of 16 channels: 64 KiB a row and activation.
nascent::Graph wide() {
  nascent::Graph graph;
  nascent::Edge x = graph.input("image", {1, 32, 32});
  for (int i = 0; i < 3; ++i) x = graph.activation(graph.conv(x, 16, 1), "tanh");
  graph.output(graph.linear(graph.flatten(graph.global_average_pool(x)), 3));
  return graph;
}

// Activations of 8192 rows are 512 MiB each, and the training takes 5.2 GB, with 4096 rows 2.7 GB (measured); the limit lies
// amid the two, so that one large allocation is refused. (Where memory ends within a small one, libraries below LibTorch
// may crash instead: then the worker's death is what the host sees.)
TEST(OutOfMemory, halves_the_batch_size_and_reports_it) {
  constexpr std::int64_t rows = 8192;
  std::vector<std::uint8_t> x(rows * 1024);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::uint8_t>(i % 97);
  std::vector<std::int64_t> y(rows);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<std::int64_t>(i % 3);
  const training::Arrays data(std::move(x), {1, 32, 32}, std::move(y), 3);
  tasks::Training run{wide(), data.all(), {}, tasks::steps(1), {{"batch_size", std::int64_t{4}}, {"precision", "fp32"}}};
  run.run();  // everything that is loaded or started on first use is there now
  EXPECT_FALSE(run.reports[0].metrics.contains("batch_size"));

  const rlimit limit{address_space_bytes() + (std::uint64_t{3500} << 20), RLIM_INFINITY};
  ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
  run.options["batch_size"] = rows;
  run.run();
  EXPECT_EQ(run.last("batch_size"), 4096);
}

}  // namespace
