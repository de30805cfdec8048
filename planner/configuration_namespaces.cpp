#include "planner/configuration_namespaces.hpp"

#include <fmt/format.h>

#include <array>

namespace aim::planner {

using core::Address;
using core::Kind;
using core::Reference;
using core::Template;
using core::Value;

namespace {

constexpr std::string_view kPrefix = "container:";
constexpr std::array<const char*, 3> kNamespaces = {"network_mode", "ipc", "pid"};

class NamespaceLinker {
 public:
  NamespaceLinker(LoadedResources& resources, core::Diagnostics& diagnostics)
      : resources_(resources), diagnostics_(diagnostics) {}

  void run() {
    for (auto& [address, resource] : resources_) {
      for (const char* name : kNamespaces) {
        const auto found = resource.desired.attributes.find(name);
        if (found != resource.desired.attributes.end()) {
          link(resource, name, found->second);
        }
      }
    }
  }

 private:
  void link(LoadedResource& resource, const char* name, Value& value) {
    if (Template* text = value.get<Template>()) {
      // The name stays when the container is replaced; the namespace does not.
      for (Template::Part& part : text->parts) {
        Reference* reference = std::get_if<Reference>(&part);
        if (reference && reference->attribute == "container_name") {
          reference->attribute = "container_id";
        }
        if (reference) {
          check_ipc(resource, name, reference->address);
        }
      }
      return;
    }
    const std::string* text = value.get<std::string>();
    if (text == nullptr || !text->starts_with(kPrefix)) {
      return;
    }
    const std::optional<Address> donor = find(resource, name, text->substr(kPrefix.size()));
    if (!donor) {
      return;
    }
    if (*donor == resource.desired.address) {
      error(resource,
            name,
            "Container shares its own namespace",
            fmt::format("`{}: {}` names {} itself. Name another container, or remove it.",
                        name,
                        *text,
                        donor->str()));
      return;
    }
    resource.needs.push_back({*donor, place(resource, name)});
    check_ipc(resource, name, *donor);
    value = Template{{std::string(kPrefix), Reference{*donor, "container_id"}}};
  }

  /// The container or endpoint of that key or of that name on Docker; nothing if there is none.
  std::optional<Address> find(const LoadedResource& resource,
                              const char* name,
                              const std::string& wanted) const {
    const Address container{Kind::Container, wanted, std::nullopt};
    const Address endpoint{Kind::Endpoint, wanted, std::nullopt};
    const bool is_container = resources_.contains(container);
    const bool is_endpoint = resources_.contains(endpoint);
    if (is_container && is_endpoint) {
      error(resource,
            name,
            "Ambiguous name",
            fmt::format("`{}: container:{}` could mean container.{} or endpoint.{}. Write "
                        "\"container:${{KIND.{}.container_id}}\" instead.",
                        name,
                        wanted,
                        wanted,
                        wanted,
                        wanted));
      return std::nullopt;
    }
    if (is_container || is_endpoint) {
      return is_container ? container : endpoint;
    }
    for (const auto& [address, other] : resources_) {
      const bool runs = address.kind == Kind::Container || address.kind == Kind::Endpoint;
      if (runs && other.desired.docker_name == wanted) {
        return address;
      }
    }
    return std::nullopt;
  }

  /// Docker's default keeps the IPC namespace to the container itself.
  void check_ipc(const LoadedResource& resource, const char* name, const Address& donor) const {
    const auto other = resources_.find(donor);
    if (std::string_view(name) != "ipc" || other == resources_.end()) {
      return;
    }
    const auto mode = other->second.desired.attributes.find("ipc");
    const std::string* text =
        mode == other->second.desired.attributes.end() ? nullptr : mode->second.get<std::string>();
    const bool set = mode != other->second.desired.attributes.end() && !mode->second.is_null();
    if (!set || (text && (*text == "private" || *text == "none"))) {
      error(resource,
            name,
            "IPC namespace is private",
            fmt::format("{0} would share the IPC namespace of {1}, which keeps it to itself. Set "
                        "`ipc: shareable` in {1}.",
                        resource.desired.address.str(),
                        donor.str()));
    }
  }

  static core::SourceRange place(const LoadedResource& resource, const char* name) {
    return core::position_of(resource.desired.positions, {std::string(name)})
        .value_or(resource.desired.range);
  }

  void error(const LoadedResource& resource,
             const char* name,
             std::string summary,
             std::string detail) const {
    diagnostics_.add({core::Severity::Error,
                      std::move(summary),
                      std::move(detail),
                      place(resource, name),
                      {},
                      resource.desired.address.str()});
  }

  LoadedResources& resources_;
  core::Diagnostics& diagnostics_;
};

}  // namespace

void link_namespaces(LoadedResources& resources, core::Diagnostics& diagnostics) {
  NamespaceLinker(resources, diagnostics).run();
}

}  // namespace aim::planner
