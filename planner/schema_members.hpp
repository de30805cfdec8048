#pragma once

#include "planner/schema.hpp"

/// Members of the objects in the tables of endpoint and container; for schema_tables.cpp only.
namespace aim::planner::members {

using enum Type;
using enum OnChange;

inline constexpr std::string_view kMethodChoices[] = {"GET", "HEAD", "POST"};

inline constexpr Attribute kLoggingMembers[] = {
    {.name = "driver",
     .type = String,
     .description = "Docker's logging driver, such as json-file, local or journald.",
     .required = true,
     .format = Format::Plain},
    {.name = "options", .type = StringMap, .description = "Options of the driver."}};

inline constexpr Attribute kUlimitMembers[] = {
    {.name = "soft",
     .type = Integer,
     .description = "What counts; the process may raise it up to `hard`. -1 is no limit.",
     .required = true,
     .minimum = -1},
    {.name = "hard",
     .type = Integer,
     .description = "How far `soft` can be raised. -1 is no limit.",
     .required = true,
     .minimum = -1}};

inline constexpr Attribute kGpuMembers[] = {
    {.name = "count",
     .type = String,
     .description = "How many, or `all`. Instead of `ids`.",
     .format = Format::GpuCount},
    {.name = "ids",
     .type = Strings,
     .description = "Which ones, as the driver names them: index or UUID for nvidia, such as "
                    "amd.com/gpu=0 for cdi.",
     .format = Format::Plain},
    {.name = "driver",
     .type = String,
     .description = "Device driver of Docker, such as nvidia or cdi (which needs Docker API 1.44). "
                    "Left out: the one that has the capabilities.",
     .format = Format::Plain},
    {.name = "capabilities",
     .type = Strings,
     .description = "What the driver must be able to do, all of them. Left out: gpu.",
     .format = Format::GpuCapability},
    {.name = "options", .type = StringMap, .description = "Options of the driver."}};

inline constexpr Attribute kGpuRequestMembers[] = {
    {.name = "count",
     .type = Integer,
     .description = "How many. Instead of `ids`.",
     .minimum = 0,
     .maximum = 16},
    {.name = "ids",
     .type = Strings,
     .description = "Which ones: indices or ids, as `aim gpus` shows them.",
     .format = Format::Plain},
    {.name = "share",
     .type = String,
     .description = "The part of each that is used, such as 25%; others may have the rest. Left "
                    "out: all of it.",
     .format = Format::Percent}};

inline constexpr Attribute kSelectMembers[] = {
    {.name = "command",
     .type = Strings,
     .on_change = Record,
     .description = "The program and its arguments, run in the directory of aim.yaml. It is given "
                    "the candidates as JSON on standard input, best first, and answers with the "
                    "`id` of one.",
     .required = true,
     .format = Format::Plain}};

inline constexpr Attribute kUpdateMembers[] = {
    {.name = "keep_previous",
     .type = Integer,
     .on_change = Record,
     .description = "How many previous containers are kept, stopped, as NAME.gN: to look at their "
                    "logs. Left out: none.",
     .minimum = 0,
     .maximum = 10}};

inline constexpr Attribute kHealthcheckMembers[] = {
    {.name = "test",
     .type = Strings,
     .description = "A text for the image's shell; or `[CMD, program, ...]` without a shell, or "
                    "`[NONE]`. Left out: the image's.",
     .format = Format::HealthTest},
    {.name = "interval",
     .type = Duration,
     .description = "Pause between two checks.",
     .default_text = "30s",
     .minimum = 1},
    {.name = "timeout",
     .type = Duration,
     .description = "How long one check may take.",
     .default_text = "30s",
     .minimum = 1},
    {.name = "retries",
     .type = Integer,
     .description = "How many checks must fail in a row.",
     .default_text = "3",
     .minimum = 1},
    {.name = "start_period",
     .type = Duration,
     .description = "How long failures do not count after the start.",
     .default_text = "0s",
     .minimum = 0},
    {.name = "start_interval",
     .type = Duration,
     .description = "Pause between two checks during `start_period`. Left out: Docker's 5s.",
     .least_api = "1.44",
     .minimum = 1},
    {.name = "disable",
     .type = Boolean,
     .description = "Takes the image's check away; nothing else may be set then.",
     .default_text = "false"}};

inline constexpr Attribute kHttpPath = {.name = "path",
                                        .type = String,
                                        .on_change = Record,
                                        .description = "What is asked for.",
                                        .default_text = "/",
                                        .format = Format::RequestPath};
inline constexpr Attribute kHttpMethod = {.name = "method",
                                          .type = String,
                                          .on_change = Record,
                                          .description = "HTTP method.",
                                          .default_text = "GET",
                                          .choices = kMethodChoices};
inline constexpr Attribute kHttpStatus = {.name = "status",
                                          .type = Integer,
                                          .on_change = Record,
                                          .description = "The status that counts as up.",
                                          .default_text = "200",
                                          .minimum = 100,
                                          .maximum = 599};
inline constexpr Attribute kHttpContains = {.name = "contains",
                                            .type = String,
                                            .on_change = Record,
                                            .description = "Text that the body must contain.",
                                            .format = Format::Plain};
inline constexpr Attribute kHttpBody = {.name = "body",
                                        .type = String,
                                        .on_change = Record,
                                        .description = "What is sent with it, as JSON.",
                                        .format = Format::Plain};
inline constexpr Attribute kHttpJson = {
    .name = "json",
    .type = StringMap,
    .on_change = Record,
    .description = "Values that the body must have, by path, such as `{ data.0.ready: true }`.",
    .format = Format::Plain};
inline constexpr Attribute kContainerProbePort = {.name = "port",
                                                  .type = Port,
                                                  .on_change = Record,
                                                  .description = "Port inside the container.",
                                                  .required = true};
inline constexpr Attribute kEndpointProbePort = {
    .name = "port",
    .type = Port,
    .on_change = Record,
    .description = "Port inside the container. Left out: the one that the server listens on."};

inline constexpr Attribute kContainerHttp[] = {
    kHttpPath, kContainerProbePort, kHttpMethod, kHttpBody, kHttpStatus, kHttpContains, kHttpJson};
inline constexpr Attribute kEndpointHttp[] = {
    kHttpPath, kEndpointProbePort, kHttpMethod, kHttpBody, kHttpStatus, kHttpContains, kHttpJson};
inline constexpr Attribute kContainerTcp[] = {kContainerProbePort};
inline constexpr Attribute kEndpointTcp[] = {kEndpointProbePort};

inline constexpr Attribute kExecMembers[] = {
    {.name = "command",
     .type = Strings,
     .on_change = Record,
     .description = "The program and its arguments, one word an item; without a shell.",
     .required = true,
     .format = Format::Plain}};
inline constexpr Attribute kLogMembers[] = {
    {.name = "contains",
     .type = String,
     .on_change = Record,
     .description = "What a line must contain that the container wrote since it was started.",
     .required = true,
     .format = Format::Plain}};
inline constexpr Attribute kExecProbe = {
    .name = "exec",
    .type = Object,
    .on_change = Record,
    .description = "A program that must end with 0 inside the container.",
    .members = kExecMembers};
inline constexpr Attribute kLogProbe = {.name = "log",
                                        .type = Object,
                                        .on_change = Record,
                                        .description = "A text that its log must contain.",
                                        .members = kLogMembers};

inline constexpr Attribute kInterval = {.name = "interval",
                                        .type = Duration,
                                        .on_change = Record,
                                        .description = "Longest pause between two checks.",
                                        .default_text = "5s",
                                        .minimum = 1};
inline constexpr Attribute kProbeTimeout = {.name = "timeout",
                                            .type = Duration,
                                            .on_change = Record,
                                            .description = "How long one check may take.",
                                            .default_text = "10s",
                                            .minimum = 1};
inline constexpr Attribute kStartTimeout = {
    .name = "start_timeout",
    .type = Duration,
    .on_change = Record,
    .description =
        "How long it may take to come up without progress: a log line or a check that "
        "passes starts the time anew.",
    .default_text = "30m",
    .minimum = 1};

inline constexpr Attribute kContainerReadiness[] = {
    {.name = "http",
     .type = Object,
     .on_change = Record,
     .description = "A request that must be answered.",
     .members = kContainerHttp},
    {.name = "tcp",
     .type = Object,
     .on_change = Record,
     .description = "A port that must accept a connection.",
     .members = kContainerTcp},
    kExecProbe,
    kLogProbe,
    kInterval,
    kProbeTimeout,
    kStartTimeout};

inline constexpr Attribute kEndpointReadiness[] = {
    {.name = "builtin",
     .type = Boolean,
     .on_change = Record,
     .description = "Whether aim checks GET /health, that /v1/models lists the served name, and "
                    "one short inference.",
     .default_text = "true"},
    kInterval,
    kProbeTimeout,
    {.name = "inference_timeout",
     .type = Duration,
     .on_change = Record,
     .description = "How long the inference may take.",
     .default_text = "60s",
     .minimum = 1},
    kStartTimeout,
    {.name = "http",
     .type = Object,
     .on_change = Record,
     .description = "One more request that must be answered.",
     .members = kEndpointHttp},
    {.name = "tcp",
     .type = Object,
     .on_change = Record,
     .description = "One more port that must accept a connection.",
     .members = kEndpointTcp},
    kExecProbe,
    kLogProbe};

}  // namespace aim::planner::members
