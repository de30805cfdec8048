#include "providers/docker/pull_progress.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "providers/docker/json_read.hpp"

namespace aim::providers {

namespace {

namespace json = boost::json;
using core::ErrorCode;
using json_read::integer_at;
using json_read::object_at;
using json_read::text_at;

std::uint64_t bytes_at(const json::object& in, std::string_view key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer_at(in, key)));
}

bool is_layer(std::string_view id, std::string_view status) {
  // "Pulling from library/busybox" carries the tag as id.
  return !id.empty() && !status.starts_with("Pulling from");
}

bool is_fetched(std::string_view status) {
  return status == "Verifying Checksum" || status == "Download complete" ||
         status == "Extracting" || status == "Pull complete" || status == "Already exists";
}

}  // namespace

core::Result<void> PullState::take(const json::object& line) {
  if (const json::object* detail = object_at(line, "errorDetail")) {
    return core::make_error(ErrorCode::Failed, text_at(*detail, "message"));
  }
  if (const std::string error = text_at(line, "error"); !error.empty()) {
    return core::make_error(ErrorCode::Failed, error);
  }
  const std::string status = text_at(line, "status");
  if (!status.empty()) {
    status_ = status;
  }
  const std::string id = text_at(line, "id");
  if (!is_layer(id, status)) {
    return {};
  }
  Layer& layer = layers_[id];
  if (const json::object* detail = object_at(line, "progressDetail");
      detail && status == "Downloading") {
    layer.current = bytes_at(*detail, "current");
    layer.total = std::max(bytes_at(*detail, "total"), layer.current);
  }
  if (is_fetched(status)) {
    layer.done = true;
    layer.current = layer.total;
  }
  return {};
}

core::PullProgress PullState::progress() const {
  core::PullProgress progress;
  progress.status = status_;
  bool all_known = true;
  for (const auto& [id, layer] : layers_) {
    progress.current_bytes += layer.current;
    progress.total_bytes += layer.total;
    all_known = all_known && (layer.done || layer.total > 0);
  }
  if (!all_known) {
    progress.total_bytes = 0;
  }
  return progress;
}

}  // namespace aim::providers
