// Operators on sequences [length, features]: embeddings, recurrent layers and attention.
#pragma once

#include "nascent/graph/operators_shape.hpp"

NASCENT_SDK_BEGIN
namespace ops {

inline constexpr AttributeInfo kEmbeddingAttributes[] = {
    {"vocabulary", AttributeKind::integer, Presence::required, 0, 1, kWidthMax},
    {"width", AttributeKind::integer, Presence::required, 0, 1, kWidthMax}};
inline constexpr AttributeInfo kRecurrentAttributes[] = {
    {"hidden_size", AttributeKind::integer, Presence::required, 0, 1, kWidthMax},
    {"direction", AttributeKind::text, Presence::optional, 0, 0, 0, "forward|reverse|bidirectional"},
    kBias};
inline constexpr AttributeInfo kAttentionAttributes[] = {
    {"num_heads", AttributeKind::integer, Presence::required, 0, 1, kWidthMax},
    {"causal", AttributeKind::integer, Presence::optional, 0, 0, 1},
    kBias};

// Token numbers [..] -> [.., width]. weight [vocabulary, width]
inline OperatorResult embedding(const OperatorCall& call) {
  Shape out = call.inputs[0];
  const std::int64_t width = call.attributes.integer("width");
  out.push_back(width);
  return {{out}, {{"weight", {call.attributes.integer("vocabulary"), width}}}};
}

inline void needs_sequence(const Shape& in) {
  if (in.size() != 2) detail::reject("its input is " + to_text(in) + "; it needs [length, features]");
}

// PyTorch's layout: weight_ih [gates * hidden, features], weight_hh [gates * hidden, hidden], bias_ih and bias_hh
// [gates * hidden]; the backward direction's names end in "_reverse". Gates in the order r, z, n (GRU, with the reset
// gate applied after the product) and i, f, g, o (LSTM).
// Outputs: the sequence [length, directions * hidden], the last hidden state and (LSTM) the last cell state
// [directions * hidden].
inline OperatorResult recurrent(const OperatorCall& call, std::int64_t gates, std::size_t states) {
  const Shape& in = call.inputs[0];
  needs_sequence(in);
  const std::int64_t hidden = call.attributes.integer("hidden_size"), rows = detail::multiply(gates, hidden);
  const std::string direction = call.attributes.text("direction");
  const bool bias = call.attributes.flag("bias");
  std::vector<std::string> suffixes;
  if (direction != "reverse") suffixes.emplace_back();
  if (direction != "forward") suffixes.emplace_back("_reverse");
  const std::int64_t width = detail::multiply(static_cast<std::int64_t>(suffixes.size()), hidden);
  OperatorResult result{{{in[0], width}}};
  for (std::size_t i = 0; i < states; ++i) result.outputs.push_back({width});
  for (const std::string& suffix : suffixes) {
    result.weights.push_back({"weight_ih" + suffix, {rows, in[1]}});
    result.weights.push_back({"weight_hh" + suffix, {rows, hidden}});
    if (!bias) continue;
    result.weights.push_back({"bias_ih" + suffix, {rows}});
    result.weights.push_back({"bias_hh" + suffix, {rows}});
  }
  const std::int64_t steps = detail::multiply(in[0], static_cast<std::int64_t>(suffixes.size()));
  result.multiply_adds = detail::multiply(steps, detail::multiply(rows, detail::add(in[1], hidden)));
  // Each gate: sum of the two products, two biases, a nonlinearity; then four steps a hidden unit to mix the state.
  result.other_flops =
      detail::multiply(steps, detail::add(detail::multiply(rows, bias ? 4 : 2), detail::multiply(4, hidden)));
  return result;
}
inline OperatorResult gru(const OperatorCall& call) { return recurrent(call, 3, 1); }
inline OperatorResult lstm(const OperatorCall& call) { return recurrent(call, 4, 2); }

// Inputs: one sequence (self-attention), or query, key and value. Weights [width, features of that input]:
// query_weight, key_weight, value_weight, and out_weight [width, width]; biases [width]; width = the query's features.
inline OperatorResult attention(const OperatorCall& call) {
  if (call.inputs.size() == 2) detail::reject("it has 2 inputs; it needs 1 (self-attention) or 3 (query, key, value)");
  const Shape& query = call.inputs[0];
  const Shape& key = call.inputs[call.inputs.size() == 3 ? 1 : 0];
  const Shape& value = call.inputs[call.inputs.size() == 3 ? 2 : 0];
  for (const Shape* in : {&query, &key, &value}) needs_sequence(*in);
  if (key[0] != value[0])
    detail::reject("key and value have lengths " + std::to_string(key[0]) + " and " + std::to_string(value[0]) +
                   "; they must be equal");
  const std::int64_t width = query[1], heads = call.attributes.integer("num_heads");
  if (width % heads != 0)
    detail::reject("num_heads is " + std::to_string(heads) + " but the features are " + std::to_string(width) +
                   "; the heads must divide them");
  OperatorResult result{{query},
                        {{"query_weight", {width, query[1]}},
                         {"key_weight", {width, key[1]}},
                         {"value_weight", {width, value[1]}},
                         {"out_weight", {width, width}}}};
  const std::int64_t scores = detail::multiply(query[0], key[0]);
  std::int64_t projections = detail::multiply(detail::multiply(2, elements(query)), width);
  projections = detail::add(projections, detail::multiply(detail::add(elements(key), elements(value)), width));
  result.multiply_adds = detail::add(projections, detail::multiply(detail::multiply(2, scores), width));
  result.other_flops = detail::multiply(detail::multiply(3, scores), heads);
  if (call.attributes.flag("bias")) {
    for (const char* name : {"query_bias", "key_bias", "value_bias", "out_bias"})
      result.weights.push_back({name, {width}});
    const std::int64_t biased = detail::multiply(2, detail::add(query[0], key[0]));
    result.other_flops = detail::add(result.other_flops, detail::multiply(biased, width));
  }
  return result;
}

inline constexpr Operator kSequenceOperators[] = {
    {.name = "Embedding", .weights = kNamed, .attributes = kEmbeddingAttributes, .evaluate = embedding},
    {.name = "GRU", .weights = kNamed, .attributes = kRecurrentAttributes, .evaluate = gru},
    {.name = "LSTM", .weights = kNamed, .attributes = kRecurrentAttributes, .evaluate = lstm},
    {.name = "MultiHeadAttention",
     .inputs_max = 3,
     .weights = kNamed,
     .attributes = kAttentionAttributes,
     .evaluate = attention},
};

}  // namespace ops
NASCENT_SDK_END
