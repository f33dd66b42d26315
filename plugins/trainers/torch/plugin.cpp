#include <torch/version.h>
#define NASCENT_BUILD_TAG "; libtorch " TORCH_VERSION

#include "torch_trainer.hpp"

NASCENT_PLUGIN("org.nascent.torch", "1.0.0", nascent::libtorch::TorchTrainer)
