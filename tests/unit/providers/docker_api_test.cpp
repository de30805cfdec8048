#include "providers/docker/docker_api.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "providers/docker/port_binding.hpp"
#include "providers/docker/pull_progress.hpp"
#include "providers/docker/tar.hpp"

namespace aim::providers {
namespace {

using core::ErrorCode;

core::Error error_of(int status, std::string body) {
  return error_from_answer({status, {}, std::move(body)});
}

TEST(ApiVersion, ComparesNumbersNotTexts) {
  EXPECT_LT(*parse_api_version("1.9"), *parse_api_version("1.41"));
  EXPECT_EQ(to_string(*parse_api_version("1.52")), "1.52");
  for (const char* wrong : {"", "1", "1.", ".41", "1.x", "1.41.2", "1.-4", "v1.41"}) {
    EXPECT_FALSE(parse_api_version(wrong)) << wrong;
  }
}

TEST(PercentEncode, KeepsOnlyWhatNeedsNoEscape) {
  EXPECT_EQ(percent_encode("lab-web_1.g2~"), "lab-web_1.g2~");
  EXPECT_EQ(percent_encode("a/b c%:ü"), "a%2Fb%20c%25%3A%C3%BC");
}

TEST(ErrorFromAnswer, MapsTheStatus) {
  const auto code = [](int status) { return error_of(status, R"({"message":"m"})").code; };
  EXPECT_EQ(code(400), ErrorCode::Invalid);
  EXPECT_EQ(code(401), ErrorCode::Denied);
  EXPECT_EQ(code(403), ErrorCode::Conflict);
  EXPECT_EQ(code(404), ErrorCode::NotFound);
  EXPECT_EQ(code(409), ErrorCode::Conflict);
  EXPECT_EQ(code(500), ErrorCode::Failed);
  EXPECT_EQ(code(501), ErrorCode::Unsupported);
  EXPECT_EQ(code(503), ErrorCode::Failed);
}

TEST(ErrorFromAnswer, GoesByTheWordsWhereTheStatusSaysLittle) {
  const auto code = [](int status, const std::string& message) {
    return error_of(status, "{\"message\":\"" + message + "\"}").code;
  };
  EXPECT_EQ(code(400, "client version 1.41 is too old"), ErrorCode::Unsupported);
  EXPECT_EQ(code(403, "authorization denied by plugin x"), ErrorCode::Denied);
  EXPECT_EQ(code(404, "pull access denied for a/b, repository does not exist"), ErrorCode::Denied);
  EXPECT_EQ(code(500, "Get x: unauthorized: bad password"), ErrorCode::Denied);
  EXPECT_EQ(code(500, "Bind for 0.0.0.0:80 failed: port is already allocated"),
            ErrorCode::Conflict);
  EXPECT_EQ(code(500, "listen tcp4 127.0.0.1:80: bind: address already in use"),
            ErrorCode::Conflict);
}

TEST(ErrorFromAnswer, TakesPlainTextAndNothing) {
  EXPECT_EQ(error_of(400, "client version 1.60 is too new\r\n").message,
            "client version 1.60 is too new");
  EXPECT_EQ(error_of(502, "").message, "Docker answered with HTTP status 502");
  EXPECT_EQ(error_of(500, "{}").message, "Docker answered with HTTP status 500");
}

TEST(PullReference, AlwaysNamesATagOrDigest) {
  const auto parsed = [](std::string_view text) {
    const auto reference = parse_pull_reference(text);
    EXPECT_TRUE(reference) << text;
    return reference ? reference->repository + " " + reference->tag_or_digest : "";
  };
  EXPECT_EQ(parsed("vllm/vllm-openai:v0.24.0"), "vllm/vllm-openai v0.24.0");
  EXPECT_EQ(parsed("busybox"), "busybox latest");
  EXPECT_EQ(parsed("127.0.0.1:5000/base"), "127.0.0.1:5000/base latest");
  EXPECT_EQ(parsed("127.0.0.1:5000/base:1"), "127.0.0.1:5000/base 1");
  EXPECT_EQ(parsed("a/b@sha256:12"), "a/b sha256:12");
  EXPECT_EQ(parsed("h:5000/a/b:tag@sha256:12"), "h:5000/a/b sha256:12");
}

TEST(PullReference, RefusesIds) {
  const auto reference = parse_pull_reference("sha256:0123");
  ASSERT_FALSE(reference);
  EXPECT_EQ(reference.error().message,
            "\"sha256:0123\" is the id of an image, not a name, and cannot be pulled");
  EXPECT_FALSE(parse_pull_reference(""));
}

TEST(PullReference, IsWrittenForAnInspect) {
  EXPECT_EQ(to_string(PullReference{"a/b", "1"}), "a/b:1");
  EXPECT_EQ(to_string(PullReference{"a/b", "sha256:12"}), "a/b@sha256:12");
  EXPECT_EQ(pull_request({"h:5000/a", "sha256:12"}, {}, {}).target,
            "/images/create?fromImage=h%3A5000%2Fa&tag=sha256%3A12");
}

TEST(Requests, NameWhatIsAskedFor) {
  EXPECT_EQ(inspect_container_request("a/b").target, "/containers/a%2Fb/json");
  EXPECT_EQ(inspect_image_request("h:5000/a/b:1").target, "/images/h:5000/a/b:1/json");
  EXPECT_EQ(inspect_network_request("lab default").target, "/networks/lab%20default");
  EXPECT_EQ(inspect_volume_request("v").target, "/volumes/v");
  EXPECT_EQ(wait_request("x", "removed").target, "/containers/x/wait?condition=removed");
  EXPECT_EQ(logs_request("x", {}).target, "/containers/x/logs?stdout=1&stderr=1");
  EXPECT_EQ(logs_request("x", {20, true, true, "2023-11-14T22:13:20.000000005Z"}).target,
            "/containers/x/logs?stdout=1&stderr=1&follow=1&timestamps=1&tail=20&since=1700000000."
            "000000005");
  EXPECT_EQ(unix_time("1970-01-01T00:00:01Z"), "1");
  EXPECT_EQ(unix_time("0001-01-01T00:00:00Z"), "");  // of one that never started
  EXPECT_EQ(unix_time(""), "");
  EXPECT_EQ(unix_time("yesterday"), "");
}

TEST(PortBinding, ReadsEveryForm) {
  const auto parsed = [](std::string_view text) {
    const auto port = parse_port_binding(text);
    EXPECT_TRUE(port) << text;
    return port ? *port : PortBinding{};
  };
  EXPECT_EQ(parsed("127.0.0.1:8000:80/tcp"), (PortBinding{"127.0.0.1", "8000", 80, "tcp"}));
  EXPECT_EQ(parsed("[::1]:8000:80/udp"), (PortBinding{"::1", "8000", 80, "udp"}));
  EXPECT_EQ(parsed("8000:80"), (PortBinding{"", "8000", 80, "tcp"}));
  EXPECT_EQ(parsed("0:80/tcp"), (PortBinding{"", "0", 80, "tcp"}));
  EXPECT_EQ(parsed("80/tcp"), (PortBinding{"", "", 80, "tcp"}));
}

TEST(PortBinding, RefusesTheRest) {
  for (const char* wrong : {"",
                            "x",
                            "80:",
                            "0",
                            "1:2:3:",
                            "a:1:2",
                            "1:99999",
                            "99999:1",
                            "1.2.3:80:80",
                            "[::1:80:80"}) {
    EXPECT_FALSE(parse_port_binding(wrong)) << wrong;
  }
}

boost::json::object line(std::string_view text) { return boost::json::parse(text).as_object(); }

TEST(PullState, AddsUpTheLayers) {
  PullState state;
  ASSERT_TRUE(state.take(line(R"({"status":"Pulling from library/x","id":"1.2"})")));
  ASSERT_TRUE(state.take(line(R"({"status":"Pulling fs layer","progressDetail":{},"id":"a"})")));
  ASSERT_TRUE(state.take(line(R"({"status":"Already exists","progressDetail":{},"id":"b"})")));
  EXPECT_EQ(state.progress().total_bytes, 0U);
  ASSERT_TRUE(state.take(
      line(R"({"status":"Downloading","progressDetail":{"current":10,"total":100},"id":"a"})")));
  EXPECT_EQ(state.progress().current_bytes, 10U);
  EXPECT_EQ(state.progress().total_bytes, 100U);
  EXPECT_EQ(state.progress().status, "Downloading");
  ASSERT_TRUE(state.take(line(R"({"status":"Download complete","id":"a"})")));
  ASSERT_TRUE(state.take(
      line(R"({"status":"Extracting","progressDetail":{"current":5,"total":100},"id":"a"})")));
  EXPECT_EQ(state.progress().current_bytes, 100U);
  EXPECT_EQ(state.progress().total_bytes, 100U);
}

TEST(PullState, DoesNotKnowTheTotalUntilEveryLayerIsKnown) {
  PullState state;
  ASSERT_TRUE(state.take(
      line(R"({"status":"Downloading","progressDetail":{"current":10,"total":100},"id":"a"})")));
  ASSERT_TRUE(state.take(line(R"({"status":"Waiting","progressDetail":{},"id":"b"})")));
  EXPECT_EQ(state.progress().current_bytes, 10U);
  EXPECT_EQ(state.progress().total_bytes, 0U);
}

TEST(PullState, KnowsWhyAPullFailed) {
  const auto error = [](std::string_view text) {
    PullState state;
    const core::Result<void> taken = state.take(line(text));
    EXPECT_FALSE(taken);
    return taken ? core::Error{} : taken.error();
  };
  EXPECT_EQ(error(R"({"errorDetail":{"message":"unknown blob"},"error":"old words"})"),
            core::make_error(ErrorCode::Failed, "unknown blob"));
  EXPECT_EQ(error(R"({"error":"no space left on device"})"),
            core::make_error(ErrorCode::Failed, "no space left on device"));
}

TEST(TarArchive, WritesPlainFiles) {
  const std::string archive = tar_archive({{"run/secrets/token", "geheim"}});
  ASSERT_EQ(archive.size(), 512U * 4);
  EXPECT_EQ(archive.substr(0, 17), "run/secrets/token");
  EXPECT_EQ(archive.substr(100, 7), "0000644");
  EXPECT_EQ(archive.substr(124, 11), "00000000006");
  EXPECT_EQ(archive.substr(257, 5), "ustar");
  EXPECT_EQ(archive.substr(512, 6), "geheim");
  unsigned int sum = 0;
  for (std::size_t i = 0; i < 512; ++i) {
    sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(archive[i]);
  }
  EXPECT_EQ(std::stoul(archive.substr(148, 6), nullptr, 8), sum);
}

TEST(TarArchive, FillsNoBlockForWholeOnes) {
  EXPECT_EQ(tar_archive({{"a", std::string(512, 'x')}}).size(), 512U * 4);
  EXPECT_EQ(tar_archive({{"a", ""}}).size(), 512U * 3);
}

TEST(TarArchive, WritesLongPathsAsRecords) {
  const std::string path = "a/" + std::string(120, 'b');
  const std::string archive = tar_archive({{path, "x"}});
  EXPECT_EQ(archive[156], 'x');
  // 122 bytes of path, " path=", a line feed and three digits of length.
  EXPECT_EQ(archive.substr(512, 132), "132 path=" + path + "\n");
}

}  // namespace
}  // namespace aim::providers
