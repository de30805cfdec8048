#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/clock.hpp"
#include "core/snapshot.hpp"
#include "providers/http/http_client.hpp"
#include "tests/support/memory_docker_script.hpp"

// The inside of MemoryDocker: plain data and what happens to it. Everything here runs under
// MemoryDocker's lock.
namespace aim::support::memory {

namespace json = boost::json;

struct LogEntry {
  std::int64_t nanoseconds = 0;  ///< since the epoch
  std::string text;
  bool is_stderr = false;
};

/// A container's place on one network.
struct Endpoint {
  std::string network_id;  ///< empty until the first start
  std::optional<std::vector<std::string>> aliases;
  std::optional<std::string> wanted_ipv4;
  std::string wanted_ipv6;
  bool joined = false;  ///< started or connected once: the short id counts as an alias
  // While the container runs:
  std::string endpoint_id;
  std::uint32_t ip = 0;
};

struct Health {
  std::string status = "starting";
  std::int64_t failing_streak = 0;
  json::array log;
};

struct Container {
  std::string id;
  std::string name;          ///< without the slash
  std::int64_t created = 0;  ///< nanoseconds since the epoch
  std::string image_ref;
  std::string image_id;
  json::object config;  ///< as inspect shows it
  json::object host;    ///< HostConfig: what differs from the Engine's defaults
  json::array mounts;   ///< as inspect shows them
  std::map<std::string, Endpoint> endpoints;       ///< by the network's name, or what was asked for
  std::map<std::string, std::string> files;        ///< put in by archive, by absolute path
  std::map<std::string, std::string> file_owners;  ///< "0644 0:0", by absolute path
  std::vector<LogEntry> log;

  core::ContainerStatus status = core::ContainerStatus::Created;
  std::int64_t exit_code = 0;
  bool oom_killed = false;
  std::string error;
  std::int64_t started = 0;  ///< nanoseconds since the epoch, 0: never
  std::int64_t finished = 0;
  core::Steady started_steady{};
  std::int64_t restart_count = 0;
  std::chrono::milliseconds back_off{0};
  bool manually_stopped = false;
  bool removing = false;
  std::optional<Health> health;
  Program program;
  std::vector<core::PublishedPort> bound;  ///< live; an empty host_ip is every address
  std::uint64_t life = 0;  ///< counts up at each start and end: timers of an older life are void
  core::Steady ends_at{};  ///< when the stop under way will be over
  std::uint64_t times_ended = 0;
  std::int64_t last_exit_code = 0;

  /// The program's process exists: running or paused.
  [[nodiscard]] bool alive() const {
    return status == core::ContainerStatus::Running || status == core::ContainerStatus::Paused;
  }

  /// What State.Running says, and what `wait` waits for the end of.
  [[nodiscard]] bool counts_as_running() const {
    return alive() || status == core::ContainerStatus::Restarting;
  }
};

struct Network {
  std::string id;
  std::string name;
  std::int64_t created = 0;
  json::object body;       ///< Driver, Options, Labels, IPAM, Internal, ... as inspect shows them
  std::uint32_t base = 0;  ///< of the IPv4 subnet; 0: none
  int prefix = 0;
  bool has_ipv6 = false;        ///< and a subnet for it
  bool chosen_by_user = false;  ///< the subnet, so that addresses may be asked for
  std::uint32_t gateway = 0;
  std::set<std::uint32_t> used;  ///< addresses of running containers

  [[nodiscard]] bool predefined() const {
    return name == "bridge" || name == "host" || name == "none";
  }
};

struct Volume {
  std::string name;
  std::int64_t created = 0;
  json::value labels;   ///< null or an object
  json::value options;  ///< null or an object
  std::string driver = "local";
};

struct Image {
  std::string id;
  FakeImage spec;
  std::set<std::string> tags;     ///< "repo:tag"
  std::set<std::string> digests;  ///< "repo@sha256:..."
  std::int64_t created = 0;
};

struct RegistryImage {
  FakeImage spec;
  PullScript script;
  std::string digest;  ///< "sha256:..."
  int pulls = 0;       ///< how many were begun
};

struct Login {
  std::string user;
  std::string password;
};

struct Exec {
  std::string id;
  std::string container_id;
  std::vector<std::string> command;
  bool tty = false;
  bool want_stdout = false;
  bool want_stderr = false;
  std::optional<std::int64_t> exit_code;  ///< set once it has run
};

struct Event {
  std::uint64_t number = 0;
  std::int64_t nanoseconds = 0;
  std::string type;
  std::string action;
  std::string actor;
  std::map<std::string, std::string> attributes;
};

/// One request, taken apart.
struct Request {
  std::string method;
  int minor = 41;  ///< the API version asked for, 1.`minor`
  std::vector<std::string> path;
  std::multimap<std::string, std::string> query;
  json::object body;
  std::string raw_body;
  std::map<std::string, std::string> headers;
  std::chrono::milliseconds latency{0};  ///< see spends_its_latency

  [[nodiscard]] std::string parameter(const std::string& name) const;  ///< empty if not there
  [[nodiscard]] bool flag(const std::string& name) const;              ///< 1 or true
};

class World;

/// What a stream has to say next.
struct Step {
  enum class Kind { Piece, Blocked, End };
  Kind kind = Kind::End;
  std::string text;
  std::chrono::milliseconds takes{0};  ///< on the clock, before the text

  static Step piece(std::string text, std::chrono::milliseconds takes = {}) {
    return {Kind::Piece, std::move(text), takes};
  }

  static Step blocked() { return {Kind::Blocked, {}, {}}; }

  static Step end() { return {Kind::End, {}, {}}; }
};

struct Answer {
  int status = 200;
  std::string content_type = "application/json";  ///< empty: none is sent
  bool raw = false;                               ///< the body ends with the connection
  std::string body;
  std::map<std::string, std::string> headers;
  std::chrono::milliseconds takes{0};  ///< on the clock, between the effect and the answer
  std::function<Step(World&)> next;    ///< if set, the body comes from here
};

[[nodiscard]] Answer empty_answer(int status);
[[nodiscard]] Answer json_answer(int status, const json::value& body);
[[nodiscard]] Answer refusal(int status, std::string_view message);
[[nodiscard]] Answer no_such_container(const std::string& reference);

/// Compiled once, asked often.
struct Matcher {
  explicit Matcher(const ContainerMatch& match);
  [[nodiscard]] bool operator()(const Container& container) const;
  ContainerMatch what;
  std::optional<std::regex> name;
};

/// Everything there is, and time.
class World {
 public:
  World(core::Clock& clock, MemoryDockerOptions options);

  // Settings and scripts.
  MemoryDockerOptions options;
  int newest_minor = 41;
  std::vector<std::pair<Matcher, Program>> programs;

  struct ExecScript {
    Matcher match;
    std::vector<std::string> command;
    ExecResult result;
  };

  std::vector<ExecScript> exec_scripts;
  std::set<std::uint16_t> foreign_ports;

  // Things.
  std::map<std::string, std::unique_ptr<Container>> containers;  ///< by id
  std::map<std::string, std::string>
      container_names;  ///< name to id, of those that are being made too
  std::map<std::string, std::unique_ptr<Network>> networks;  ///< by id
  std::vector<std::string> network_order;                    ///< ids, oldest first
  std::map<std::string, Volume> volumes;
  std::map<std::string, Image> images;               ///< by id
  std::map<std::string, RegistryImage> manifests;    ///< in registries, by "repo@sha256:..."
  std::map<std::string, std::string> registry_tags;  ///< "repo:tag" to digest
  std::map<std::string, Login> registry_logins;      ///< by host; "" is the common registry
  std::set<std::string> silent_registries;           ///< hosts that do not answer
  std::map<std::string, Exec> execs;
  std::map<std::string, std::int64_t> last_words;  ///< exit codes of containers that are gone
  std::deque<Event> events;                        ///< the last 256
  std::uint64_t last_event = 0;

  /// Null when there is none; `reference` is a name, an id or the beginning of one.
  [[nodiscard]] Container* container(const std::string& reference);
  [[nodiscard]] std::vector<Network*> networks_named(const std::string& reference);
  /// The only one of that name or id, else null.
  [[nodiscard]] Network* network(const std::string& reference);
  [[nodiscard]] Image* image(const std::string& reference);
  [[nodiscard]] std::vector<const Container*> users_of_volume(const std::string& name) const;

  [[nodiscard]] std::string make_id();  ///< 64 hexadecimal digits, counting up
  /// Nanoseconds since the epoch; no two calls give the same.
  [[nodiscard]] std::int64_t stamp();

  [[nodiscard]] core::Steady now() const { return now_; }

  // Timers run in the order of their time, when somebody looks.
  void at(core::Steady when, std::function<void(World&)> what);
  /// Runs what is due by the clock. True if anything was.
  bool catch_up();
  [[nodiscard]] std::optional<core::Steady> next_timer() const;

  void emit(std::string type,
            std::string action,
            std::string actor,
            std::map<std::string, std::string> attributes);
  void emit(const Container& container,
            const std::string& action,
            std::map<std::string, std::string> more = {});

 private:
  core::Clock& clock_;
  core::Steady base_steady_;
  std::int64_t base_nanoseconds_;
  core::Steady now_;
  std::int64_t last_stamp_ = 0;
  std::uint64_t next_id_ = 1;
  std::multimap<core::Steady, std::function<void(World&)>> timers_;
};

/// "/v1.41/info?x=y" taken apart: "1.41" and "/info?x=y".
struct Target {
  std::string version;  ///< empty if there was none
  std::string rest;
};

[[nodiscard]] Target split_target(const std::string& target);
/// A call during which others can see it half done: the making of containers and networks, the
/// removal of containers. Any other happens at once, after its latency.
[[nodiscard]] bool spends_its_latency(const std::string& method, const std::string& target);
/// Reads the request and does it.
[[nodiscard]] Answer answer_request(World& world,
                                    const providers::HttpRequest& http,
                                    std::chrono::milliseconds latency);

// Parts of the API, each in a file of its own; dispatch() finds the right one.
[[nodiscard]] Answer dispatch(World& world, const Request& request);
/// A refusal when that version of the API is not spoken here.
[[nodiscard]] std::optional<Answer> check_version(const World& world,
                                                  const std::string& asked,
                                                  int minor);
[[nodiscard]] std::string server_version(const World& world);
[[nodiscard]] Answer system_call(World& world, const Request& request);
[[nodiscard]] Answer containers_call(World& world, const Request& request);
[[nodiscard]] Answer networks_call(World& world, const Request& request);
[[nodiscard]] Answer volumes_call(World& world, const Request& request);
[[nodiscard]] Answer images_call(World& world, const Request& request);

struct NameProblem {
  int status = 0;
  std::string message;
};

/// Why a container cannot have `name`; `shown` is how the message writes it.
[[nodiscard]] std::optional<NameProblem> name_problem(const World& world,
                                                      const std::string& name,
                                                      const std::string& shown);
/// Fills `container.mounts`, making volumes that are missing; a refusal when a path is taken twice.
[[nodiscard]] std::optional<Answer> resolve_mounts(World& world, Container& container);
/// Turns names behind "container:" into ids; a refusal when there is no such container.
[[nodiscard]] std::optional<Answer> resolve_namespaces(World& world, Container& container);
/// A refusal when a container whose namespace is to be shared does not run.
[[nodiscard]] std::optional<Answer> join_namespaces(World& world, const Container& container);
/// Those that die when the process of container `id` ends.
[[nodiscard]] std::vector<std::string> members_of_pid_namespace(const World& world,
                                                                const std::string& id);
[[nodiscard]] Answer create_container(World& world, const Request& request);
[[nodiscard]] Answer list_containers(World& world, const Request& request);
[[nodiscard]] json::object container_json(World& world, const Container& container, int minor);
[[nodiscard]] Answer update_container(World& world, const Request& request, Container& container);
[[nodiscard]] Answer container_logs(World& world, const Request& request, Container& container);
[[nodiscard]] Answer wait_container(World& world, const Request& request, Container& container);
[[nodiscard]] Answer events_call(World& world, const Request& request);
[[nodiscard]] Answer create_exec(World& world, const Request& request, Container& container);
[[nodiscard]] Answer exec_call(World& world, const Request& request);
[[nodiscard]] Answer archive_call(World& world, const Request& request, Container& container);

// What happens to a container.
[[nodiscard]] std::optional<Answer> start_container(World& world, Container& container);
/// The program ends; the restart policy may bring it back.
void end_container(World& world, Container& container, std::int64_t exit_code, bool oom_killed);
[[nodiscard]] Answer stop_container(World& world, const Request& request, Container& container);
[[nodiscard]] Answer kill_container(World& world, const Request& request, Container& container);
[[nodiscard]] Answer remove_container(World& world, const Request& request, Container& container);
/// It and its name are gone; anonymous volumes too if asked for.
enum class AnonymousVolumes { Keep, Remove };
void erase_container(World& world, const std::string& id, AnonymousVolumes volumes);
/// Marks it as being removed; it is gone after `takes`.
void begin_removal(World& world,
                   Container& container,
                   AnonymousVolumes volumes,
                   std::chrono::milliseconds takes);
void restart_daemon(World& world);
/// HostConfig member as inspect shows it, default or not.
[[nodiscard]] json::value host_value(const Container& container, std::string_view key);
[[nodiscard]] const json::object& host_defaults();
[[nodiscard]] std::string restart_policy(const Container& container);

// Networks and volumes as containers use them.
[[nodiscard]] std::optional<Answer> attach(World& world,
                                           Container& container,
                                           const std::string& network_name,
                                           Endpoint& endpoint);
void detach(World& world,
            Container& container,
            const std::string& network_name,
            Endpoint& endpoint);
[[nodiscard]] std::optional<Answer> bind_ports(World& world, Container& container);
[[nodiscard]] json::object endpoint_json(World& world,
                                         const Container& container,
                                         const std::string& network_name,
                                         const Endpoint& endpoint,
                                         int minor);
[[nodiscard]] std::string address_text(std::uint32_t address);
[[nodiscard]] std::optional<std::uint32_t> parse_address(std::string_view text);
void make_predefined_networks(World& world);
Volume& ensure_volume(World& world, const std::string& name);

// Images.
[[nodiscard]] std::string canonical_ref(const std::string& reference);  ///< adds ":latest"
[[nodiscard]] std::string repository_of(const std::string& ref);        ///< without tag or digest
[[nodiscard]] Answer pull_image(World& world, const Request& request);
[[nodiscard]] Answer ask_registry(World& world,
                                  const Request& request,
                                  const std::string& reference);
Image& add_image(World& world, const FakeImage& spec, const std::string& digest);
[[nodiscard]] std::string digest_of(const FakeImage& spec);

/// One frame of a multiplexed stream: 1 is standard output, 2 standard error.
[[nodiscard]] std::string frame(int stream, const std::string& text);

/// One line for each object, without times.
[[nodiscard]] std::vector<std::string> describe(const World& world);

// JSON and text.
[[nodiscard]] std::string text_at(const json::object& object, std::string_view key);
[[nodiscard]] std::int64_t number_at(const json::object& object, std::string_view key);
[[nodiscard]] bool flag_at(const json::object& object, std::string_view key);
[[nodiscard]] std::vector<std::string> texts_at(const json::object& object, std::string_view key);
/// An empty object when there is none.
[[nodiscard]] const json::object& object_at(const json::object& object, std::string_view key);
[[nodiscard]] json::array to_array(const std::vector<std::string>& texts);
[[nodiscard]] json::object to_object(const core::Labels& labels);
[[nodiscard]] core::Labels labels_of(const json::value& labels);
[[nodiscard]] std::string rfc3339(std::int64_t nanoseconds);  ///< 0 is Go's zero time
/// The member `key` of the query's `filters`, both JSON forms; with a refusal when it is no JSON.
using Filters = std::map<std::string, std::vector<std::string>>;
[[nodiscard]] std::variant<Filters, Answer> filters_of(const Request& request,
                                                       const std::set<std::string>& known);
[[nodiscard]] bool labels_match(const core::Labels& labels, const std::vector<std::string>& wanted);

}  // namespace aim::support::memory
