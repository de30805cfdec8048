#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <variant>

#include "tests/model_server/replies.hpp"

namespace aim::model_server {

struct Pooled {
  Response response;
  std::uint64_t prompt_tokens = 0;
};

/// POST /v1/embeddings: a unit vector for each input, the same for the same text.
[[nodiscard]] std::variant<Pooled, Response> embed(const boost::json::object& body,
                                                   const Served& served,
                                                   std::int64_t now);

/// POST /v1/rerank: documents by the share of the query's words that they have.
[[nodiscard]] std::variant<Pooled, Response> rerank(const boost::json::object& body,
                                                    const Served& served);

}  // namespace aim::model_server
