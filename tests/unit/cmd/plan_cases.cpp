#include "tests/unit/cmd/plan_cases.hpp"

#include <algorithm>

namespace aim::test {

using core::Address;
using core::List;
using core::Map;
using core::Secret;
using core::Unknown;
using core::Value;
using planner::Action;
using planner::Downtime;
using planner::FieldChange;
using planner::Plan;
using planner::Reason;
using planner::ResourceChange;

Address address_of(const std::string& text) { return Address::parse(text).value(); }

FieldChange written_field(core::Path path, Value before, Value after, std::uint32_t line) {
  FieldChange field{std::move(path), std::move(before), std::move(after), false, std::nullopt};
  field.source = core::SourceRange{"aim.yaml", {line, 5}, {line, 12}};
  return field;
}

namespace {

FieldChange forcing(FieldChange field) {
  field.forces_replacement = true;
  return field;
}

Secret secret() { return Secret(kSecretContent).with_digest("lab/default/somewhere"); }

std::string long_id(char digit) { return std::string(64, digit); }

Plan empty_plan() {
  Plan plan;
  plan.project = "lab";
  plan.workspace = "default";
  plan.lineage = "5d7c2e1f";
  plan.serial = 7;
  plan.configuration_digest = std::string(64, 'c');
  return plan;
}

Map endpoint_attributes() {
  return {{"model", "Qwen/Qwen3-32B"},
          {"image", "vllm/vllm-openai-rocm:v0.24.0"},
          {"port", 8000},
          {"bind", "127.0.0.1"},
          {"served_name", "qwen"},
          {"stop_grace_period", 60'000},
          {"shm_size", std::int64_t{16} << 30U},
          {"restart", "unless-stopped"}};
}

Map container_attributes() {
  return {{"image", "open-webui/open-webui:v0.6"},
          {"env", Map{{"LOG_LEVEL", "info"}, {"PORT", "8080"}}},
          {"ports", List{"127.0.0.1:3000:8080/tcp"}},
          {"restart", "unless-stopped"}};
}

Map with(Map map, const Map& more) {
  for (const auto& [name, value] : more) {
    map.insert_or_assign(name, value);
  }
  return map;
}

ResourceChange change_of(const std::string& address, Action action, Reason reason = Reason::None) {
  ResourceChange change;
  change.address = address_of(address);
  change.action = action;
  change.reason = reason;
  change.docker_name = "lab-" + change.address.name;
  return change;
}

/// Takes `attributes` over into what the planner would set beside them.
ResourceChange creation(const std::string& address, Map attributes, const Map& computed) {
  ResourceChange change = change_of(address, Action::Create);
  change.after = with(attributes, computed);
  change.attributes = std::move(attributes);
  change.computed = computed;
  return change;
}

ResourceChange existing(const std::string& address,
                        Action action,
                        const Map& before,
                        const Map& after,
                        const Map& computed) {
  ResourceChange change = change_of(address, action);
  change.before = with(before, computed);
  change.after = with(after, computed);
  change.attributes = after;
  change.computed = computed;
  change.docker_id = long_id('a');
  return change;
}

ResourceChange unchanged(const std::string& address) {
  return existing(address,
                  Action::NoOp,
                  container_attributes(),
                  container_attributes(),
                  {{"container_id", long_id('b')}});
}

Plan create_case() {
  Plan plan = empty_plan();
  plan.lineage.clear();
  plan.serial = 0;
  plan.changes.push_back(creation("endpoint.qwen",
                                  endpoint_attributes(),
                                  {{"container_id", Unknown{}}, {"url", "http://127.0.0.1:8000"}}));
  plan.changes.push_back(creation("network.default", {{"driver", "bridge"}}, {{"id", Unknown{}}}));
  plan.changes.push_back(creation("volume.webui-data", {{"driver", "local"}}, {}));
  return plan;
}

Plan update_case() {
  Plan plan = empty_plan();
  const Map before = with(container_attributes(), {{"memory", std::int64_t{512} << 20U}});
  const Map after =
      with(container_attributes(), {{"memory", std::int64_t{1} << 30U}, {"cpus", 1.5}});
  ResourceChange change =
      existing("container.webui", Action::Update, before, after, {{"container_id", long_id('b')}});
  change.fields = {written_field({"cpus"}, Value(), 1.5, 19),
                   written_field({"memory"}, std::int64_t{512} << 20U, std::int64_t{1} << 30U, 18)};
  change.steps = {
      planner::SetLimits{
          {{"memory", std::int64_t{1} << 30U}}, {{"memory", std::int64_t{512} << 20U}}, false},
      planner::SetLimits{{{"cpus", 1.5}}, {}, true}};
  plan.changes = {std::move(change), unchanged("container.worker")};
  return plan;
}

ResourceChange replaced_endpoint() {
  const Map before = with(endpoint_attributes(), {{"gpu_ids", List{0, 1, 2, 3}}});
  const Map after = with(before, {{"image", "vllm/vllm-openai-rocm:v0.27.1"}});
  ResourceChange change = existing("endpoint.qwen", Action::Replace, before, after, {});
  change.reason = Reason::CannotUpdate;
  change.before->insert_or_assign("container_id", "3f0c9e51b7aa" + std::string(52, '0'));
  change.after->insert_or_assign("container_id", Unknown{});
  change.fields = {
      {{"container_id"}, "3f0c9e51b7aa" + std::string(52, '0'), Unknown{}, false, std::nullopt},
      forcing(written_field(
          {"image"}, "vllm/vllm-openai-rocm:v0.24.0", "vllm/vllm-openai-rocm:v0.27.1", 12))};
  change.computed = {{"container_id", Unknown{}}};
  change.generation = 2;
  change.downtime = Downtime::Restart;
  change.last_start_millis = 401'000;
  change.range = change.fields.back().source;
  return change;
}

Plan replace_case() {
  Plan plan = empty_plan();
  plan.changes = {unchanged("container.webui"), unchanged("endpoint.embed"), replaced_endpoint()};
  return plan;
}

Plan replace_asked_case() {
  Plan plan = empty_plan();
  plan.options.replaces = {address_of("container.webui")};
  ResourceChange change = existing(
      "container.webui", Action::Replace, container_attributes(), container_attributes(), {});
  change.reason = Reason::ByRequest;
  change.before->insert_or_assign("container_id", long_id('b'));
  change.after->insert_or_assign("container_id", Unknown{});
  change.fields = {{{"container_id"}, long_id('b'), Unknown{}, false, std::nullopt}};
  change.downtime = Downtime::Restart;
  // One that Docker would have removed after an earlier run.
  change.superseded = {{long_id('e'), "lab-webui.g1"}};
  plan.changes = {std::move(change)};
  return plan;
}

Plan delete_case() {
  Plan plan = empty_plan();
  ResourceChange change = change_of("container.old", Action::Delete, Reason::NoConfiguration);
  change.before = with(container_attributes(), {{"container_id", long_id('b')}});
  change.attributes = container_attributes();
  change.downtime = Downtime::Removal;
  change.docker_id = long_id('b');
  plan.changes = {std::move(change), unchanged("container.webui")};
  return plan;
}

Plan destroy_case() {
  Plan plan = empty_plan();
  plan.options.destroy = true;
  ResourceChange kept = change_of("volume.models", Action::Forget, Reason::DestroyRequested);
  kept.retain = true;
  ResourceChange external =
      change_of("network.monitoring", Action::Forget, Reason::DestroyRequested);
  external.external = true;
  ResourceChange gone = change_of("container.gone", Action::Forget, Reason::Missing);
  ResourceChange data = change_of("volume.scratch", Action::Delete, Reason::DestroyRequested);
  data.before = Map{{"driver", "local"}};
  plan.changes = {std::move(gone), std::move(external), std::move(kept), std::move(data)};
  plan.outputs = {
      {"chat", Action::Delete, "http://127.0.0.1:8000/v1", Value(), std::nullopt, false, {}}};
  return plan;
}

Plan drift_case() {
  Plan plan = empty_plan();
  plan.drift = {{address_of("container.webui"), true, {}},
                {address_of("endpoint.qwen"),
                 false,
                 {{{"env", "MODE"}, "a", "b", true, std::nullopt},
                  {{"status"}, "running", "exited", false, std::nullopt}}}};
  ResourceChange created =
      creation("container.webui", container_attributes(), {{"container_id", Unknown{}}});
  created.reason = Reason::Missing;
  created.generation = 2;
  ResourceChange mended = existing("endpoint.qwen",
                                   Action::Update,
                                   endpoint_attributes(),
                                   endpoint_attributes(),
                                   {{"container_id", long_id('b')}});
  mended.reason = Reason::Drifted;
  mended.fields = {{{"container_name"}, "qwen-renamed", "lab-qwen", false, std::nullopt},
                   {{"status"}, "exited", "running", false, std::nullopt}};
  mended.steps = {
      planner::Rename{"qwen-renamed", "lab-qwen"}, planner::Start{}, planner::Unpause{}};
  plan.changes = {std::move(created), std::move(mended)};
  return plan;
}

/// A network and a volume are replaced, and what that means for their users.
Plan follow_case() {
  Plan plan = empty_plan();
  ResourceChange network =
      existing("network.back", Action::Replace, {{"driver", "bridge"}}, {{"driver", "bridge"}}, {});
  network.reason = Reason::CannotUpdate;
  network.docker_id = long_id('d');
  network.fields = {forcing(written_field({"options", "mtu"}, Value(), "1400", 30)),
                    {{"id"}, long_id('d'), Unknown{}, false, std::nullopt}};
  network.previous_network =
      core::CreateNetwork{"lab-back", {{"driver", "bridge"}}, {{"dev.aim.project", "lab"}}};
  ResourceChange volume =
      existing("volume.data", Action::Replace, {{"driver", "local"}}, {{"driver", "local"}}, {});
  volume.reason = Reason::CannotUpdate;
  volume.docker_id = "lab-data";
  volume.docker_name = "lab-data.g2";
  volume.fields = {forcing(written_field({"labels", "tier"}, Value(), "2", 40)),
                   {{"name"}, "lab-data", "lab-data.g2", false, std::nullopt}};
  ResourceChange user = existing(
      "container.webui", Action::Update, container_attributes(), container_attributes(), {});
  user.reason = Reason::Follows;
  user.detached = {{"lab-back", {"webui"}, "172.30.0.9"}};
  user.steps = {planner::Connect{{"lab-back", {"webui"}, "172.30.0.9"}},
                planner::ReplaceFiles{{"/etc/a", "/etc/b"}},
                planner::Restart{}};
  user.downtime = Downtime::Restart;
  user.fields = {{{"networks", "back", "id"}, long_id('d'), Unknown{}, false, std::nullopt}};
  ResourceChange store = existing(
      "container.store", Action::Replace, container_attributes(), container_attributes(), {});
  store.reason = Reason::Follows;
  store.stopped = true;
  store.downtime = Downtime::Restart;
  store.anonymous_volumes = {{"/var/lib/store", long_id('f')}};
  store.fields = {{{"mounts", "/d", "source"}, "lab-data", "lab-data.g2", true, std::nullopt}};
  ResourceChange gone = change_of("container.old", Action::Delete, Reason::NoConfiguration);
  gone.before = container_attributes();
  gone.downtime = Downtime::Removal;
  gone.anonymous_volumes = {{"/a", long_id('a')}, {"/b", long_id('b')}};
  plan.changes = {
      std::move(gone), std::move(store), std::move(user), std::move(network), std::move(volume)};
  return plan;
}

Plan sensitive_case() {
  Plan plan = empty_plan();
  const Map before = with(container_attributes(),
                          {{"env", Map{{"TOKEN", Secret::from_digest("0011")}, {"MODE", "a"}}}});
  const Map after =
      with(container_attributes(), {{"env", Map{{"TOKEN", secret()}, {"MODE", secret()}}}});
  ResourceChange change = existing("container.webui", Action::Replace, before, after, {});
  change.reason = Reason::CannotUpdate;
  change.downtime = Downtime::Restart;
  change.fields = {
      forcing(written_field({"env", "MODE"}, "a", secret(), 21)),
      forcing(written_field({"env", "TOKEN"}, Secret::from_digest("0011"), secret(), 20))};
  change.deferred = {{"command",
                      core::Template{{std::string("--key="),
                                      Secret(kSecretContent),
                                      core::Reference{address_of("endpoint.qwen"), "url"}}}}};
  ResourceChange created = creation("endpoint.qwen",
                                    with(endpoint_attributes(), {{"api_key", secret()}}),
                                    {{"container_id", Unknown{}}});
  plan.changes = {std::move(change), std::move(created)};
  plan.outputs = {{"key", Action::Create, Value(), kSecretContent, std::nullopt, true, {}}};
  plan.variables = {{"token", {Secret(kSecretContent), true, "AIM_VAR_token"}},
                    {"plain_text", {kSecretContent, true, "--var"}},
                    {"count", {4, false, "default"}}};
  return plan;
}

Plan unknown_case() {
  Plan plan = empty_plan();
  plan.changes = {creation("container.webui",
                           with(container_attributes(),
                                {{"env", Map{{"API", Unknown{}}, {"MODE", "a"}}},
                                 {"command", List{"serve", Unknown{}}}}),
                           {{"container_id", Unknown{}}, {"image_id", Unknown{}}})};
  plan.changes[0].deferred = {
      {"env",
       Map{{"API", core::Template{{core::Reference{address_of("network.default"), "id"}}}},
           {"MODE", "a"}}}};
  plan.outputs = {{"id",
                   Action::Create,
                   Value(),
                   Unknown{},
                   core::Template{{core::Reference{address_of("container.webui"), "container_id"}}},
                   false,
                   {}}};
  return plan;
}

Plan outputs_case() {
  Plan plan = empty_plan();
  plan.changes = {unchanged("container.webui")};
  plan.outputs = {{"chat",
                   Action::Update,
                   "http://127.0.0.1:8000/v1",
                   "http://127.0.0.1:8001/v1",
                   std::nullopt,
                   false,
                   {}},
                  {"gone", Action::Delete, 5, Value(), std::nullopt, false, {}},
                  {"hosts", Action::Create, Value(), List{"a", "b"}, std::nullopt, false, {}},
                  {"same", Action::NoOp, true, true, std::nullopt, false, {}}};
  return plan;
}

Plan no_changes_case() {
  Plan plan = empty_plan();
  plan.changes = {unchanged("container.webui"), unchanged("endpoint.qwen")};
  plan.outputs = {{"chat",
                   Action::NoOp,
                   "http://127.0.0.1:8000/v1",
                   "http://127.0.0.1:8000/v1",
                   std::nullopt,
                   false,
                   {}}};
  plan.fingerprints = {{"container.webui", std::string(64, '1')},
                       {"endpoint.qwen", std::string(64, '2')}};
  core::RecordedResource again;
  again.address = address_of("container.webui");
  again.attributes = container_attributes();
  again.computed = {{"container_id", long_id('b')}};
  again.baseline = container_attributes();
  again.baseline_api = "1.41";
  again.docker_id = long_id('b');
  again.docker_name = "lab-webui";
  again.dependencies = {address_of("network.default")};
  again.salt = "lab/default/container.webui";
  again.created_run = "0123456789abcdef";
  again.start_millis = 1200;
  plan.rebuilt = {{"container.webui", again}};
  return plan;
}

Plan notes_case() {
  Plan plan = empty_plan();
  plan.changes = {unchanged("container.webui")};
  plan.unmanaged = {"lab-forgotten"};
  plan.unmanaged_addresses = {address_of("container.forgotten")};
  plan.notes = {
      {core::Severity::Warning,
       "Volume is gone",
       "volume.data is recorded, but Docker has no volume \"lab-data\" any more. A new "
       "one will be created; what was in the old one is lost.",
       core::SourceRange{"aim.yaml", {9, 3}, {9, 7}},
       {{"it is used here", core::SourceRange{"aim.yaml", {30, 7}, {30, 20}}}},
       "volume.data"},
      {core::Severity::Note, "Plan is limited", "--target is in effect.", std::nullopt, {}, ""}};
  plan.options.targets = {address_of("container.webui")};
  return plan;
}

Plan long_values_case() {
  Plan plan = empty_plan();
  const std::string long_text =
      "a value that is longer than one line of a terminal and that nobody wants to see cut off at "
      "its end, since the end may be what matters";
  const Map before =
      with(container_attributes(),
           {{"hostname", long_text}, {"env", Map{{"CONFIG", "[a]\nx = 1\ny = 2\n"}}}});
  const Map after =
      with(container_attributes(),
           {{"hostname", long_text + "!"}, {"env", Map{{"CONFIG", "[a]\nx = 1\ny = 3\nz = 4"}}}});
  ResourceChange change = existing("container.webui", Action::Replace, before, after, {});
  change.reason = Reason::CannotUpdate;
  change.downtime = Downtime::Restart;
  change.fields = {forcing(written_field(
                       {"env", "CONFIG"}, "[a]\nx = 1\ny = 2\n", "[a]\nx = 1\ny = 3\nz = 4", 25)),
                   forcing(written_field({"hostname"}, long_text, long_text + "!", 22))};
  ResourceChange created = creation(
      "container.a-name-of-sixty-characters-which-is-nearly-the-most-allowed-x",
      {{"image", "registry.example.test:5000/a/rather/long/path/to/an/image/name:v1.2.3-rc4"},
       {"command",
        List{"serve", "--first-option=with-a-value", "--second-option=with-a-value", "--third"}},
       {"env", Map{{"MOTD", "hello\nworld\n"}}}},
      {});
  plan.changes = {std::move(created), std::move(change)};
  return plan;
}

Plan unicode_case() {
  Plan plan = empty_plan();
  ResourceChange change = existing(
      "container.webui", Action::Replace, container_attributes(), container_attributes(), {});
  change.reason = Reason::CannotUpdate;
  change.downtime = Downtime::Restart;
  change.fields = {
      forcing(written_field({"env", "GREETING"}, "grüße", "你好", 20)),
      forcing(written_field({"env", "ключ"}, Value(), "\x1b[31mred\x1b[0m\ttab \"quoted\" \\", 21)),
      forcing(written_field({"labels", "note"}, "plain", "turned \u202e round", 22))};
  plan.changes = {std::move(change)};
  return plan;
}

Plan maps_and_lists_case() {
  Plan plan = empty_plan();
  const Value old_mounts = List{Map{{"source", "data"}, {"target", "/data"}, {"type", "volume"}},
                                Map{{"source", "logs"}, {"target", "/logs"}, {"type", "volume"}}};
  const Value new_mounts =
      List{Map{{"source", "data"}, {"target", "/data"}, {"type", "volume"}},
           Map{{"read_only", true}, {"source", "logs"}, {"target", "/logs"}, {"type", "volume"}}};
  const Value old_command = List{"serve", "--max=1", "--verbose", "--port=8080"};
  const Value new_command = List{"serve", "--max=2", "--verbose", "--port=8080", "--fast"};
  const Map before =
      with(container_attributes(),
           {{"mounts", old_mounts}, {"command", old_command}, {"labels", Map{{"team", "a"}}}});
  const Map after = with(container_attributes(),
                         {{"mounts", new_mounts},
                          {"command", new_command},
                          {"env", Map{{"LOG_LEVEL", "debug"}, {"PORT", "8080"}, {"EXTRA", "1"}}}});
  ResourceChange change = existing("container.webui", Action::Replace, before, after, {});
  change.reason = Reason::CannotUpdate;
  change.downtime = Downtime::Restart;
  change.fields = {forcing(written_field({"command"}, old_command, new_command, 23)),
                   forcing(written_field({"env", "EXTRA"}, Value(), "1", 27)),
                   forcing(written_field({"env", "LOG_LEVEL"}, "info", "debug", 26)),
                   forcing(written_field({"labels"}, Map{{"team", "a"}}, Value(), 15)),
                   forcing(written_field({"mounts"}, old_mounts, new_mounts, 29))};
  change.steps = {planner::Connect{{"lab-default", {"webui", "ui"}, "172.30.0.5"}},
                  planner::Disconnect{{"lab-old", {}, ""}}};
  plan.changes = {std::move(change)};
  return plan;
}

Plan for_each_case() {
  Plan plan = empty_plan();
  plan.changes = {existing(R"(endpoint.embed["eu \"west\""])",
                           Action::Replace,
                           endpoint_attributes(),
                           endpoint_attributes(),
                           {}),
                  unchanged(R"(endpoint.embed["us"])")};
  plan.changes[0].reason = Reason::Drifted;
  plan.changes[0].downtime = Downtime::Restart;
  plan.changes[0].fields = {{{"env", "MODE"}, "b", "a", true, std::nullopt}};
  return plan;
}

/// What `moved` and `lifecycle` lead to.
Plan transitions_case() {
  Plan plan = empty_plan();
  ResourceChange web = existing(R"(container.page["eu"])",
                                Action::Update,
                                container_attributes(),
                                container_attributes(),
                                {{"container_id", long_id('b')}});
  web.moved_from = address_of(R"(container.web["eu"])");
  web.salt = R"(lab/default/container.web["eu"])";
  web.fields = {
      {{"container_name"}, "lab-web-eu-8b0b0d", "lab-page-eu-8b0b0d", false, std::nullopt}};
  web.steps = {planner::Rename{"lab-web-eu-8b0b0d", "lab-page-eu-8b0b0d"}};
  ResourceChange worker = existing("container.worker",
                                   Action::Replace,
                                   container_attributes(),
                                   container_attributes(),
                                   {{"container_id", Unknown{}}});
  worker.reason = Reason::Triggered;
  worker.triggered_by = {"container.db.image", "network.side"};
  worker.downtime = Downtime::Restart;
  worker.fields = {{{"container_id"}, long_id('a'), Unknown{}, false, std::nullopt}};
  ResourceChange network =
      existing("network.inner", Action::Update, {{"driver", "bridge"}}, {{"driver", "bridge"}}, {});
  network.moved_from = address_of("network.side");
  ResourceChange volume = existing("volume.data", Action::Update, {}, {}, {});
  volume.fields = {written_field({"lifecycle", "on_destroy"}, "retain", "delete", 30),
                   written_field({"lifecycle", "prevent_destroy"}, false, true, 31)};
  ResourceChange gone = existing("container.old", Action::Forget, container_attributes(), {}, {});
  gone.reason = Reason::NoConfiguration;
  plan.changes = {
      std::move(gone), std::move(web), std::move(worker), std::move(network), std::move(volume)};
  return plan;
}

/// A sensitive variable that is not set where the plan is made, used where nothing was recorded.
Plan not_set_here_case() {
  Plan plan = empty_plan();
  plan.variables = {{"token", {Secret(), true, "not set here"}}};
  plan.changes = {creation(
      "container.webui", with(container_attributes(), {{"env", Map{{"TOKEN", Secret()}}}}), {})};
  return plan;
}

}  // namespace

std::vector<PlanCase> plan_cases() {
  return {{"create", create_case()},
          {"update", update_case()},
          {"replace", replace_case()},
          {"replace_asked", replace_asked_case()},
          {"delete", delete_case()},
          {"destroy", destroy_case()},
          {"drift", drift_case()},
          {"follow", follow_case()},
          {"sensitive", sensitive_case()},
          {"unknown", unknown_case()},
          {"outputs", outputs_case()},
          {"no_changes", no_changes_case()},
          {"notes", notes_case()},
          {"long_values", long_values_case()},
          {"unicode", unicode_case()},
          {"maps_and_lists", maps_and_lists_case()},
          {"for_each", for_each_case()},
          {"transitions", transitions_case()},
          {"not_set_here", not_set_here_case()}};
}

Plan plan_case(const std::string& name) {
  const std::vector<PlanCase> cases = plan_cases();
  const auto found = std::find_if(
      cases.begin(), cases.end(), [&](const PlanCase& each) { return each.name == name; });
  AIM_CHECK(found != cases.end());
  return found->plan;
}

}  // namespace aim::test
