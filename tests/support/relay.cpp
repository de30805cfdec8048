#include "tests/support/relay.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <list>
#include <thread>
#include <utility>

namespace aim::support {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Counts heads of requests in what clients send; one may be cut anywhere.
class HeadCounter {
 public:
  std::size_t feed(std::string_view bytes) {
    constexpr std::string_view kMark = " HTTP/1.1\r\n";
    tail_ += bytes;
    std::size_t found = 0;
    std::size_t at = 0;
    while ((at = tail_.find(kMark)) != std::string::npos) {
      ++found;
      tail_.erase(0, at + kMark.size());
    }
    tail_.erase(0, tail_.size() - std::min(tail_.size(), kMark.size() - 1));
    return found;
  }

 private:
  std::string tail_;
};

/// One client and its connection to the Engine. Everything happens on the relay's one thread.
struct Pair {
  Pair(asio::io_context& context, tcp::socket socket, asio::ssl::context* tls)
      : client(std::move(socket)), engine(context) {
    if (tls != nullptr) {
      secure.emplace(client, *tls);
    }
  }

  template <class Buffers, class Done>
  void read_client(const Buffers& into, Done done) {
    if (secure) {
      secure->async_read_some(into, std::move(done));
    } else {
      client.async_read_some(into, std::move(done));
    }
  }

  template <class Buffers, class Done>
  void write_client(const Buffers& from, Done done) {
    if (secure) {
      asio::async_write(*secure, from, std::move(done));
    } else {
      asio::async_write(client, from, std::move(done));
    }
  }

  void close() {
    error_code ignored;
    client.close(ignored);
    engine.close(ignored);
  }

  tcp::socket client;
  std::optional<asio::ssl::stream<tcp::socket&>> secure;
  asio::local::stream_protocol::socket engine;
  HeadCounter heads;
  std::array<char, 16384> up{};
  std::array<char, 16384> down{};
};

}  // namespace

struct Relay::Impl {
  Impl(std::string path, const std::optional<RelayTls>& wanted)
      : socket_path(std::move(path)),
        acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        port(acceptor.local_endpoint().port()) {
    if (wanted) {
      tls.emplace(asio::ssl::context::tls_server);
      tls->use_certificate_chain_file(wanted->identity.certificate.string());
      tls->use_private_key_file(wanted->identity.key.string(), asio::ssl::context::pem);
      tls->load_verify_file(wanted->client_authority.string());
      tls->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
    }
    // A program that a test starts must not keep the port open.
    ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
    accept();
    thread = std::thread([this] { context.run(); });
  }

  ~Impl() {
    asio::post(context, [this] { end_all(); });
    thread.join();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void end_all() {
    error_code ignored;
    acceptor.close(ignored);
    for (const std::shared_ptr<Pair>& pair : pairs) {
      pair->close();
    }
    pairs.clear();
  }

  void accept() {
    acceptor.async_accept([this](error_code error, tcp::socket socket) {
      if (error) {
        return;
      }
      ++accepted;
      const auto pair = std::make_shared<Pair>(context, std::move(socket), tls ? &*tls : nullptr);
      pairs.push_back(pair);
      if (pair->secure) {
        pair->secure->async_handshake(asio::ssl::stream_base::server, [this, pair](error_code e) {
          e ? pair->close() : begin(pair);
        });
      } else {
        begin(pair);
      }
      accept();
    });
  }

  void begin(const std::shared_ptr<Pair>& pair) {
    pair->engine.async_connect({socket_path}, [this, pair](error_code error) {
      if (error) {
        pair->close();
        return;
      }
      pump_up(pair);
      pump_down(pair);
    });
  }

  void pump_up(const std::shared_ptr<Pair>& pair) {
    pair->read_client(asio::buffer(pair->up), [this, pair](error_code error, std::size_t size) {
      if (error) {
        pair->close();
        return;
      }
      seen += pair->heads.feed({pair->up.data(), size});
      if (seen >= dies_at) {
        end_all();
        return;
      }
      if (seen >= hangs_at) {
        return;  // nobody reads on, and what was read is forgotten
      }
      asio::async_write(
          pair->engine,
          asio::buffer(pair->up.data(), size),
          [this, pair](error_code e, std::size_t) { e ? pair->close() : pump_up(pair); });
    });
  }

  void pump_down(const std::shared_ptr<Pair>& pair) {
    pair->engine.async_read_some(
        asio::buffer(pair->down), [this, pair](error_code error, std::size_t size) {
          if (error) {
            pair->close();
            return;
          }
          if (seen >= hangs_at) {
            return;
          }
          pair->write_client(
              asio::buffer(pair->down.data(), size),
              [this, pair](error_code e, std::size_t) { e ? pair->close() : pump_down(pair); });
        });
  }

  std::string socket_path;
  asio::io_context context{1};
  std::optional<asio::ssl::context> tls;
  tcp::acceptor acceptor;
  const std::uint16_t port;
  std::list<std::shared_ptr<Pair>> pairs;  ///< shared with the operations under way
  std::atomic<std::size_t> seen{0};
  std::atomic<std::size_t> accepted{0};
  std::atomic<std::size_t> hangs_at{SIZE_MAX};
  std::atomic<std::size_t> dies_at{SIZE_MAX};
  std::thread thread;
};

Relay::Relay(std::string socket_path, std::optional<RelayTls> tls)
    : impl_(std::make_unique<Impl>(std::move(socket_path), tls)) {}

Relay::~Relay() = default;

std::uint16_t Relay::port() const { return impl_->port; }

std::string Relay::uri() const { return fmt::format("tcp://127.0.0.1:{}", port()); }

void Relay::hang_at(std::size_t request) { impl_->hangs_at = request; }

void Relay::die_at(std::size_t request) { impl_->dies_at = request; }

std::size_t Relay::requests() const { return impl_->seen; }

std::size_t Relay::connections() const { return impl_->accepted; }

}  // namespace aim::support
