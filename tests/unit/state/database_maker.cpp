#include <cstdio>

#include "state/store.hpp"
#include "tests/unit/state/sample.hpp"

namespace {

/// Always the same instant, so that the file depends on the schema alone.
class FixedClock : public aim::core::Clock {
 public:
  aim::core::Utc utc_now() override {
    return aim::core::Utc(std::chrono::milliseconds(1'767'225'600'000));
  }

  aim::core::Steady steady_now() override { return {}; }

  bool wait_for(std::chrono::milliseconds, std::stop_token) override { return true; }
};

}  // namespace

/// Writes a new database of the current schema to the path that is given.
int main(int argc, char** argv) {
  if (argc != 2 || std::filesystem::exists(argv[1])) {
    std::fputs("usage: state_database_maker FILE, and FILE must not exist\n", stderr);
    return 1;
  }
  FixedClock clock;
  auto store = aim::state::StateStore::open(argv[1], clock);
  if (!store) {
    std::fprintf(stderr, "%s\n", aim::core::to_string(store.error()).c_str());
    return 1;
  }
  aim::state::test::fill(**store);
  return 0;
}
