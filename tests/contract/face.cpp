#include "tests/contract/face.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <set>

#include "providers/docker/docker_api.hpp"
#include "tests/contract/podman.hpp"
#include "tests/support/podman_service.hpp"
#include "tests/support/tar_writer.hpp"

namespace aim::contract_test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kPrefix = "aim-contract";
/// A program that needs no library, and answers to many names.
constexpr const char* kBusybox = "/bin/busybox";

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Act shell(std::string script, support::Program played) {
  return {{"sh", "-c", std::move(script)}, std::move(played)};
}

std::string image_archive(const std::string& program) {
  using support::TarEntry;
  std::vector<TarEntry> entries{{"bin", {}, TarEntry::Kind::Directory, {}, 0755},
                                {"etc", {}, TarEntry::Kind::Directory, {}, 0755},
                                {"bin/busybox", program, TarEntry::Kind::File, {}, 0755}};
  for (const char* applet : {"sh", "sleep", "true", "false", "cat"}) {
    entries.push_back({std::string("bin/") + applet, {}, TarEntry::Kind::Symlink, "busybox", 0777});
  }
  return support::write_tar(entries);
}

}  // namespace

void PrintTo(Face face, std::ostream* out) {
  switch (face) {
    case Face::InProcess:
      *out << "InProcess";
      return;
    case Face::UnixSocket:
      *out << "UnixSocket";
      return;
    case Face::InProcess144:
      *out << "InProcess144";
      return;
    case Face::UnixSocket144:
      *out << "UnixSocket144";
      return;
    case Face::InProcess152:
      *out << "InProcess152";
      return;
    case Face::UnixSocket152:
      *out << "UnixSocket152";
      return;
    case Face::RealEngine:
      *out << "RealEngine";
      return;
    case Face::Podman:
      *out << "Podman";
      return;
  }
}

std::string face_name(const testing::TestParamInfo<Face>& info) {
  return testing::PrintToString(info.param);
}

std::string real_socket() {
  const char* path = std::getenv("AIM_TEST_DOCKER");
  return path != nullptr ? path : "";
}

Act runs_until_stopped() { return shell("trap 'exit 143' TERM; while :; do sleep 0.1; done", {}); }

Act ignores_stop() {
  support::Program played;
  played.stops_after.reset();
  return shell("trap '' TERM; while :; do sleep 0.1; done", played);
}

Act exits(int code) {
  support::Program played;
  played.exits_after = milliseconds{0};
  played.exit_code = code;
  return shell(fmt::format("exit {}", code), played);
}

Act talks() {
  support::Program played;
  played.output = {{.text = "out-1"},
                   {.text = "err-1", .at = milliseconds{10}, .is_stderr = true},
                   {.text = "out-2", .at = milliseconds{20}}};
  played.exits_after = milliseconds{20};
  played.exit_code = 3;
  return shell("echo out-1; sleep 0.05; echo err-1 >&2; sleep 0.05; echo out-2; exit 3", played);
}

Act is_missing() {
  support::Program played;
  played.start_status = 400;
  played.start_error =
      "OCI runtime create failed: exec: \"aim-no-such-program\": executable file not found in "
      "$PATH: unknown";
  return {{"aim-no-such-program"}, played};
}

core::Labels birth(const std::string& run,
                   const std::string& address,
                   const std::string& generation) {
  return {{core::label::kRun, run},
          {core::label::kAddress, address},
          {core::label::kGeneration, generation}};
}

void Contract::use_socket(const std::string& path) {
  client_ = std::make_unique<providers::HttpClient>(
      providers::HttpEndpoint{providers::HttpEndpoint::Scheme::Unix, path, {}, 0});
  transport_ = client_.get();
}

void Contract::use_memory(const std::string& api_version) {
  support::MemoryDockerOptions options;
  options.host_paths = {"/tmp", "/etc", "/dev/null", "/dev/zero"};
  options.device_drivers = {"nvidia"};
  options.api_version = api_version;
  api_version_ = api_version;
  memory = std::make_unique<support::MemoryDocker>(clock, options);
  transport_ = memory.get();
}

void Contract::SetUp() {
  const Face face = GetParam();
  if (face == Face::RealEngine) {
    use_socket(real_socket());
  } else if (face == Face::Podman) {
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    const std::string name_and_face = test->name();
    if (const std::string_view gap = podman_gap(name_and_face.substr(0, name_and_face.find('/')));
        !gap.empty()) {
      GTEST_SKIP() << gap;
    }
    std::string why_not;
    const std::string socket =
        support::podman_service(std::filesystem::path(real_socket()).parent_path(), why_not);
    ASSERT_NE(socket, "") << why_not;
    use_socket(socket);
  } else if (face == Face::InProcess || face == Face::UnixSocket) {
    use_memory("1.41");
  } else if (face == Face::InProcess144 || face == Face::UnixSocket144) {
    use_memory("1.44");
  } else {
    use_memory("1.52");
  }
  if (face == Face::UnixSocket || face == Face::UnixSocket144 || face == Face::UnixSocket152) {
    const std::string path = fmt::format("{}aim-contract-{}.sock", testing::TempDir(), ::getpid());
    server_ = std::make_unique<support::MemoryDockerServer>(*memory, path);
    use_socket(path);
  }
  engine = std::make_unique<providers::DockerEngine>(*transport_);
  import_image();
}

void Contract::import_image() {
  const std::string tag = std::to_string(::getpid());
  image_ = fmt::format("{}:{}", kPrefix, tag);
  const std::string program = memory ? "busybox" : read_file(kBusybox);
  ASSERT_FALSE(program.empty()) << kBusybox << " is missing: install busybox-static";
  providers::HttpRequest request;
  request.method = "POST";
  request.target =
      fmt::format("/v{}/images/create?fromSrc=-&repo={}&tag={}&changes={}&changes={}&changes={}",
                  api_version_,
                  kPrefix,
                  tag,
                  providers::percent_encode("ENV FROM_IMAGE=yes"),
                  providers::percent_encode("LABEL from-image=yes"),
                  providers::percent_encode("CMD [\"sh\"]"));
  request.content_type = "application/x-tar";
  request.body = image_archive(program);
  const auto answer = transport_->send(request, seconds(60), stop);
  ASSERT_TRUE(answer) << core::to_string(answer.error());
  ASSERT_EQ(answer->status, 200) << answer->body;
  if (GetParam() == Face::Podman) {
    // Podman 4 calls it latest, whatever the tag that was asked for.
    const boost::json::value made = boost::json::parse(answer->body);
    const auto tagged =
        raw("POST",
            fmt::format(
                "/images/{}/tag?repo={}&tag={}", made.at("id").as_string().c_str(), kPrefix, tag));
    ASSERT_EQ(tagged.status, 201) << tagged.body;
  }
}

void Contract::TearDown() {
  if (!engine) {
    return;
  }
  const std::string ours = name("");
  if (auto all = engine->list_containers(stop)) {
    // "b" lives in the namespaces of "a", and Podman keeps "a" as long as there is "b".
    std::sort(
        all->begin(), all->end(), [](const auto& a, const auto& b) { return a.name > b.name; });
    for (const core::ContainerSummary& one : *all) {
      if (one.name.starts_with(ours)) {
        must(core::RemoveContainer{one.id, true, true});
      }
    }
  }
  if (const auto all = engine->list_networks(stop)) {
    for (const core::ObservedNetwork& one : *all) {
      if (one.name.starts_with(ours)) {
        must(core::RemoveNetwork{one.id});
      }
    }
  }
  if (const auto all = engine->list_volumes(stop)) {
    for (const core::ObservedVolume& one : *all) {
      if (one.name.starts_with(ours)) {
        must(core::RemoveVolume{one.name});
      }
    }
  }
  EXPECT_EQ(raw("DELETE", "/images/" + image_).status, 200);
  engine.reset();
}

std::string Contract::name(std::string_view tail) const {
  return fmt::format("{}-{}-{}", kPrefix, ::getpid(), tail);
}

std::uint16_t Contract::port() {
  constexpr int kFirst = 20'000;
  constexpr int kCount = 10'000;
  return static_cast<std::uint16_t>(kFirst + ::getpid() % kCount);
}

core::CreateContainer Contract::container(std::string_view tail, const Act& act) {
  if (memory) {
    memory->set_program({.name = name(tail)}, act.played);
  }
  core::CreateContainer call;
  call.name = name(tail);
  core::List command;
  for (const std::string& word : act.command) {
    command.emplace_back(word);
  }
  call.attributes = {{"image", image()}, {"command", command}};
  call.labels = birth("run-1", fmt::format("container.{}", tail));
  return call;
}

core::CreateNetwork Contract::network(std::string_view tail) {
  return {name(tail), {}, birth("run-1", fmt::format("network.{}", tail))};
}

core::CreateVolume Contract::volume(std::string_view tail) {
  return {name(tail), {}, birth("run-1", fmt::format("volume.{}", tail))};
}

std::string Contract::must(const core::Call& call) {
  const core::Result<core::CallOutcome> outcome = engine->perform(call, stop);
  EXPECT_TRUE(outcome) << core::describe(call) << ": " << core::to_string(outcome.error());
  return outcome ? outcome->id : std::string();
}

core::Error Contract::refused(const core::Call& call) {
  const core::Result<core::CallOutcome> outcome = engine->perform(call, stop);
  EXPECT_FALSE(outcome) << core::describe(call) << " succeeded";
  return outcome ? core::Error{} : outcome.error();
}

core::ObservedContainer Contract::inspect(const std::string& reference) {
  core::Result<core::ObservedContainer> seen = engine->inspect_container(reference, stop);
  EXPECT_TRUE(seen) << core::to_string(seen.error());
  return seen ? *seen : core::ObservedContainer{};
}

bool Contract::network_exists(const std::string& network) {
  return raw("GET", "/networks/" + network).status == 200;
}

providers::HttpResponse Contract::raw(std::string method, std::string target, std::string body) {
  providers::HttpRequest request;
  request.method = std::move(method);
  request.target = fmt::format("/v{}{}", api_version_, target);
  request.body = std::move(body);
  const auto answer = transport_->send(request, seconds(60), stop);
  EXPECT_TRUE(answer) << core::to_string(answer.error());
  return answer ? *answer : providers::HttpResponse{};
}

core::ObservedContainer Contract::await(
    const std::string& reference,
    const std::function<bool(const core::ObservedContainer&)>& holds) {
  const core::Steady until = clock.steady_now() + seconds(10);
  core::ObservedContainer seen = inspect(reference);
  while (!holds(seen) && clock.steady_now() < until) {
    clock.wait_for(milliseconds(20), stop);
    seen = inspect(reference);
  }
  EXPECT_TRUE(holds(seen)) << reference << " did not become as expected; it is "
                           << core::to_string(seen.state.status) << " " << seen.state.health;
  return seen;
}

namespace {

std::vector<Face> real_faces() {
  return real_socket().empty() ? std::vector<Face>{}
                               : std::vector<Face>{Face::RealEngine, Face::Podman};
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Memory,
                         Contract,
                         testing::Values(Face::InProcess,
                                         Face::UnixSocket,
                                         Face::InProcess144,
                                         Face::UnixSocket144,
                                         Face::InProcess152,
                                         Face::UnixSocket152),
                         face_name);
INSTANTIATE_TEST_SUITE_P(Docker, Contract, testing::ValuesIn(real_faces()), face_name);

TEST(PodmanGaps, AreTestsThatThereAre) {
  std::set<std::string> known;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int k = 0; k < suite.total_test_count(); ++k) {
      const std::string name = suite.GetTestInfo(k)->name();
      known.insert(name.substr(0, name.find('/')));
    }
  }
  for (const std::string_view test : tests_with_podman_gaps()) {
    EXPECT_TRUE(known.contains(std::string(test))) << test;
  }
}

// Says aloud what was not tested.
TEST(RealEngine, IsTestedWhereAimTestDockerNamesItsSocket) {
  if (real_socket().empty()) {
    GTEST_SKIP() << "AIM_TEST_DOCKER is not set: the contract was tested on the in-memory Docker "
                    "only";
  }
  EXPECT_EQ(real_faces().size(), 2U);
}

}  // namespace aim::contract_test
