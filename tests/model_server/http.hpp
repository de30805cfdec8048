#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace aim::model_server {

struct Request {
  std::string method;
  std::string path;                            ///< without the query
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  bool keep_alive = true;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

/// Bytes to and from one client. Not thread-safe; blocks; owns the descriptor.
class Connection {
 public:
  explicit Connection(int descriptor);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The next request; nothing when the client has gone, is silent for 30 s or speaks no HTTP/1.
  /// A request that breaks a limit (64 KiB of headers, 16 MiB of body) is answered here.
  [[nodiscard]] std::optional<Request> read_request();
  [[nodiscard]] bool write(const Response& response, bool keep_alive);
  /// A streamed answer: begin, any number of chunks, end. False when the client has gone.
  [[nodiscard]] bool begin_stream(std::string_view content_type, bool keep_alive);
  [[nodiscard]] bool write_chunk(std::string_view data);
  [[nodiscard]] bool end_stream();

  /// Of the last answer.
  [[nodiscard]] int last_status() const { return last_status_; }

 private:
  [[nodiscard]] bool fill();  ///< reads more into buffer_
  [[nodiscard]] bool send_all(std::string_view data);
  [[nodiscard]] bool read_body(Request& request);
  [[nodiscard]] bool read_chunked(std::string& body);
  [[nodiscard]] std::optional<std::string> read_line();

  int descriptor_;
  std::string buffer_;
  int last_status_ = 0;
};

[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace aim::model_server
