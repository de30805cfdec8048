# Linked privately by our own code only.
add_library(aim_warnings INTERFACE)
target_compile_options(aim_warnings INTERFACE
  -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wcast-qual -Wold-style-cast)

add_library(aim_sanitizers INTERFACE)
if(AIM_SANITIZE)
  target_compile_options(aim_sanitizers INTERFACE -fsanitize=${AIM_SANITIZE} -fno-omit-frame-pointer -g)
  target_link_options(aim_sanitizers INTERFACE -fsanitize=${AIM_SANITIZE})
  if(AIM_SANITIZE MATCHES "thread")
    # Asio's fences are not understood by the thread sanitizer; the compiler says so.
    target_compile_options(aim_sanitizers INTERFACE -Wno-tsan)
  endif()
endif()

# One static library of ours. Sources are listed, never globbed.
function(aim_library name)
  add_library(aim_${name} STATIC ${ARGN})
  add_library(aim::${name} ALIAS aim_${name})
  target_include_directories(aim_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(aim_${name} PRIVATE aim_warnings PUBLIC aim_sanitizers)
endfunction()
