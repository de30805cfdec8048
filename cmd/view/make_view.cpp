#include <iostream>

#include "cmd/view/human_view.hpp"
#include "cmd/view/json_view.hpp"
#include "cmd/view/view.hpp"

namespace aim::cmd {

std::unique_ptr<View> make_view(ViewKind kind,
                                const view::Terminals& terminals,
                                core::Clock& clock) {
  if (kind == ViewKind::Json) {
    return std::make_unique<view::JsonView>(std::cout, clock, view::Ticking::On);
  }
  return std::make_unique<view::HumanView>(
      std::cout, std::cerr, terminals, clock, view::Ticking::On);
}

}  // namespace aim::cmd
