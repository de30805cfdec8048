#include "tests/support/memory_docker_server.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <limits>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

namespace aim::support {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Protocol = asio::local::stream_protocol;
using boost::system::error_code;

/// Asks `stop` to stop when the other end of a socket hangs up while this lives.
class HangUpWatch {
 public:
  HangUpWatch(int socket, std::stop_source stop)
      : done_(::eventfd(0, EFD_CLOEXEC)), thread_([this, socket, stop]() mutable {
          std::array<pollfd, 2> watched{pollfd{socket, POLLRDHUP, 0}, pollfd{done_, POLLIN, 0}};
          while (::poll(watched.data(), watched.size(), -1) < 0 && errno == EINTR) {
          }
          if (watched[0].revents != 0) {
            stop.request_stop();
          }
        }) {}

  HangUpWatch(const HangUpWatch&) = delete;
  HangUpWatch& operator=(const HangUpWatch&) = delete;

  ~HangUpWatch() {
    const std::uint64_t one = 1;
    // An eventfd takes a first 1 without fail.
    static_cast<void>(::write(done_, &one, sizeof one));
    thread_.join();
    ::close(done_);
  }

 private:
  int done_;
  std::thread thread_;
};

providers::HttpRequest request_of(const http::request<http::string_body>& message) {
  providers::HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.body = message.body();
  request.content_type.clear();
  for (const auto& field : message) {
    request.headers[std::string(field.name_string())] = std::string(field.value());
  }
  return request;
}

template <class Body>
void set_head(http::response<Body>& response, const FakeExchange& exchange, bool keep_alive) {
  response.result(static_cast<unsigned>(exchange.status));
  response.version(11);
  for (const auto& [name, value] : exchange.headers) {
    response.set(name, value);
  }
  response.keep_alive(keep_alive);
}

/// One connection, from accept to close.
class Connection {
 public:
  Connection(MemoryDocker& docker, Protocol::socket socket)
      : docker_(docker), socket_(std::move(socket)), thread_([this] { run(); }) {}

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Ends whatever it does.
  ~Connection() {
    stop_.request_stop();
    ::shutdown(socket_.native_handle(), SHUT_RDWR);
    thread_.join();
  }

  [[nodiscard]] bool over() const { return over_; }

 private:
  void run() {
    boost::beast::flat_buffer buffer;
    bool open = true;
    while (open) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(std::numeric_limits<std::uint64_t>::max());
      error_code error;
      http::read(socket_, buffer, parser, error);
      open = !error && answer(parser.get());
    }
    ::shutdown(socket_.native_handle(), SHUT_RDWR);
    over_ = true;
  }

  /// True while the connection can be used again.
  bool answer(const http::request<http::string_body>& message) {
    std::stop_source hung_up;
    const std::stop_callback ended(stop_.get_token(), [&] { hung_up.request_stop(); });
    const FakeExchange exchange = docker_.open(request_of(message), stop_.get_token());
    if (exchange.fate == FakeExchange::Fate::Broken) {
      return false;
    }
    if (exchange.fate == FakeExchange::Fate::Silent) {
      const HangUpWatch watch(socket_.native_handle(), hung_up);
      wait_for(hung_up.get_token());
      return false;
    }
    if (exchange.raw && exchange.status < 300) {
      write_raw(exchange, message.find(http::field::upgrade) != message.end());
      return false;
    }
    if (exchange.more) {
      const HangUpWatch watch(socket_.native_handle(), hung_up);
      return write_stream(exchange, hung_up.get_token()) && message.keep_alive();
    }
    return write_whole(exchange, message) && message.keep_alive();
  }

  static void wait_for(std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait(lock, stop, [] { return false; });
  }

  bool write_whole(const FakeExchange& exchange, const http::request<http::string_body>& message) {
    error_code error;
    if (message.method() == http::verb::head) {
      http::response<http::empty_body> response;
      set_head(response, exchange, message.keep_alive());
      http::write(socket_, response, error);
      return !error;
    }
    http::response<http::string_body> response;
    set_head(response, exchange, message.keep_alive());
    response.body() = exchange.body;
    if (exchange.status != 204 && exchange.status != 304) {
      response.prepare_payload();
    }
    http::write(socket_, response, error);
    return !error;
  }

  bool write_stream(const FakeExchange& exchange, std::stop_token stop) {
    http::response<http::empty_body> response;
    set_head(response, exchange, true);
    response.chunked(true);
    http::response_serializer<http::empty_body> serializer(response);
    error_code error;
    http::write_header(socket_, serializer, error);
    if (!error && !exchange.body.empty()) {
      asio::write(socket_, http::make_chunk(asio::buffer(exchange.body)), error);
    }
    while (!error) {
      const FakePiece piece = exchange.more(std::nullopt, stop);
      if (piece.kind == FakePiece::Kind::End) {
        asio::write(socket_, http::make_chunk_last(), error);
        return !error;
      }
      if (piece.kind != FakePiece::Kind::Text) {
        return false;
      }
      asio::write(socket_, http::make_chunk(asio::buffer(piece.text)), error);
    }
    return false;
  }

  void write_raw(const FakeExchange& exchange, bool upgrade) {
    http::response<http::empty_body> response;
    set_head(response, exchange, false);
    if (upgrade) {
      response.result(http::status::switching_protocols);
      response.reason("UPGRADED");
      response.set(http::field::connection, "Upgrade");
      response.set(http::field::upgrade, "tcp");
    }
    http::response_serializer<http::empty_body> serializer(response);
    error_code error;
    http::write_header(socket_, serializer, error);
    if (!error) {
      asio::write(socket_, asio::buffer(exchange.body), error);
    }
  }

  MemoryDocker& docker_;
  Protocol::socket socket_;
  std::stop_source stop_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace

struct MemoryDockerServer::Impl {
  Impl(MemoryDocker& served, std::string path)
      : docker(served), socket_path(std::move(path)), acceptor(context) {
    ::unlink(socket_path.c_str());
    acceptor.open();
    acceptor.bind(socket_path);
    acceptor.listen();
    accept();
    thread = std::thread([this] { context.run(); });
  }

  ~Impl() {
    asio::post(context, [this] { acceptor.close(); });
    thread.join();
    live.clear();
    ::unlink(socket_path.c_str());
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void accept() {
    acceptor.async_accept([this](error_code error, Protocol::socket socket) {
      if (error) {
        return;
      }
      ++accepted;
      live.remove_if([](const Connection& connection) { return connection.over(); });
      live.emplace_back(docker, std::move(socket));
      accept();
    });
  }

  MemoryDocker& docker;
  std::string socket_path;
  asio::io_context context;
  Protocol::acceptor acceptor;
  std::list<Connection> live;  ///< touched by `thread`, and after its end
  std::atomic<std::size_t> accepted = 0;
  std::thread thread;
};

MemoryDockerServer::MemoryDockerServer(MemoryDocker& docker, std::string socket_path)
    : impl_(std::make_unique<Impl>(docker, std::move(socket_path))) {}

MemoryDockerServer::~MemoryDockerServer() = default;

const std::string& MemoryDockerServer::path() const { return impl_->socket_path; }

std::size_t MemoryDockerServer::connections() const { return impl_->accepted; }

}  // namespace aim::support
