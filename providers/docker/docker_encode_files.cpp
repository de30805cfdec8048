#include <fmt/format.h>

#include "providers/docker/attribute_reader.hpp"
#include "providers/docker/docker_api.hpp"
#include "providers/docker/tar.hpp"

namespace aim::providers {

using core::Map;

namespace {

std::uint32_t octal(const std::string& text) {
  std::uint32_t number = 0;
  for (const char c : text) {
    number = number * 8 + static_cast<std::uint32_t>(c - '0');
  }
  return number;
}

TarFile file_of(const std::string& path, const Map& members, AttributeReader& outer) {
  AttributeReader reader(members, fmt::format("file {}", path));
  TarFile file;
  if (!path.starts_with('/')) {
    reader.fail("its path is not absolute");
  }
  file.path = path.substr(path.starts_with('/') ? 1 : 0);
  file.content = reader.text("content").value_or("");
  if (const auto mode = reader.text("mode")) {
    file.mode = octal(*mode);
  }
  const auto id = [&](std::string_view name) {
    const std::int64_t number = reader.integer(name).value_or(0);
    if (number < 0 || number > kLargestTarId) {
      reader.fail(fmt::format("its {} is out of range", name));
    }
    return static_cast<std::uint32_t>(number);
  };
  file.uid = id("uid");
  file.gid = id("gid");
  if (const core::Result<void> done = reader.finish(); !done) {
    outer.fail(done.error().message);
  }
  return file;
}

}  // namespace

core::Result<HttpRequest> encode(const core::PutFiles& call) {
  AttributeReader reader(call.files, fmt::format("the files of container {}", call.container));
  std::vector<TarFile> files;
  for (const auto& [path, value] : call.files) {
    const Map* members = reader.map(path);
    if (members != nullptr) {
      files.push_back(file_of(path, *members, reader));
    }
  }
  if (const core::Result<void> done = reader.finish(); !done) {
    return done.error();
  }
  return put_archive_request(call.container, tar_archive(files));
}

HttpRequest put_archive_request(const std::string& container, std::string archive) {
  HttpRequest request{
      "PUT", fmt::format("/containers/{}/archive?path=%2F", percent_encode(container)), {}, {}};
  request.content_type = "application/x-tar";
  request.body = std::move(archive);
  return request;
}

HttpRequest get_archive_request(const std::string& container, const std::string& path) {
  return {"GET",
          fmt::format(
              "/containers/{}/archive?path={}", percent_encode(container), percent_encode(path)),
          {},
          {}};
}

}  // namespace aim::providers
