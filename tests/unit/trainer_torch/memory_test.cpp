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

// 1x32x32 images through a wide layer: 64 KiB a row and activation, 256 rows at once need some hundred MiB.
nascent::Graph wide() {
  nascent::Graph graph;
  nascent::Edge x = graph.input("image", {1, 32, 32});
  for (int i = 0; i < 4; ++i) x = graph.activation(graph.conv(x, i == 3 ? 3 : 64, 1), "tanh");
  graph.output(graph.flatten(graph.global_average_pool(x)));
  return graph;
}

TEST(OutOfMemory, halves_the_batch_size_and_reports_it) {
  std::vector<float> x(256 * 1024, 0.5F);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 97) / 97;
  std::vector<std::int64_t> y(256);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<std::int64_t>(i % 3);
  const training::Arrays data(std::move(x), {1, 32, 32}, std::move(y), 3);
  tasks::Run run{wide(), data.all(), {}, tasks::steps(2), {{"batch_size", std::int64_t{256}}, {"precision", "fp32"}}};
  run.options["batch_size"] = std::int64_t{4};
  run.run();  // everything that is loaded or started on first use is there now
  EXPECT_FALSE(run.reports[0].metrics.contains("batch_size"));

  const rlimit limit{address_space_bytes() + (std::uint64_t{160} << 20), RLIM_INFINITY};
  ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
  run.options["batch_size"] = std::int64_t{256};
  run.run();
  const double reported = run.last("batch_size");
  EXPECT_TRUE(reported == 128 || reported == 64 || reported == 32 || reported == 16) << reported;
}

}  // namespace
