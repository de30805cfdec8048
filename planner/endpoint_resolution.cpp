#include "planner/endpoint_resolution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "planner/endpoint_checks.hpp"
#include "planner/endpoint_decision.hpp"
#include "planner/endpoint_extras.hpp"
#include "planner/endpoint_records.hpp"
#include "planner/endpoint_validation.hpp"
#include "planner/gpu_holders.hpp"
#include "planner/graph.hpp"
#include "planner/port_choice.hpp"
#include "planner/resolved_gpus.hpp"
#include "recipes/decision.hpp"

namespace aim::planner {

using core::Address;
using core::Diagnostics;
using core::Kind;
using core::List;
using core::Map;
using core::Value;
using recipes::Decision;

namespace {

class Resolver {
 public:
  Resolver(const Configuration& configuration,
           const core::StateSnapshot& recorded,
           const core::ObservedWorld& observed,
           const PlanOptions& options,
           const EndpointKnowledge& knowledge,
           Diagnostics& diagnostics,
           core::SourceFiles& sources)
      : observed_(observed),
        options_(options),
        knowledge_(knowledge),
        diagnostics_(diagnostics),
        sources_(sources) {
    result_ = configuration;
    records_ = recorded_endpoints(configuration, recorded, observed);
    for (const auto& [address, attributes] : records_) {
      if (GpuGrant grant = grant_of(attributes); !grant.ids.empty()) {
        had_.emplace(address, std::move(grant));
      }
    }
    find_concerned();
  }

  core::Result<Configuration> run() {
    choose_ports(result_, records_, observed_, knowledge_.taken_ports, diagnostics_);
    for (auto& [address, desired] : result_.resources) {
      if (address.kind == Kind::Endpoint) {
        begin(desired);
      }
    }
    if (const core::Result<void> looked = look_at_gpus(); !looked) {
      return looked.error();
    }
    for (Pending& one : pending_) {
      choose(one);
    }
    give_gpus();
    for (Pending& one : pending_) {
      finish(one);
    }
    return std::move(result_);
  }

 private:
  /// An endpoint of which something has to be decided.
  struct Pending {
    DesiredResource* desired = nullptr;
    Map asked;
    GpuRequest request;
    std::optional<Decision> decision;  ///< nothing: written by hand, or none was found
    bool by_hand = false;
    bool decide = true;  ///< false: the decision stays, only the command is written anew
    bool failed = false;
    std::vector<std::string> models;  ///< that its GPUs may be of
  };

  void error(const DesiredResource& desired,
             const char* summary,
             std::string detail,
             core::Path path = {"model"}) {
    diagnostics_.add({core::Severity::Error,
                      summary,
                      std::move(detail),
                      core::position_of(desired.positions, std::move(path)),
                      {},
                      desired.address.str()});
  }

  void begin(DesiredResource& desired) {
    const Map& attributes = desired.attributes;
    Pending one;
    one.desired = &desired;
    one.by_hand = is_by_hand(attributes);
    EndpointChecks(desired, diagnostics_).tell_of_key();
    spell_out(desired, one.by_hand ? DefaultCache::None : DefaultCache::BuiltIn);
    one.request = gpu_request(attributes);
    if (one.by_hand && !is_set(attributes, "image")) {
      error(desired,
            "Missing attribute",
            fmt::format("{} is written by hand, so it needs an `image`: give it one, or set one "
                        "for all endpoints of its backend in `backends`.",
                        desired.address.str()),
            {});
      return;
    }
    one.asked = asked_of(attributes);
    const EndpointChecks checks(desired, diagnostics_);
    if (!checks.are_known(one.asked) || (one.by_hand && !checks.need_no_recipe())) {
      return;
    }
    if (one.by_hand && requested_count(one.request).value_or(0) == 0) {
      return;  // nothing is left to us
    }
    if (!one.by_hand && !checks.have_gpus(requested_count(one.request))) {
      return;
    }
    if (!reuse(one) && is_concerned(desired.address)) {
      pending_.push_back(std::move(one));
    }
  }

  /// What --target and --exclude leave in the plan. The rest stays as it is, so nothing has to be
  /// decided for it.
  void find_concerned() {
    DependencyGraph graph;
    for (const auto& [address, desired] : result_.resources) {
      graph[address] = std::set<Address>(desired.dependencies.begin(), desired.dependencies.end());
    }
    targeted_ = with_dependencies(graph, options_.targets);
    excluded_ = with_dependents(graph, options_.excludes);
  }

  bool is_concerned(const Address& address) const {
    return (options_.targets.empty() || targeted_.contains(address)) &&
           !excluded_.contains(address);
  }

  const Map* record_of(const Address& address) const {
    const auto found = records_.find(address);
    return found == records_.end() ? nullptr : &found->second;
  }

  bool is_upgraded(const Address& address) const {
    return options_.upgrade_all || options_.upgrades.contains(address);
  }

  /// Takes over what was decided before. True when nothing is left to do; what is left else stands
  /// in `one`.
  bool reuse(Pending& one) {
    const Map* record = record_of(one.desired->address);
    const Map* asked = map_at(record, "asked");
    const Map* selected = map_at(record, "selected");
    const Map* choice = map_at(asked, "choice");
    if (choice == nullptr || is_upgraded(one.desired->address) ||
        *map_at(&one.asked, "choice") != *choice) {
      return false;
    }
    std::optional<Decision> decision = selected ? recipes::decision_from(*selected) : std::nullopt;
    if (!one.by_hand && !decision) {
      return false;
    }
    one.decision = std::move(decision);
    const bool same_command =
        one.by_hand || (core::find(*asked, "command") != nullptr &&
                        *core::find(*asked, "command") == *core::find(one.asked, "command"));
    if (!same_command) {
      one.decide = false;
      return false;
    }
    Map& attributes = one.desired->attributes;
    const Map written = attributes;
    if (one.decision) {
      fill_in(*one.decision, one.desired->defaulted, attributes);
      if (const Value* command = core::find(*record, "command")) {
        attributes.insert_or_assign("command", *command);
      }
    }
    for (const char* name : {"gpu_ids", "gpu_devices"}) {
      if (const Value* value = core::find(*record, name)) {
        attributes.insert_or_assign(name, *value);
      }
    }
    attributes.insert_or_assign("asked", one.asked);
    mark_as_decided(*one.desired, written);
    return true;
  }

  bool wants_gpus(const Pending& one) const {
    return requested_count(one.request) != 0 && (one.decision ? one.decision->gpus > 0 : true);
  }

  core::Result<void> look_at_gpus() {
    if (!std::any_of(pending_.begin(), pending_.end(), [&](const Pending& one) {
          return wants_gpus(one) && (one.decide || !record_of(one.desired->address) ||
                                     !had_.contains(one.desired->address));
        })) {
      return {};
    }
    std::vector<std::string> known;
    for (const auto& [address, grant] : had_) {
      known.insert(known.end(), grant.ids.begin(), grant.ids.end());
    }
    inventory_ = knowledge_.inventory();
    host_ = host_gpus(*inventory_, result_.gpus, known, diagnostics_);
    const auto containers = knowledge_.gpu_containers();
    if (!containers) {
      return containers.error();
    }
    holders_ = gpu_holders(*containers, host_.gpus, result_.project, result_.workspace);
    return {};
  }

  const recipes::RecipeData* data() {
    if (!data_) {
      data_ = knowledge_.recipes();
    }
    return *data_;
  }

  void choose(Pending& one) {
    if (one.by_hand || !one.decide) {
      return;
    }
    if (data() == nullptr || nothing_to_run_on(one)) {
      one.failed = true;
      return;
    }
    recipes::Wish wish = recipes::wish_of(one.desired->attributes);
    const std::string base = core::string_at(one.desired->attributes, "base_model").value_or("");
    std::vector<recipes::GpuGroup> groups =
        gpu_groups(host_, one.desired->address, one.request, holders_, promised());
    const bool none_free =
        groups.empty() && host_.source != GpuSource::None && requested_count(one.request) != 0;
    Diagnostics found;
    const recipes::SelectionInput input = recipes::selection_input(
        *data(), std::move(wish), base, std::move(groups), found, sources_);
    const bool known = input.facts.has_value() || !input.recipes.empty();
    if (known && !is_known_recipe(*one.desired, input, diagnostics_)) {
      one.failed = true;
      return;
    }
    if (known && none_free) {
      none_is_free(one);
      return;
    }
    const EndpointChecks checks(*one.desired, diagnostics_);
    if (input.wish.backend == "llamacpp" && !checks.have_gguf(input)) {
      one.failed = true;
      return;
    }
    recipes::Selection selection = recipes::select(
        input, found, recipe_picker(*one.desired, input, knowledge_.run_program, diagnostics_));
    tell(one, found);
    if (!selection.chosen) {
      one.failed = true;
      return;
    }
    one.decision = recipes::decision_of(selection);
    one.models = models_for(one.decision->hardware, host_, &data()->backends);
    if (one.decision->gpus > 0) {
      promised_.insert_or_assign(one.desired->address, one.decision->gpus);
    }
  }

  /// Without a GPU only what can do without one is worth looking for.
  bool nothing_to_run_on(const Pending& one) {
    const std::string backend = core::string_at(one.desired->attributes, "backend").value_or("");
    if (!inventory_ || host_.source != GpuSource::None || requested_count(one.request) == 0 ||
        backend == "llamacpp") {
      return false;
    }
    std::string why;
    for (const core::InventoryProblem& problem : inventory_->problems) {
      why += fmt::format(" {} {}", problem.message, problem.remedy);
    }
    const std::string model = core::string_at(one.desired->attributes, "model").value_or("");
    error(*one.desired,
          "No GPU found",
          fmt::format("{} is to be served by {}, which needs a GPU, and Docker's host has none.{} "
                      "The CPU can serve models in GGUF form: `backend: llamacpp` and `gpus: "
                      "0`, or for example `aim launch Qwen/Qwen3-0.6B-GGUF --backend llamacpp "
                      "--gpus 0`. To plan for a host that has GPUs, declare them in "
                      "`hosts.local.gpus`.",
                      model,
                      backend,
                      why));
    return true;
  }

  /// There are GPUs, but none for this one: the table of who holds them says it.
  void none_is_free(Pending& one) {
    one.failed = true;
    GpuWish wish = wish_for(one);
    wish.counts = {std::max(1, requested_count(one.request).value_or(1))};
    AllocationInput input;
    input.gpus = host_.gpus;
    input.excluded = host_.excluded;
    input.recorded = had_;
    input.holders = holders_;
    input.wishes = {std::move(wish)};
    for (const auto& [address, grant] : had_) {
      if (result_.resources.contains(address) && address != one.desired->address) {
        GpuWish kept;
        kept.address = address;
        kept.counts = {static_cast<int>(grant.ids.size())};
        kept.share_percent = grant.share_percent;
        input.wishes.push_back(std::move(kept));
      }
    }
    static_cast<void>(allocate(input, diagnostics_));
  }

  /// What endpoints of this configuration have or will have, so that a number that is left to us
  /// does not count on it.
  std::map<Address, GpuGrant> promised() const {
    std::map<Address, GpuGrant> ours;
    for (const auto& [address, grant] : had_) {
      if (result_.resources.contains(address)) {
        ours.emplace(address, grant);
      }
    }
    std::set<std::string> used;
    for (const auto& [address, grant] : ours) {
      used.insert(grant.ids.begin(), grant.ids.end());
    }
    for (const auto& [address, count] : promised_) {
      GpuGrant grant;
      for (const core::Gpu& gpu : host_.gpus) {
        if (static_cast<int>(grant.ids.size()) < count && used.insert(gpu.id).second) {
          grant.ids.push_back(gpu.id);
        }
      }
      ours.emplace(address, std::move(grant));
    }
    return ours;
  }

  /// Faults of the selection have no place of their own but the model.
  void tell(const Pending& one, const Diagnostics& found) {
    for (core::Diagnostic diagnostic : found.sorted()) {
      if (!diagnostic.range) {
        diagnostic.range = core::position_of(one.desired->positions, {"model"});
      }
      diagnostic.address = one.desired->address.str();
      diagnostics_.add(std::move(diagnostic));
    }
  }

  int count_of(const Pending& one) const {
    return one.decision ? one.decision->gpus : requested_count(one.request).value_or(0);
  }

  GpuWish wish_for(const Pending& one) const {
    GpuWish wish;
    wish.address = one.desired->address;
    wish.range = core::position_of(one.desired->positions, {"gpus"});
    wish.counts = {count_of(one)};
    wish.ids = one.request.ids;
    wish.share_percent = one.request.share_percent;
    wish.models = one.models;
    return wish;
  }

  void give_gpus() {
    if (!inventory_) {
      return;
    }
    AllocationInput input;
    input.gpus = host_.gpus;
    input.excluded = host_.excluded;
    input.recorded = had_;
    input.holders = holders_;
    for (const Pending& one : pending_) {
      if (!one.failed && count_of(one) > 0) {
        input.wishes.push_back(wish_for(one));
      } else if (one.failed) {
        input.recorded.erase(one.desired->address);
      }
    }
    for (const auto& [address, desired] : result_.resources) {
      const GpuGrant grant =
          address.kind == Kind::Endpoint ? grant_of(desired.attributes) : GpuGrant();
      if (!grant.ids.empty()) {  // taken over as it was
        GpuWish wish;
        wish.address = address;
        wish.range = core::position_of(desired.positions, {"gpus"});
        wish.counts = {static_cast<int>(grant.ids.size())};
        wish.share_percent = grant.share_percent;
        input.wishes.push_back(std::move(wish));
      }
    }
    allocation_ = allocate(input, diagnostics_);
    for (const std::string& sentence : handover_sentences(allocation_, host_.gpus)) {
      diagnostics_.note("GPUs change hands", sentence);
    }
  }

  void finish(Pending& one) {
    if (one.failed) {
      return;
    }
    Map& attributes = one.desired->attributes;
    const Map written = attributes;
    attributes.insert_or_assign("asked", one.asked);
    if (one.decision) {
      write_command(one, attributes);
      fill_in(*one.decision, one.desired->defaulted, attributes);
    }
    if (count_of(one) > 0) {
      fill_gpus(one, attributes);
    }
    mark_as_decided(*one.desired, written);
  }

  void fill_gpus(const Pending& one, Map& attributes) {
    if (!inventory_) {  // only the command is new
      const Map& record = *record_of(one.desired->address);
      for (const char* name : {"gpu_ids", "gpu_devices"}) {
        if (const Value* value = core::find(record, name)) {
          attributes.insert_or_assign(name, *value);
        }
      }
      return;
    }
    if (const auto grant = allocation_.granted.find(one.desired->address);
        grant != allocation_.granted.end()) {
      add_gpus(attributes, grant->second, host_, knowledge_.cdi_devices);
    }
  }

  void write_command(const Pending& one, Map& attributes) {
    const recipes::BackendData* backend =
        data() ? data()->backends.find(one.decision->backend) : nullptr;
    if (backend == nullptr) {
      return;
    }
    EndpointChecks(*one.desired, diagnostics_).suit(*backend, *one.decision);
    Diagnostics found;
    const Map arguments = recipes::final_arguments(
        *one.decision, attributes, one.desired->positions, *backend, found);
    tell(one, found);
    const std::vector<std::string> words =
        recipes::decided_command(*one.decision, attributes, arguments, *backend);
    attributes.insert_or_assign("command", Value(List(words.begin(), words.end())));
  }

  const core::ObservedWorld& observed_;
  const PlanOptions& options_;
  const EndpointKnowledge& knowledge_;
  Diagnostics& diagnostics_;
  core::SourceFiles& sources_;
  Configuration result_;
  std::set<Address> targeted_;
  std::set<Address> excluded_;
  std::map<Address, Map> records_;   ///< attributes as they were applied
  std::map<Address, GpuGrant> had_;  ///< read off the records
  std::vector<Pending> pending_;     ///< in order of address
  std::optional<core::Inventory> inventory_;
  HostGpus host_;
  std::vector<GpuHolder> holders_;
  std::optional<const recipes::RecipeData*> data_;
  std::map<Address, int> promised_;
  Allocation allocation_;
};

}  // namespace

core::Result<Configuration> resolve_endpoints(const Configuration& configuration,
                                              const core::StateSnapshot& recorded,
                                              const core::ObservedWorld& observed,
                                              const PlanOptions& options,
                                              const EndpointKnowledge& knowledge,
                                              Diagnostics& diagnostics,
                                              core::SourceFiles& sources) {
  return Resolver(configuration, recorded, observed, options, knowledge, diagnostics, sources)
      .run();
}

std::vector<Address> without_real_gpus(const Plan& plan) {
  std::vector<Address> addresses;
  for (const ResourceChange& change : plan.changes) {
    const bool made = change.action == Action::Create || change.action == Action::Replace;
    const Value* devices = core::find(change.attributes, "gpu_devices");
    if (made && devices != nullptr && core::contains_unknown(*devices)) {
      addresses.push_back(change.address);
    }
  }
  return addresses;
}

}  // namespace aim::planner
