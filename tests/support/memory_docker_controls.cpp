#include <algorithm>

#include "tests/support/memory_docker_impl.hpp"

// The test's side of MemoryDocker: scripts, faults, records and views.
namespace aim::support {

using std::chrono::milliseconds;

namespace {

ContainerView view_of(const memory::Container& container) {
  ContainerView view;
  view.id = container.id;
  view.name = container.name;
  view.image = container.image_ref;
  view.image_id = container.image_id;
  view.status = container.status;
  view.exit_code = container.exit_code;
  view.labels = memory::labels_of(memory::object_at(container.config, "Labels"));
  view.entrypoint = memory::texts_at(container.config, "Entrypoint");
  view.cmd = memory::texts_at(container.config, "Cmd");
  view.env = memory::texts_at(container.config, "Env");
  view.restart_policy = memory::restart_policy(container);
  view.files = container.files;
  view.host_config = memory::json::serialize(container.host);
  for (const auto& [name, endpoint] : container.endpoints) {
    view.networks.push_back(name);
  }
  view.bound = container.bound;
  if (container.started != 0) {
    view.started = container.started_steady;
  }
  return view;
}

}  // namespace

void MemoryDocker::add_image(const FakeImage& image) {
  const std::scoped_lock lock(impl_->mutex);
  memory::add_image(impl_->world, image, {});
}

void MemoryDocker::add_registry_image(const FakeImage& image, PullScript script) {
  const std::scoped_lock lock(impl_->mutex);
  const std::string ref = memory::canonical_ref(image.ref);
  const std::string digest = memory::digest_of(image);
  impl_->world.registry_tags[ref] = digest;
  impl_->world.manifests[memory::repository_of(ref) + "@" + digest] = {
      image, std::move(script), digest};
}

void MemoryDocker::remove_registry_image(const std::string& reference) {
  const std::scoped_lock lock(impl_->mutex);
  const std::string ref = memory::canonical_ref(reference);
  const auto tag = impl_->world.registry_tags.find(ref);
  AIM_CHECK(tag != impl_->world.registry_tags.end());
  impl_->world.manifests.erase(memory::repository_of(ref) + "@" + tag->second);
  impl_->world.registry_tags.erase(tag);
}

void MemoryDocker::require_login(const std::string& registry,
                                 std::string user,
                                 std::string password) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->world.registry_logins[registry] = {std::move(user), std::move(password)};
}

void MemoryDocker::silence_registry(const std::string& registry, bool silent) {
  const std::scoped_lock lock(impl_->mutex);
  if (silent) {
    impl_->world.silent_registries.insert(registry);
  } else {
    impl_->world.silent_registries.erase(registry);
  }
}

void MemoryDocker::set_program(ContainerMatch match, Program program) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->world.programs.emplace_back(memory::Matcher(match), std::move(program));
}

void MemoryDocker::set_exec(ContainerMatch match,
                            std::vector<std::string> command,
                            ExecResult result) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->world.exec_scripts.push_back(
      {memory::Matcher(match), std::move(command), std::move(result)});
}

void MemoryDocker::set_latency(CallPattern pattern, milliseconds latency) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->faults.set_latency(pattern, latency);
}

void MemoryDocker::occupy_host_port(std::uint16_t port) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->world.foreign_ports.insert(port);
}

void MemoryDocker::end_program(const std::string& container,
                               std::int64_t exit_code,
                               bool oom_killed) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->catch_up();
  memory::Container* found = impl_->world.container(container);
  AIM_CHECK(found != nullptr && found->alive());
  memory::end_container(impl_->world, *found, exit_code, oom_killed);
  impl_->touched();
}

void MemoryDocker::begin_removal(const std::string& container, milliseconds takes) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->catch_up();
  memory::Container* found = impl_->world.container(container);
  AIM_CHECK(found != nullptr);
  memory::begin_removal(impl_->world, *found, memory::AnonymousVolumes::Remove, takes);
  impl_->touched();
}

void MemoryDocker::restart_daemon() {
  const std::scoped_lock lock(impl_->mutex);
  impl_->catch_up();
  memory::restart_daemon(impl_->world);
  impl_->touched();
}

void MemoryDocker::fail_change(std::size_t number, Fault fault) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->faults.fail_change(number, std::move(fault));
}

void MemoryDocker::fail(CallPattern pattern,
                        Fault fault,
                        std::size_t occurrence,
                        std::size_t times) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->faults.fail(pattern, std::move(fault), occurrence, times);
}

void MemoryDocker::crash_at(std::size_t number, Crash moment) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->faults.crash_at(number, moment);
}

bool MemoryDocker::crashed() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->faults.crashed();
}

void MemoryDocker::heal() {
  const std::scoped_lock lock(impl_->mutex);
  impl_->faults.heal();
}

std::vector<RecordedCall> MemoryDocker::calls() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->faults.calls();
}

std::vector<RecordedCall> MemoryDocker::changing_calls() const {
  std::vector<RecordedCall> all = calls();
  std::erase_if(all, [](const RecordedCall& call) { return call.change_number == 0; });
  return all;
}

std::vector<std::string> MemoryDocker::changing_lines() const {
  std::vector<std::string> lines;
  for (const RecordedCall& call : changing_calls()) {
    lines.push_back(call.method + " " + call.target);
  }
  return lines;
}

void MemoryDocker::forget_calls() {
  const std::scoped_lock lock(impl_->mutex);
  impl_->faults.forget_calls();
}

std::optional<ContainerView> MemoryDocker::container(const std::string& reference) const {
  const std::scoped_lock lock(impl_->mutex);
  impl_->catch_up();
  const memory::Container* found = impl_->world.container(reference);
  return found == nullptr ? std::nullopt : std::optional(view_of(*found));
}

std::vector<ContainerView> MemoryDocker::containers() const {
  const std::scoped_lock lock(impl_->mutex);
  impl_->catch_up();
  std::vector<ContainerView> views;
  for (const auto& [name, id] : impl_->world.container_names) {
    if (const memory::Container* whole = impl_->world.container(id)) {
      views.push_back(view_of(*whole));
    }
  }
  return views;
}

std::vector<std::string> MemoryDocker::network_names() const {
  const std::scoped_lock lock(impl_->mutex);
  std::vector<std::string> names;
  for (const auto& [id, network] : impl_->world.networks) {
    if (!network->predefined()) {
      names.push_back(network->name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> MemoryDocker::volume_names() const {
  const std::scoped_lock lock(impl_->mutex);
  std::vector<std::string> names;
  for (const auto& [name, volume] : impl_->world.volumes) {
    names.push_back(name);
  }
  return names;
}

bool MemoryDocker::has_image(const std::string& reference) const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->world.image(reference) != nullptr;
}

std::vector<std::string> MemoryDocker::world_lines() const {
  const std::scoped_lock lock(impl_->mutex);
  impl_->catch_up();
  return memory::describe(impl_->world);
}

}  // namespace aim::support
