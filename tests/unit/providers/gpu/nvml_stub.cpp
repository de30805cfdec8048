// A library with NVML's binary interface, for tests. What it answers stands in the file that
// AIM_NVML_STUB names: lines `init CODE`, `driver VERSION` and
// `gpu [code=N] uuid=... pci=... device=0x... minor=N total=N reserved=N free=N cc=M.N mig=0|1
// pids=A,B name=...`, the name last. With AIM_NVML_STUB_OLD it lacks what older drivers lack.

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Fields = std::map<std::string, std::string>;

struct Answers {
  int init = 0;
  std::string driver;
  std::vector<Fields> gpus;
};

Answers& answers() {
  static Answers all;
  return all;
}

Fields fields_of(const std::string& line) {
  Fields fields;
  std::istringstream words(line);
  std::string word;
  while (words >> word) {
    const std::size_t equals = word.find('=');
    std::string value = word.substr(equals + 1);
    if (word.starts_with("name=")) {
      std::string rest;
      std::getline(words, rest);
      value += rest;
    }
    fields.emplace(word.substr(0, equals), value);
  }
  return fields;
}

void read_answers() {
  answers() = Answers();
  const char* file = std::getenv("AIM_NVML_STUB");
  std::ifstream lines(file == nullptr ? "" : file);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with("init ")) {
      answers().init = std::stoi(line.substr(5));
    } else if (line.starts_with("driver ")) {
      answers().driver = line.substr(7);
    } else if (line.starts_with("gpu ")) {
      answers().gpus.push_back(fields_of(line.substr(4)));
    }
  }
}

const std::string& field(const void* device, const char* name) {
  static const std::string kNone;
  const auto& fields = *static_cast<const Fields*>(device);
  const auto found = fields.find(name);
  return found == fields.end() ? kNone : found->second;
}

unsigned long long number(const void* device, const char* name) {
  const std::string& text = field(device, name);
  return text.empty() ? 0 : std::stoull(text, nullptr, 0);
}

int copy(const std::string& text, char* to, unsigned int size) {
  if (text.size() + 1 > size) {
    return 7;
  }
  std::memcpy(to, text.c_str(), text.size() + 1);
  return 0;
}

}  // namespace

extern "C" {

struct Pci {
  char legacy[16];
  unsigned int domain, bus, device, device_id, subsystem;
  char id[32];
};

int nvmlInit_v2() {
  read_answers();
  return answers().init;
}

int nvmlShutdown() { return 0; }

const char* nvmlErrorString(int code) { return code == 999 ? "Unknown Error" : "Other"; }

int nvmlSystemGetDriverVersion(char* to, unsigned int size) {
  return copy(answers().driver, to, size);
}

int nvmlDeviceGetCount_v2(unsigned int* count) {
  *count = static_cast<unsigned int>(answers().gpus.size());
  return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void** device) {
  if (index >= answers().gpus.size()) {
    return 2;
  }
  *device = &answers().gpus[index];
  return static_cast<int>(number(*device, "code"));
}

int nvmlDeviceGetPciInfo_v3(void* device, Pci* pci) {
  *pci = Pci();
  pci->device_id = static_cast<unsigned int>(number(device, "device"));
  return copy(field(device, "pci"), pci->id, sizeof(pci->id));
}

int nvmlDeviceGetName(void* device, char* to, unsigned int size) {
  return copy(field(device, "name"), to, size);
}

int nvmlDeviceGetUUID(void* device, char* to, unsigned int size) {
  return copy(field(device, "uuid"), to, size);
}

int nvmlDeviceGetMinorNumber(void* device, unsigned int* minor) {
  *minor = static_cast<unsigned int>(number(device, "minor"));
  return 0;
}

int nvmlDeviceGetMemoryInfo(void* device, unsigned long long* total_free_used) {
  total_free_used[0] = number(device, "total");
  total_free_used[1] = number(device, "free");
  total_free_used[2] = total_free_used[0] - total_free_used[1];
  return 0;
}

int nvmlDeviceGetCudaComputeCapability(void* device, int* major, int* minor) {
  const std::string& version = field(device, "cc");
  *major = std::stoi(version);
  *minor = std::stoi(version.substr(version.find('.') + 1));
  return 0;
}

#ifndef AIM_NVML_STUB_OLD

struct MemoryV2 {
  unsigned int version;
  unsigned long long total, reserved, free, used;
};

int nvmlDeviceGetMemoryInfo_v2(void* device, MemoryV2* memory) {
  if (memory->version != (sizeof(MemoryV2) | (2U << 24U))) {
    return 25;
  }
  memory->total = number(device, "total");
  memory->reserved = number(device, "reserved");
  memory->free = number(device, "free");
  memory->used = memory->total - memory->free;
  return 0;
}

int nvmlDeviceGetMigMode(void* device, unsigned int* current, unsigned int* pending) {
  *current = *pending = static_cast<unsigned int>(number(device, "mig"));
  return 0;
}

struct Process {
  unsigned int pid;
  unsigned long long memory;
  unsigned int gpu_instance, compute_instance;
};

int nvmlDeviceGetComputeRunningProcesses_v3(void* device, unsigned int* count, Process* to) {
  std::vector<unsigned int> pids;
  std::istringstream list(field(device, "pids"));
  std::string pid;
  while (std::getline(list, pid, ',')) {
    // A word PIDxN stands for N processes from PID on.
    const std::size_t times = pid.find('x');
    const auto first = static_cast<unsigned int>(std::stoul(pid));
    const unsigned long many = times == std::string::npos ? 1 : std::stoul(pid.substr(times + 1));
    for (unsigned int i = 0; i < many; ++i) {
      pids.push_back(first + i);
    }
  }
  const bool fits = pids.size() <= *count;
  for (std::size_t i = 0; fits && i < pids.size(); ++i) {
    to[i] = Process{pids[i], 1, 0xffffffff, 0xffffffff};
  }
  *count = static_cast<unsigned int>(pids.size());
  return fits ? 0 : 7;
}

#endif
}
