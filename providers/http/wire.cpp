#include "providers/http/wire.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <utility>
#include <vector>

#include "providers/http/address_lookup.hpp"
#include "providers/http/tls_context.hpp"

namespace aim::providers {

namespace asio = boost::asio;
using boost::system::error_code;
using core::Error;
using core::Result;
using std::chrono::milliseconds;
using Socket = asio::generic::stream_protocol::socket;
using Endpoint = asio::generic::stream_protocol::endpoint;

namespace {

// A program whose output has ended is about to end itself; what it has to say comes before.
constexpr milliseconds kLastWords{1000};

}  // namespace

struct Wire::Impl {
  explicit Impl(Gateway& shared) : gateway(shared), socket(context), pause(context) {}

  ~Impl() {
    abandon();
    if (program) {
      if (!was_answered) {
        program->terminate();  // it may be connecting still, deaf to the end of its input
      }
      gateway.dismiss(std::move(*program));
    }
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] const HttpEndpoint& endpoint() const { return gateway.endpoint(); }

  Result<void> open_program();
  Result<void> open_socket(const Patience& patience, std::stop_token stop);
  Result<void> agree_on_tls(const Patience& patience);
  error_code open_one(const Endpoint& address, Patience::Time until);
  error_code connect_local(const Endpoint& address, Patience::Time until);
  error_code adopt(const Endpoint::protocol_type& protocol, int descriptor);
  Error fault_of_tls(error_code error) const;
  /// A server that refuses a client's certificate may close before it is heard why.
  Error silent_refusal() const;

  static std::optional<Patience::Time> first_end(const Patience& patience) {
    return patience.next();
  }

  static std::optional<Patience::Time> first_end(Patience::Time until) { return until; }

  /// Whether there is a reason to wait on after all.
  bool extend(const Patience& patience, std::optional<Patience::Time>& until) {
    if (!patience.ask) {
      return false;
    }
    silence_ended = patience.ask();
    until = patience.next();
    return !silence_ended;
  }

  static bool extend(Patience::Time /*patience*/, std::optional<Patience::Time>& /*until*/) {
    return false;
  }

  /// Runs one asynchronous operation to its end, which is soon when time is up or a stop comes.
  /// `limit` is a Patience, or when to give up.
  template <class Limit, class Start>
  error_code run(const Limit& limit, const Start& start) {
    if (stopped) {
      return asio::error::operation_aborted;
    }
    std::optional<Patience::Time> until = first_end(limit);
    std::optional<error_code> result;
    context.restart();
    start([&result](error_code error, std::size_t = 0) { result = error; });
    while (!result) {
      if (!until || expired) {
        context.run_one();
      } else if (context.run_one_until(*until) == 0 && !extend(limit, until)) {
        expired = true;
        abandon();
      }
    }
    return *result;
  }

  void abandon() {
    error_code ignored;  // closing is all that can be done, and the descriptor is gone either way
    socket.close(ignored);
    pause.cancel();
  }

  Gateway& gateway;
  asio::io_context context{1};
  Socket socket;
  asio::steady_timer pause;
  std::shared_ptr<const TlsContext> tls_context;
  std::optional<asio::ssl::stream<Socket&>> tls;
  std::optional<ChildProgram> program;
  std::optional<Error> silence_ended;  ///< why it is not waited any longer
  bool was_answered = false;           ///< a byte has come
  bool stopped = false;
  bool expired = false;
};

Result<void> Wire::Impl::open_program() {
  Result<ChildProgram> started = ChildProgram::start(endpoint().command);
  if (!started) {
    return cannot_connect(endpoint(), started.error().message);
  }
  program.emplace(std::move(*started));
  const asio::local::stream_protocol protocol;
  if (const error_code error = adopt(protocol, program->take_socket())) {
    return cannot_connect(endpoint(), error.message());
  }
  return {};
}

Result<void> Wire::Impl::open_socket(const Patience& patience, std::stop_token stop) {
  const Patience::Time until = patience.to_connect();
  const Result<std::vector<SocketAddress>> addresses =
      addresses_of(endpoint(), until, std::move(stop));
  if (!addresses) {
    return addresses.error();
  }
  error_code error = asio::error::host_not_found;
  for (const SocketAddress& address : *addresses) {
    error = open_one(Endpoint(&address.storage, address.size), until);
    if (!error) {
      return {};
    }
    if (stopped) {
      return stopped_error();
    }
    if (expired) {
      return timed_out(endpoint(), patience);
    }
  }
  return cannot_connect(endpoint(), error.message());
}

Result<void> Wire::Impl::agree_on_tls(const Patience& patience) {
  Result<std::shared_ptr<const TlsContext>> shared = gateway.tls();
  if (!shared) {
    return shared.error();
  }
  tls_context = std::move(*shared);
  tls.emplace(socket, tls_context->connection_to(endpoint().host));
  const error_code error = run(patience.to_connect(), [&](auto done) {
    tls->async_handshake(asio::ssl::stream_base::client, done);
  });
  if (stopped) {
    return stopped_error();
  }
  if (expired) {
    return timed_out(endpoint(), patience);
  }
  return error ? Result<void>(fault_of_tls(error)) : Result<void>();
}

error_code Wire::Impl::adopt(const Endpoint::protocol_type& protocol, int descriptor) {
  error_code error;
  socket.close(error);
  socket.assign(protocol, descriptor, error);
  if (error) {
    ::close(descriptor);
    return error;
  }
  socket.native_non_blocking(true, error);
  return error;
}

error_code Wire::Impl::open_one(const Endpoint& address, Patience::Time until) {
  const int family = address.protocol().family();
  // Programs that aim starts must not inherit the connection, so it is closed on exec from birth.
  const int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    return {errno, boost::system::system_category()};
  }
  if (const error_code error = adopt(address.protocol(), descriptor)) {
    return error;
  }
  if (family == AF_UNIX) {
    return connect_local(address, until);
  }
  const int on = 1;
  const int idle_seconds = 30;
  // A wait for a container's exit may be silent for days; keep-alive notices a dead machine.
  ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof(idle_seconds));
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return run(until, [&](auto done) { socket.async_connect(address, done); });
}

error_code Wire::Impl::connect_local(const Endpoint& address, Patience::Time until) {
  while (!stopped) {
    if (::connect(socket.native_handle(),
                  address.data(),
                  static_cast<::socklen_t>(address.size())) == 0) {
      return {};
    }
    if (errno != EAGAIN) {
      return {errno, boost::system::system_category()};
    }
    // The listener's queue is full. Unlike with TCP nothing tells when it has room again.
    pause.expires_after(milliseconds(10));
    if (error_code error = run(until, [&](auto done) { pause.async_wait(done); })) {
      return error;
    }
  }
  return asio::error::operation_aborted;
}

Error Wire::Impl::fault_of_tls(error_code error) const {
  const bool is_tls = error.category() == asio::error::get_ssl_category();
  // OpenSSL's codes are unsigned, and an error_code carries them as int.
  const TlsFailure failure{
      const_cast<Impl*>(this)->tls->native_handle(),
      is_tls ? static_cast<unsigned long>(static_cast<unsigned int>(error.value())) : 0UL};
  return tls_fault(failure, *endpoint().tls, endpoint().host, to_string(endpoint()));
}

Error Wire::Impl::silent_refusal() const {
  const std::string& certificate = endpoint().tls->certificate_file;
  return core::make_error(
      core::ErrorCode::Denied,
      fmt::format("{} hung up right after TLS was agreed upon; most likely {}, of which the "
                  "Engine's own log tells",
                  to_string(endpoint()),
                  certificate.empty()
                      ? std::string("it wants a client certificate, and there is none")
                      : fmt::format("it refused the client certificate {}", certificate)));
}

Wire::Wire(Gateway& gateway) : impl_(std::make_unique<Impl>(gateway)) {}

Wire::~Wire() = default;

Result<void> Wire::open(const Patience& patience, std::stop_token stop) {
  if (impl_->endpoint().scheme == HttpEndpoint::Scheme::Program) {
    return impl_->open_program();
  }
  // Files that are of no use are told before anybody is bothered.
  if (impl_->endpoint().tls) {
    if (const auto usable = impl_->gateway.tls(); !usable) {
      return usable.error();
    }
  }
  const Result<void> opened = impl_->open_socket(patience, std::move(stop));
  return opened && impl_->endpoint().tls ? impl_->agree_on_tls(patience) : opened;
}

std::size_t Wire::read_some(void* data,
                            std::size_t size,
                            const Patience& patience,
                            error_code& error) {
  std::size_t count = 0;
  error = impl_->run(patience, [&](auto done) {
    auto keep = [&count, done](error_code e, std::size_t n) mutable {
      count = n;
      done(e);
    };
    if (impl_->tls) {
      impl_->tls->async_read_some(asio::buffer(data, size), std::move(keep));
    } else {
      impl_->socket.async_read_some(asio::buffer(data, size), std::move(keep));
    }
  });
  impl_->was_answered = impl_->was_answered || count > 0;
  return count;
}

std::size_t Wire::write_some(const void* data,
                             std::size_t size,
                             const Patience& patience,
                             error_code& error) {
  std::size_t count = 0;
  error = impl_->run(patience, [&](auto done) {
    auto keep = [&count, done](error_code e, std::size_t n) mutable {
      count = n;
      done(e);
    };
    if (impl_->tls) {
      impl_->tls->async_write_some(asio::buffer(data, size), std::move(keep));
    } else {
      impl_->socket.async_write_some(asio::buffer(data, size), std::move(keep));
    }
  });
  return count;
}

Result<void> Wire::stays_open(milliseconds hold) {
  const error_code error = impl_->run(std::chrono::steady_clock::now() + hold, [&](auto done) {
    impl_->socket.async_wait(asio::socket_base::wait_read, done);
  });
  if (impl_->stopped) {
    return stopped_error();
  }
  if (impl_->expired) {
    return {};
  }
  char byte = 0;
  if (error || ::recv(impl_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0) {
    const std::string last = remark();
    return cannot_connect(impl_->endpoint(),
                          last.empty() ? "the connection was closed at once" : last);
  }
  return {};
}

void Wire::close() { impl_->abandon(); }

bool Wire::is_open() const { return impl_->socket.is_open(); }

bool Wire::stopped() const { return impl_->stopped; }

bool Wire::expired() const { return impl_->expired; }

std::optional<Error> Wire::explain(error_code error, const Patience& patience) {
  if (impl_->stopped) {
    return stopped_error();
  }
  if (impl_->expired) {
    return impl_->silence_ended ? *impl_->silence_ended : timed_out(impl_->endpoint(), patience);
  }
  if (impl_->tls && error.category() == asio::error::get_ssl_category()) {
    return impl_->fault_of_tls(error);
  }
  if (impl_->tls && !impl_->was_answered) {
    return impl_->silent_refusal();
  }
  if (impl_->program && !impl_->was_answered) {
    const std::string last = remark();
    return cannot_connect(
        impl_->endpoint(),
        last.empty() ? fmt::format("{} gave no answer", impl_->endpoint().command[0]) : last);
  }
  return std::nullopt;
}

std::string Wire::remark() {
  if (!impl_->program) {
    return {};
  }
  impl_->abandon();
  impl_->program->has_ended(kLastWords);
  const std::string said = impl_->program->said();
  const std::string ending = impl_->program->ending();
  const std::string& name = impl_->endpoint().command.front();
  if (ending.empty()) {
    return said;
  }
  return said.empty() ? fmt::format("{} {}", name, ending)
                      : fmt::format("{} ({} {})", said, name, ending);
}

bool Wire::gone() const {
  char byte = 0;
  const auto got = ::recv(impl_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void Wire::interrupt() {
  asio::post(impl_->context, [impl = impl_.get()] {
    impl->stopped = true;
    impl->abandon();
  });
}

}  // namespace aim::providers
