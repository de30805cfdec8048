#pragma once

#include "tests/e2e/lab.hpp"

namespace aim::e2e {

/// Small images with a shell, made once: aim/box has nothing but that, aim/store:1 and :2 declare a
/// VOLUME at /var/lib/store.
void make_box_images(const Lab& lab);

}  // namespace aim::e2e
