#include "vi.hpp"

#include "reinforce.hpp"

namespace nascent::vi {
namespace {

VariationalSettings common(const Options& given) {
  const auto count = [&](const char* name) { return static_cast<std::size_t>(given.integer(name)); };
  VariationalSettings s;
  s.form = given.text("family") == "factorised" ? Form::factorised : Form::autoregressive;
  s.rate = given.real("rate");
  s.initial = count("initial");
  s.batch = count("batch");
  s.window = count("window");
  s.epochs = count("epochs");
  return s;
}

VariationalSettings vi_settings(const Options& given) {
  VariationalSettings s = common(given);
  s.temperature = given.real("temperature");
  s.unit = given.text("temperature_unit") == "absolute" ? samplers::TemperatureUnit::absolute : samplers::TemperatureUnit::spread;
  return s;
}

VariationalSettings reinforce_settings(const Options& given) {
  VariationalSettings s = common(given);
  s.temperature = 1;
  s.divergence = given.real("entropy");
  return s;
}

}  // namespace

Vi::Vi(const Options& given, const SamplerSetup& setup) : Vi(vi_settings(given), setup) {}

Reinforce::Reinforce(const Options& given, const SamplerSetup& setup) : Reinforce(reinforce_settings(given), setup) {}

}  // namespace nascent::vi
