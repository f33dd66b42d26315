// Trains one fixed network on Fashion-MNIST with trainer torch and prints a JSON line per report and one at the end.
//   train_fashion_mnist NETWORK UNIT AMOUNT ROWS [option=value ...]
// NETWORK: "plain:16,32,32,32" (convolution, norm, ReLU; '/' halves the size before a layer) or "residual:16,32,64x2"
// (stages, blocks of two convolutions each); UNIT: epochs, steps, seconds or fraction; ROWS: training rows, the last tenth of
// 60,000 at most is validated on. With all 60,000 rows and a budget in steps only the rate of training is printed.
// With processes=N it trains in N processes together, as workers do.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <numeric>

#include "../../unit/trainer_torch/training.hpp"
#include "fashion_mnist.hpp"
#include "torch_trainer.hpp"

namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == at) parts.emplace_back();
    else parts.back() += c;
  }
  return parts;
}

nascent::Edge norm_relu(nascent::Graph& graph, nascent::Edge x) { return graph.activation(graph.batch_norm(x), "relu"); }

nascent::Edge conv(nascent::Graph& graph, nascent::Edge x, std::int64_t channels, std::int64_t kernel = 3, std::int64_t stride = 1) {
  return graph.conv(x, channels, kernel, {.stride = stride, .bias = nascent::Bias::without});
}

nascent::Edge residual_block(nascent::Graph& graph, nascent::Edge x, std::int64_t channels, std::int64_t stride) {
  const bool same = stride == 1 && graph.shape(x)[0] == channels;
  const nascent::Edge shortcut = same ? x : nascent::Edge(graph.batch_norm(conv(graph, x, channels, 1, stride)));
  const nascent::Edge y = graph.batch_norm(conv(graph, norm_relu(graph, conv(graph, x, channels, 3, stride)), channels));
  return graph.activation(graph.add(y, shortcut), "relu");
}

nascent::Graph network(const std::string& text) {
  const auto parts = split(text, ':');
  nascent::Graph graph;
  nascent::Edge x = graph.input("image", {1, 28, 28});
  if (parts[0] == "plain") {
    for (std::string width : split(parts.at(1), ',')) {
      if (width.starts_with('/')) x = graph.max_pool(x, 2), width.erase(0, 1);
      x = norm_relu(graph, conv(graph, x, std::stoll(width)));
    }
  } else {
    const auto shape = split(parts.at(1), 'x');
    bool first = true;
    for (const std::string& width : split(shape[0], ',')) {
      if (first) x = norm_relu(graph, conv(graph, x, std::stoll(width)));
      for (int block = 0; block < std::stoi(shape.at(1)); ++block) x = residual_block(graph, x, std::stoll(width), block == 0 && !first ? 2 : 1);
      first = false;
    }
  }
  graph.output(graph.linear(graph.flatten(graph.global_average_pool(x)), 10));
  return graph;
}

training::Config::Value parsed(const std::string& name, const std::string& text) {
  for (const auto& option : nascent::libtorch::torch_options) {
    if (nascent::view(option.name) != name) continue;
    if (option.type == NAS_O_INT) return static_cast<std::int64_t>(std::stoll(text));
    if (option.type == NAS_O_FLOAT || option.type == NAS_O_SECONDS) return std::stod(text);
    if (option.type == NAS_O_BOOL) return text == "true";
    return text;
  }
  throw std::runtime_error("unknown option " + name);
}

std::uint32_t unit_of(const std::string& name) {
  static const std::map<std::string, std::uint32_t> units{
      {"epochs", NAS_UNIT_EPOCH}, {"steps", NAS_UNIT_STEP}, {"seconds", NAS_UNIT_SECOND}, {"fraction", NAS_UNIT_FRACTION}};
  return units.at(name);
}

double accuracy(nascent::Model& model, const training::Arrays& data, const std::vector<std::int64_t>& labels) {
  std::vector<std::int64_t> rows(labels.size());
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<nascent::Tensor> inputs;
  inputs.push_back(data.inputs(rows));
  const nascent::Tensor logits = model.predict(std::move(inputs));
  const std::span<const float> values = logits.values<float>();
  std::size_t correct = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = values.subspan(i * 10, 10);
    correct += std::max_element(row.begin(), row.end()) - row.begin() == labels[i] ? 1U : 0U;
  }
  return static_cast<double>(correct) / static_cast<double>(labels.size());
}

// This process and its copies, which are made before LibTorch has threads.
struct Processes {
  std::uint32_t rank = 0, number = 1;
  std::string rendezvous;

  explicit Processes(std::uint32_t n) : number(n) {
    if (n == 1) return;
    char path[] = "/tmp/train_fashion_mnist_XXXXXX";  // mkstemp(3) puts other characters in place of the six X
    ::close(::mkstemp(path));
    rendezvous = path;
    for (std::uint32_t k = 1; k < n; ++k) {
      if (::fork() != 0) continue;
      rank = k;
      if (std::freopen("/dev/null", "w", stdout) == nullptr) std::abort();
      return;
    }
  }
  ~Processes() {
    if (rank > 0 || number == 1) return;
    while (::wait(nullptr) > 0) {
    }
    ::unlink(rendezvous.c_str());
  }
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;
};

int run(int argc, char** argv) {
  if (argc < 5) throw std::runtime_error("usage: train_fashion_mnist NETWORK epochs|steps|seconds|fraction AMOUNT ROWS [option=value ...]");
  std::map<std::string, training::Config::Value> options;
  for (int i = 5; i < argc; ++i) {
    const auto pair = split(argv[i], '=');
    options[pair.at(0)] = parsed(pair.at(0), pair.at(1));
  }
  const training::Config config(nascent::libtorch::torch_options, options);
  const Processes processes(static_cast<std::uint32_t>(nascent::Options(config.get()).integer("processes")));
  fashion_mnist::Split train = fashion_mnist::read("train"), test = fashion_mnist::read("t10k");
  const training::Arrays data(std::move(train.images), {1, 28, 28}, std::move(train.labels), 10);
  const training::Arrays unseen(std::move(test.images), {1, 28, 28}, test.labels, 10);
  const std::int64_t n_train = std::stoll(argv[4]);
  std::vector<std::int64_t> rows(static_cast<std::size_t>(data.rows()));
  std::iota(rows.begin(), rows.end(), 0);
  const std::vector<std::int64_t> train_rows(rows.begin(), rows.begin() + n_train);
  const std::vector<std::int64_t> validation_rows(rows.begin() + std::max<std::int64_t>(n_train, 54000), rows.end());

  const nascent::Graph graph = network(argv[1]);
  const nascent::GraphSummary summary = infer(graph);
  training::KeptReports reports(1);
  reports.rank = processes.rank;
  reports.processes = processes.number;
  reports.rendezvous = processes.rendezvous;
  const auto begin = std::chrono::steady_clock::now();
  reports.verdict = [&](const training::KeptReports::Report& report) {
    std::printf("{\"budget\": %.3f", report.budget);
    for (const auto& [name, value] : report.metrics) std::printf(", \"%s\": %.5f", name.c_str(), value);
    std::printf("}\n");
    std::fflush(stdout);
    return nascent::Verdict::go;
  };
  // The rate is that of the steps behind the first tenth of a budget in steps.
  const std::string unit = argv[2];
  const auto steps_max = unit == "steps" ? std::stoll(argv[3]) : 0;
  std::int64_t steps = 0;
  auto rate_begin = begin;
  std::clock_t cpu_begin = 0;
  reports.polled = [&] {
    if (steps++ == steps_max / 10) rate_begin = std::chrono::steady_clock::now(), cpu_begin = std::clock();
  };
  nascent::libtorch::TorchTrainer trainer(nascent::Options(nullptr), {});
  const nascent::SpaceView space(nullptr);
  const nascent::TrainRequest request{graph, nascent::Options(config.get()), nascent::Subset(data.subset(train_rows)),
                                      nascent::Subset(data.subset(validation_rows)),
                                      {unit_of(unit), 0, 0, std::stod(argv[3])},
                                      "", "", "", {}, space, nascent::ConstRow({}, {})};
  const auto model = trainer.train(reports.task(), request);
  const auto end = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(end - begin).count();
  const double cpu_seconds = static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC;
  if (steps_max > 0 && validation_rows.empty()) {
    const double images = static_cast<double>(steps_max - steps_max / 10) * static_cast<double>(nascent::Options(config.get()).integer("batch_size"));
    std::printf("{\"images_per_second\": %.1f, \"images_per_cpu_second\": %.1f}\n",
                images / std::chrono::duration<double>(end - rate_begin).count(), images / cpu_seconds);
    return 0;
  }
  std::printf("{\"network\": \"%s\", \"parameters\": %lld, \"multiply_adds\": %lld, \"seconds\": %.2f, \"test_accuracy\": %.4f}\n", argv[1],
              static_cast<long long>(summary.parameters), static_cast<long long>(summary.multiply_adds), seconds, accuracy(*model, unseen, test.labels));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "train_fashion_mnist: " << error.what() << '\n';
    return 1;
  }
}
