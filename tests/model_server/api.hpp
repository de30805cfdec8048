#pragma once

#include <boost/json/fwd.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>

#include "tests/model_server/behaviour.hpp"
#include "tests/model_server/generation.hpp"
#include "tests/model_server/http.hpp"
#include "tests/model_server/metrics.hpp"
#include "tests/model_server/pooling.hpp"
#include "tests/model_server/replies.hpp"

namespace aim::model_server {

/// vLLM's routes. Thread-safe: one instance serves all connections.
class Api {
 public:
  Api(Served served, Behaviour behaviour, ReadVariable read_variable);

  /// Answers one request; false when the connection is to be closed. Blocks while tokens are
  /// generated; once `stop` is requested the remaining ones come at once.
  [[nodiscard]] bool answer(Connection& connection,
                            const Request& request,
                            const std::stop_token& stop);

 private:
  [[nodiscard]] Response look_up(const Request& request) const;
  [[nodiscard]] bool unauthorised(const Request& request) const;
  [[nodiscard]] std::optional<Response> refuse_inference(const Request& request,
                                                         boost::json::object& body) const;
  [[nodiscard]] Response pool(const Request& request, const boost::json::object& body);
  [[nodiscard]] bool generate(Connection& connection,
                              const Request& request,
                              const boost::json::object& body,
                              const std::stop_token& stop);
  [[nodiscard]] bool stream(Connection& connection,
                            const Generation& generation,
                            bool keep_alive,
                            const std::stop_token& stop,
                            FinishedRequest& finished);
  void wait_for_token(const std::stop_token& stop);

  const Served served_;
  const Behaviour behaviour_;
  const ReadVariable read_variable_;
  Metrics metrics_;
  std::mutex pace_mutex_;
  std::condition_variable_any pace_;
};

}  // namespace aim::model_server
