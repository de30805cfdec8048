#include "tests/model_server/pooling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <boost/json.hpp>
#include <cmath>
#include <set>

namespace aim::model_server {
namespace {

namespace json = boost::json;

constexpr std::int64_t kDimensions = 16;
constexpr std::int64_t kMaxDimensions = 4096;

std::string model_of(const json::object& body, const Served& served) {
  const json::value* model = body.if_contains("model");
  return model != nullptr && model->is_string() ? std::string(model->get_string())
                                                : served.names.front();
}

// A text, a list of texts, a list of tokens or a list of lists of tokens.
std::vector<std::string> inputs_of(const json::value& input) {
  if (const auto* text = input.if_string()) {
    return {std::string(*text)};
  }
  const auto* list = input.if_array();
  if (list == nullptr) {
    return {};
  }
  if (!list->empty() && list->front().is_number()) {
    return {json::serialize(input)};
  }
  std::vector<std::string> inputs;
  for (const json::value& one : *list) {
    inputs.push_back(one.is_string() ? std::string(one.get_string()) : json::serialize(one));
  }
  return inputs;
}

std::vector<float> vector_of(std::string_view text, std::int64_t dimensions) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  std::vector<float> values;
  double square = 0;
  for (std::int64_t i = 0; i < dimensions; ++i) {
    hash = hash * 6364136223846793005 + 1442695040888963407;
    const double value = static_cast<double>(hash >> 33) / static_cast<double>(1U << 30) - 1.0;
    square += value * value;
    values.push_back(static_cast<float>(value));
  }
  for (float& value : values) {
    value = static_cast<float>(static_cast<double>(value) / std::sqrt(square));
  }
  return values;
}

// What OpenAI's own client asks for: the little-endian floats.
std::string base64(const std::vector<float>& values) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::uint32_t> bytes;
  for (const float value : values) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes.push_back((bits >> shift) & 0xffU);
    }
  }
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(bytes.size() - i, 3);
    const std::uint32_t group =
        (bytes[i] << 16U) | (left > 1 ? bytes[i + 1] << 8U : 0U) | (left > 2 ? bytes[i + 2] : 0U);
    for (std::size_t digit = 0; digit < 4; ++digit) {
      text += digit <= left ? kDigits[(group >> (18U - 6U * digit)) & 63U] : '=';
    }
  }
  return text;
}

double overlap(const std::set<std::string>& query, std::string_view document) {
  const auto words = words_of(document);
  const std::set<std::string> have(words.begin(), words.end());
  const auto shared = std::count_if(
      query.begin(), query.end(), [&](const std::string& word) { return have.contains(word); });
  return query.empty() ? 0.0 : static_cast<double>(shared) / static_cast<double>(query.size());
}

}  // namespace

std::variant<Pooled, Response> embed(const json::object& body,
                                     const Served& served,
                                     std::int64_t now) {
  const json::value* input = body.if_contains("input");
  if (input == nullptr || inputs_of(*input).empty()) {
    return error_response(400, "Bad Request", "Field required", "input");
  }
  const json::value* wanted = body.if_contains("dimensions");
  const std::int64_t dimensions =
      wanted != nullptr && wanted->is_int64() ? wanted->get_int64() : kDimensions;
  if (dimensions < 1 || dimensions > kMaxDimensions) {
    return bad_request(fmt::format("dimensions must be between 1 and {}", kMaxDimensions),
                       "dimensions");
  }
  const json::value* encoding = body.if_contains("encoding_format");
  const bool encoded =
      encoding != nullptr && encoding->is_string() && encoding->get_string() == "base64";

  json::array data;
  std::uint64_t tokens = 0;
  for (const std::string& text : inputs_of(*input)) {
    const std::vector<float> values = vector_of(text, dimensions);
    json::object one{{"index", data.size()}, {"object", "embedding"}};
    if (encoded) {
      one["embedding"] = base64(values);
    } else {
      one["embedding"] = json::array(values.begin(), values.end());
    }
    data.push_back(std::move(one));
    tokens += std::max<std::uint64_t>(words_of(text).size(), 1);
  }
  return Pooled{json_response(json::object{{"id", random_id("embd")},
                                           {"object", "list"},
                                           {"created", now},
                                           {"model", model_of(body, served)},
                                           {"data", std::move(data)},
                                           {"usage", usage(tokens, 0)}}),
                tokens};
}

std::variant<Pooled, Response> rerank(const json::object& body, const Served& served) {
  const json::value* query = body.if_contains("query");
  const json::value* documents = body.if_contains("documents");
  if (query == nullptr || !query->is_string()) {
    return error_response(400, "Bad Request", "Field required", "query");
  }
  if (documents == nullptr || !documents->is_array() || documents->get_array().empty()) {
    return error_response(400, "Bad Request", "Field required", "documents");
  }
  const auto query_words = words_of(std::string_view(query->get_string()));
  const std::set<std::string> wanted(query_words.begin(), query_words.end());

  struct Scored {
    std::size_t index;
    std::string text;
    double score;
  };

  std::vector<Scored> scored;
  std::uint64_t tokens = 0;
  for (const std::string& text : inputs_of(*documents)) {
    scored.push_back({scored.size(), text, overlap(wanted, text)});
    tokens += query_words.size() + words_of(text).size();
  }
  std::stable_sort(scored.begin(), scored.end(), [](const Scored& a, const Scored& b) {
    return a.score > b.score;
  });
  const json::value* top = body.if_contains("top_n");
  if (top != nullptr && top->is_int64() && top->get_int64() > 0) {
    scored.resize(std::min(scored.size(), static_cast<std::size_t>(top->get_int64())));
  }
  json::array results;
  for (const Scored& one : scored) {
    results.push_back(json::object{{"index", one.index},
                                   {"document", json::object{{"text", one.text}}},
                                   {"relevance_score", one.score}});
  }
  return Pooled{json_response(json::object{{"id", random_id("score")},
                                           {"model", model_of(body, served)},
                                           {"usage", json::object{{"total_tokens", tokens}}},
                                           {"results", std::move(results)}}),
                tokens};
}

}  // namespace aim::model_server
