#include "planner/schema_tables.hpp"

#include "planner/schema_shared.hpp"

namespace aim::planner {

using core::Kind;

namespace {

using namespace shared;

constexpr std::string_view kBackendChoices[] = {"vllm", "sglang", "llamacpp", "custom"};
constexpr std::string_view kPrecisionChoices[] = {
    "auto", "bf16", "fp16", "fp8", "fp4", "int8", "int4"};
constexpr std::string_view kGoalChoices[] = {"throughput", "latency"};
constexpr std::string_view kFallbackChoices[] = {"refuse", "allow"};
constexpr std::string_view kCheckChoices[] = {"error", "warn", "off"};
constexpr std::string_view kTaskChoices[] = {"chat", "completion", "embedding", "rerank"};

constexpr Attribute kEndpoint[] = {
    {.name = "model",
     .type = String,
     .description = "What is served: a Hugging Face id or a path inside the container; for "
                    "llamacpp a GGUF repository or file; for custom the name that clients use.",
     .required = true,
     .format = Format::Plain},
    {.name = "base_model",
     .type = String,
     .on_change = Record,
     .description = "The known model that a fine-tune was made of: its facts and recipes are "
                    "those of this one.",
     .format = Format::Plain},
    {.name = "backend",
     .type = String,
     .description = "Serving engine that the image holds.",
     .default_text = "vllm",
     .choices = kBackendChoices},
    {.name = "image",
     .type = Image,
     .description = "Image to run. Left out: what `backends` sets for all endpoints of the "
                    "backend, else the recipe's. Without a tag and a digest, `:latest` is meant."},
    {.name = "gpus",
     .type = GpuRequest,
     .on_change = Record,
     .description = "GPUs that it has to itself: how many, or which. Left out: as many as the "
                    "recipe needs; none where there is no recipe.",
     .members = members::kGpuRequestMembers},
    {.name = "precision",
     .type = String,
     .on_change = Record,
     .description = "How the weights are stored. Left out: the highest that fits.",
     .choices = kPrecisionChoices},
    {.name = "recipe",
     .type = String,
     .on_change = Record,
     .description = "Id of the recipe whose arguments it is served with, or `none` to write image "
                    "and arguments by hand. Left out: the best one for model and GPUs. With a "
                    "`command` of its own, or backend custom, there is none.",
     .format = Format::Plain},
    {.name = "goal",
     .type = String,
     .on_change = Record,
     .description = "Whether a recipe is chosen for the fewest GPUs that fit (throughput) or the "
                    "next larger number (latency). Left out: throughput.",
     .choices = kGoalChoices},
    {.name = "fallback",
     .type = String,
     .on_change = Record,
     .description = "Whether the nearest recipe may stand in where none is as asked. Left out: "
                    "refuse.",
     .choices = kFallbackChoices},
    {.name = "select",
     .type = Object,
     .on_change = Record,
     .description = "A program that chooses among the recipes that fit. It runs only with "
                    "--allow-exec.",
     .members = members::kSelectMembers},
    {.name = "fit",
     .type = String,
     .on_change = Record,
     .description = "What happens when the model does not fit into the GPUs' memory. Left out: "
                    "error.",
     .choices = kCheckChoices},
    {.name = "context_length",
     .type = Integer,
     .on_change = Record,
     .description = "Tokens that one request may hold. Left out: the recipe's, else the model's.",
     .minimum = 1},
    {.name = "gpu_memory",
     .type = Number,
     .on_change = Record,
     .description = "The part of each GPU's memory that the server takes, such as 0.9. Left out: "
                    "the recipe's, else the backend's.",
     .minimum = 0.01,
     .maximum = 1},
    {.name = "features",
     .type = Strings,
     .on_change = Record,
     .description = "What the server shall be able to do besides, such as tool_calling and "
                    "reasoning; the recipe or the model's facts tell how.",
     .format = Format::Plain},
    command("Replaces the command that aim would write for the backend, one word an item."),
    kEntrypoint,
    {.name = "args",
     .type = Arguments,
     .description = "Serve arguments by flag: true is a bare flag, false leaves it out, a list "
                    "repeats it, a map becomes JSON. They are laid over those of the recipe."},
    {.name = "lora",
     .type = StringMap,
     .on_change = Record,
     .description = "LoRA adapters that are served besides the model, by the name that clients "
                    "use: a Hugging Face id or a path, which is mounted (vllm and sglang).",
     .format = Format::Plain},
    {.name = "revision",
     .type = String,
     .on_change = Record,
     .description = "Branch, tag or commit of the model's repository. Left out: its main branch.",
     .format = Format::Plain},
    {.name = "args_check",
     .type = String,
     .on_change = Record,
     .description = "What happens when a serve argument is not one of the image's release. Left "
                    "out: error.",
     .choices = kCheckChoices},
    kEnv,
    kLabels,
    {.name = "port",
     .type = PortRequest,
     .description = "Port published on `bind`; `auto` is the first from 8000 on that is free, and "
                    "stays the same from then on.",
     .default_text = "8000"},
    {.name = "container_port",
     .type = Port,
     .description = "Port that the server listens on inside the container. Left out: 8000 for vllm "
                    "and custom, 30000 for sglang, 8080 for llamacpp."},
    {.name = "bind",
     .type = String,
     .description = "IP address that `port` is published on; 0.0.0.0 is every interface.",
     .default_text = "127.0.0.1",
     .format = Format::BindAddress},
    {.name = "served_name",
     .type = String,
     .description = "Name of the model in requests. Left out: `model`.",
     .format = Format::Plain},
    {.name = "task",
     .type = String,
     .on_change = Record,
     .description = "What the model does, which is what its inference check asks for.",
     .default_text = "chat",
     .choices = kTaskChoices},
    {.name = "api_key",
     .type = String,
     .description = "Key that clients must send.",
     .sensitive = true},
    {.name = "hf_token",
     .type = String,
     .on_change = InPlace,
     .description =
         "Token of Hugging Face for gated models. The container gets it as a file, whose "
         "path HF_TOKEN_PATH names; another one is put in without a restart.",
     .sensitive = true},
    {.name = "cache",
     .type = String,
     .description = "Where weights and compiled kernels are kept between containers: a key of "
                    "`volumes`, a folder of the host, or none. Left out: the volume `aim-cache`, "
                    "which all projects of the host share; none where there is no recipe.",
     .format = Format::Plain},
    kMounts,
    kNetworks,
    kShmSize,
    kIpc,
    kMemory,
    kMemorySwap,
    kCpus,
    kRestart,
    kUser,
    kInit,
    stop_grace_period("60s"),
    kFiles,
    kPull,
    logging("Where its output goes.",
            R"({ driver: json-file, options: { max-size: 50m, max-file: "3" } })"),
    {.name = "readiness",
     .type = Object,
     .on_change = Record,
     .description = "What must pass before it counts as up.",
     .default_text = "{}",
     .members = members::kEndpointReadiness},
    {.name = "update",
     .type = Object,
     .on_change = Record,
     .description = "How a new container takes over from the previous one.",
     .members = members::kUpdateMembers}};

constexpr Attribute kEndpointDecided[] = {
    {.name = "gpu_ids",
     .type = Strings,
     .description = "The GPUs that it has, by UUID or PCI address."},
    {.name = "gpu_devices",
     .type = Object,
     .description = "What its container is given to reach them.",
     .internal = true},
    {.name = "asked",
     .type = Object,
     .on_change = Record,
     .description = "What the decision follows from.",
     .internal = true},
    {.name = "selected",
     .type = Object,
     .on_change = Record,
     .description = "The decision.",
     .internal = true}};

constexpr Attribute kGateway = {
    .name = "gateway",
    .type = String,
    .description = "The network's own address. Left out: the first of the subnet.",
    .format = Format::IpAddress};
constexpr Attribute kIpRange = {
    .name = "ip_range",
    .type = String,
    .description = "Part of the subnet that containers get their addresses from.",
    .format = Format::Subnet};
constexpr Attribute kAuxAddresses = {.name = "aux_addresses",
                                     .type = StringMap,
                                     .description =
                                         "Addresses of the subnet that no container gets, each "
                                         "with a name."};

constexpr Attribute kPoolMembers[] = {
    {.name = "subnet",
     .type = String,
     .description = "Addresses of the network, such as 172.30.0.0/16.",
     .required = true,
     .format = Format::Subnet},
    kGateway,
    kIpRange,
    kAuxAddresses};

constexpr Attribute kIpamMembers[] = {
    {.name = "subnet",
     .type = String,
     .description = "Addresses of the network, such as 172.30.0.0/16.",
     .format = Format::Subnet},
    kGateway,
    kIpRange,
    kAuxAddresses,
    {.name = "pools",
     .type = Objects,
     .description = "Several subnets, one of IPv4 and one of IPv6 for bridge, instead of the four "
                    "above.",
     .members = kPoolMembers},
    {.name = "driver",
     .type = String,
     .description = "Docker's driver for addresses. Left out: default.",
     .format = Format::Plain},
    {.name = "options", .type = StringMap, .description = "Options of the driver."}};

constexpr Attribute kNetwork[] = {
    {.name = "driver",
     .type = String,
     .description = "Docker's network driver.",
     .default_text = "bridge",
     .format = Format::Plain},
    {.name = "internal",
     .type = Boolean,
     .description = "Whether the network has no way out.",
     .default_text = "false"},
    {.name = "attachable",
     .type = Boolean,
     .description = "Whether containers that are not of a service may join (overlay networks).",
     .default_text = "false"},
    {.name = "ipv6",
     .type = Boolean,
     .description =
         "Whether it has IPv6 addresses too. Before Docker 27 it needs an IPv6 subnet in "
         "`ipam` then.",
     .default_text = "false"},
    {.name = "ipv4",
     .type = Boolean,
     .description = "Whether it has IPv4 addresses. Left out: true.",
     .least_api = "1.48"},
    {.name = "options", .type = StringMap, .description = "Options of the driver."},
    kLabels,
    {.name = "ipam",
     .type = Object,
     .description = "Its addresses. Left out: Docker chooses.",
     .members = kIpamMembers,
     .format = Format::AddressPools}};

constexpr Attribute kVolume[] = {
    {.name = "driver",
     .type = String,
     .description = "Docker's volume driver.",
     .default_text = "local",
     .format = Format::Plain},
    {.name = "options", .type = StringMap, .description = "Options of the driver."},
    kLabels};

}  // namespace

std::span<const Attribute> attributes(Kind kind) {
  switch (kind) {
    case Kind::Endpoint:
      return kEndpoint;
    case Kind::Container:
      return container_attributes();
    case Kind::Network:
      return kNetwork;
    case Kind::Volume:
      return kVolume;
  }
  return {};
}

std::span<const Attribute> decided_attributes(Kind kind) {
  return kind == Kind::Endpoint ? std::span<const Attribute>(kEndpointDecided)
                                : std::span<const Attribute>();
}

}  // namespace aim::planner
