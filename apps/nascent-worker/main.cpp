// Runs trials of a study in a process of its own, so that a crash costs one attempt of one trial.
#include "nascent/core/worker.hpp"

int main(int argc, char** argv) { return nascent::core::worker_main(argc, argv); }
