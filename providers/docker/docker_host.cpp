#include "providers/docker/docker_host.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "core/secret.hpp"
#include "providers/docker/json_read.hpp"
#include "providers/docker/ssh_host.hpp"

namespace aim::providers {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using core::ErrorCode;
using core::make_error;
using core::Result;

constexpr std::uint16_t kTlsPort = 2376;
constexpr std::string_view kDefaultContext = "default";

Result<HttpEndpoint> parse_tcp(std::string_view uri,
                               std::string_view address,
                               std::uint16_t default_port) {
  const auto bad = [&](std::string_view why) {
    return make_error(ErrorCode::Invalid, fmt::format("Docker host \"{}\": {}", uri, why));
  };
  if (address.ends_with('/')) {
    address.remove_suffix(1);
  }
  if (address.find('/') != std::string_view::npos) {
    return make_error(
        ErrorCode::Unsupported,
        fmt::format("Docker host \"{}\": a path behind the port is not supported", uri));
  }
  HttpEndpoint endpoint;
  endpoint.scheme = HttpEndpoint::Scheme::Tcp;
  endpoint.port = default_port;
  std::string_view host = address;
  std::string_view port;
  if (address.starts_with('[')) {
    const std::size_t end = address.find(']');
    if (end == std::string_view::npos) {
      return bad("the bracket around the address is not closed");
    }
    host = address.substr(1, end - 1);
    port = address.substr(end + 1);
  } else if (const std::size_t colon = address.rfind(':'); colon != std::string_view::npos) {
    host = address.substr(0, colon);
    port = address.substr(colon);
  }
  if (!port.empty()) {
    const char* begin = port.data() + 1;
    const char* end = port.data() + port.size();
    const auto [stop, error] = std::from_chars(begin, end, endpoint.port);
    if (port.front() != ':' || error != std::errc() || stop != end || endpoint.port == 0) {
      return bad("the port is not a number from 1 to 65535");
    }
  }
  endpoint.host = host.empty() ? "localhost" : std::string(host);
  return endpoint;
}

Result<std::optional<std::string>> read_file(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    return std::optional<std::string>();
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) {
    return make_error(ErrorCode::Protocol, fmt::format("cannot read {}", path.string()));
  }
  return std::optional(std::move(text));
}

Result<json::value> read_object(const fs::path& path, std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) {
    return make_error(ErrorCode::Protocol, fmt::format("{} is not a JSON object", path.string()));
  }
  return value;
}

Result<std::string> current_context(const fs::path& config_dir) {
  const fs::path path = config_dir / "config.json";
  const Result<std::optional<std::string>> text = read_file(path);
  if (!text) {
    return text.error();
  }
  if (!*text) {
    return std::string();
  }
  const Result<json::value> config = read_object(path, **text);
  if (!config) {
    return config.error();
  }
  return json_read::text_at(config->get_object(), "currentContext");
}

/// The files that are there, by the names that Docker gives them.
TlsSettings tls_files(const fs::path& directory) {
  std::error_code error;
  TlsSettings settings;
  const auto if_there = [&](const char* name) {
    return fs::exists(directory / name, error) ? (directory / name).string() : std::string();
  };
  settings.ca_file = if_there("ca.pem");
  // Half a pair is told as what it is when it is read.
  if (!if_there("cert.pem").empty() || !if_there("key.pem").empty()) {
    settings.certificate_file = (directory / "cert.pem").string();
    settings.key_file = (directory / "key.pem").string();
  }
  return settings;
}

std::string unchecked(std::string_view why, const HttpEndpoint& endpoint, std::string_view remedy) {
  return fmt::format(
      "{}: the certificate of {} is not checked, so whoever answers there is taken "
      "for the Docker Engine. {}",
      why,
      to_string(endpoint),
      remedy);
}

/// TLS as a context asks for it.
void secure(DockerHost& host, const std::string& name, const fs::path& files, bool skips_verify) {
  host.endpoint.tls = tls_files(files);
  host.endpoint.tls->verify = !skips_verify;
  if (skips_verify) {
    host.warnings.push_back(
        unchecked(fmt::format("Docker context \"{}\" says SkipTLSVerify", name),
                  host.endpoint,
                  fmt::format("Give the context a ca.pem: `docker context update {} --docker "
                              "host={},ca=ca.pem,cert=cert.pem,key=key.pem`.",
                              name,
                              host.uri)));
  }
}

Result<DockerHost> of_context(const std::string& name, const fs::path& config_dir) {
  const std::string id = core::sha256_hex(name);
  const fs::path path = config_dir / "contexts" / "meta" / id / "meta.json";
  const fs::path tls = config_dir / "contexts" / "tls" / id / "docker";
  const Result<std::optional<std::string>> text = read_file(path);
  if (!text) {
    return text.error();
  }
  if (!*text) {
    return make_error(
        ErrorCode::NotFound,
        fmt::format("there is no Docker context \"{}\" ({} does not exist)", name, path.string()));
  }
  const Result<json::value> meta = read_object(path, **text);
  if (!meta) {
    return meta.error();
  }
  const json::object* endpoints = json_read::object_at(meta->get_object(), "Endpoints");
  const json::object* docker = endpoints ? json_read::object_at(*endpoints, "docker") : nullptr;
  const std::string uri = docker ? json_read::text_at(*docker, "Host") : std::string();
  if (uri.empty()) {
    return make_error(ErrorCode::Protocol, fmt::format("{} names no Docker host", path.string()));
  }
  const bool skips_verify = json_read::boolean_at(*docker, "SkipTLSVerify");
  std::error_code error;
  const bool has_tls = skips_verify || fs::exists(tls, error);
  const Result<HttpEndpoint> endpoint = parse_docker_host(uri, has_tls ? kTlsPort : kClearPort);
  if (!endpoint) {
    return core::while_doing(endpoint.error(), fmt::format("named by Docker context \"{}\"", name));
  }
  DockerHost host{*endpoint, uri, fmt::format("context {}", name), {}};
  if (has_tls && endpoint->scheme == HttpEndpoint::Scheme::Tcp) {
    secure(host, name, tls, skips_verify);
  }
  return host;
}

Result<DockerHost> of_uri(const std::string& uri,
                          std::string origin,
                          const DockerHostInputs& inputs) {
  const bool verify = !inputs.tls_verify.empty();
  const bool has_tls = verify || !inputs.tls.empty();
  const Result<HttpEndpoint> endpoint = parse_docker_host(uri, has_tls ? kTlsPort : kClearPort);
  if (!endpoint) {
    return endpoint.error();
  }
  DockerHost host{*endpoint, uri, std::move(origin), {}};
  // The variables mean nothing for a socket or ssh, as with the docker command.
  if (!has_tls || endpoint->scheme != HttpEndpoint::Scheme::Tcp) {
    return host;
  }
  const fs::path files = inputs.cert_path.empty() ? inputs.config_dir : inputs.cert_path;
  host.endpoint.tls = tls_files(files);
  host.endpoint.tls->verify = verify;
  if (verify) {
    host.endpoint.tls->ca_file = (files / "ca.pem").string();
  } else {
    host.warnings.push_back(unchecked("DOCKER_TLS is set without DOCKER_TLS_VERIFY",
                                      host.endpoint,
                                      "Set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the "
                                      "directory with ca.pem, cert.pem and key.pem."));
  }
  return host;
}

}  // namespace

Result<HttpEndpoint> parse_docker_host(std::string_view uri, std::uint16_t port) {
  const std::size_t mark = uri.find("://");
  if (mark == std::string_view::npos) {
    if (uri.starts_with('/')) {
      return make_error(ErrorCode::Invalid,
                        fmt::format("Docker host \"{}\": write unix://{}", uri, uri));
    }
    return parse_tcp(uri, uri, port);
  }
  const std::string_view scheme = uri.substr(0, mark);
  const std::string_view rest = uri.substr(mark + 3);
  if (scheme == "unix") {
    if (!rest.starts_with('/')) {
      return make_error(
          ErrorCode::Invalid,
          fmt::format("Docker host \"{}\": the path of a socket begins with a slash", uri));
    }
    HttpEndpoint endpoint;
    endpoint.scheme = HttpEndpoint::Scheme::Unix;
    endpoint.path = std::string(rest);
    return endpoint;
  }
  if (scheme == "tcp") {
    return parse_tcp(uri, rest, port);
  }
  if (scheme == "ssh") {
    return ssh_endpoint(uri, rest);
  }
  if (scheme == "https") {
    return make_error(
        ErrorCode::Unsupported,
        fmt::format("Docker host \"{}\": write tcp://{} and set DOCKER_TLS_VERIFY=1", uri, rest));
  }
  if (scheme == "npipe" || scheme == "fd") {
    return make_error(ErrorCode::Unsupported,
                      fmt::format("Docker host \"{}\": {}:// is not supported; use unix://, "
                                  "tcp:// or ssh://",
                                  uri,
                                  scheme));
  }
  return make_error(ErrorCode::Invalid,
                    fmt::format("Docker host \"{}\": write unix:///PATH, tcp://HOST:PORT or "
                                "ssh://USER@HOST",
                                uri));
}

Result<DockerHost> resolve_docker_host(const DockerHostInputs& inputs) {
  if (!inputs.explicit_host.empty()) {
    return of_uri(inputs.explicit_host, "the configuration", inputs);
  }
  if (!inputs.docker_host.empty()) {
    return of_uri(inputs.docker_host, "DOCKER_HOST", inputs);
  }
  std::string context = inputs.docker_context;
  if (context.empty() && !inputs.config_dir.empty()) {
    Result<std::string> current = current_context(inputs.config_dir);
    if (!current) {
      return current.error();
    }
    context = std::move(*current);
  }
  if (context.empty() || context == kDefaultContext) {
    return of_uri(std::string(kDefaultDockerHost), "the default", inputs);
  }
  return of_context(context, inputs.config_dir);
}

}  // namespace aim::providers
