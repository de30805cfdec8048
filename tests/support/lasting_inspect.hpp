#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace aim::support {

/// What the Engine's inspect shows of a container, without what a stop and a start change by
/// themselves: times, process ids, counters, and the addresses and keys that Docker gives. A limit
/// that was taken away reads like one that was never set. As text with sorted keys.
[[nodiscard]] std::string lasting_inspect(const boost::json::value& inspect);

}  // namespace aim::support
