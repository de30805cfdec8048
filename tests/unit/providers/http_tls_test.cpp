#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "providers/http/http_client.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/relay.hpp"
#include "tests/unit/providers/test_server.hpp"

namespace aim::providers {
namespace {

using core::ErrorCode;
using std::chrono::seconds;
using support::Authority;
using support::Identity;
using support::Relay;
using support::RelayTls;
using test::answering;
using test::plain_answer;
using test::TestServer;
using testing::MatchesRegex;

constexpr seconds kPatient{30};
constexpr const char* kNames = "DNS:localhost,IP:127.0.0.1";

/// A server behind TLS, its authority, and a client that it knows.
class HttpTls : public testing::Test {
 protected:
  HttpTls() : client_(authority_.issue("client", {})) {}

  /// The server shows `identity` from now on.
  void serve(const Identity& identity) {
    relay_ = std::make_unique<Relay>(server_.endpoint().path,
                                     RelayTls{identity, authority_.certificate()});
  }

  void serve_with(const Authority::Wish& wish) { serve(authority_.issue("server", wish)); }

  [[nodiscard]] HttpEndpoint endpoint() const {
    HttpEndpoint endpoint;
    endpoint.host = "127.0.0.1";
    endpoint.port = relay_->port();
    endpoint.tls = TlsSettings{authority_.certificate(), client_.certificate, client_.key, true};
    return endpoint;
  }

  static core::Result<HttpResponse> ask(const HttpEndpoint& endpoint) {
    HttpClient client(endpoint);
    return client.send({"GET", "/", {}, {}}, kPatient, {});
  }

  static core::Error refused(const HttpEndpoint& endpoint) {
    const core::Result<HttpResponse> answer = ask(endpoint);
    EXPECT_FALSE(answer);
    return answer ? core::Error{} : answer.error();
  }

  [[nodiscard]] std::string where() const { return to_string(endpoint()); }

  Authority authority_;
  Identity client_;
  TestServer server_{answering({plain_answer("hello")})};
  std::unique_ptr<Relay> relay_;
};

TEST_F(HttpTls, TalksToAServerThatItKnows) {
  serve_with({kNames});
  for (const char* host : {"127.0.0.1", "localhost"}) {
    HttpEndpoint there = endpoint();
    there.host = host;
    const core::Result<HttpResponse> answer = ask(there);
    ASSERT_TRUE(answer) << host << ": " << core::to_string(answer.error());
    EXPECT_EQ(answer->body, "hello");
  }
}

TEST_F(HttpTls, KeepsItsConnections) {
  serve_with({kNames});
  HttpClient client(endpoint());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send({"GET", "/", {}, {}}, kPatient, {}));
  }
  EXPECT_EQ(relay_->connections(), 1U);
}

TEST_F(HttpTls, CarriesLargeBodiesBothWays) {
  const std::string large(3UL * 1024 * 1024, 'x');
  TestServer echo([](test::Peer& peer) {
    while (const auto request = peer.read_request()) {
      peer.write(plain_answer(request->substr(request->find("\r\n\r\n") + 4)));
    }
  });
  const Identity identity = authority_.issue("server", {kNames});
  relay_ =
      std::make_unique<Relay>(echo.endpoint().path, RelayTls{identity, authority_.certificate()});
  HttpClient client(endpoint());
  const core::Result<HttpResponse> answer = client.send({"POST", "/", {}, large}, kPatient, {});
  ASSERT_TRUE(answer) << core::to_string(answer.error());
  EXPECT_EQ(answer->body, large);
}

TEST_F(HttpTls, RefusesACertificateThatHasExpired) {
  serve_with({kNames, true});
  const core::Error error = refused(endpoint());
  EXPECT_EQ(error.code, ErrorCode::Denied);
  EXPECT_THAT(error.message,
              MatchesRegex("the certificate of " + where() +
                           " expired on ....-..-.. ..:.. UTC; the Engine needs a new one"));
}

TEST_F(HttpTls, RefusesACertificateOfAnotherHost) {
  serve_with({"DNS:engine.test,IP:10.0.0.1"});
  EXPECT_EQ(refused(endpoint()),
            core::make_error(ErrorCode::Denied,
                             "the certificate of " + where() +
                                 " is for engine.test, 10.0.0.1, not for 127.0.0.1; reach it by "
                                 "such a name, or have 127.0.0.1 put among the certificate's "
                                 "alternative names"));
}

TEST_F(HttpTls, TakesNoCommonNameForAHost) {
  serve(authority_.issue("localhost", {}));
  HttpEndpoint there = endpoint();
  there.host = "localhost";
  EXPECT_EQ(refused(there).message,
            "the certificate of " + to_string(there) +
                " is for no host at all (it has no subjectAltName), not for localhost; reach it by "
                "such a name, or have localhost put among the certificate's alternative names");
}

TEST_F(HttpTls, RefusesACertificateOfAnotherAuthority) {
  const Authority other("another authority");
  serve(other.issue("server", {kNames}));
  EXPECT_EQ(refused(endpoint()),
            core::make_error(ErrorCode::Denied,
                             "the certificate of " + where() +
                                 " was issued by CN = another authority, who is not the authority "
                                 "in " +
                                 authority_.certificate().string() +
                                 "; if that is the right Engine, put its authority's certificate "
                                 "there"));
}

TEST_F(HttpTls, SeesThroughAnAuthorityOfTheSameName) {
  const Authority other;
  serve(other.issue("server", {kNames}));
  const core::Error error = refused(endpoint());
  EXPECT_EQ(error.code, ErrorCode::Denied);
  EXPECT_THAT(error.message,
              testing::HasSubstr("was issued by CN = aim test authority, who is "
                                 "not the authority in"));
}

TEST_F(HttpTls, DoesNotCheckWhenToldSo) {
  const Authority other("another authority");
  serve(other.issue("server", {"DNS:engine.test", true}));
  HttpEndpoint there = endpoint();
  there.tls->verify = false;
  EXPECT_TRUE(ask(there));
}

TEST_F(HttpTls, SaysThatTheServerWantsACertificate) {
  serve_with({kNames});
  HttpEndpoint there = endpoint();
  there.tls->certificate_file.clear();
  EXPECT_EQ(refused(there),
            core::make_error(ErrorCode::Denied,
                             where() +
                                 " wants a client certificate, and there is none; put "
                                 "cert.pem and key.pem beside " +
                                 authority_.certificate().string()));
}

TEST_F(HttpTls, SaysThatTheServerRefusesTheCertificate) {
  const Authority other("another authority");
  serve_with({kNames});
  HttpEndpoint there = endpoint();
  const Identity stranger = other.issue("client", {});
  there.tls->certificate_file = stranger.certificate;
  there.tls->key_file = stranger.key;
  EXPECT_EQ(refused(there),
            core::make_error(ErrorCode::Denied,
                             where() + " refused the client certificate " +
                                 stranger.certificate.string() +
                                 ", issued by CN = another authority: the Engine does not know the "
                                 "authority that issued it; use one issued by the authority that "
                                 "the Engine was started with (--tlscacert)"));
}

TEST_F(HttpTls, SaysThatTheCertificateHasExpired) {
  serve_with({kNames});
  HttpEndpoint there = endpoint();
  const Identity old = authority_.issue("old", {{}, true});
  there.tls->certificate_file = old.certificate;
  there.tls->key_file = old.key;
  const core::Error error = refused(there);
  EXPECT_EQ(error.code, ErrorCode::Denied);
  EXPECT_THAT(error.message,
              MatchesRegex(where() + " refused the client certificate " + old.certificate.string() +
                           ": it expired on ....-..-.. ..:.. UTC; have a new one issued"));
}

TEST_F(HttpTls, NamesFilesThatAreOfNoUse) {
  serve_with({kNames});
  const std::string ca = "the certificate of the Engine's authority ";
  const std::string missing = authority_.directory() / "missing.pem";
  const std::string junk = authority_.directory() / "junk.pem";
  std::ofstream(junk) << "not a certificate\n";
  const Identity other = authority_.issue("other", {});

  HttpEndpoint there = endpoint();
  there.tls->ca_file = missing;
  EXPECT_EQ(refused(there),
            core::make_error(ErrorCode::Invalid,
                             ca + missing +
                                 " cannot be read: No such file or directory; copy "
                                 "ca.pem from where the Engine's certificates were "
                                 "made"));
  there.tls->ca_file = junk;
  EXPECT_EQ(refused(there).message, ca + junk + " is not a certificate in PEM form");

  there = endpoint();
  there.tls->certificate_file = junk;
  EXPECT_EQ(refused(there).message,
            "the client certificate " + junk + " is not a certificate in PEM form");
  there.tls->certificate_file = missing;
  EXPECT_EQ(refused(there).message,
            "the client certificate " + missing + " cannot be read: No such file or directory");

  there = endpoint();
  there.tls->key_file = missing;
  EXPECT_EQ(refused(there).message,
            "the private key " + missing + " cannot be read: No such file or directory");
  there.tls->key_file = junk;
  EXPECT_EQ(refused(there).message,
            "the private key " + junk + " is not a private key in PEM form");
  there.tls->key_file = other.key;
  EXPECT_EQ(refused(there).message,
            "the private key " + other.key.string() + " does not belong to the certificate " +
                client_.certificate.string() + "; use the two that were made together");
  const std::string encrypted = authority_.encrypted(client_.key);
  there.tls->key_file = encrypted;
  EXPECT_EQ(refused(there),
            core::make_error(
                ErrorCode::Invalid,
                "the private key " + encrypted +
                    " is encrypted, and aim cannot ask for its passphrase; decrypt it with "
                    "`openssl pkey -in key.pem -out plain.pem`, keep that readable for you alone, "
                    "and put it in its place"));
  EXPECT_EQ(relay_->connections(), 0U);
}

TEST_F(HttpTls, SaysThatTheServerDoesNotSpeakTls) {
  // Answers whatever comes, as a server does that takes a handshake for a request.
  const TestServer rude([](test::Peer& peer) {
    peer.write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request");
    peer.await_hang_up();
  });
  relay_ = std::make_unique<Relay>(rude.endpoint().path);
  EXPECT_EQ(refused(endpoint()),
            core::make_error(ErrorCode::Protocol,
                             where() + " does not speak TLS; use the Engine's port with TLS, "
                                       "usually 2376, or turn TLS off"));
}

TEST_F(HttpTls, SaysThatTheServerHungUp) {
  const TestServer deaf([](test::Peer& peer) { peer.hang_up(); });
  relay_ = std::make_unique<Relay>(deaf.endpoint().path);
  EXPECT_EQ(
      refused(endpoint()),
      core::make_error(ErrorCode::Protocol, where() + " hung up while TLS was being agreed upon"));
}

TEST_F(HttpTls, EndsAtItsDeadlineInTheHandshake) {
  relay_ = std::make_unique<Relay>(server_.endpoint().path);
  relay_->hang_at(0);
  HttpClient client(endpoint());
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = client.send({"GET", "/", {}, {}}, std::chrono::milliseconds(50), {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
}

}  // namespace
}  // namespace aim::providers
