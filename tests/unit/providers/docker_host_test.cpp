#include "providers/docker/docker_host.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/secret.hpp"

namespace aim::providers {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;
using core::make_error;

/// A directory as ~/.docker.
class ConfigDir {
 public:
  ConfigDir() {
    std::string pattern = (fs::temp_directory_path() / "aim-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }

  ~ConfigDir() { fs::remove_all(path_); }

  ConfigDir(const ConfigDir&) = delete;
  ConfigDir& operator=(const ConfigDir&) = delete;

  void write(const fs::path& name, std::string_view text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }

  void add_context(const std::string& name, const std::string& host) const {
    write(fs::path("contexts/meta") / core::sha256_hex(name) / "meta.json",
          R"({"Name":")" + name + R"(","Metadata":{},"Endpoints":{"docker":{"Host":")" + host +
              R"(","SkipTLSVerify":false}}})");
  }

  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

std::string place(const core::Result<HttpEndpoint>& endpoint) {
  return endpoint ? to_string(*endpoint) : core::to_string(endpoint.error());
}

std::string place(const core::Result<DockerHost>& host) {
  return host ? to_string(host->endpoint) + " by " + host->origin : core::to_string(host.error());
}

TEST(ParseDockerHost, ReadsSocketsAndPorts) {
  EXPECT_EQ(place(parse_docker_host("unix:///run/d.sock")), "/run/d.sock");
  EXPECT_EQ(place(parse_docker_host("tcp://10.0.0.1:4000")), "10.0.0.1:4000");
  EXPECT_EQ(place(parse_docker_host("tcp://host")), "host:2375");
  EXPECT_EQ(place(parse_docker_host("tcp://host:2375/")), "host:2375");
  EXPECT_EQ(place(parse_docker_host("tcp://[fd00::1]:4000")), "[fd00::1]:4000");
  EXPECT_EQ(place(parse_docker_host("tcp://[fd00::1]")), "[fd00::1]:2375");
  EXPECT_EQ(place(parse_docker_host("tcp://:2375")), "localhost:2375");
  EXPECT_EQ(place(parse_docker_host("host:2375")), "host:2375");
}

TEST(ParseDockerHost, SaysWhatIsNotSupported) {
  for (const std::string scheme : {"npipe", "fd"}) {
    const auto endpoint = parse_docker_host(scheme + "://x");
    ASSERT_FALSE(endpoint);
    EXPECT_EQ(endpoint.error(),
              make_error(ErrorCode::Unsupported,
                         "Docker host \"" + scheme + "://x\": " + scheme +
                             ":// is not supported; use unix://, tcp:// or ssh://"));
  }
  EXPECT_EQ(parse_docker_host("https://lab:2376").error(),
            make_error(ErrorCode::Unsupported,
                       "Docker host \"https://lab:2376\": write tcp://lab:2376 and set "
                       "DOCKER_TLS_VERIFY=1"));
  EXPECT_EQ(parse_docker_host("tcp://host:1/prefix").error(),
            make_error(ErrorCode::Unsupported,
                       "Docker host \"tcp://host:1/prefix\": a path behind the port is not "
                       "supported"));
}

TEST(ParseDockerHost, SaysWhatIsWrong) {
  EXPECT_EQ(parse_docker_host("ftp://x").error(),
            make_error(ErrorCode::Invalid,
                       "Docker host \"ftp://x\": write unix:///PATH, tcp://HOST:PORT or "
                       "ssh://USER@HOST"));
  EXPECT_EQ(
      parse_docker_host("/run/d.sock").error(),
      make_error(ErrorCode::Invalid, "Docker host \"/run/d.sock\": write unix:///run/d.sock"));
  EXPECT_EQ(parse_docker_host("unix://d.sock").error(),
            make_error(ErrorCode::Invalid,
                       "Docker host \"unix://d.sock\": the path of a socket begins with a slash"));
  for (const char* port : {"x", "0", "65536", "", "1x"}) {
    const std::string uri = std::string("tcp://h:") + port;
    ASSERT_FALSE(parse_docker_host(uri)) << uri;
    EXPECT_EQ(parse_docker_host(uri).error().message,
              "Docker host \"" + uri + "\": the port is not a number from 1 to 65535");
  }
  EXPECT_EQ(parse_docker_host("tcp://[::1").error().message,
            "Docker host \"tcp://[::1\": the bracket around the address is not closed");
}

TEST(ResolveDockerHost, FollowsTheOrderOfTheDockerCommand) {
  const ConfigDir dir;
  dir.write("config.json", R"({"auths":{},"currentContext":"current"})");
  dir.add_context("current", "unix:///current.sock");
  dir.add_context("chosen", "tcp://chosen:1");
  DockerHostInputs inputs;
  inputs.explicit_host = "unix:///explicit.sock";
  inputs.docker_host = "unix:///variable.sock";
  inputs.docker_context = "chosen";
  inputs.config_dir = dir.path();
  EXPECT_EQ(place(resolve_docker_host(inputs)), "/explicit.sock by the configuration");
  inputs.explicit_host.clear();
  EXPECT_EQ(place(resolve_docker_host(inputs)), "/variable.sock by DOCKER_HOST");
  inputs.docker_host.clear();
  EXPECT_EQ(place(resolve_docker_host(inputs)), "chosen:1 by context chosen");
  inputs.docker_context.clear();
  EXPECT_EQ(place(resolve_docker_host(inputs)), "/current.sock by context current");
  dir.write("config.json", "{}");
  EXPECT_EQ(place(resolve_docker_host(inputs)), "/var/run/docker.sock by the default");
}

TEST(ResolveDockerHost, NeedsNoConfigurationDirectory) {
  EXPECT_EQ(place(resolve_docker_host({})), "/var/run/docker.sock by the default");
  DockerHostInputs inputs;
  inputs.config_dir = "/nonexistent/.docker";
  EXPECT_EQ(place(resolve_docker_host(inputs)), "/var/run/docker.sock by the default");
}

TEST(ResolveDockerHost, KnowsTheDefaultContext) {
  const ConfigDir dir;
  dir.write("config.json", R"({"currentContext":"other"})");
  DockerHostInputs inputs;
  inputs.docker_context = "default";
  inputs.config_dir = dir.path();
  EXPECT_EQ(place(resolve_docker_host(inputs)), "/var/run/docker.sock by the default");
}

TEST(ResolveDockerHost, SaysThatAContextDoesNotExist) {
  const ConfigDir dir;
  DockerHostInputs inputs;
  inputs.docker_context = "lab";
  inputs.config_dir = dir.path();
  const auto host = resolve_docker_host(inputs);
  ASSERT_FALSE(host);
  EXPECT_EQ(host.error(),
            make_error(ErrorCode::NotFound,
                       "there is no Docker context \"lab\" (" + dir.path() + "/contexts/meta/" +
                           core::sha256_hex("lab") + "/meta.json does not exist)"));
}

TEST(ResolveDockerHost, SaysWhichFileIsBroken) {
  const ConfigDir dir;
  DockerHostInputs inputs;
  inputs.config_dir = dir.path();
  dir.write("config.json", "{");
  EXPECT_EQ(resolve_docker_host(inputs).error(),
            make_error(ErrorCode::Protocol, dir.path() + "/config.json is not a JSON object"));
  dir.write("config.json", "{}");
  inputs.docker_context = "lab";
  const std::string meta = "contexts/meta/" + core::sha256_hex("lab") + "/meta.json";
  dir.write(meta, "[]");
  EXPECT_EQ(resolve_docker_host(inputs).error(),
            make_error(ErrorCode::Protocol, dir.path() + "/" + meta + " is not a JSON object"));
  dir.write(meta, R"({"Endpoints":{"kubernetes":{}}})");
  EXPECT_EQ(resolve_docker_host(inputs).error(),
            make_error(ErrorCode::Protocol, dir.path() + "/" + meta + " names no Docker host"));
}

TEST(ResolveDockerHost, NamesTheContextOfAnUnsupportedHost) {
  const ConfigDir dir;
  dir.add_context("far", "npipe:////./pipe/docker_engine");
  DockerHostInputs inputs;
  inputs.docker_context = "far";
  inputs.config_dir = dir.path();
  const auto host = resolve_docker_host(inputs);
  ASSERT_FALSE(host);
  EXPECT_EQ(core::to_string(host.error()),
            "Docker host \"npipe:////./pipe/docker_engine\": npipe:// is not supported; use "
            "unix://, tcp:// or ssh://, named by Docker context \"far\"");
}

TEST(ResolveDockerHost, TakesSshFromAContext) {
  const ConfigDir dir;
  dir.add_context("far", "ssh://root@far");
  dir.write("contexts/tls/" + core::sha256_hex("far") + "/docker/ca.pem", "");
  DockerHostInputs inputs;
  inputs.docker_context = "far";
  inputs.config_dir = dir.path();
  const auto host = resolve_docker_host(inputs);
  ASSERT_TRUE(host);
  EXPECT_EQ(place(host), "ssh://root@far by context far");
  EXPECT_FALSE(host->endpoint.tls) << "TLS is for tcp only";
}

TEST(ResolveDockerHost, TakesTlsFromAContext) {
  const ConfigDir dir;
  dir.add_context("lab", "tcp://lab");
  const std::string files = "contexts/tls/" + core::sha256_hex("lab") + "/docker/";
  dir.write(files + "ca.pem", "");
  DockerHostInputs inputs;
  inputs.docker_context = "lab";
  inputs.config_dir = dir.path();
  // What the environment says of TLS is for DOCKER_HOST, not for contexts.
  inputs.tls = "1";
  auto host = resolve_docker_host(inputs);
  ASSERT_TRUE(host);
  EXPECT_EQ(place(host), "lab:2376 by context lab");
  EXPECT_EQ(host->endpoint.tls->ca_file, dir.path() + "/" + files + "ca.pem");
  EXPECT_EQ(host->endpoint.tls->certificate_file, "");
  EXPECT_TRUE(host->endpoint.tls->verify);
  EXPECT_TRUE(host->warnings.empty());
  dir.write(files + "cert.pem", "");
  host = resolve_docker_host(inputs);
  EXPECT_EQ(host->endpoint.tls->certificate_file, dir.path() + "/" + files + "cert.pem");
  EXPECT_EQ(host->endpoint.tls->key_file, dir.path() + "/" + files + "key.pem");
}

TEST(ResolveDockerHost, WarnsOfAContextThatSkipsVerification) {
  const ConfigDir dir;
  dir.write("contexts/meta/" + core::sha256_hex("lab") + "/meta.json",
            R"({"Endpoints":{"docker":{"Host":"tcp://lab:2376","SkipTLSVerify":true}}})");
  DockerHostInputs inputs;
  inputs.docker_context = "lab";
  inputs.config_dir = dir.path();
  const auto host = resolve_docker_host(inputs);
  ASSERT_TRUE(host);
  EXPECT_FALSE(host->endpoint.tls->verify);
  EXPECT_EQ(host->warnings,
            std::vector<std::string>{
                "Docker context \"lab\" says SkipTLSVerify: the certificate of lab:2376 is not "
                "checked, so whoever answers there is taken for the Docker Engine. Give the "
                "context a ca.pem: `docker context update lab --docker "
                "host=tcp://lab:2376,ca=ca.pem,cert=cert.pem,key=key.pem`."});
}

TEST(ResolveDockerHost, TakesTlsFromTheEnvironment) {
  const ConfigDir dir;
  dir.write("cert.pem", "");
  dir.write("key.pem", "");
  DockerHostInputs inputs;
  inputs.docker_host = "tcp://lab";
  inputs.config_dir = dir.path();
  // Any text turns it on, as with the docker command.
  inputs.tls_verify = "0";
  auto host = resolve_docker_host(inputs);
  ASSERT_TRUE(host);
  EXPECT_EQ(place(host), "lab:2376 by DOCKER_HOST");
  EXPECT_EQ(host->endpoint.tls->ca_file, dir.path() + "/ca.pem") << "needed, though it is missing";
  EXPECT_EQ(host->endpoint.tls->certificate_file, dir.path() + "/cert.pem");
  EXPECT_TRUE(host->endpoint.tls->verify);
  EXPECT_TRUE(host->warnings.empty());
  inputs.cert_path = "/certificates";
  host = resolve_docker_host(inputs);
  EXPECT_EQ(host->endpoint.tls->ca_file, "/certificates/ca.pem");
  EXPECT_EQ(host->endpoint.tls->certificate_file, "");
  inputs.explicit_host = "tcp://other:1";
  EXPECT_TRUE(resolve_docker_host(inputs)->endpoint.tls);
  inputs.explicit_host = "unix:///d.sock";
  EXPECT_FALSE(resolve_docker_host(inputs)->endpoint.tls);
}

TEST(ResolveDockerHost, WarnsOfTlsWithoutVerification) {
  DockerHostInputs inputs;
  inputs.docker_host = "tcp://lab:2376";
  inputs.tls = "1";
  const auto host = resolve_docker_host(inputs);
  ASSERT_TRUE(host);
  EXPECT_FALSE(host->endpoint.tls->verify);
  EXPECT_EQ(host->warnings,
            std::vector<std::string>{
                "DOCKER_TLS is set without DOCKER_TLS_VERIFY: the certificate of lab:2376 is not "
                "checked, so whoever answers there is taken for the Docker Engine. Set "
                "DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the directory with ca.pem, cert.pem "
                "and key.pem."});
  inputs.docker_host = "unix:///d.sock";
  EXPECT_TRUE(resolve_docker_host(inputs)->warnings.empty());
}

}  // namespace
}  // namespace aim::providers
