#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/e2e/lab.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/relay.hpp"

namespace aim::e2e {
namespace {

namespace fs = std::filesystem;
using support::Authority;
using support::Identity;
using support::Relay;
using support::RelayTls;
using testing::HasSubstr;
using Environment = std::map<std::string, std::string>;

constexpr const char* kTlsPlace = "127.0.0.1:2376";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') {
    throw std::runtime_error(fmt::format("{} is not set: scripts/private-engine sets it", name));
  }
  return value;
}

/// A project of one container, asked about by ways to the Engine of the tests' own.
class EngineAccess : public testing::Test {
 protected:
  explicit EngineAccess(const std::string& name) : lab_(own_name(name)) {
    lab_.configure(R"(
containers:
  idle:
    image: aim/model-server:1
    command: [test/model]
)");
  }

  /// Runs aim with `set` alone to tell where Docker is.
  [[nodiscard]] Finished aim(std::vector<std::string> arguments, Environment set) const {
    set.emplace("DOCKER_HOST", "");
    set.emplace("DOCKER_CONFIG", (lab_.directory() / "no-docker-config").string());
    set.emplace("NO_COLOR", "1");
    return run(lab_.aim_command(std::move(arguments)), set, lab_.directory().string());
  }

  void expect_plan(const Environment& set) const {
    const Finished plan = aim({"plan"}, set);
    EXPECT_EQ(plan.code, 0) << plan.out << plan.err;
    EXPECT_THAT(plan.out, HasSubstr("Plan: 2 to add, 0 to change, 0 to destroy."));
  }

  /// Error text, folded at the terminal's width, as one line.
  static std::string unfolded(const std::string& text) {
    std::string flat;
    for (const char c : text) {
      const bool blank = c == '\n' || c == ' ';
      if (!blank) {
        flat += c;
      } else if (!flat.empty() && flat.back() != ' ') {
        flat += ' ';
      }
    }
    return flat;
  }

  void expect_told(const Environment& set,
                   const testing::Matcher<const std::string&>& message) const {
    const Finished plan = aim({"plan"}, set);
    EXPECT_EQ(plan.code, 1) << plan.out << plan.err;
    EXPECT_THAT(unfolded(plan.err), message);
  }

  void expect_refused(const Environment& set, const std::string& message) const {
    expect_told(set, HasSubstr(message));
  }

  Lab lab_;
};

// --- TLS, on the real Engine, which runs with --tlsverify on a port of the loopback address.

class TlsEngine : public EngineAccess {
 protected:
  TlsEngine() : EngineAccess("tls"), files_(variable("AIM_TEST_TLS")) {}

  [[nodiscard]] static Environment over_tls(const fs::path& certificates,
                                            const std::string& place = kTlsPlace) {
    return {{"DOCKER_HOST", "tcp://" + place},
            {"DOCKER_TLS_VERIFY", "1"},
            {"DOCKER_CERT_PATH", certificates.string()}};
  }

  /// The Engine's authority, whose key the tests have.
  [[nodiscard]] Identity issued_by_the_engines(const Authority& work, bool expired) const {
    const std::string base = (work.directory() / "late").string();
    support::openssl(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=late "
        "-keyout " +
        base + "-key.pem -out " + base + ".csr");
    std::ofstream(base + ".ext") << "extendedKeyUsage=clientAuth\n";
    support::openssl(
        fmt::format("x509 -req -in {0}.csr -CA {1}/ca.pem -CAkey {1}/ca-key.pem "
                    "-set_serial 77 -days {2} -extfile {0}.ext -out {0}.pem",
                    base,
                    files_.string(),
                    expired ? -1 : 1));
    return {base + ".pem", base + "-key.pem"};
  }

  fs::path files_;
};

TEST_F(TlsEngine, IsReachedWithTheRightCertificates) { expect_plan(over_tls(files_)); }

TEST_F(TlsEngine, CarriesAWholeApply) {
  const Finished apply = aim({"apply", "--yes"}, over_tls(files_));
  EXPECT_EQ(apply.code, 0) << apply.out << apply.err;
  EXPECT_THAT(lab_.labelled(), testing::Contains("container " + lab_.project() + "-idle"));
  EXPECT_THAT(aim({"plan"}, over_tls(files_)).out, HasSubstr("No changes."));
  EXPECT_EQ(aim({"destroy", "--yes"}, over_tls(files_)).code, 0);
}

TEST_F(TlsEngine, IsNotBelievedUnderAnotherName) {
  expect_refused(over_tls(files_, "localhost:2376"),
                 "the certificate of localhost:2376 is for 127.0.0.1, engine.test, not for "
                 "localhost; reach it by such a name, or have localhost put among the "
                 "certificate's alternative names");
}

TEST_F(TlsEngine, IsNotBelievedWithoutItsAuthority) {
  const Authority other("another authority");
  const fs::path client = support::client_directory(
      other, "client", other.certificate(), {files_ / "cert.pem", files_ / "key.pem"});
  expect_refused(over_tls(client),
                 "the certificate of 127.0.0.1:2376 was issued by CN = private Engine, who is not "
                 "the authority in " +
                     (client / "ca.pem").string());
}

TEST_F(TlsEngine, RefusesForeignExpiredAndMissingClients) {
  const Authority other("another authority");
  // The Engine may close the connection before its reason was read.
  const auto refusal = [](const fs::path& certificate, const std::string& why) {
    return testing::AnyOf(
        HasSubstr("127.0.0.1:2376 refused the client certificate " + certificate.string() + why),
        HasSubstr("127.0.0.1:2376 hung up right after TLS was agreed upon; most "
                  "likely it refused the client certificate " +
                  certificate.string()));
  };
  const fs::path foreign =
      support::client_directory(other, "foreign", files_ / "ca.pem", other.issue("client", {}));
  expect_told(over_tls(foreign),
              refusal(foreign / "cert.pem", ", issued by CN = another authority"));
  const fs::path late = support::client_directory(
      other, "late", files_ / "ca.pem", issued_by_the_engines(other, true));
  expect_told(over_tls(late), refusal(late / "cert.pem", ": it expired on "));
  const fs::path nobody = support::client_directory(other, "nobody", files_ / "ca.pem", {});
  expect_told(over_tls(nobody),
              testing::AllOf(HasSubstr("127.0.0.1:2376"),
                             HasSubstr("wants a client certificate, and there is none")));
}

TEST_F(TlsEngine, AsksForTlsWhenItIsSpokenToInClearText) {
  expect_refused({{"DOCKER_HOST", std::string("tcp://") + kTlsPlace}},
                 "this Docker Engine wants TLS; set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to "
                 "the directory with ca.pem, cert.pem and key.pem");
}

TEST_F(TlsEngine, IsTakenUncheckedOnlyWithAWarning) {
  Environment set = over_tls(files_, "localhost:2376");
  set.erase("DOCKER_TLS_VERIFY");
  set.emplace("DOCKER_TLS", "1");
  const Finished plan = aim({"plan"}, set);
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(unfolded(plan.err),
              HasSubstr("warning: The Docker Engine is not verified DOCKER_TLS is set without "
                        "DOCKER_TLS_VERIFY: the certificate of localhost:2376 is not checked"));
}

TEST_F(TlsEngine, IsReachedByAContextThatDockersCommandMade) {
  const std::string config = (lab_.directory() / "docker-config").string();
  fs::create_directories(config);
  const std::string f = files_.string();
  const Finished made = run(
      {"docker",
       "context",
       "create",
       "lab",
       "--docker",
       fmt::format("host=tcp://{0},ca={1}/ca.pem,cert={1}/cert.pem,key={1}/key.pem", kTlsPlace, f)},
      {{"DOCKER_CONFIG", config}});
  ASSERT_EQ(made.code, 0) << made.err;
  expect_plan({{"DOCKER_CONFIG", config}, {"DOCKER_CONTEXT", "lab"}});
  const Finished unchecked = run({"docker",
                                  "context",
                                  "create",
                                  "loose",
                                  "--docker",
                                  fmt::format("host=tcp://localhost:2376,cert={0}/cert.pem,key={0}/"
                                              "key.pem,skip-tls-verify=true",
                                              f)},
                                 {{"DOCKER_CONFIG", config}});
  ASSERT_EQ(unchecked.code, 0) << unchecked.err;
  const Finished plan = aim({"plan"}, {{"DOCKER_CONFIG", config}, {"DOCKER_CONTEXT", "loose"}});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(unfolded(plan.err), HasSubstr("Docker context \"loose\" says SkipTLSVerify"));
}

TEST_F(TlsEngine, IsNotBelievedWhenItsCertificateHasExpired) {
  const Authority authority;
  const Relay engine(
      variable("AIM_TEST_DOCKER"),
      RelayTls{authority.issue("server", {"IP:127.0.0.1", true}), authority.certificate()});
  const fs::path client = support::client_directory(
      authority, "client", authority.certificate(), authority.issue("me", {}));
  const std::string place = fmt::format("127.0.0.1:{}", engine.port());
  expect_refused(over_tls(client, place), "the certificate of " + place + " expired on ");
}

// --- ssh, through a stand-in that runs what it is told on this host.

class SshEngine : public EngineAccess {
 protected:
  SshEngine() : EngineAccess("ssh"), bin_(lab_.directory() / "bin") {
    fs::create_directories(bin_);
    // The words behind -- are the host and the command for its shell.
    lab_.write("bin/ssh", R"(#!/bin/bash
printf '%s\n' "$*" >>"$SSH_LOG"
while [ "$1" != -- ]; do shift; done
host="$2"
shift 2
case "$host" in
  refuses) echo "ssh: connect to host $host port 22: Connection refused" >&2; exit 255 ;;
  unknown) echo "Host key verification failed." >&2; exit 255 ;;
  bare) echo "bash: line 1: docker: command not found" >&2; exit 127 ;;
  hangs) exec sleep 600 ;;
esac
DOCKER_HOST="$ENGINE_THERE" exec bash -c "$*"
)");
    fs::permissions(bin_ / "ssh", fs::perms::owner_all);
  }

  [[nodiscard]] Environment over_ssh(const std::string& uri) const {
    return {{"DOCKER_HOST", uri},
            {"PATH", bin_.string() + ":" + variable("PATH")},
            {"SSH_LOG", log().string()},
            {"ENGINE_THERE", "unix://" + variable("AIM_TEST_DOCKER")}};
  }

  [[nodiscard]] fs::path log() const { return lab_.directory() / "ssh.log"; }

  [[nodiscard]] std::vector<std::string> calls() const {
    std::vector<std::string> lines;
    std::ifstream file(log());
    for (std::string line; std::getline(file, line);) {
      lines.push_back(line);
    }
    return lines;
  }

  fs::path bin_;
};

TEST_F(SshEngine, IsReachedThroughSsh) {
  expect_plan(over_ssh("ssh://root@far:2222"));
  ASSERT_FALSE(calls().empty());
  for (const std::string& call : calls()) {
    EXPECT_EQ(call, "-o ConnectTimeout=30 -T -l root -p 2222 -- far docker system dial-stdio");
  }
  EXPECT_LE(calls().size(), 10U) << "one ssh serves many requests";
}

TEST_F(SshEngine, IsReachedAtASocketOfItsOwn) {
  Environment set = over_ssh("ssh://far" + variable("AIM_TEST_DOCKER"));
  set["ENGINE_THERE"] = "unix:///nonexistent.sock";
  expect_plan(set);
}

TEST_F(SshEngine, CarriesAWholeApplyAndLeavesNoSshBehind) {
  const Finished apply = aim({"apply", "--yes"}, over_ssh("ssh://far"));
  EXPECT_EQ(apply.code, 0) << apply.out << apply.err;
  EXPECT_THAT(lab_.labelled(), testing::Contains("container " + lab_.project() + "-idle"));
  const Finished logs = aim({"logs", "container.idle"}, over_ssh("ssh://far"));
  EXPECT_EQ(logs.code, 0) << logs.err;
  EXPECT_THAT(logs.out + logs.err, HasSubstr("vLLM"));
  EXPECT_EQ(aim({"destroy", "--yes"}, over_ssh("ssh://far")).code, 0);
  const Finished left = run({"pgrep", "-f", "system dial-stdi[o]"});
  EXPECT_EQ(left.out, "");
}

TEST_F(SshEngine, FailsInTheWordsOfSsh) {
  expect_refused(over_ssh("ssh://refuses"),
                 "cannot connect to ssh://refuses: ssh: connect to host refuses port 22: "
                 "Connection refused (ssh exited with 255)");
  expect_refused(over_ssh("ssh://unknown"),
                 "cannot connect to ssh://unknown: Host key verification failed. (ssh exited with "
                 "255)");
  expect_refused(over_ssh("ssh://bare"),
                 "cannot connect to ssh://bare: bash: line 1: docker: command not found (ssh "
                 "exited with 127)");
  Environment stopped = over_ssh("ssh://far");
  stopped["ENGINE_THERE"] = "unix:///nonexistent.sock";
  const Finished plan = aim({"plan"}, stopped);
  EXPECT_EQ(plan.code, 1);
  EXPECT_THAT(unfolded(plan.err), HasSubstr("/nonexistent.sock"));
  Environment nowhere = over_ssh("ssh://far");
  nowhere["PATH"] = "/nonexistent";
  expect_refused(nowhere, "cannot connect to ssh://far: there is no program \"ssh\" on the PATH");
}

TEST_F(SshEngine, EndsWhenSshHangs) {
  const auto begin = std::chrono::steady_clock::now();
  expect_refused(over_ssh("ssh://hangs"), "no answer from ssh://hangs within 5 s");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
}

// --- An Engine that goes wrong, with a relay in front of the real one.

class FaultyEngine : public EngineAccess {
 protected:
  FaultyEngine() : EngineAccess("faulty"), relay_(variable("AIM_TEST_DOCKER")) {}

  [[nodiscard]] Environment through_relay() const { return {{"DOCKER_HOST", relay_.uri()}}; }

  [[nodiscard]] std::string place() const { return fmt::format("127.0.0.1:{}", relay_.port()); }

  Relay relay_;
};

TEST_F(FaultyEngine, HangsFromTheStart) {
  relay_.hang_at(1);
  const auto begin = std::chrono::steady_clock::now();
  expect_refused(through_relay(), "no answer from " + place() + " within 5 s");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
}

TEST_F(FaultyEngine, HangsInTheMiddleOfAPlan) {
  relay_.hang_at(3);
  const auto begin = std::chrono::steady_clock::now();
  expect_refused(through_relay(), "no answer from " + place() + " within 30 s");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(45));
}

TEST_F(FaultyEngine, DiesInTheMiddleOfAPlan) {
  relay_.die_at(3);
  const auto begin = std::chrono::steady_clock::now();
  const Finished plan = aim({"plan"}, through_relay());
  EXPECT_EQ(plan.code, 1) << plan.out;
  EXPECT_THAT(unfolded(plan.err),
              testing::AnyOf(HasSubstr("the connection to " + place() + " broke"),
                             HasSubstr("cannot connect to " + place())));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST_F(FaultyEngine, CtrlCEndsAHangingPlanAtOnce) {
  relay_.hang_at(3);
  Environment set = through_relay();
  set.emplace("NO_COLOR", "1");
  Process plan(lab_.aim_command({"plan"}), set, lab_.directory().string());
  while (relay_.requests() < 3) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const auto begin = std::chrono::steady_clock::now();
  plan.signal(SIGINT);
  const Finished ended = plan.finish(std::chrono::seconds(20));
  EXPECT_EQ(ended.code, 130) << ended.err;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST_F(FaultyEngine, APinnedVersionIsSpoken) {
  Environment set = through_relay();
  set.emplace("DOCKER_API_VERSION", "1.41");
  expect_plan(set);
  set["DOCKER_API_VERSION"] = "1.44";
  expect_refused(set,
                 "DOCKER_API_VERSION asks for 1.44, and this Docker Engine speaks 1.41 at most; "
                 "unset it, and aim agrees with the Engine by itself");
}

}  // namespace
}  // namespace aim::e2e
